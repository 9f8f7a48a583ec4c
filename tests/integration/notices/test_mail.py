"""Mails through a real SMTP server on a socket: sent once, tried again, given up."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from laddverk.kernel.problems import Invalid
from laddverk.notices import jobs, service, smtp, store
from laddverk.notices.model import MailFile
from laddverk.platform.database import Database, Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, Worker, enqueue
from laddverk.platform.settings import Secrets, Settings
from laddverk.simulator.authority import Authority, serving

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class PostOffice:
    """What the server was given, and what it answers to which recipient."""

    letters: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens elsewhere when a letter has come."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.letters.append(envelope)
        if self.meanwhile is not None:
            await self.meanwhile()
        return "250 OK"


@pytest.fixture
async def office() -> AsyncIterator[tuple[PostOffice, str]]:
    handler = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    yield handler, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def house_of(database: Database, smtp_url: str | None, **chosen: Any) -> House:
    settings = Settings(
        smtp_url=smtp_url, operator_name="Västkustens, Laddnät", mail_from="no-reply@ladda.example", **chosen
    )
    clock = lambda: datetime.now(UTC)  # noqa: E731 - the shortest way to say it
    house = House(settings, Secrets(b"p", b"l"), database, Hints(), clock, Worker(database, {}))
    house.worker.handle(jobs.handlers(house))
    return house


async def tell(database: Database, recipient: str = "åsa@example.se", **more: Any) -> object:
    async def work(tx: Transaction) -> object:
        params = {"link": "https://ladda.example/s/å", "operator": "Västkustens"}
        return await service.send(
            tx, recipient=recipient, language="sv", template="sign_in", params=params, now=NOW, **more
        )

    return await database.run(work)


async def value(database: Database, sql: str) -> Any:
    async with database.transaction() as tx:
        return await tx.value(sql)


async def test_a_notice_arrives_once_as_text_and_html(database: Database, office: tuple[PostOffice, str]) -> None:
    handler, url = office
    await tell(database, "asa@example.se")
    house = house_of(database, url)
    await house.worker.run_until_idle()
    await house.worker.run_until_idle()
    assert [letter.rcpt_tos for letter in handler.letters] == [["asa@example.se"]]
    content = handler.letters[0].content
    assert isinstance(content, bytes)
    letter = message_from_bytes(content, policy=default)
    assert str(letter["From"]) == '"Västkustens, Laddnät" <no-reply@ladda.example>'
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "https://ladda.example/s/å" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert await value(database, "SELECT sent_at IS NOT NULL FROM mail")


async def test_the_same_key_is_written_once(database: Database) -> None:
    assert await tell(database, "a@example.se", unique_key="k") is not None
    assert await tell(database, "a@example.se", unique_key="k") is None
    assert await value(database, "SELECT count(*) FROM mail") == 1


async def test_without_a_server_mails_are_only_kept(database: Database) -> None:
    await tell(database, "a@example.se")
    await house_of(database, None).worker.run_until_idle()
    assert await value(database, "SELECT count(*) FROM mail WHERE sent_at IS NULL AND error IS NULL") == 1
    assert await value(database, "SELECT count(*) FROM job") == 0


FILE = MailFile("bild.png", "image/png", b"\x89PNG first")
FILES_LEFT = "SELECT count(*) FROM mail_file"


async def test_files_of_mails_that_never_leave_are_not_kept(database: Database) -> None:
    """Nobody sends them where there is no server, and a job may break over one for good."""
    await tell(database, "a@example.se", files=[FILE])
    await house_of(database, None).worker.run_until_idle()
    assert await value(database, FILES_LEFT) == 0
    await tell(database, "b@example.se", files=[FILE])
    house = house_of(database, "smtp://127.0.0.1:1")
    for age, left in ((jobs.FILES_KEPT - timedelta(hours=1), 1), (jobs.FILES_KEPT + timedelta(hours=1), 0)):
        async with database.transaction() as tx:
            await tx.execute("UPDATE mail SET created_at = $1", datetime.now(UTC) - age)
            await enqueue(tx, [NewJob(jobs.FORGET_FILES, {})])
        await house.worker.run_until_idle()
        assert await value(database, FILES_LEFT) == left


async def test_the_files_of_a_mail_are_read_when_its_turn_has_come(
    database: Database, office: tuple[PostOffice, str]
) -> None:
    """So those of one mail are in memory, however many leave together: what is written meanwhile goes with the next."""
    handler, url = office
    for number in range(3):
        await tell(database, f"{number}@example.se", files=[FILE])
    handler.meanwhile = lambda: _rewrite(database, f"letter {len(handler.letters)} is here".encode())
    await house_of(database, url).worker.run_until_idle()
    letters = [message_from_bytes(bytes(letter.content or b""), policy=default) for letter in handler.letters]
    sent = [part.get_content() for letter in letters for part in letter.iter_attachments()]  # type: ignore[attr-defined]
    assert sent == [FILE.content, b"letter 1 is here", b"letter 2 is here"]
    assert await value(database, FILES_LEFT) == 0


async def test_what_a_turn_has_no_time_for_leaves_in_the_next_and_no_mail_twice(
    database: Database, office: tuple[PostOffice, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no transaction is open for as long as many mails take: those before are known to have left by then."""
    handler, url = office
    for number in range(3):
        await tell(database, f"{number}@example.se")
    monkeypatch.setattr(smtp, "TURN_S", 0.0)
    known: list[int] = []

    async def look() -> None:
        known.append(await value(database, "SELECT count(*) FROM mail WHERE sent_at IS NOT NULL"))

    handler.meanwhile = look
    await house_of(database, url).worker.run_until_idle()
    assert known == [0, 1, 2]
    assert sorted(letter.rcpt_tos for letter in handler.letters) == [[f"{number}@example.se"] for number in range(3)]
    assert await value(database, "SELECT count(*) FROM job") == 0


