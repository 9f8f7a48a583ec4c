"""What becomes of mails: who is believed, what is told, files, mail that comes back, a database that is away."""

from __future__ import annotations

import smtplib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.support.mail import service, store
from tests.integration.support.mail_desk import SUPPORT, Desk, desk_on, mail
from tests.network import ACTOR

MAILS = Path(__file__).parents[2] / "data" / "mail"
ADA = "ada@example.se"


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


def bounced(original: Any, recipient: str, to: str = "noreply@laddverk.example", action: str = "failed") -> bytes:
    text = (MAILS / "bounce-permanent.eml").read_text().replace("Ada@Example.se", recipient)
    text = text.replace("<0123456789abcdef0123456789abcdef@laddverk.example>", original).replace(
        "bounce1", new_id().hex
    )
    to_us = "To: support+2001-abcdefghijklmnop@laddverk.example"
    return text.replace("Action: failed", f"Action: {action}").replace(to_us, f"To: {to}").encode()


async def an_outlet(desk: Desk) -> str:
    async with desk.house.database.transaction() as tx:
        site = await stations.create_site(tx, ACTOR, SiteDetails(name="Test", code="TST"), desk.now())
        new = NewStation(site_id=site, identity="CP1", name="CP1", connectors=(NewConnector(evse_number=1),))
        await stations.create_station(tx, ACTOR, new, desk.now(), pepper=b"p" * 32)
        return str(await tx.value("SELECT code FROM connector"))


async def test_a_driver_is_believed_only_where_their_mail_server_vouches_and_outlets_are_no_secret(desk: Desk) -> None:
    driver = await desk.driver(ADA)
    code = await an_outlet(desk)
    await desk.write(text=f"Laddare {code.lower()} är död", vouched=True)
    await desk.write(text=f"Charger {code} is dead, please help", sender=ADA)
    known, unknown = await desk.cases()
    assert (known["driver_id"], known["verified"], known["situation"]) == (driver, "mail", "offline")
    assert (unknown["driver_id"], unknown["verified"], unknown["situation"]) == (None, "", "offline")
    assert known["station_id"] == unknown["station_id"] is not None
    first, second = [one.body_text for one in await desk.kept(ADA)]
    assert "ingen kontakt med laddaren" in first
    assert "no contact" in second
    (contact,) = await desk.rows("SELECT * FROM support_contact WHERE case_id = $1", known["id"])
    assert (contact["channel"], contact["situation"], contact["driver_id"]) == ("email", "offline", driver)


async def test_mail_that_comes_back_marks_the_address_wakes_the_case_and_forgeries_do_nothing(desk: Desk) -> None:
    await desk.write()
    (case,) = await desk.cases()
    await desk.answer(case["id"], "Hej")
    answer = (await desk.sent(ADA))[-1]
    await desk.send(bounced("<0123456789abcdef0123456789abcdef@laddverk.example>", ADA), sender="")
    await desk.send(bounced(answer["Message-ID"], "victim@example.org"), sender="")
    assert await desk.rows("SELECT * FROM support_dead_address") == []
    assert [one["verdict"] for one in (await desk.mails())[-2:]] == ["ignored", "ignored"]
    await desk.send(bounced(answer["Message-ID"], ADA, action="delayed"), sender="")
    assert (await desk.cases())[0]["state"] == "waiting"
    await desk.send(bounced("<x@y>", ADA, to=answer["Reply-To"]), sender="", to=answer["Reply-To"])
    (dead,) = await desk.rows("SELECT * FROM support_dead_address")
    assert (dead["address"], dead["status"], dead["case_id"]) == (ADA, "5.1.1", case["id"])
    assert (await desk.cases())[0]["state"] == "open"
    sent = len(await desk.sent(ADA))
    async with desk.house.database.transaction() as tx:
        assert await store.is_dead(tx, ADA.upper())
    await desk.write(subject="Jag finns visst", vouched=True)
    assert await desk.rows("SELECT * FROM support_dead_address") == [], "who writes can be written to"
    assert len(await desk.sent(ADA)) == sent, "but not by a machine before that"


async def test_every_odd_mail_comes_through_the_socket_and_is_kept(desk: Desk) -> None:
    for path in sorted(MAILS.glob("*.eml")):
        await desk.send(path.read_bytes().replace(ADA.encode(), f"{path.stem}@example.se".encode()) or b"\n")
    mails = await desk.mails()
    assert len(mails) == len(list(MAILS.glob("*.eml")))
    assert {one["verdict"] for one in mails} <= {"opened", "ignored", "refused"}
    tricks = await desk.rows(
        "SELECT name, media_type FROM support_attachment WHERE name LIKE '%passwd' OR name LIKE 'räk%'"
    )
    assert sorted((row["name"], row["media_type"]) for row in tricks) == [
        ("etcpasswd", "application/octet-stream"), ("räksmörgås.png", "application/octet-stream"),
    ]  # fmt: skip
    (photo,) = await desk.rows("SELECT media_type FROM support_attachment WHERE name = 'IMG_1.png'")
    assert photo["media_type"] == "image/png"
    async with desk.house.database.transaction() as tx:
        raw = await store.raw(tx, mails[0]["id"])
    assert raw is not None
    sent = (MAILS / "a-thousand-parts.eml").read_bytes().replace(ADA.encode(), b"a-thousand-parts@example.se")
    assert raw.replace(b"\r\n", b"\n").strip() == sent.strip()


async def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk.house.database.transaction() as tx:
        name = str(await tx.value("SELECT current_database()"))
    admin = await asyncpg.connect(desk.house.database.dsn.replace(name, "postgres"))
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await desk.write(message_id="<later@example.se>")
        assert refused.value.smtp_code == 451
    finally:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await admin.close()
    await desk.write(message_id="<later@example.se>")
    assert [one["copies"] for one in await desk.mails()] == [1]

    async def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(service, "take_in", broken)
    await desk.write(message_id="<poison@example.se>")
    assert (await desk.mails())[-1]["verdict"] == "broken", (
        "what we stumble over is kept, and not brought again for ever"
    )


async def test_the_socket_takes_only_what_is_for_us_and_not_too_much(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await desk.write(to="somebody@else.example")
    monkeypatch.setattr(service, "SIZE_MAX", 2_000)
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        await desk.send(mail(text="x" * 3_000))
    assert refused.value.smtp_code == 552
    assert await desk.mails() == []
    monkeypatch.undo()
    await desk.send(mail(text="å" * 50_000), to=SUPPORT.upper())
    (case,) = await desk.cases()
    assert len((await desk.said(case["id"]))[0]) == 10_000, "whole it is in the mail as it came"
