"""A mailbox that is read by IMAP: from a server in this process that goes, renumbers and lacks abilities."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from laddverk.platform.database import Database
from laddverk.simulator import authority as authorities
from laddverk.simulator.authority import Authority
from laddverk.simulator.imap import Account, Folder, serving
from laddverk.support.mail import imap, mailbox
from tests.integration.support.mail_desk import Desk, desk_on, mail


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def reading(
    desk: Desk, account: Account, place: Path, done: str = "Done", password: str = "secret", oauth: Path | None = None
) -> AsyncIterator[None]:
    """Read the mailbox of a server beside what the test does."""
    secret = place / "password"
    secret.write_text(password + "\n")
    settings = replace(
        desk.house.settings, support_imap_url=f"imap://support@127.0.0.1:{account.port}/INBOX",
        support_imap_password_file=secret, support_imap_done=done, support_imap_oauth_file=oauth,
    )  # fmt: skip
    task = asyncio.create_task(imap.read(dataclasses.replace(desk.house, settings=settings)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[Any]], within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.05)


async def counts(desk: Desk, mails: int) -> None:
    async def there() -> bool:
        return len(await desk.mails()) == mails

    await until(there)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "AGAIN_FIRST_S", 0.05)
    monkeypatch.setattr(mailbox, "IDLE_LOOK_S", 0.1)
    monkeypatch.setattr(mailbox, "POLL_S", 0.1)
    monkeypatch.setattr(mailbox, "IDLE_MAX_S", 1.0)  # what came before it idles is found soon, too


async def test_a_mailbox_is_read_moved_and_listened_to(desk: Desk, tmp_path: Path) -> None:
    account = Account()
    account.deliver(mail(message_id="<one@example.se>"))
    async with serving(account), reading(desk, account, tmp_path):
        await counts(desk, 1)
        account.deliver(mail(message_id="<two@example.se>", sender="bo@example.se"))
        await counts(desk, 2)

        async def moved() -> bool:
            return [len(folder.mails) for folder in account.folders.values()] == [0, 2]

        await until(moved)
    assert len(await desk.cases()) == 2
    assert (await desk.mails())[0]["inbox"] == "support/INBOX"
    (box,) = await desk.rows("SELECT * FROM support_mailbox")
    assert (box["last_uid"], box["trouble"]) == (2, "")


async def test_a_line_that_breaks_loses_nothing_and_takes_nothing_twice(desk: Desk, tmp_path: Path) -> None:
    account = Account(capabilities="IMAP4rev1", drops_before="UID STORE")
    for number in range(3):
        account.deliver(mail(message_id=f"<m{number}@example.se>", sender=f"p{number}@example.se"))
    async with serving(account), reading(desk, account, tmp_path, done=""):
        await counts(desk, 3)
        account.folders["INBOX"].renumber()
        account.drops_before = "NOOP"
        account.deliver(mail(message_id="<late@example.se>", sender="late@example.se"))
        await counts(desk, 4)
    assert account.connections >= 3
    assert len(await desk.cases()) == 4
    assert all("\\Seen" in kept.flags for kept in account.folders["INBOX"].mails[:3])


async def test_two_inboxes_bring_the_same_mail_and_it_is_one(desk: Desk, tmp_path: Path) -> None:
    account = Account(folders={"INBOX": Folder(uid_validity=77), "Done": Folder()}, capabilities="IMAP4rev1 IDLE")
    without_id = mail(message_id="<x@example.se>").replace(b"Message-ID: <x@example.se>\n", b"")
    through_here = b"Received: from elsewhere\r\n" + without_id.replace(b"\n", b"\r\n")
    await desk.write(message_id="<both@example.se>")
    await desk.send(without_id)
    account.deliver(mail(message_id="<both@example.se>", headers={"Delivered-To": "support@laddverk.example"}))
    account.deliver(through_here)
    async with serving(account), reading(desk, account, tmp_path):

        async def put_away() -> bool:
            return len(account.folders["Done"].mails) == 2

        await until(put_away)
    assert [one["copies"] for one in await desk.mails()] == [2, 2]
    assert (await desk.mails())[1]["message_id"].startswith("sha256:")
    assert len(await desk.cases()) == 2


async def test_a_wrong_password_is_shown_and_tried_again(desk: Desk, tmp_path: Path) -> None:
    account = Account()
    async with serving(account), reading(desk, account, tmp_path, password="wrong"):

        async def told() -> bool:
            return bool(await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble LIKE '%wrong name%'"))

        await until(told)
        (tmp_path / "password").write_text("secret")
        account.deliver(mail())
        await counts(desk, 1)
    assert not await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble <> ''")
    with pytest.raises(mailbox.Trouble, match="in clear"):
        mailbox.place_of("imap://support@mail.example.se/INBOX", "")
    shutil.rmtree(tmp_path, ignore_errors=True)


async def test_a_mail_that_cannot_be_moved_is_told_and_holds_nobody_up(desk: Desk, tmp_path: Path) -> None:
    account = Account(folders={"INBOX": Folder()}, makes_folders=False)
    for number in range(2):
        account.deliver(mail(message_id=f"<m{number}@example.se>", sender=f"p{number}@example.se"))
    async with serving(account), reading(desk, account, tmp_path):
        await counts(desk, 2)

        async def told() -> bool:
            return bool(await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble LIKE '%not moved to Done%'"))

        await until(told)
        account.makes_folders = True
        account.deliver(mail(message_id="<late@example.se>", sender="late@example.se"))
        await counts(desk, 3)

        async def is_well() -> bool:
            return bool(await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble = ''"))

        await until(is_well)
        assert [len(folder.mails) for folder in account.folders.values()] == [2, 1]
    assert [one["copies"] for one in await desk.mails()] == [1] * 3


async def test_a_token_opens_the_mailbox_and_one_that_is_refused_is_asked_for_anew(desk: Desk, tmp_path: Path) -> None:
    account, oauth = Account(capabilities="IMAP4rev1 AUTH=XOAUTH2"), tmp_path / "oauth.toml"
    async with authorities.serving(Authority()) as authority, serving(account):
        account.takes_token = authority.knows
        oauth.write_text(f'token_url = "{authority.url}"\nclient_id = "laddverk"\nclient_secret = "s3cret"\n')
        account.deliver(mail(message_id="<one@example.se>"))
        async with reading(desk, account, tmp_path, oauth=oauth):
            await counts(desk, 1)
            # Somebody takes it back: the server hangs up, and takes the token no more.
            authority.revoked.add(authority.given[-1])
            account.drops_before = "NOOP"
            account.deliver(mail(message_id="<two@example.se>", sender="bo@example.se"))
            await counts(desk, 2)
        assert len(authority.given) == 2
        assert set(account.log_ins) == {"XOAUTH2"}
        authority.refuses = {"error": "invalid_grant", "error_description": "AADSTS50076: sign in again"}
        authority.revoked.update(authority.given)
        async with reading(desk, account, tmp_path, oauth=oauth):

            async def told() -> bool:
                sql = "SELECT 1 FROM support_mailbox WHERE trouble LIKE '%give consent anew%AADSTS50076%'"
                return bool(await desk.rows(sql))

            await until(told)
