"""Files from banks: taken in once, line by line, with all that follows; files to banks: fetched as often as one likes.

A file that came before is known by its content and changes nothing. A line about something that is known and further on
changes nothing either, so files may come twice, late and in any order. What belongs to nothing we know is kept and
counted: people look at it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import BankFileId, new_id
from laddverk.kernel.problems import NotFound, Unavailable
from laddverk.payments import sealing
from laddverk.payments.direct_debit import collection_rules, mandate_rules, mandate_store
from laddverk.payments.direct_debit import collection_store as store
from laddverk.payments.direct_debit.answering import follow
from laddverk.payments.direct_debit.collecting import drop
from laddverk.payments.direct_debit.mandates import LAST_SHOWN, schemes
from laddverk.payments.direct_debit.model import (
    BankAccount,
    BankFile,
    BankRecord,
    Channel,
    Collection,
    CollectionState,
    DepositSaid,
    Imported,
    Mandate,
    MandateOffered,
    MandateSaid,
    MandateState,
    MandateVerdict,
    Outcome,
    PaymentSaid,
    Said,
    Scheme,
    Verdict,
)
from laddverk.payments.providers import bank_reports
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

log = structlog.get_logger()

NAME_MAX: Final = 120
NOT_OURS: Final = N_("Nothing of ours has this reference")
OTHER_PAYER: Final = N_("The payer is another than that of the collection")
OTHER_AMOUNT: Final = N_("The amount is another than that of the collection")
NO_MANDATE: Final = N_("No mandate has this number")
DEPOSIT: Final = N_("Booked on our account")
OFFERED: Final = N_("Given in the internet bank")
NO_SUCH_FILE: Final = N_("There is no such file.")


async def take_in(
    tx: Transaction, house: House, actor: Actor, scheme: Scheme, name: str, content: bytes, now: datetime
) -> Imported:
    """Take in a file from a bank, whole or not at all; return what it did, or that it is known.

    Needs `payments:refund`. Raises `BadFile` with line, column and remedy, and `NotFound` without an agreement.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if scheme not in schemes(house.settings):
        raise NotFound("There is no agreement for this way of paying.")
    said = bank_reports.read(house.settings, scheme, content)
    await mandate_store.lock(tx, scheme)
    digest = hashlib.sha256(content)
    file = BankFile(
        id=BankFileId(new_id()),
        scheme=scheme,
        direction="in",
        name=_file_name(name),
        sha256=digest.hexdigest(),
        size=len(content),
        made_at=now,
        made_by=actor.name,
    )
    kept = await store.keep_file(tx, file, sealing.sealed(house.secrets, content, digest.digest()))
    if kept.copies > 1:
        return Imported(kept.id, len(said), 0, 0, kept.copies)
    records = [await _line(tx, house, scheme, each, now) for each in said]
    await store.keep_records(tx, kept.id, records)
    outcomes = [each.outcome for each in records]
    applied, unmatched = outcomes.count(Outcome.APPLIED), outcomes.count(Outcome.UNMATCHED)
    await store.count_file(tx, kept.id, len(records), applied, unmatched)
    detail = {"name": file.name, "records": len(records), "applied": applied, "unmatched": unmatched}
    await audit.write(tx, actor, "bank_file.taken_in", "bank_file", kept.id, at=now, detail=detail)
    return Imported(kept.id, len(records), applied, unmatched)


