"""What holds for every payment, in whatever order and however often a provider speaks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.money import vat_total
from laddverk.ledger.model import PROVIDER, RECEIVABLES, Entry
from laddverk.ledger.rules import balanced, sold_in
from laddverk.payments.model import Outside, Payment, Purpose, Refund, RefundState, Snapshot, State, Wish
from laddverk.payments.rules import (
    RANK,
    Effect,
    Sold,
    applied,
    capture_entry,
    effects,
    rank,
    refund_entry,
    to_capture,
    unanswered,
    uncollected_entry,
    wished,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NEW = Payment(
    id=PaymentId(new_id()),
    purpose=Purpose.SESSION,
    state=State.CREATED,
    currency="SEK",
    amount_minor=30_000,
    created_at=NOW,
    updated_at=NOW,
)

OPEN = Snapshot(status=Outside.OPEN, provider_ref="pi")
TRIED = Snapshot(status=Outside.FAILED, failure_code="card_declined")
RESERVED = Snapshot(status=Outside.AUTHORISED, provider_ref="pi", authorised_minor=30_000)
TAKEN = Snapshot(status=Outside.CAPTURED, provider_ref="pi", authorised_minor=30_000, captured_minor=12_000)
BACK = replace(TAKEN, refunded_minor=12_000)
GONE = Snapshot(status=Outside.CANCELLED, provider_ref="pi", authorised_minor=30_000)

lives = st.sampled_from([(OPEN, RESERVED, TAKEN, BACK), (OPEN, TRIED, RESERVED, TAKEN), (OPEN, RESERVED, GONE)])
wishes = st.sampled_from(list(Wish))


def told(payment: Payment, snapshots: list[Snapshot]) -> tuple[Payment, list[Effect]]:
    caused: list[Effect] = []
    for snapshot in snapshots:
        after = applied(payment, snapshot, NOW)
        caused += effects(payment, after)
        payment = after
    return payment, caused


@given(lives, wishes, st.randoms(), st.integers(1, 3))
def test_any_order_and_repetition_gives_the_same_payment(
    life: tuple[Snapshot, ...], wish: Wish, random: Random, copies: int
) -> None:
    straight, _ = told(replace(NEW, wish=wish), list(life))
    shuffled = list(life) * copies
    random.shuffle(shuffled)
    other, caused = told(replace(NEW, wish=wish), shuffled)
    assert replace(other, failure_code=None) == replace(straight, failure_code=None)
    assert caused.count(Effect.CAPTURED) == (1 if TAKEN in life else 0)
    assert caused.count(Effect.AUTHORISED) <= 1


snapshots = st.builds(
    lambda status, authorised, captured, refunded: Snapshot(
        status=status,
        authorised_minor=authorised,
        captured_minor=min(captured, authorised),
        refunded_minor=min(refunded, captured, authorised),
    ),
    st.sampled_from(list(Outside)),
    st.integers(0, 50_000),
    st.integers(0, 50_000),
    st.integers(0, 50_000),
)
steps = st.lists(st.one_of(snapshots, wishes, st.just("unanswered")), max_size=12)


def walked(given_steps: list[Snapshot | Wish | str]) -> list[Payment]:
    path = [NEW]
    for each in given_steps:
        before = path[-1]
        if isinstance(each, Snapshot):
            path.append(applied(before, each, NOW))
        elif isinstance(each, Wish):
            path.append(wished(before, each, NOW, due_minor=12_000))
        else:
            path.append(unanswered(before, NOW))
    return path


@given(steps)
def test_a_payment_never_goes_back_and_its_amounts_stay_in_order(given_steps: list[Snapshot | Wish | str]) -> None:
    path = walked(given_steps)
    for before, after in pairwise(path):
        if after.state != State.UNKNOWN and before.state != State.UNKNOWN:
            assert RANK[after.state] >= RANK[before.state]
        assert after.authorised_minor >= before.authorised_minor
        assert after.captured_minor >= before.captured_minor
        assert after.refunded_minor >= before.refunded_minor
        assert after.refunded_minor <= after.captured_minor <= after.authorised_minor


@given(steps)
def test_what_was_captured_stays_captured(given_steps: list[Snapshot | Wish | str]) -> None:
    path = walked([TAKEN, *given_steps])
    assert {payment.state for payment in path[1:]} == {State.CAPTURED}


@given(steps)
def test_an_unanswered_payment_is_settled_by_the_next_clear_word(given_steps: list[Snapshot | Wish | str]) -> None:
    payment = unanswered(walked(given_steps)[-1], NOW)
    assert applied(payment, TAKEN, NOW).state in (State.CAPTURED, State.SAVED)
    assert rank(payment) >= 0


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_never_more_is_captured_than_was_reserved_or_used(due: int, authorised: int) -> None:
    payment = replace(NEW, due_minor=due, authorised_minor=authorised)
    assert to_capture(payment) <= min(due, authorised)


amounts = st.integers(1, 10**7)
RATES = [Decimal(25), Decimal(12), Decimal(6), Decimal(0)]


@st.composite
def sales(draw: st.DrawFn) -> Sold:
    """What a session was sold for, at one rate or at several."""
    rates = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=4, unique=True).map(lambda r: sorted(r)[::-1]))
    parts = tuple(vat_total(draw(amounts), rate) for rate in rates)
    price, vat = sum(part.gross_minor for part in parts), sum(part.vat_minor for part in parts)
    return Sold(price, vat, rates[0], parts if len(parts) > 1 else None)


def refund_of(payment: Payment, amount_minor: int) -> Refund:
    return Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=amount_minor,
        state=RefundState.REQUESTED,
        reason="x",
        created_at=NOW,
    )


def booked(books: Counter[str], entry: Entry) -> None:
    for line in balanced(entry).lines:
        books[line.account] += line.amount_minor


@given(sales(), amounts, st.lists(amounts, max_size=6))
def test_whatever_is_posted_sums_to_zero_and_full_refunds_undo_the_sale_at_every_rate(
    sold: Sold, reserved: int, parts: list[int]
) -> None:
    payment = replace(
        NEW, captured_minor=min(sold.price_minor, reserved), authorised_minor=reserved, due_minor=sold.price_minor
    )
    books = Counter[str]()
    booked(books, uncollected_entry(payment, sold, NOW))
    assert sold_in(books) == sold.parts
    books.clear()
    booked(books, capture_entry(payment, sold, NOW))
    assert sold_in(books) == sold.parts
    refunded = 0
    for part in [*parts, payment.captured_minor]:
        amount = min(part, payment.captured_minor - refunded)
        booked(books, refund_entry(payment, refund_of(payment, amount), refunded, sold, NOW, sold_in(books)))
        refunded += amount
        standing = sold_in(books)
        assert sum(each.gross_minor for each in standing) == sold.price_minor - refunded
        assert all(each.net_minor >= 0 and each.vat_minor >= 0 for each in standing)
        shares = {each.percent: Fraction(each.gross_minor, sold.price_minor) for each in sold.parts}
        for each in standing:
            share = shares[each.percent] * (sold.price_minor - refunded)
            assert abs(each.gross_minor - share) <= 1 + len(parts), "every rate goes back alike"
    if reserved >= sold.price_minor:
        assert sold_in(books) == ()
    assert books[PROVIDER] == 0
    assert books[RECEIVABLES] == sold.price_minor - payment.captured_minor


@given(sales(), sales())
def test_a_corrected_price_stands_in_the_books_at_the_rates_it_has_now(before: Sold, after: Sold) -> None:
    if after.price_minor >= before.price_minor:
        before, after = after, before
    if before.price_minor == after.price_minor:
        return
    payment = replace(NEW, captured_minor=before.price_minor, authorised_minor=before.price_minor)
    books = Counter[str]()
    booked(books, capture_entry(payment, before, NOW))
    back = refund_of(payment, before.price_minor - after.price_minor)
    booked(books, refund_entry(payment, back, 0, after, NOW, sold_in(books)))
    assert sold_in(books) == after.parts
    booked(
        books, refund_entry(payment, refund_of(payment, after.price_minor), back.amount_minor, after, NOW, after.parts)
    )
    assert sold_in(books) == ()
    assert not any(books.values())
