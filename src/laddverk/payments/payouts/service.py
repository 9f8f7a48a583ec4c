"""Reading payouts from a provider, finding their items in our books, posting them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import PayoutId, new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ledger import service as ledger
from laddverk.ledger.model import BANK, FEES, PROVIDER_DIFFERENCES
from laddverk.payments.payouts import rules, store
from laddverk.payments.payouts.model import ItemSeen, PayoutSeen, Wrong
from laddverk.payments.providers.port import PaysOut
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue

log = structlog.get_logger()

READ: Final = "payments.read_payouts"
"""The job that reads payouts: by the clock, and when the provider says that there is one."""
LOOKED_BACK: Final = timedelta(days=35)  # a payout that fails does so within days; a difference is found within a month
READ_AGAIN: Final = timedelta(days=1)  # one that was paid may still be sent back by the bank
AT_ONCE: Final = 3  # of one errand, which has to be over in less than a minute; the rest follows in the next one
NOON: Final = time(12)  # a payout is booked on the day on which it arrives


class Reading(Struct, frozen=True):
    """What one errand read, and whether there is more to read."""

    payouts: tuple[tuple[PayoutSeen, list[ItemSeen]], ...]
    more: bool


async def settled(tx: Transaction, provider: str, since: datetime, now: datetime) -> frozenset[str]:
    """Return the payouts that need not be read now: settled ones, and those that were read after `since`."""
    return await store.settled_references(tx, provider, now - READ_AGAIN, since)


async def want_read(tx: Transaction, since: datetime | None = None) -> None:
    """Have payouts read after the commit; `since` goes on with a round in which earlier ones were read."""
    payload = {} if since is None else {"since": since.isoformat()}
    await enqueue(tx, [NewJob(READ, payload, unique_key=f"{READ}:told")])


async def read(provider: PaysOut, known: frozenset[str], now: datetime) -> Reading:
    """Ask a provider for the payouts of the last weeks but `known` ones, oldest first, and what they are made of."""
    wanted = [seen for seen in await provider.payouts(now - LOOKED_BACK) if seen.provider_ref not in known]
    oldest = list(reversed(wanted))[:AT_ONCE]
    found = [(seen, await provider.payout_items(seen.provider_ref)) for seen in oldest]
    return Reading(tuple(found), len(wanted) > len(oldest))


async def keep(tx: Transaction, provider: str, seen: PayoutSeen, items: Sequence[ItemSeen], now: datetime) -> PayoutId:
    """Keep a payout as the provider shows it, match its items, and post what changed. Safe to repeat."""
    before = await store.locked(tx, PayoutId(new_id()), provider, seen)
    known = await store.ours(tx, provider, before.id, items)
    kept = [rules.matched(item, its) for item, its in zip(items, known, strict=True)]
    now_is = rules.joined(before, seen)
    wanted = rules.sums(now_is.state, now_is.amount_minor, kept)
    after = replace(
        now_is,
        items=len(kept),
        unmatched=sum(1 for item in kept if item.problem != Wrong.NOTHING),
        fees_minor=sum(item.fee_minor for item in kept) - sum(item.net_minor for item in kept if item.kind == "fee"),
        difference_minor=0 if now_is.state in rules.OVER else wanted.difference,
    )
    arrived = datetime.combine(seen.arrives_on, NOON, UTC)
    entry = rules.booking(after, wanted, now if before.bookings else min(now, arrived))
    if entry is not None:
        await ledger.post(tx, entry)
        moved = {line.account: line.amount_minor for line in entry.lines}
        after = replace(
            after,
            booked_bank=after.booked_bank + moved[BANK],
            booked_fees=after.booked_fees + moved[FEES],
            booked_difference=after.booked_difference - moved[PROVIDER_DIFFERENCES],
            bookings=after.bookings + 1,
        )
    await store.save_items(tx, before.id, kept)
    await store.save(tx, after, now)
    if after.difference_minor and after.difference_minor != before.difference_minor:
        log.warning("payments.payout_differs", payout=seen.provider_ref, difference_minor=after.difference_minor)
    return before.id


async def mark_seen(tx: Transaction, actor: Actor, payout_id: UUID, reason: str, now: datetime) -> None:
    """Note that somebody looked at a payout's difference, and what they found. It stays booked where it is.

    Needs `payments:refund` and a reason. Raises `Invalid`, `Conflict` when there is nothing to look at.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    why = reason.strip()[:500]
    if not why:
        raise Invalid("Say what you found.", field="reason", remedy="A few words that help whoever looks next.")
    if not await store.seen(tx, payout_id, actor.name, why, now):
        raise Conflict("There is nothing to look at here any more.")
    await audit.write(tx, actor, "payout.seen", "payout", payout_id, at=now, reason=why)
