"""How a payment goes forward, what follows from each step, and what is posted for it. Pure, property-tested.

Snapshots from a provider are joined, not added: states have an order and amounts only grow, so that the same set of
snapshots gives the same payment in whatever order and however often they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.money import VatTotal, vat_of, vat_portion, vat_total
from laddverk.ledger.model import ADVANCES, BANK, PROVIDER, RECEIVABLES, Entry, Line
from laddverk.ledger.rules import sales, sales_changed
from laddverk.payments.model import Outside, Payment, Purpose, Refund, Snapshot, State, Wish

RANK: Final[Mapping[State, int]] = {
    State.CREATED: 0,
    State.CHECKOUT: 1,
    State.SUBMITTED: 1,
    State.FAILED: 2,
    State.AUTHORISED: 3,
    State.CAPTURING: 4,
    State.CANCELLED: 5,
    State.CAPTURED: 6,
    State.SAVED: 6,
}
"""A payment goes to a state of higher rank or stays. Failed is below authorised: a second card may do on the same page;
cancelled is below captured: where money moved, it moved."""

CLOSED: Final = frozenset({State.FAILED, State.CANCELLED, State.CAPTURED, State.SAVED})
"""Nothing more is expected by itself."""

BY_FILE: Final = frozenset({"autogiro", "sepa"})
"""Rails that speak in files to and from the bank, in days; all others answer calls."""

WALLET: Final = "wallet"
"""The rail that moves what a driver has with us already: no money comes from outside."""

BY_HAND: Final = frozenset({"bankgiro", "swish_number", "transfer"})
"""Rails whose money a person sees on the bank account and books (`payments.deposits`); nobody outside is called."""

MONEY_ACCOUNTS: Final = {
    "autogiro": BANK,
    "sepa": BANK,
    "swish": BANK,
    WALLET: ADVANCES,
    **dict.fromkeys(BY_HAND, BANK),
}
"""Where the money of a payment arrives: a bank books it on our account, others owe it to us first."""

SEEN_AS: Final[Mapping[Outside, State]] = {
    Outside.OPEN: State.CHECKOUT,
    Outside.AUTHORISED: State.AUTHORISED,
    Outside.CAPTURED: State.CAPTURED,
    Outside.CANCELLED: State.CANCELLED,
    Outside.FAILED: State.FAILED,
    Outside.SAVED: State.SAVED,
}


class Effect(StrEnum):
    """What a step of a payment causes."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    GONE = "gone"
    """No money will come of it."""
    CAPTURE = "capture"
    """The provider is to be asked to capture."""
    CANCEL = "cancel"
    """The provider is to be asked to release what is reserved."""


class Sold(Struct, frozen=True):
    """What a session was sold for, in minor units including VAT."""

    price_minor: int
    vat_minor: int
    vat_percent: Decimal
    vat: tuple[VatTotal, ...] | None = None
    """Where there are several rates."""

    @property
    def parts(self) -> tuple[VatTotal, ...]:
        """What was sold at each rate."""
        return vat_of(self.vat, self.price_minor, self.vat_minor, self.vat_percent)


def rank(payment: Payment) -> int:
    """Return how far `payment` has come; one without an answer is as far as it was known to be before."""
    if payment.state == State.UNKNOWN:
        return RANK[State.AUTHORISED] if payment.authorised_minor else RANK[State.CREATED]
    return RANK[payment.state]


def applied(payment: Payment, seen: Snapshot, now: datetime) -> Payment:
    """Return `payment` after the provider showed `seen`. Never goes back, whatever is shown."""
    target = SEEN_AS[seen.status]
    if target == State.AUTHORISED and payment.wish == Wish.CAPTURE:
        target = State.CAPTURING
    forward = payment.state == State.UNKNOWN or RANK[target] > rank(payment)
    state = target if forward else payment.state
    captured = max(payment.captured_minor, seen.captured_minor)
    refunded = max(payment.refunded_minor, min(seen.refunded_minor, captured))
    after = replace(
        payment,
        state=_at_least(state, payment),
        authorised_minor=max(payment.authorised_minor, seen.authorised_minor, captured),
        captured_minor=captured,
        refunded_minor=refunded,
        provider_ref=payment.provider_ref or seen.provider_ref,
        checkout_ref=payment.checkout_ref or seen.checkout_ref,
        failure_code=seen.failure_code or payment.failure_code,
        failure_text=seen.failure_text or payment.failure_text,
    )
    return after if after == payment else replace(after, updated_at=now)


