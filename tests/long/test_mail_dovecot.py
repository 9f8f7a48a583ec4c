"""A real Dovecot keeps the mailbox that we read: mail through a real Postfix, IDLE, restarts, new numbers, tokens.

Needs root, `postfix`, `dovecot-imapd` and `dovecot-lmtpd`. All of it is on loopback, with a place of its own.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import pytest
from imapclient import IMAPClient
from msgspec.structs import replace

from laddverk.cli.replay.network import free_port
from laddverk.platform.database import Database
from laddverk.simulator import authority as authorities
from laddverk.simulator.authority import Authority
from laddverk.support.mail import imap, mailbox, service
from tests.integration.support.mail_desk import SUPPORT, Desk, desk_on, mail
from tests.integration.support.test_mail_postfix import HAS_POSTFIX, post, postfix

PROGRAMS = ("/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
HAS_DOVECOT = all(Path(path).exists() for path in PROGRAMS) and os.geteuid() == 0
pytestmark = pytest.mark.skipif(
    not (HAS_POSTFIX and HAS_DOVECOT), reason="Postfix or Dovecot is not installed, or no root"
)
NOBODY = 65534
PASSWORD = "of-the-mailbox"
SOON_S = 5.0  # IDLE: the mail server tells us, nobody waits for the next look
MEGA = 1024 * 1024

CONF = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{place}/mail/%u
recipient_delimiter = +
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
last_valid_uid = 0
first_valid_uid = 1
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {place}/oauth2
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={place}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Done {{
    auto = create
  }}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""
OAUTH = """
introspection_mode = auth
introspection_url = {url}
active_attribute = active
active_value = true
username_attribute = username
"""


class Dovecot:
    """One of its own on loopback, that can be stopped and started again."""

    def __init__(self, place: Path) -> None:
        self.place, self.imap_port, self.lmtp_port = place, free_port(), free_port()
        self.place.chmod(0o755)
        (place / "mail").mkdir()
        os.chown(place / "mail", NOBODY, NOBODY)
        self._process: subprocess.Popen[bytes] | None = None
        (place / "conf").write_text(
            CONF.format(place=place, imap=self.imap_port, lmtp=self.lmtp_port, password=PASSWORD, nobody=NOBODY)
        )
        self.trust("http://127.0.0.1:1/")

    @property
    def maildir(self) -> Path:
        return self.place / "mail" / SUPPORT

    def trust(self, url: str) -> None:
        """Ask there about tokens."""
        (self.place / "oauth2").write_text(OAUTH.format(url=url))

    def start(self) -> None:
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self.place / "conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                with IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=5):
                    return
            except OSError:
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < end, self.log()
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        log = self.place / "log"
        return log.read_text()[-4000:] if log.exists() else "Dovecot says nothing"

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Somebody else who reads the same mailbox."""
        with IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=20) as client:
            client.login(SUPPORT, PASSWORD)
            yield client

    def numbers(self, folder: str) -> list[int]:
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            return [int(uid) for uid in client.search()]


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    place = Path(mkdtemp(prefix="dovecot-", dir="/tmp"))
    server = Dovecot(place)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def reading(
    desk: Desk, dovecot: Dovecot, place: Path, *, folder: str = "INBOX", done: str = "Done", oauth: Path | None = None
) -> AsyncIterator[None]:
    """Read the mailbox, as the process does, beside what the test does."""
    secret = place / "password"
    secret.write_text(PASSWORD + "\n")
    settings = replace(
        desk.house.settings, support_imap_password_file=secret, support_imap_done=done, support_imap_oauth_file=oauth,
        support_imap_url=f"imap://{quote(SUPPORT)}@127.0.0.1:{dovecot.imap_port}/{quote(folder)}",
    )  # fmt: skip
    task = asyncio.create_task(imap.read(dataclasses.replace(desk.house, settings=settings)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[Any]], within_s: float = 40) -> float:
    """Wait; return how long it took, in seconds."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < within_s, "it did not come to that"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def come(desk: Desk, mails: int, within_s: float = 40) -> float:
    async def there() -> bool:
        return len(await desk.mails()) == mails

    return await until(there, within_s)


async def settled(dovecot: Dovecot, folder: str, count: int) -> None:
    async def there() -> bool:
        return len(await asyncio.to_thread(dovecot.numbers, folder)) == count

    await until(there)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "AGAIN_FIRST_S", 0.2)
    monkeypatch.setattr(imap, "AGAIN_MAX_S", 1.0)
    # What is told by IDLE comes at once; a look by ourselves would come too late to be taken for it.
    monkeypatch.setattr(mailbox, "IDLE_MAX_S", 600.0)


async def test_mail_through_postfix_is_here_in_seconds_put_away_and_survives_restarts(
    desk: Desk, dovecot: Dovecot, tmp_path: Path
) -> None:
    with postfix(dovecot.lmtp_port) as (smtp, etc):
        async with reading(desk, dovecot, tmp_path):
            await asyncio.to_thread(post, smtp, mail(message_id="<one@example.se>"), SUPPORT)
            await come(desk, 1)
            await settled(dovecot, "Done", 1)
            await asyncio.sleep(0.5)  # until it idles again
            took = []
            for number in range(3):
                raw = mail(message_id=f"<idle{number}@example.se>", sender=f"p{number}@example.se")
                await asyncio.to_thread(post, smtp, raw, SUPPORT)
                took.append(await come(desk, 2 + number))
                await settled(dovecot, "Done", 2 + number)
                await asyncio.sleep(0.2)
            print(f"\nby IDLE: {', '.join(f'{each * 1000:.0f} ms' for each in took)}")
            assert max(took) < SOON_S
            # An answer finds its case by the address it goes to, which Dovecot keeps.
            reply_to = str((await desk.sent("ada@example.se"))[0]["Reply-To"])
            await asyncio.to_thread(post, smtp, mail(text="Mer", sender="eva@other.example"), reply_to)
            await come(desk, 5)
            assert (await desk.mails())[-1]["how"] == "address"
            # The mail server goes: Postfix keeps what comes, and we come back by ourselves.
            await asyncio.to_thread(dovecot.stop)
            await asyncio.to_thread(post, smtp, mail(message_id="<late@example.se>", sender="l@example.se"), SUPPORT)

            async def is_told() -> bool:
                return bool(await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble <> ''"))

            await until(is_told)
            assert len(await desk.mails()) == 5
            await asyncio.to_thread(dovecot.start)
            flush = ["/usr/sbin/postqueue", "-c", str(etc), "-f"]
            await asyncio.to_thread(subprocess.run, flush, check=True, timeout=30)
            await come(desk, 6)

            async def is_well() -> bool:
                return not await is_told()

            await until(is_well)
            await settled(dovecot, "INBOX", 0)
    assert [one["copies"] for one in await desk.mails()] == [1] * 6


async def test_new_numbers_flags_of_others_and_folders_that_come_and_go_lose_nothing(
    desk: Desk, dovecot: Dovecot, tmp_path: Path
) -> None:
    def put(*names: str, folder: str = "INBOX", flags: tuple[bytes, ...] = ()) -> None:
        with dovecot.client() as client:
            for name in names:
                client.append(folder, mail(message_id=f"<{name}@example.se>", sender=f"{name}@example.se"), flags)

    def flags() -> list[bool]:
        with dovecot.client() as client:
            client.select_folder("INBOX", readonly=True)
            return [rb"\Seen" in told[b"FLAGS"] for told in client.fetch(client.search(), ["FLAGS"]).values()]

    await asyncio.to_thread(put, "a", "b")
    async with reading(desk, dovecot, tmp_path, done=""):
        await come(desk, 2)
        # Somebody else opened it before us: it is taken all the same.
        await asyncio.to_thread(put, "c", flags=(rb"\Seen",))
        await come(desk, 3)
    assert await asyncio.to_thread(flags) == [True] * 3
    before = (await desk.rows("SELECT * FROM support_mailbox"))[0]
    dovecot.stop()
    for file in [*dovecot.maildir.glob("dovecot*"), *dovecot.maildir.glob(".INBOX/dovecot*")]:
        file.unlink()
    dovecot.start()
    await asyncio.to_thread(put, "d")
    with dovecot.client() as client:  # one that was taken and that somebody marks as unread again
        client.select_folder("INBOX")
        client.remove_flags(client.search()[:1], [rb"\Seen"])
    async with reading(desk, dovecot, tmp_path, done="Missing/Folder"):
        # All that is unread is read again and known again; the folder that is missing is made.
        await come(desk, 4)
        await settled(dovecot, "Missing/Folder", 2)
    after = (await desk.rows("SELECT * FROM support_mailbox"))[0]
    assert after["uid_validity"] != before["uid_validity"]
    assert len(await desk.cases()) == 4
    assert len(await desk.mails()) == 4
    # A folder with a Swedish name, read from its beginning; what somebody else takes away meanwhile holds nothing up.
    with dovecot.client() as client:
        client.create_folder("Ärenden")
    await asyncio.to_thread(put, "e", folder="Ärenden")
    async with reading(desk, dovecot, tmp_path, folder="Ärenden", done="Done"):
        await come(desk, 5)
        with dovecot.client() as client:
            client.select_folder("INBOX")
            client.move(client.search()[:1], "Ärenden")  # a mail that is known
        await asyncio.to_thread(put, "f", folder="Ärenden")
        await come(desk, 6)
        await settled(dovecot, "Done", 3)
    assert sorted(one["copies"] for one in await desk.mails())[-1] >= 2
    assert len(await desk.cases()) == 6


def large(size: int, name: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"{name}@example.se", SUPPORT, "Film av laddaren"
    made["Message-ID"] = f"<{name}@example.se>"
    made.set_content("Se filmen.")
    made.add_attachment(os.urandom(size * 3 // 4), maintype="video", subtype="mp4", filename="film.mp4")
    return made.as_bytes()


async def test_a_mail_of_twenty_megabytes_comes_through_and_a_larger_one_stops_nobody(
    desk: Desk, dovecot: Dovecot, tmp_path: Path
) -> None:
    with postfix(dovecot.lmtp_port) as (smtp, _etc):
        async with reading(desk, dovecot, tmp_path):
            raw = large(20 * MEGA, "film")
            assert len(raw) > 20 * MEGA
            await asyncio.to_thread(post, smtp, raw, SUPPORT)
            took = await come(desk, 1)
            print(f"\n{len(raw) / MEGA:.1f} MB in {took:.1f} s")
            await asyncio.to_thread(post, smtp, large(service.SIZE_MAX + MEGA, "huge"), SUPPORT)
            await asyncio.to_thread(post, smtp, mail(message_id="<small@example.se>"), SUPPORT)
            await come(desk, 2)
            await settled(dovecot, "Done", 2)
    assert [len(each) for each in (dovecot.numbers("INBOX"), dovecot.numbers("Done"))] == [1, 2]
    first = (await desk.mails())[0]
    assert (first["message_id"], first["raw_size"] > 20 * MEGA) == ("film@example.se", True)
    assert await desk.said((await desk.cases())[0]["id"])


async def test_dovecot_asks_an_authority_about_our_token(desk: Desk, dovecot: Dovecot, tmp_path: Path) -> None:
    oauth = tmp_path / "oauth.toml"
    async with authorities.serving(Authority(lasts_s=3600), SUPPORT) as authority:
        oauth.write_text(f'token_url = "{authority.url}"\nclient_id = "laddverk"\nrefresh_token = "refresh-1"\n')
        dovecot.trust(f"http://127.0.0.1:{authority.port}/introspect")
        dovecot.stop()
        dovecot.start()
        with dovecot.client() as client:
            client.append("INBOX", mail(message_id="<token@example.se>"))
        async with reading(desk, dovecot, tmp_path, oauth=oauth):
            await come(desk, 1)
            # The grant ends: the connection that stands goes on; after the next restart it is told what is wrong.
            authority.refresh_tokens.clear()
            authority.revoked.update(authority.given)
            await asyncio.to_thread(dovecot.stop)
            await asyncio.to_thread(dovecot.start)

            async def is_told() -> bool:
                return bool(await desk.rows("SELECT 1 FROM support_mailbox WHERE trouble LIKE '%AADSTS700082%'"))

            await until(is_told)
            authority.refresh_tokens.add("refresh-1")
            with dovecot.client() as client:
                client.append("INBOX", mail(message_id="<again@example.se>", sender="bo@example.se"))
            await come(desk, 2)
        assert "xoauth2" in dovecot.log().lower() or len(authority.given) == 2
