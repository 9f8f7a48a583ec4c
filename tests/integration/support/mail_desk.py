"""A support desk that mail reaches over a real LMTP socket, for the tests of mail."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.time import system_clock
from laddverk.notices import queries as notice_queries
from laddverk.notices import smtp
from laddverk.notices.model import Mail
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.support import service
from laddverk.support.mail import lmtp
from tests.network import ACTOR

SUPPORT = "support@laddverk.example"
AUTHORITY = "mx.laddverk.example"
EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)


@dataclass
class Desk:
    """What a test needs to write to support, and to see what came of it."""

    house: House
    port: int

    def now(self) -> Any:
        return self.house.clock()

    async def send(self, raw: bytes, *, sender: str = "ada@example.se", to: str = SUPPORT) -> None:
        """Hand a mail over as a mail server does. Raises what smtplib raises for a refusal."""

        def handed() -> None:
            with smtplib.LMTP("127.0.0.1", self.port, timeout=20) as server:
                server.sendmail(sender, [to], raw)

        await asyncio.to_thread(handed)

    async def write(self, **given: Any) -> None:
        """Hand over a mail made by `mail`."""
        to = given.get("to", SUPPORT)
        await self.send(mail(**given), sender=given.pop("envelope", given.get("sender", "ada@example.se")), to=to)

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        async with self.house.database.transaction() as tx:
            return [dict(row) for row in await tx.rows(sql, *args)]

    async def cases(self) -> list[dict[str, Any]]:
        """Return all cases, the oldest first."""
        return await self.rows("SELECT * FROM support_case ORDER BY number")

    async def mails(self) -> list[dict[str, Any]]:
        """Return all mails that came in, the oldest first."""
        return await self.rows("SELECT * FROM support_mail ORDER BY at, id")

    async def said(self, case_id: object) -> list[str]:
        """Return what stands on a case's timeline in somebody's own words, the oldest first."""
        return [
            row["body"]
            for row in await self.rows(
                "SELECT body FROM case_entry WHERE case_id = $1 AND body <> '' ORDER BY at, id", case_id
            )
        ]

    async def sent(self, recipient: str) -> list[EmailMessage]:
        """Return what we sent to somebody, as it goes out, the oldest first."""
        async with self.house.database.transaction() as tx:
            found = [one for one in await notice_queries.mails(tx, limit=50) if one.recipient == recipient]
        return [smtp.message_of(one, self.house.settings) for one in reversed(found)]

    async def kept(self, recipient: str) -> list[Mail]:
        async with self.house.database.transaction() as tx:
            return [one for one in await notice_queries.mails(tx, limit=50) if one.recipient == recipient][::-1]

    async def answer(self, case_id: Any, text: str) -> None:
        """Let somebody of ours answer."""
        async with self.house.database.transaction() as tx:
            await service.reply(tx, self.house, EVA, case_id, text, self.now())

    async def driver(self, email: str) -> DriverId:
        async with self.house.database.transaction() as tx:
            return await access.create_driver(tx, ACTOR, DriverDetails(email=email, name="Ada Ek"), self.now())


@asynccontextmanager
async def desk_on(database: Database, place: Path, **chosen: Any) -> AsyncIterator[Desk]:
    """Yield a desk that listens for mail on a free port."""
    settings = {
        "support_address": SUPPORT, "support_lmtp_port": 0, "support_mail_authority": AUTHORITY,
        "mail_from": "noreply@laddverk.example", **chosen,
    }  # fmt: skip
    made = Settings(state_dir=place, database_url=database.dsn, **settings)
    house = House(made, secrets_in(place), database, Hints(), system_clock, Worker(database, {}))
    wiring.subscribe_all()
    house.worker.handle(wiring.all_handlers(house))
    server = await lmtp.start(house)
    try:
        yield Desk(house, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


def mail(
    *, text: str = "Hej, laddaren fungerar inte.", subject: str = "Laddaren", sender: str = "ada@example.se",
    to: str = SUPPORT, message_id: str | None = None, vouched: bool = False, headers: dict[str, str] | None = None,
    **_more: object,
) -> bytes:  # fmt: skip
    """Return a mail. `vouched`: our mail server says that DMARC passed."""
    made = EmailMessage()
    if vouched:
        made["Authentication-Results"] = f"{AUTHORITY}; dmarc=pass header.from={sender.rpartition('@')[2]}"
    made["From"], made["To"], made["Subject"] = f"Ada Ek <{sender}>", to, subject
    made["Date"] = "Sun, 22 Nov 2026 09:00:00 +0100"
    made["Message-ID"] = message_id or f"<{new_id().hex}@example.se>"
    for name, value in (headers or {}).items():
        made[name] = value
    made.set_content(text)
    return made.as_bytes()
