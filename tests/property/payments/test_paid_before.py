"""What is paid before a charge is neither lost nor kept: whatever it cost, and in however many parts it goes back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.money import vat_within
from laddverk.ledger.model import Entry
from laddverk.ledger.rules import balanced, sold_in
from laddverk.payments import rules
from laddverk.payments.model import Payment, Purpose, Refund, RefundState, State
from laddverk.payments.rules import Sold
from laddverk.payments.swish import rules as swish
from laddverk.payments.swish.model import Attempt, Kind, Stage, SwishPayment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RATE = Decimal(25)
amounts = st.integers(1, 1_000_000)


def paid(amount_minor: int) -> Payment:
    return Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.SESSION,
        state=State.AUTHORISED,
        currency="SEK",
        amount_minor=amount_minor,
        authorised_minor=amount_minor,
        captured_minor=amount_minor,
        provider="swish",
        created_at=NOW,
        updated_at=NOW,
    )


def refund_of(payment: Payment, amount_minor: int) -> Refund:
    return Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=amount_minor,
        state=RefundState.REQUESTED,
        reason="",
        created_at=NOW,
    )


def balances(entries: list[Entry]) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in entries:
        for line in balanced(entry).lines:
            found[line.account] += line.amount_minor
    return Counter({account: amount for account, amount in found.items() if amount})


@given(amounts, amounts, st.lists(amounts, max_size=6))
def test_paid_equals_used_and_sent_back_to_the_ore(amount_minor: int, price_minor: int, parts: list[int]) -> None:
    sold = Sold(price_minor, vat_within(price_minor, RATE), RATE)
    before = paid(amount_minor)
    captured = replace(before, state=State.CAPTURED, unused_minor=rules.unused(before, sold))
    entries = [rules.deposit_entry(before, NOW), rules.capture_entry(captured, sold, NOW, deposited=True)]
    back = 0
    for part in [captured.unused_minor, *parts]:
        sent = min(part, amount_minor - back)
        if sent:
            standing = sold_in(balances(entries))
            entries.append(rules.refund_entry(captured, refund_of(captured, sent), back, sold, NOW, standing))
            back += sent
    stands = balances(entries)
    assert stands[rules.BANK] == amount_minor - back
    assert stands[rules.ADVANCES] == 0, "nothing stays owed once the rest is back"
    kept = price_minor - max(0, back - captured.unused_minor)
    assert -sum(amount for account, amount in stands.items() if account[0] in "23") == kept
    assert stands[rules.RECEIVABLES] == max(0, price_minor - amount_minor)


@given(amounts, st.lists(amounts, min_size=1, max_size=6))
def test_what_was_paid_for_a_charge_that_never_was_goes_back_whole(amount_minor: int, parts: list[int]) -> None:
    before = paid(amount_minor)
    gone = replace(before, state=State.CANCELLED, unused_minor=rules.unused(before, None))
    entries, back = [rules.deposit_entry(before, NOW)], 0
    for part in [*parts, amount_minor]:
        sent = min(part, amount_minor - back)
        if sent:
            entries.append(rules.refund_entry(gone, refund_of(gone, sent), back, None, NOW))
            back += sent
    assert balances(entries) == Counter()


stages = st.sampled_from([Stage.OPEN, Stage.PAID, Stage.DECLINED, Stage.FAILED, Stage.CANCELLED])


@given(st.lists(stages, max_size=6), st.randoms())
def test_the_order_in_which_requests_are_told_is_of_no_account(told: list[Stage], random: object) -> None:
    payment = replace(paid(10_000), state=State.CHECKOUT, captured_minor=0, authorised_minor=0)
    attempts = [
        Attempt(
            id=new_id(),
            payment_id=payment.id,
            number=number,
            kind=Kind.TOKEN,
            state=stage,
            created_at=NOW,
            looked_at=NOW,
        )
        for number, stage in enumerate(told, 1)
    ]
    shuffled = attempts * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random of Hypothesis
    assert swish.snapshot(payment, shuffled, NOW) == swish.snapshot(payment, attempts, NOW)
    seen = swish.snapshot(payment, attempts, NOW)
    once = rules.applied(payment, seen, NOW)
    assert rules.applied(once, seen, NOW) == once


@given(st.text(max_size=30), st.text(max_size=12))
def test_whatever_swish_says_is_taken_without_a_fault(status: str, code: str) -> None:
    attempt = Attempt(
        id=new_id(),
        payment_id=PaymentId(new_id()),
        number=1,
        kind=Kind.TOKEN,
        state=Stage.OPEN,
        created_at=NOW,
        looked_at=NOW,
    )
    after = swish.told(attempt, SwishPayment(id="x", status=status, error_code=code or None), NOW)
    assert after.state == swish.STAGES.get(status, Stage.OPEN)
    assert swish.words_for(after.error_code) % {"code": code}
