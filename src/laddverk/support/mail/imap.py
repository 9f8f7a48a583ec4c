"""Reads the mailbox of support for as long as the house stands: a thread that is begun again whenever it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.platform.mail_tokens import TOKENS, NoToken
from laddverk.support.mail import mailbox, service, store
from laddverk.support.mail.mailbox import Hands, Place, Progress, Reader, Trouble
from laddverk.support.mail.model import Envelope

T = TypeVar("T")

AGAIN_FIRST_S: Final = 2.0
AGAIN_MAX_S: Final = 60.0
KEEP_S: Final = 120.0  # a mail that is not kept by then is asked for again
END_S: Final = 5.0  # how long the end of the thread is waited for
SECRET_MAX: Final = 20_000  # characters

log = structlog.get_logger()


async def read(house: House) -> None:
    """Read the mailbox of `settings.support_imap_url` until cancelled; after trouble again, ever more seldom."""
    wait_s = AGAIN_FIRST_S
    while True:
        began = asyncio.get_running_loop().time()
        try:
            place = mailbox.place_of(house.settings.support_imap_url or "", house.settings.support_imap_done)
            await _read_once(house, place)
        except Trouble as trouble:
            log.warning("mail.mailbox", trouble=str(trouble))
            await _say(house, str(trouble))
        if asyncio.get_running_loop().time() - began > AGAIN_MAX_S:
            wait_s = AGAIN_FIRST_S
        await asyncio.sleep(wait_s)
        wait_s = min(AGAIN_MAX_S, wait_s * 2)


async def _read_once(house: House, place: Place) -> None:
    """Read until something goes wrong: raises `Trouble`. The thread ends when this is cancelled."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    stop = threading.Event()

    def wait_for(work: Coroutine[Any, Any, T]) -> T:
        """Let the loop do something for the thread."""
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(KEEP_S)
        except Away as error:
            raise Trouble("The database is away") from error
        except TimeoutError as error:
            future.cancel()
            raise Trouble("The database is slow") from error

    hands = Hands(
        secret=lambda: wait_for(_secret(house)),
        forget=TOKENS.forget,
        progress=lambda: wait_for(_progress(house, place)),
        take=lambda raw: wait_for(_take(house, place, raw)),
        note=lambda progress: wait_for(_note(house, place, progress)),
        tell=lambda trouble: wait_for(_say(house, trouble)),
    )

    def work() -> None:
        failure: BaseException | None = None
        try:
            Reader(place, hands, stop).run()
        except Exception as error:  # noqa: BLE001 - told as trouble, below
            # Whatever a foreign server makes the library stumble over ends this connection alone.
            failure = error if isinstance(error, Trouble) else Trouble(f"{type(error).__name__}: {error}"[:200])
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, ended, failure)

    threading.Thread(target=work, name="mailbox", daemon=True).start()
    try:
        await asyncio.shield(ended)
    finally:
        stop.set()
        await asyncio.wait([ended], timeout=END_S)


def _settle(ended: asyncio.Future[None], failure: BaseException | None) -> None:
    if ended.done():
        return
    if failure is None:
        ended.set_result(None)
    else:
        ended.set_exception(failure)


async def _progress(house: House, place: Place) -> Progress:
    async with house.database.transaction() as tx:
        found = await store.mailbox(tx, place.name)
    return Progress(found.uid_validity, found.last_uid) if found is not None else Progress()


async def _take(house: House, place: Place, raw: bytes) -> None:
    await service.ingest(house, raw, Envelope(inbox=place.name))


async def _note(house: House, place: Place, progress: Progress) -> None:
    async with house.database.transaction() as tx:
        await store.note_read(tx, place.name, progress.uid_validity, progress.last_uid, house.clock())


async def _say(house: House, trouble: str) -> None:
    try:
        name = mailbox.place_of(house.settings.support_imap_url or "", "").name
    except Trouble:
        name = "IMAP"
    try:
        async with house.database.transaction() as tx:
            await store.note_trouble(tx, name, trouble, house.clock())
    except Away:
        return


async def _secret(house: House) -> tuple[str, bool]:
    """Return the mailbox's password, or a token (True). Raises `Trouble`."""
    settings = house.settings
    if settings.support_imap_oauth_file is not None:
        try:
            return await TOKENS.of(settings.support_imap_oauth_file, settings.state_dir), True
        except NoToken as error:
            raise Trouble(f"No token for the mailbox: {error}") from error
    if settings.support_imap_password_file is None:
        raise Trouble("There is no password: set LADDVERK_SUPPORT_IMAP_PASSWORD_FILE")
    return (await asyncio.to_thread(_content, settings.support_imap_password_file)).strip(), False


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:SECRET_MAX]
    except (OSError, UnicodeError) as error:
        raise Trouble(f"The file with the mailbox's secret cannot be read: {type(error).__name__}") from error
