"""What holds for every payment, in whatever order and however often a provider speaks."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.money import vat_within
from laddverk.ledger.rules import balanced
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


@given(amounts, st.sampled_from([25, 12, 6, 0]), amounts, st.lists(amounts, max_size=6))
def test_whatever_is_posted_sums_to_zero_and_full_refunds_undo_the_sale(
    price: int, percent: int, reserved: int, parts: list[int]
) -> None:
    rate = Decimal(percent)
    sold = Sold(price, vat_within(price, rate), rate)
    payment = replace(NEW, captured_minor=min(price, reserved), authorised_minor=reserved, due_minor=price)
    entries = [balanced(capture_entry(payment, sold, NOW)), balanced(uncollected_entry(payment, sold, NOW))]
    refunded = 0
    for part in [*parts, payment.captured_minor]:
        amount = min(part, payment.captured_minor - refunded)
        refund = Refund(
            id=new_id(),
            payment_id=payment.id,
            amount_minor=amount,
            state=RefundState.REQUESTED,
            reason="x",
            created_at=NOW,
        )
        entries.append(balanced(refund_entry(payment, refund, refunded, sold, NOW)))
        refunded += amount
    vat_back = sum(line.amount_minor for entry in entries[2:] for line in entry.lines if line.account.startswith("26"))
    assert vat_back == vat_within(payment.captured_minor, rate)