def _at_least(state: State, before: Payment) -> State:
    """Return `state`, unless an authorised payment whose last call had no answer would seem to fall back."""
    return State.UNKNOWN if before.state == State.UNKNOWN and RANK[state] < rank(before) else state


def wished(payment: Payment, wish: Wish, now: datetime, *, due_minor: int | None = None) -> Payment:
    """Return `payment` with what we now want of it: an authorised one begins to capture. A closed one stays."""
    if payment.state in CLOSED - {State.FAILED}:
        return payment
    due = payment.due_minor if due_minor is None else due_minor
    state = State.CAPTURING if payment.state == State.AUTHORISED and wish == Wish.CAPTURE else payment.state
    return replace(payment, wish=wish, due_minor=due, state=state, updated_at=now)


def unanswered(payment: Payment, now: datetime) -> Payment:
    """Return `payment` after a call that had no answer: nobody here knows whether it was done."""
    return payment if payment.state in CLOSED else replace(payment, state=State.UNKNOWN, updated_at=now)


def effects(before: Payment, after: Payment) -> tuple[Effect, ...]:
    """Return what the step from `before` to `after` causes. Captured comes once in a payment's life."""
    found: list[Effect] = []
    if after.state == State.CAPTURED and before.state != State.CAPTURED:
        found.append(Effect.CAPTURED)
    elif after.state in (State.FAILED, State.CANCELLED) and after.state != before.state:
        found.append(Effect.GONE)
    elif after.state == State.CAPTURING and before.state != State.CAPTURING:
        found.append(Effect.CAPTURE)
    elif after.state == State.AUTHORISED and after.wish == Wish.CANCEL and after != before:
        found.append(Effect.CANCEL)
    elif after.state == State.AUTHORISED and not before.authorised_minor and after.wish == Wish.NOTHING:
        found.append(Effect.AUTHORISED)
    return tuple(found)


def to_capture(payment: Payment) -> int:
    """Return how much to capture: what it cost, as far as it was authorised."""
    return min(payment.authorised_minor, payment.due_minor or 0)


def wish_for(price_minor: int, smallest_minor: int) -> Wish:
    """Return what to do with a reserved amount when the session cost `price_minor`.

    Nothing is captured below what the provider can move (Stripe: 3 kr): the amount is let go, never rounded up.
    """
    return Wish.CAPTURE if price_minor >= max(1, smallest_minor) else Wish.CANCEL


def refundable(payment: Payment, refunds: list[Refund]) -> int:
    """Return what may still be refunded: captured, less refunds done and under way."""
    counted = sum(refund.amount_minor for refund in refunds if refund.state != "failed")
    return max(0, payment.captured_minor - max(counted, payment.refunded_minor))


def has_deposit(before: Payment, after: Payment) -> bool:
    """Return whether money arrived with this step before anything was sold: a rail that cannot reserve takes it all."""
    return after.captured_minor > before.captured_minor == 0 and after.state != State.CAPTURED


def unused(payment: Payment, sold: Sold | None) -> int:
    """Return what of a deposit goes back to the payer: all that was not sold for it."""
    return max(0, payment.captured_minor - (0 if sold is None else sold.price_minor))


def deposit_entry(payment: Payment, at: datetime) -> Entry:
    """Return what is posted when money came before the charge: it is on the bank already, and owed to the payer.

    Nobody's name stands at the advance: it is for this charge alone, and not a driver's to spend otherwise.
    """
    lines = (_arrived(payment, payment.captured_minor), _advance(payment, -payment.captured_minor))
    return _entry(f"deposit:{payment.id}", "deposit", payment, at, lines)


