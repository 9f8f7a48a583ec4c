"""Direct debit by the clock: a file each bank morning with something to tell, and the folder shared with the bank."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import CollectionId, shown
from laddverk.kernel.problems import Problem
from laddverk.notices.model import Template
from laddverk.payments.direct_debit import bank_days, bank_files, collecting, mandate_store
from laddverk.payments.direct_debit import collection_store as store
from laddverk.payments.direct_debit.collection_rules import TRIED_AGAIN
from laddverk.payments.direct_debit.mandates import schemes
from laddverk.payments.direct_debit.model import Scheme
from laddverk.payments.providers.bankgirot.lines import BYTES_MAX
from laddverk.payments.telling import reader, tell
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for

log = structlog.get_logger()

FILES_AT_ONCE: Final = 20  # each may hold thousands of lines, and all of them share one commit
MORNING: Final = 6  # local hour: an hour of people's time is left before the banks' cut-off
TO_BANK, FROM_BANK, DONE, REFUSED = "to-bank", "from-bank", "done", "refused"
ACTOR: Final = rule("direct debit by the clock")


async def round_of(tx: Transaction, house: House, now: datetime) -> None:
    """Write what is to be told this bank morning, and exchange files by the folder, if there is one."""
    for scheme in schemes(house.settings):
        if is_writing_time(now, house.settings.timezone, scheme):
            await collecting.write(tx, house, ACTOR, scheme, now)
    if house.settings.bank_folder is not None and schemes(house.settings):
        await _hand_over(tx, house, house.settings.bank_folder / TO_BANK, now)
        await _collect(tx, house, house.settings.bank_folder / FROM_BANK, now)


async def tell_refused(tx: Transaction, house: House, collection_id: UUID, now: datetime) -> None:
    """Tell a driver in plain words that a collection was refused, and what happens now; once."""
    collection = await store.locked(tx, CollectionId(collection_id))
    mandate = None if collection is None else await mandate_store.locked(tx, collection.mandate_id)
    driver = None if mandate is None else await reader(tx, mandate.driver_id)
    if collection is None or driver is None or collection.invoice_id is None:
        return
    said = gettext_for(driver.language)(collection.answer)
    params = {
        "number": collection.reference.rpartition("-")[0] or collection.reference,
        "amount_minor": collection.amount_minor,
        "currency": collection.currency,
        "reason": said.replace("%(code)s", collection.answer_code),
        "again": collection.answer_code in TRIED_AGAIN and collection.attempt < bank_days.ATTEMPTS_MAX,
    }
    path = f"/my/invoices/{shown('inv', collection.invoice_id)}"
    await tell(tx, house, driver, Template.COLLECTION_REFUSED, path, params, f"collection:{collection.id}", now)


def is_writing_time(now: datetime, zone: str, scheme: Scheme) -> bool:
    """Return whether banks work today and files still reach them in time."""
    local = now.astimezone(ZoneInfo(zone))
    return bank_days.is_bank_day(local.date(), scheme) and MORNING <= local.hour < bank_days.CUT_OFF.hour


def scheme_of(content: bytes) -> Scheme:
    """Return which scheme a file from a bank belongs to: XML is SEPA's."""
    return Scheme.SEPA if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else Scheme.AUTOGIRO


async def _hand_over(tx: Transaction, house: House, folder: Path, now: datetime) -> None:
    """Write files that nobody fetched into the folder. Written twice after a crash, they are the same file."""
    for file_id in await store.unfetched(tx):
        name, content = await bank_files.fetch(tx, house, ACTOR, file_id, now)
        await asyncio.to_thread(_put, folder, name, content)


async def _collect(tx: Transaction, house: House, folder: Path, now: datetime) -> None:
    """Take in what lies in the folder; what cannot be read goes aside with the reason beside it."""
    for path in await asyncio.to_thread(_waiting, folder):
        try:
            await _one(tx, house, path, now)
        except Problem as problem:
            log.warning("payments.bank_file_refused", name=path.name, reason=str(problem))
            _aside(path, REFUSED, str(problem))
        else:
            tx.after_commit(lambda path=path: _aside(path, DONE))  # type: ignore[misc] # binds the loop's own path


async def _one(tx: Transaction, house: House, path: Path, now: datetime) -> None:
    content = await asyncio.to_thread(_content, path)
    async with tx.savepoint():
        await bank_files.take_in(tx, house, ACTOR, scheme_of(content), path.name, content, now)


def _put(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    begun = folder / f".{name}.part"
    begun.write_bytes(content)
    begun.replace(folder / name)


def _waiting(folder: Path) -> list[Path]:
    """Return the files to take in, by name; those that are still being written begin with a dot."""
    if not folder.is_dir():
        return []
    found = (each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    return sorted(found)[:FILES_AT_ONCE]


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)


def _aside(path: Path, where: str, reason: str = "") -> None:
    try:
        (path.parent / where).mkdir(exist_ok=True)
        path.replace(path.parent / where / path.name)
        if reason:
            (path.parent / where / f"{path.name}.reason.txt").write_text(reason + "\n", encoding="utf-8")
    except OSError as error:  # taken in all the same: the next round knows it by its content
        log.warning("payments.bank_file_stays", name=path.name, error=str(error))
