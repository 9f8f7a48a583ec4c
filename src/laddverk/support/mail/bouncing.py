"""Mail of ours that did not arrive: the address is dead, its case shows it, and somebody looks for another way."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rules
from laddverk.support import store as cases
from laddverk.support.mail import addresses, matching, store, words
from laddverk.support.mail.model import Bounce, Envelope, Letter, Taken, Verdict
from laddverk.support.model import Entry, EntryKind
from laddverk.support.promising import keeping


class _Ours(Struct, frozen=True):
    """A mail of ours that is reported on, or its case."""

    case_id: UUID | None


async def hear(
    tx: Transaction, house: House, mail_id: UUID, letter: Letter, envelope: Envelope, now: datetime
) -> Taken:
    """Take in a report on a mail of ours. One on a mail that we did not send to that address changes nothing."""
    bounce = letter.bounce
    assert bounce is not None
    ours = await _reported(tx, house, bounce, (*envelope.recipients, *letter.recipients))
    if ours is None:
        await store.finish(tx, mail_id, Verdict.IGNORED, why=words.NOT_OURS)
        return Taken(mail_id=mail_id, verdict=Verdict.IGNORED)
    if bounce.is_for_good:
        await store.mark_dead(tx, bounce.recipient, bounce.status, bounce.reason, ours.case_id, now)
    if ours.case_id is not None:
        await _tell(tx, house, ours.case_id, bounce, now)
    await store.finish(tx, mail_id, Verdict.BOUNCED, why=bounce.reason or bounce.status, case_id=ours.case_id)
    return Taken(mail_id=mail_id, verdict=Verdict.BOUNCED, case_id=ours.case_id)


async def _reported(tx: Transaction, house: House, bounce: Bounce, recipients: tuple[str, ...]) -> _Ours | None:
    """Return the mail that is reported on: by its id, or by the signed address that it came back to.

    Either way it must have gone to the address that the report names: anybody can write a report.
    """
    for ours in matching.our_ids((bounce.message_id,), house):
        sent = await store.sent(tx, ours)
        if sent is not None and sent.recipient.lower() == bounce.recipient:
            return _Ours(sent.case_id)
    number = addresses.number_in(house.secrets, house.settings.support_address, recipients)
    signed = await store.numbered(tx, number) if number is not None else None
    if signed is not None and signed.contact_email == bounce.recipient:
        return _Ours(signed.id)
    return None


async def _tell(tx: Transaction, house: House, case_id: UUID, bounce: Bounce, now: datetime) -> None:
    """Note it in the case; where the address is dead, somebody has to find another way to answer."""
    case = await cases.case(tx, case_id)
    if case is None:
        return
    text = words.CAME_BACK if bounce.is_for_good else words.CAME_LATE
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="machine", text=text,
        params={"email": bounce.recipient, "reason": bounce.reason or bounce.status or words.NO_TEXT},
    )  # fmt: skip
    await cases.add(tx, [entry])
    if bounce.is_for_good and not case.is_closed and bounce.recipient == case.contact_email:
        await cases.save(tx, await keeping.kept(tx, rules.opened_again(case, now), now))
    tx.after_commit(lambda: house.hints.publish(["cases", f"case:{case.id}"]))