def capture_entry(payment: Payment, sold: Sold | None, at: datetime, *, deposited: bool = False) -> Entry:
    """Return what is posted when money was captured.

    For a session the sale is posted here, with what was not covered as a receivable; for an invoice the sale was posted
    when it was issued, and here only the receivable is settled. A top-up is an advance that we owe to the driver. What
    was deposited before the charge is used as far as the charge cost; the rest stays owed until it is refunded.
    """
    captured = payment.captured_minor - (unused(payment, sold) if deposited else 0)
    debit = _advance(payment, captured) if deposited else _arrived(payment, captured)
    if sold is None:
        lines: tuple[Line, ...] = (debit, Line(_settles(payment), -captured, payment.currency, payment.driver_id))
    else:
        rest = Line(RECEIVABLES, sold.price_minor - captured, payment.currency, payment.driver_id)
        lines = (debit, rest, *sales(sold.parts, payment.currency))
    return _entry(f"capture:{payment.id}", "capture", payment, at, lines)


def uncollected_entry(payment: Payment, sold: Sold, at: datetime) -> Entry:
    """Return what is posted when a session was delivered and its reserved money is gone: a sale that is owed."""
    owed = Line(RECEIVABLES, sold.price_minor, payment.currency, payment.driver_id)
    lines = (owed, *sales(sold.parts, payment.currency))
    return _entry(f"uncollected:{payment.id}", "uncollected", payment, at, lines)


def refund_entry(
    payment: Payment,
    refund: Refund,
    refunded_before_minor: int,
    sold: Sold | None,
    at: datetime,
    standing: Sequence[VatTotal] = (),
) -> Entry:
    """Return what is posted when a refund was made.

    What was paid before the charge and not used goes back first: it was never sold. The rest makes the sale smaller
    that stands in the books (`standing`, by rate): what is then left is what was sold, when the price was corrected to
    that, and else the part of each rate that its share is. So whatever is refunded, the sale and its VAT end at zero.
    """
    credit = _arrived(payment, -refund.amount_minor)
    from_unused = min(refund.amount_minor, max(0, payment.unused_minor - refunded_before_minor))
    advance = _advance(payment, from_unused)
    amount = refund.amount_minor - from_unused
    if sold is None:
        lines: tuple[Line, ...] = (
            Line(_settles(payment), amount, payment.currency, payment.driver_id),
            advance,
            credit,
        )
    else:
        before = tuple(standing) or sold.parts
        lines = (*sales_changed(before, _left(before, amount, sold), payment.currency), advance, credit)
    return _entry(f"refund:{refund.id}", "refund", payment, at, lines)


def _left(before: Sequence[VatTotal], amount_minor: int, sold: Sold) -> tuple[VatTotal, ...]:
    """Return what is left of a sale when `amount_minor` of it goes back."""
    left_minor = sum(part.gross_minor for part in before) - amount_minor
    if left_minor == sold.price_minor:
        return sold.parts
    if left_minor < 0:  # more went back than was sold
        return (vat_total(left_minor, before[0].percent),)
    return vat_portion(before, left_minor)


def _arrived(payment: Payment, amount_minor: int) -> Line:
    """Return the line of money that came (or went, below zero): from a wallet it is the driver's own advance."""
    owner = payment.driver_id if payment.provider == WALLET else None
    return Line(MONEY_ACCOUNTS.get(payment.provider, PROVIDER), amount_minor, payment.currency, owner)


def _advance(payment: Payment, amount_minor: int) -> Line:
    """Return the line of what is owed to a payer whose money came before the charge."""
    return Line(ADVANCES, amount_minor, payment.currency)


def _settles(payment: Payment) -> str:
    return ADVANCES if payment.purpose == Purpose.TOP_UP else RECEIVABLES


def _entry(key: str, kind: str, payment: Payment, at: datetime, lines: tuple[Line, ...]) -> Entry:
    return Entry(
        idempotency_key=key,
        kind=kind,
        occurred_at=at,
        source_kind="payment",
        source_id=payment.id,
        text=payment.provider_ref or "",
        lines=lines,
    )


def debits_absent(payment: Payment) -> bool:
    """Return whether `payment` debits a driver who is not there: another way of theirs may follow when it fails."""
    is_way = payment.method_id is not None or payment.provider == WALLET
    return is_way and payment.driver_id is not None and payment.purpose in (Purpose.SESSION, Purpose.INVOICE)


def is_sale(payment: Payment) -> bool:
    """Return whether capturing `payment` is the sale itself, as for a session paid at once."""
    return payment.purpose == Purpose.SESSION