async def _rewrite(database: Database, content: bytes) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE mail_file SET content = $1", content)


async def test_one_that_is_refused_for_now_is_tried_again_alone(
    database: Database, office: tuple[PostOffice, str]
) -> None:
    handler, url = office
    handler.answers["full@example.se"] = "452 mailbox full"
    await tell(database, "full@example.se")
    await tell(database, "ada@example.se")
    house = house_of(database, url)
    await house.worker.run_until_idle()
    assert len(handler.letters) == 1
    del handler.answers["full@example.se"]
    async with database.transaction() as tx:
        await tx.execute("UPDATE job SET run_at = run_at - $1::interval", timedelta(minutes=1))
    await house.worker.run_until_idle()
    assert [letter.rcpt_tos for letter in handler.letters] == [["ada@example.se"], ["full@example.se"]]
    assert await value(database, "SELECT count(*) FROM mail WHERE sent_at IS NULL OR error IS NOT NULL") == 0


async def test_one_that_is_refused_for_good_says_why(database: Database, office: tuple[PostOffice, str]) -> None:
    handler, url = office
    handler.answers["gone@example.se"] = "550 no such user"
    await tell(database, "gone@example.se")
    await house_of(database, url).worker.run_until_idle()
    assert "550" in await value(database, "SELECT error FROM mail")
    assert await value(database, "SELECT count(*) FROM job") == 0


async def test_a_server_that_is_away_is_tried_again(database: Database) -> None:
    await tell(database, "a@example.se")
    await house_of(database, "smtp://127.0.0.1:1").worker.run_until_idle()
    assert await value(database, "SELECT error FROM mail")
    assert await value(database, "SELECT payload->>'attempts' FROM job") == "1"


async def test_nobody_can_write_headers_by_an_address(database: Database) -> None:
    with pytest.raises(Invalid):
        await tell(database, "a@example.se\r\nBcc: all@example.se")


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(store).items():
            if name.isupper() and isinstance(text, str):
                await tx.connection.prepare(text)


class Guarded(PostOffice):
    """A server that takes mail from who shows a token (XOAUTH2)."""

    takes: Authority

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        user, token = base64.b64decode(args[1]).decode().split("\x01")[:2]
        if user == "user=noreply@ladda.example" and self.takes.knows(token.removeprefix("auth=Bearer ")):
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(success=False, handled=False)


async def test_a_server_that_takes_no_passwords_is_shown_a_token(database: Database, tmp_path: Path) -> None:
    handler, loop = Guarded(), asyncio.get_running_loop()
    async with serving(Authority()) as authority:
        handler.takes = authority
        server = await loop.create_server(
            lambda: SMTP(handler, loop=loop, auth_required=True, auth_require_tls=False), "127.0.0.1", 0
        )
        oauth = tmp_path / "oauth.toml"
        oauth.write_text(f'token_url = "{authority.url}"\nclient_id = "laddverk"\nrefresh_token = "refresh-1"\n')
        url = f"smtp://noreply%40ladda.example@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        house = house_of(database, url, smtp_oauth_file=oauth, state_dir=tmp_path)

        async def go() -> None:
            async with database.transaction() as tx:
                await tx.execute("UPDATE job SET run_at = run_at - interval '1 day'")
            await house.worker.run_until_idle()

        for number in range(2):
            await tell(database, f"a{number}@example.se")
            await go()
        assert (len(handler.letters), len(authority.given)) == (2, 1)
        # The token is taken back: it is refused once, and the next try shows another.
        authority.revoked.update(authority.given)
        await tell(database, "b@example.se")
        await go()
        assert "does not let us in" in await value(database, "SELECT error FROM mail WHERE sent_at IS NULL")
        await go()
        assert (len(handler.letters), len(authority.given)) == (3, 2)
        # The grant is taken back: why stands with the mail, and it goes out when there is another.
        authority.refresh_tokens.clear()
        authority.revoked.update(authority.given)
        await tell(database, "c@example.se")
        await go()
        await go()
        said = await value(database, "SELECT error FROM mail WHERE sent_at IS NULL")
        assert "AADSTS700082" in said
        assert "refresh-1" not in said
        authority.refresh_tokens.add("refresh-1")
        await go()
        assert len(handler.letters) == 4
        server.close()
