"""Which way is tried next, when an invoice is tried again, and what holds back new starts. Pure, property-tested."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.kernel.money import VatTotal
from laddverk.ledger.model import RECEIVABLES, Entry, Line
from laddverk.ledger.rules import sales_changed
from laddverk.payments.model import State
from laddverk.payments.rules import Sold
from laddverk.payments.ways.model import Choice, Held, Means, Owing, Policy, Tried, Unpaid, Verdict, Way, WayKind

DEBITED: Final = frozenset({WayKind.METHOD, WayKind.WALLET})
"""Ways that answer a call at once; the bank account is collected from by file, an invoice is paid by a person."""

RETRY_DAYS: Final = (0, 1, 3, 7)
"""Days from the first debit of an invoice to each round of tries. Pay days and topped up cards come in between; card
schemes allow some fifteen tries a month, and a week of four is felt as patience, not as a siege."""

GATHER_CHOICES_MINOR: Final = (0, 2_000, 5_000, 10_000)
"""Below which sums a driver may let charges wait for the month."""

TAKES_AT_ONCE: Final = frozenset({"swish"})
"""Providers that cannot keep an amount on somebody who is not there: their consents are debited when the price is
known."""

FOR_GOOD: Final = frozenset(
    {
        "lost_card", "stolen_card", "expired_card", "pickup_card", "restricted_card", "invalid_account",
        "new_account_information_available", "card_not_supported", "incorrect_number", "revocation_of_authorization",
        "revocation_of_all_authorizations", "payment_method_gone", "consent_revoked", "consent_gone", "consent_expired",
    }
)  # fmt: skip
"""Codes after which a way is tried no more (Stripe's decline codes, and those of our other rails)."""

NEEDS_PERSON: Final = frozenset({"authentication_required", "requires_action", "authentication_not_handled"})

GRACE: Final = timedelta(days=3)
"""So long a driver has to confirm a payment to the bank before anything else follows: a weekend, and a day more."""

ENDED: Final = frozenset({State.FAILED, State.CANCELLED})


def verdict(code: str | None) -> Verdict:
    """Return what a decline with `code` means for later. What is not known is worth another day."""
    if code in FOR_GOOD:
        return Verdict.NEVER
    return Verdict.PERSON if code in NEEDS_PERSON else Verdict.AGAIN


def order(choice: Choice, means: Sequence[Means]) -> tuple[Way, ...]:
    """Return the ways to debit by themselves, in the order in which they are tried: at most two.

    A driver who never chose is debited by the newest saved card that works (`means` come newest first), and only when
    they pay at once: nobody is debited for an invoice who did not say so. An invoice or the bank account as first way
    ends the list: then a person, or the bank's file, pays.
    """
    usable = {each.way for each in means if each.works}
    if choice.first is None:
        cards = [each.way for each in means if each.works and each.way.kind == WayKind.METHOD]
        return tuple(cards[:1]) if choice.at_once else ()
    wanted = [way for way in (choice.first, choice.fallback) if way is not None]
    return tuple(dict.fromkeys(way for way in _until_by_hand(wanted) if way in usable))


def _until_by_hand(wanted: Sequence[Way]) -> Iterable[Way]:
    for way in wanted:
        if way.kind == WayKind.INVOICE:
            return
        if way.kind in DEBITED:
            yield way


def order_for_invoice(choice: Choice, means: Sequence[Means]) -> tuple[Way, ...]:
    """Return the ways to debit for an invoice. While the bank account comes first and works, its file collects."""
    bank_works = any(each.way.kind == WayKind.BANK and each.works for each in means)
    if choice.first is not None and choice.first.kind == WayKind.BANK and bank_works:
        return ()
    return order(choice, means)


def next_way(ways: Sequence[Way], tried: Iterable[Tried]) -> Way | None:
    """Return the first of `ways` that was not tried yet; None when all were.

    An amount that was reserved before the charge and lapsed is no try: the same way is debited anew (F14).
    """
    used = {each.way for each in tried}
    return next((way for way in ways if way not in used), None)


def next_in_round(ways: Sequence[Way], tried: Sequence[Tried], round_number: int) -> Way | None:
    """Return the way to try in this round of an invoice: each once a round, and none that failed for good before."""
    this_round = {each.way for each in tried if each.round == round_number}
    hopeless = {each.way for each in tried if each.state in ENDED and verdict(each.failure_code) != Verdict.AGAIN}
    return next((way for way in ways if way not in this_round and way not in hopeless), None)


def next_round(
    ways: Sequence[Way], tried: Sequence[Tried], round_number: int, begins_at: datetime, now: datetime
) -> datetime | None:
    """Return when the round after `round_number` begins: never within a day. None when no further try makes sense."""
    following = round_number + 1
    if following >= len(RETRY_DAYS) or next_in_round(ways, tried, following) is None:
        return None
    return max(begins_at + timedelta(days=RETRY_DAYS[following]), now + timedelta(days=1))


def grace_for(tried: Sequence[Tried], now: datetime) -> datetime | None:
    """Return until when the driver may confirm to their bank, when that is what a debit waits for (F19)."""
    waits = any(verdict(each.failure_code) == Verdict.PERSON for each in tried)
    return now + GRACE if waits else None


def gathers(price_minor: int, way: Way | None, choice: Choice) -> bool:
    """Return whether a sum is so small that it waits for the month. The wallet takes any sum: that costs nobody."""
    return way is not None and way.kind == WayKind.METHOD and price_minor < choice.gather_below_minor


def may_owe(choice: Choice, policy: Policy) -> bool:
    """Return whether what could not be debited may go to this driver's invoice."""
    return policy.may_owe if choice.may_owe is None else choice.may_owe


def held(owing: Owing, policy: Policy, now: datetime) -> Held:
    """Return why new starts of a driver wait, the gravest reason first; `Held.NOT` when they do not.

    What staff allowed until a day holds nothing back before that day.
    """
    if owing.may_start_until is not None and now < owing.may_start_until:
        return Held.NOT
    if owing.sessions_minor > 0:
        return Held.TO_PAY
    if _is_overdue(owing, policy, now):
        return Held.OVERDUE
    if policy.hold_unpaid_minor is not None and owing.unpaid_minor > policy.hold_unpaid_minor:
        return Held.TOO_MUCH
    if policy.hold_without_way and owing.at_once and not owing.has_way:
        return Held.NO_WAY
    return Held.NOT


def _is_overdue(owing: Owing, policy: Policy, now: datetime) -> bool:
    if policy.hold_overdue_days is None or owing.overdue_since is None:
        return False
    return owing.overdue_since + timedelta(days=policy.hold_overdue_days) <= now


def owed_entry(unpaid: Unpaid, sold: Sold, booked: Sequence[VatTotal], key: str, at: datetime) -> Entry:
    """Return what is posted when a charge was delivered, nobody could be debited, and no invoice takes it.

    The sale, and the driver's debt, less what was booked of it before (`booked`, at each rate, of an earlier price).
    """
    rise = sold.price_minor - sum(part.gross_minor for part in booked)
    lines = (
        Line(RECEIVABLES, rise, unpaid.currency, unpaid.driver_id),
        *sales_changed(booked, sold.parts, unpaid.currency),
    )
    return Entry(
        idempotency_key=key,
        kind="uncollected",
        occurred_at=at,
        source_kind="session",
        source_id=unpaid.session_id,
        text="",
        lines=lines,
    )


def reset_order(choice: Choice, gone: Collection[Way]) -> tuple[Way | None, Way | None]:
    """Return first way and fallback without the ways in `gone`: the fallback moves up."""
    first = None if choice.first in gone else choice.first
    fallback = None if choice.fallback in gone else choice.fallback
    return (first, fallback) if first is not None else (fallback, None)