async def fetch(tx: Transaction, house: House, actor: Actor, file_id: BankFileId, now: datetime) -> tuple[str, bytes]:
    """Return name and bytes of a file, the same every time; the first time of a file to the bank is noted.

    Needs `payments:refund`, for bank accounts stand in it. Raises `NotFound`, and `Unavailable` when it was sealed with
    other secrets.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    file = await store.file(tx, file_id)
    sealed = await store.file_content(tx, file_id)
    if file is None or sealed is None:
        raise NotFound(NO_SUCH_FILE)
    content = sealing.unsealed(house.secrets, sealed, bytes.fromhex(file.sha256))
    if content is None:
        raise Unavailable("This file was encrypted with other secrets.", remedy="Restore secrets.json from a backup.")
    await store.fetched(tx, file_id, now)
    await audit.write(tx, actor, "bank_file.fetched", "bank_file", file_id, at=now, detail={"name": file.name})
    return file.name, content


async def _line(tx: Transaction, house: House, scheme: Scheme, said: Said, now: datetime) -> BankRecord:
    match said:
        case PaymentSaid():
            return await _payment(tx, scheme, said, now)
        case MandateSaid():
            return await _mandate(tx, scheme, said, now)
        case MandateOffered():
            return await _offered(tx, house, scheme, said, now)
        case DepositSaid():
            return BankRecord(
                line=said.line, what="deposit", amount_minor=said.amount_minor, said=DEPOSIT, outcome=Outcome.NOTED
            )


async def _payment(tx: Transaction, scheme: Scheme, said: PaymentSaid, now: datetime) -> BankRecord:
    record = BankRecord(
        line=said.line,
        what=said.verdict,
        payer_number=said.payer_number,
        reference=said.reference,
        amount_minor=said.amount_minor,
        code=said.code,
        said=said.said,
        outcome=Outcome.UNMATCHED,
    )
    before = await store.by_reference(tx, scheme, said.reference)
    if before is None or before.kind != said.kind:
        return replace(record, said=NOT_OURS)
    record = replace(record, collection_id=before.id, mandate_id=before.mandate_id)
    mandate = await mandate_store.locked(tx, before.mandate_id)
    assert mandate is not None
    if said.payer_number and said.payer_number != mandate.payer_number:
        return replace(record, said=OTHER_PAYER)
    if not _amount_fits(before, said):
        return replace(record, said=OTHER_AMOUNT)
    if said.verdict == Verdict.NOTED:
        return replace(record, outcome=Outcome.NOTED)
    after = mandate_rules.answered(before, said, now)
    if after == before:
        return replace(record, outcome=Outcome.KNOWN)
    await store.save(tx, after)
    await follow(tx, before, after, said, now)
    if collection_rules.kills_mandate(said):
        ended = MandateSaid(
            line=said.line, verdict=MandateVerdict.ENDED, payer_number="", code=said.code, said=said.said
        )
        await _changed(tx, mandate, ended, now)
    return replace(record, outcome=Outcome.APPLIED)


def _amount_fits(collection: Collection, said: PaymentSaid) -> bool:
    """Part of an amount may come, never more; and what was paid once is not paid again as another amount."""
    if said.verdict == Verdict.PAID and collection.paid_minor:
        return said.amount_minor == collection.paid_minor
    return 0 < said.amount_minor <= collection.amount_minor or said.verdict == Verdict.CANCELLED


async def _mandate(tx: Transaction, scheme: Scheme, said: MandateSaid, now: datetime) -> BankRecord:
    record = BankRecord(
        line=said.line,
        what=f"mandate_{said.verdict}",
        payer_number=said.payer_number,
        code=said.code,
        said=said.said,
        outcome=Outcome.UNMATCHED,
    )
    mandate = await mandate_store.by_number(tx, scheme, said.payer_number)
    if mandate is None:
        return replace(record, said=NO_MANDATE)
    changed = await _changed(tx, mandate, said, now)
    return replace(record, mandate_id=mandate.id, outcome=Outcome.APPLIED if changed else Outcome.KNOWN)


async def _changed(tx: Transaction, mandate: Mandate, said: MandateSaid, now: datetime) -> bool:
    """Move a locked mandate on; when it is over, what the bank was not told of yet is given up."""
    after = mandate_rules.told(mandate, said, now)
    if after == mandate:
        return False
    await mandate_store.save(tx, after)
    await mandate_store.note(tx, after.id, after.state, now, {"code": said.code, "said": said.said})
    if after.state in (MandateState.REFUSED, MandateState.CANCELLED):
        for collection in await store.open_of_mandate(tx, after.id):
            if collection.state == CollectionState.PLANNED:
                await drop(tx, collection, "no_mandate", now)
    return True


async def _offered(tx: Transaction, house: House, scheme: Scheme, said: MandateOffered, now: datetime) -> BankRecord:
    """A payer used our number in the internet bank: yes to one we gave out, no to any other."""
    record = BankRecord(
        line=said.line, what="mandate_offered", payer_number=said.payer_number, said=OFFERED, outcome=Outcome.UNMATCHED
    )
    mandate = await mandate_store.by_number(tx, scheme, said.payer_number)
    over = (MandateState.CANCELLING, MandateState.REFUSED, MandateState.CANCELLED)
    if mandate is None or mandate.channel != Channel.INTERNET_BANK or mandate.state in over:
        await mandate_store.refuse(tx, scheme, said, now.date())
        return replace(record, said=NO_MANDATE)
    record = replace(record, mandate_id=mandate.id)
    if mandate.state != MandateState.INVITED:
        return replace(record, outcome=Outcome.KNOWN)
    account = BankAccount(said.account, said.person)
    asked = replace(
        mandate,
        state=MandateState.REQUESTED,
        holder=said.holder,
        account_sealed=sealing.sealed_account(house.secrets, account, mandate.id.bytes),
        account_last4=said.account[-LAST_SHOWN:],
        consent_text=said.message,
        signed_on=now.date(),
        updated_at=now,
    )
    await mandate_store.save(tx, asked)
    await mandate_store.note(tx, mandate.id, "offered", now, {})
    return replace(record, outcome=Outcome.APPLIED)


def _file_name(text: str) -> str:
    """Return the last part of a name that somebody else chose, without what could do harm on a screen or disk."""
    last = text.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:NAME_MAX] or "file"
