"""What a deposit settles, what it might be for, and what is posted for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Invalid
from laddverk.ledger.model import ADVANCES, BANK, RECEIVABLES, ROUNDING, SUSPENSE, Entry, Line
from laddverk.payments.deposits.model import Deposit, Likeness, NewDeposit, Owed, Proposal, Split

KRONA_MINOR: Final = 100
AMOUNT_MAX_MINOR: Final = 1_000_000_000  # ten million: beyond it a comma was forgotten
TEXT_MAX: Final = 140  # what one line of a bank statement holds
OLDEST: Final = timedelta(days=400)  # an older one belongs into books that are closed
PROPOSALS_MAX: Final = 8
WEIGHT: Final = {
    Likeness.REFERENCE: 16,
    Likeness.NUMBER: 8,
    Likeness.NEARLY: 4,
    Likeness.AMOUNT: 2,
    Likeness.NAME: 1,
}
"""What says more comes first."""


def whole_kronor(amount_minor: int) -> int:
    """Return an amount rounded to whole kronor, half up (öresavrundning: for bank payments, never for cards)."""
    return (amount_minor + KRONA_MINOR // 2) // KRONA_MINOR * KRONA_MINOR


def split(amount_minor: int, remaining_minor: int) -> Split:
    """Return what `amount_minor` comes to when `remaining_minor` of an invoice is owed.

    Less than a krona too little is let go, and a whole number of kronor is what the paper asked for: both are rounding.
    More than that too much is the payer's own; more than that too little leaves the rest owed.
    """
    if remaining_minor <= 0:
        return Split(advance_minor=amount_minor)
    short = remaining_minor - amount_minor
    if 0 <= short < KRONA_MINOR or (short < 0 and amount_minor == whole_kronor(remaining_minor)):
        return Split(settled_minor=remaining_minor, rounding_minor=short)
    if short < 0:
        return Split(settled_minor=remaining_minor, advance_minor=-short)
    return Split(settled_minor=amount_minor)


def checked(new: NewDeposit, now: datetime, timezone: str) -> NewDeposit:
    """Return `new` if it can be true. Raises `Invalid` naming the field that cannot."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    if not 0 < new.amount_minor <= AMOUNT_MAX_MINOR:
        raise Invalid("This must be an amount above zero.", field="amount", remedy="Write it like 12,50.")
    if not today - OLDEST <= new.received_on <= today:
        raise Invalid("The day must lie in the last year and not in the future.", field="received_on")
    for field in ("reference", "payer"):
        text = getattr(new, field)
        if len(text) > TEXT_MAX or not text.isprintable():
            raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.", max=TEXT_MAX)
    return new


def is_same_day(booked_at: datetime, now: datetime, timezone: str) -> bool:
    """Return whether a deposit may still be undone: on the day it was booked, by the clock at home."""
    zone = ZoneInfo(timezone)
    return booked_at.astimezone(zone).date() == now.astimezone(zone).date()


def proposals(amount_minor: int, reference: str, payer: str, owed: Iterable[Owed]) -> list[Proposal]:
    """Return the invoices that a deposit may be for, the likeliest first; nothing that has no reason."""
    found = [Proposal(each, why) for each in owed if (why := _likeness(amount_minor, reference, payer, each))]
    found.sort(key=lambda one: (-sum(WEIGHT[why] for why in one.why), one.invoice.due_on, one.invoice.label))
    return found[:PROPOSALS_MAX]


def _likeness(amount_minor: int, reference: str, payer: str, owed: Owed) -> tuple[Likeness, ...]:
    digits = digits_of(reference)
    why: list[Likeness] = []
    if digits and digits == owed.reference:
        why.append(Likeness.REFERENCE)
    elif owed.label.lower() in reference.lower():
        why.append(Likeness.NUMBER)
    elif digits and nearly(digits, owed.reference):
        why.append(Likeness.NEARLY)
    if amount_minor in (owed.remaining_minor, whole_kronor(owed.remaining_minor)):
        why.append(Likeness.AMOUNT)
    if payer and _words(payer) >= _words(owed.buyer):
        why.append(Likeness.NAME)
    return tuple(why)


