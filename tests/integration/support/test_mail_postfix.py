"""A real Postfix hands mail over to us, and keeps it while we are away. Runs as root where Postfix is installed."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import smtplib
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from msgspec.structs import replace

from laddverk.cli.replay.network import free_port
from laddverk.platform.database import Database
from laddverk.support.mail import lmtp
from tests.integration.support.mail_desk import SUPPORT, desk_on, mail

HAS_POSTFIX = Path("/usr/sbin/postfix").exists() and os.geteuid() == 0
pytestmark = pytest.mark.skipif(not HAS_POSTFIX, reason="Postfix is not installed, or this is not root")

MAIN = """
compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.laddverk.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
recipient_delimiter = +
message_size_limit = 40000000
mailbox_size_limit = 0
virtual_mailbox_domains = laddverk.example
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_recipient_restrictions = permit_mynetworks, reject
maillog_file = {place}/log
maillog_file_prefixes = {place}
alias_maps =
minimal_backoff_time = 1s
queue_run_delay = 1s
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(lmtp_port: int) -> Iterator[tuple[int, Path]]:
    """Run a Postfix of its own on loopback; its port and its configuration."""
    place, smtp_port = Path(mkdtemp(prefix="postfix-", dir="/tmp")), free_port()
    place.chmod(0o755)
    for name in ("queue", "data", "etc"):
        (place / name).mkdir(mode=0o755)
    owner = pwd.getpwnam("postfix")
    os.chown(place / "data", owner.pw_uid, owner.pw_gid)
    (place / "etc" / "main.cf").write_text(MAIN.format(place=place, lmtp=lmtp_port))
    (place / "etc" / "master.cf").write_text(MASTER.format(smtp=smtp_port))
    command = ["/usr/sbin/postfix", "-c", str(place / "etc")]
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=60)
    try:
        yield smtp_port, place / "etc"
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=60)
        shutil.rmtree(place, ignore_errors=True)


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 40) -> None:
    end = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.1)


async def refused(etc: Path) -> bool:
    """Return whether a mail lies in Postfix's queue because nobody took it."""
    command = ["/usr/sbin/postqueue", "-c", str(etc), "-p"]
    listed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30)
    return "Connection refused" in listed.stdout


def post(port: int, raw: bytes, to: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        server.sendmail("ada@example.se", [to], raw)


async def test_postfix_hands_over_and_keeps_what_comes_while_we_are_away(database: Database, tmp_path: Path) -> None:
    async with desk_on(database, tmp_path) as desk:
        port = free_port()
        house = desk.house
        house.settings = replace(house.settings, support_lmtp_port=port)
        listener = await lmtp.start(house)

        async def have(count: int) -> bool:
            return len(await desk.mails()) == count

        with postfix(port) as (smtp, etc):
            await asyncio.to_thread(post, smtp, mail(message_id="<one@example.se>"), SUPPORT)
            await until(lambda: have(1))
            (case,) = await desk.cases()
            reply_to = str((await desk.sent("ada@example.se"))[0]["Reply-To"])
            listener.close()
            await listener.wait_closed()
            await asyncio.to_thread(post, smtp, mail(text="Mer", sender="bo@example.se"), reply_to)
            await until(lambda: refused(etc))
            assert await have(1)
            listener = await lmtp.start(house)
            await asyncio.to_thread(
                subprocess.run, ["/usr/sbin/postqueue", "-c", str(etc), "-f"], check=True, timeout=30
            )
            await until(lambda: have(2))
            assert (await desk.said(case["id"]))[-1] == "Mer"
            assert [one["how"] for one in await desk.mails()] == ["", "address"]
        listener.close()
