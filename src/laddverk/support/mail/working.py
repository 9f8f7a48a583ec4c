"""What people do with mails: make a case of one that opened none, write to an address again that was dead."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import store as cases
from laddverk.support.mail import queries, service, store, words
from laddverk.support.mail.model import Verdict
from laddverk.support.model import Case, Entry, EntryKind

OPENS_NOTHING = frozenset({Verdict.IGNORED, Verdict.REFUSED, Verdict.BROKEN})


async def make_case(tx: Transaction, house: House, actor: Actor, mail_id: UUID, now: datetime) -> Case:
    """Open a case for a mail that opened none. Raises `NotFound`, `Conflict`, `Invalid` for one without a sender."""
    actor.require(Permission.CASES_WRITE)
    mail = await queries.mail(tx, actor.site_ids, mail_id)
    raw = await store.raw(tx, mail_id) if mail is not None else None
    if mail is None or raw is None:
        raise NotFound("There is no such mail.")
    if mail.case_id is not None or mail.verdict not in OPENS_NOTHING:
        raise Conflict("This mail stands in a case.")
    case = await service.make_case(tx, house, mail_id, raw, now)
    deed = Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=words.BY_HAND,
        params={"who": actor.name or actor.kind},
    )  # fmt: skip
    await cases.add(tx, [deed])
    await audit.write(tx, actor, "mail.made_case", "support_mail", mail_id, at=now, detail={"number": case.number})
    return case


async def revive(tx: Transaction, actor: Actor, address: str, now: datetime) -> None:
    """Say that an address works again. Raises `NotFound` for one that is not dead."""
    actor.require(Permission.CASES_WRITE)
    if actor.site_ids is not None or not await store.mark_alive(tx, address):
        raise NotFound("There is no such address.")
    await audit.write(tx, actor, "mail.revived", "support_dead_address", None, at=now, detail={"address": address})