def digits_of(reference: str) -> str:
    """Return the digits of what a payer wrote: `126 0000 4217` is the reference 12600004217."""
    return "".join(letter for letter in reference if letter.isascii() and letter.isdigit())


def nearly(given: str, meant: str) -> bool:
    """Return whether `given` is `meant` with one digit wrong, missing or too many, or two neighbours swapped."""
    if given == meant or abs(len(given) - len(meant)) > 1:
        return given == meant
    begin = 0
    while begin < min(len(given), len(meant)) and given[begin] == meant[begin]:
        begin += 1
    ends = {(1, 1), (1, 0), (0, 1)}
    if any(given[begin + g :] == meant[begin + m :] for g, m in ends):
        return True
    return given[begin : begin + 2] == meant[begin : begin + 2][::-1] and given[begin + 2 :] == meant[begin + 2 :]


def _words(name: str) -> set[str]:
    return {word for word in name.casefold().replace(",", " ").split() if word not in ("ab", "hb", "kb")}


def booked_entry(deposit: Deposit, at: datetime) -> Entry:
    """Return what is posted when a deposit is entered: for its invoice, or aside until somebody knows."""
    if deposit.driver_id is None:
        return _entry(f"deposit:{deposit.id}", "deposit", deposit, at, _aside(deposit, deposit.amount_minor, BANK))
    lines = (_line(deposit, BANK, deposit.amount_minor), *_settled(deposit, deposit.driver_id))
    return _entry(f"deposit:{deposit.id}", "deposit", deposit, at, lines)


def assigned_entry(deposit: Deposit, at: datetime) -> Entry:
    """Return what is posted when money that was kept aside turned out to be for an invoice."""
    assert deposit.driver_id is not None, "it is assigned to somebody"
    lines = (_line(deposit, SUSPENSE, deposit.amount_minor), *_settled(deposit, deposit.driver_id))
    return _entry(f"deposit_assigned:{deposit.id}", "deposit_assigned", deposit, at, lines)


def returned_entry(deposit: Deposit, at: datetime) -> Entry:
    """Return what is posted when money that was kept aside went back to where it came from."""
    lines = _aside(deposit, -deposit.amount_minor, BANK)
    return _entry(f"deposit_returned:{deposit.id}", "deposit_returned", deposit, at, lines)


def undone_entry(deposit: Deposit, at: datetime) -> Entry:
    """Return the mirror of `booked_entry`: the deposit was a mistake."""
    mirrored = tuple(Line(l.account, -l.amount_minor, l.currency, l.owner) for l in booked_entry(deposit, at).lines)  # noqa: E741 - a line
    return _entry(f"deposit_undone:{deposit.id}", "deposit_undone", deposit, at, mirrored)


def _settled(deposit: Deposit, driver_id: DriverId) -> tuple[Line, ...]:
    return (
        _line(deposit, ROUNDING, deposit.rounding_minor),
        Line(RECEIVABLES, -deposit.settled_minor, deposit.currency, driver_id),
        Line(ADVANCES, -deposit.advance_minor, deposit.currency, driver_id),
    )


def _aside(deposit: Deposit, amount_minor: int, account: str) -> tuple[Line, ...]:
    return (_line(deposit, account, amount_minor), _line(deposit, SUSPENSE, -amount_minor))


def _line(deposit: Deposit, account: str, amount_minor: int) -> Line:
    return Line(account, amount_minor, deposit.currency)


def _entry(key: str, kind: str, deposit: Deposit, at: datetime, lines: tuple[Line, ...]) -> Entry:
    return Entry(
        idempotency_key=key,
        kind=kind,
        occurred_at=at,
        source_kind="deposit",
        source_id=deposit.id,
        text=" ".join(part for part in (deposit.way, deposit.reference) if part),
        lines=lines,
    )


def day_of(text: str) -> date:
    """Return the day in a field of a form. Raises `Invalid`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("This is no day.", field="received_on", remedy="Write it like 2026-10-14.") from None
