"""Comparing payments, providers, bank and ledger, and what becomes of the differences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from laddverk.access import queries as people
from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.payments.reconciliation import rules, store
from laddverk.payments.reconciliation.model import DifferenceRow, RunRow, Span
from laddverk.payments.reconciliation.words import said
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

LOOKS_BACK: Final = timedelta(days=92)  # a quarter: what is older has been looked at every night since
LISTED_MAX: Final = 20  # differences that a mail names; the others are counted
SPAN_MAX_DAYS: Final = 366
PAGE: Final = "/console/reconciliation"
LEDGER_PAGE: Final = "/console/ledger"

log = structlog.get_logger()


def span_of(first: date, last: date, timezone: str) -> Span:
    """Return the local days `first` to `last`, both inclusive, as instants; at most a year, the latest part of it."""
    last = max(first, last)
    first = max(first, last - timedelta(days=SPAN_MAX_DAYS))
    zone = ZoneInfo(timezone)
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return Span(since, until, first, last)


async def compare(tx: Transaction, actor: Actor, now: datetime) -> RunRow:
    """Compare all that moved in the last three months, keep the differences, and return what was found.

    Needs `payments:read`: nothing but the list of differences changes.
    """
    actor.require(Permission.PAYMENTS_READ)
    also = await store.open_payments(tx)
    rows = await store.sides(tx, now - LOOKS_BACK, now + timedelta(days=1), also)
    found = rules.differences(rows, now, await store.pays_out(tx)) + await store.others(tx)
    await store.keep(tx, found, now)
    fresh = len(await store.untold(tx, store.ROWS_MAX))
    row = RunRow(made_at=now, made_by=actor.name or actor.kind, payments=len(rows), differences=len(found), fresh=fresh)
    await store.keep_run(tx, new_id(), row)
    return row


async def explain(tx: Transaction, actor: Actor, key: str, why: str, now: datetime) -> None:
    """Say why a difference may stay as it is: it is no longer among those to be looked at. Needs `payments:refund`.

    Should its amounts change, it is told anew. Raises `Invalid` without a reason, and `NotFound`.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if len(why.strip()) < 3:
        raise Invalid("Say why it may stay.", field="reason", remedy="It is kept in the audit log.")
    subject = await store.explain(tx, key, now, actor.name or actor.kind, why.strip())
    if subject is None:
        raise NotFound("There is no such difference, or it was explained before.")
    await audit.write(
        tx, actor, "difference.explained", "difference", subject, at=now, reason=why.strip(), detail={"key": key}
    )


async def tell(tx: Transaction, house: House, now: datetime) -> int:
    """Mail staff who may move money of differences that nobody was told of; return how many mails were written."""
    fresh = await store.untold(tx, LISTED_MAX)
    count = await store.set_told(tx, now)
    if not fresh:
        return 0
    return await _mails(tx, house, now, link=f"{house.settings.web_url}{PAGE}", fresh=fresh, count=count)


async def tell_unsound(tx: Transaction, house: House, now: datetime) -> int:
    """Mail staff who may move money that the ledger does not agree with itself; return how many mails were written."""
    return await _mails(tx, house, now, link=f"{house.settings.web_url}{LEDGER_PAGE}", fresh=[], count=0, unsound=True)


async def _mails(
    tx: Transaction,
    house: House,
    now: datetime,
    *,
    link: str,
    fresh: list[DifferenceRow],
    count: int,
    unsound: bool = False,
) -> int:
    written = 0
    for member in await people.staff(tx):
        if member.disabled_at is not None or Permission.PAYMENTS_REFUND not in PERMISSIONS[Role(member.role)]:
            continue
        params = {
            "operator": house.settings.operator_name,
            "link": link,
            "unsound": unsound,
            "count": count,
            "differences": [
                {
                    "what": said(each.kind, member.language),
                    "amount_minor": each.amount_minor,
                    "currency": each.currency,
                }
                for each in fresh
            ],
        }
        try:
            mail = await notices.send(
                tx,
                recipient=member.email,
                language=member.language,
                template=Template.BOOKS_ALARM,
                params=params,
                now=now,
            )
        except Invalid as problem:
            log.warning("payments.books_alarm_not_mailed", staff=str(member.id), error=str(problem))
            continue
        written += mail is not None
    return written
