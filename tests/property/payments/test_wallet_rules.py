"""The arithmetic of balances: waiting VAT ends at zero, nothing goes back twice, holds never exceed what is there."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.money import vat_within
from laddverk.payments.wallet import rules
from laddverk.payments.wallet.model import Policy, TopUp, Used, Wallet

amounts = st.integers(1, 1_000_000)
steps = st.lists(st.tuples(st.booleans(), amounts), min_size=1, max_size=40)


@given(steps)
def test_f39_after_everything_is_spent_or_paid_back_no_vat_waits(given_steps: list[tuple[bool, int]]) -> None:
    """True pays in, false spends or pays back; overruns happen. VAT of sales is due once, whatever the order."""
    balance = waiting = due = sold = 0
    for pays_in, amount in given_steps:
        if pays_in:
            vat = rules.paid_in_vat(amount, balance)
            waiting, due, balance = waiting + vat, due + vat, balance + amount
        else:
            part = rules.share(waiting, balance, amount)
            assert 0 <= part <= waiting
            of_sale = vat_within(amount, rules.VAT_PERCENT)
            waiting, due, sold, balance = waiting - part, due + of_sale - part, sold + of_sale, balance - amount
        assert waiting >= 0
        assert waiting == 0 or balance > 0, "nothing waits on an empty balance"
        assert due == sold + waiting, "VAT is due of what was sold, and of what waits"
        if balance > 0:
            assert waiting <= vat_within(balance, rules.VAT_PERCENT) + len(given_steps), "no more than rounding"


@given(st.integers(0, 10**6), amounts, st.lists(amounts, max_size=10))
def test_the_parts_of_waiting_vat_sum_to_it(waiting: int, balance: int, parts: list[int]) -> None:
    left, rest = waiting, balance
    for part in parts:
        if rest <= 0:
            break
        left, rest = left - rules.share(left, rest, part), rest - part
    if rest > 0:
        left, rest = left - rules.share(left, rest, rest), 0
    assert left == 0


@given(amounts, st.integers(-(10**6), 10**6))
def test_vat_that_fills_an_overrun_does_not_wait(amount: int, before: int) -> None:
    vat = vat_within(amount, rules.VAT_PERCENT)
    kept = rules.kept(vat, amount, before)
    assert 0 <= kept <= vat
    if before >= 0:
        assert kept == vat
    if before + amount <= 0:
        assert kept == 0


@given(st.integers(1, 10**6), st.lists(st.integers(0, 300_000), max_size=12))
def test_f20_no_payment_takes_more_back_than_is_left_of_it(amount: int, lefts: list[int]) -> None:
    top_ups = [TopUp(PaymentId(UUID(int=number)), "sandbox", left) for number, left in enumerate(lefts)]
    parts, to_bank = rules.way_back(amount, top_ups)
    by_id = {each.payment_id: each.left_minor for each in top_ups}
    assert sum(part for _, part in parts) + to_bank == amount
    assert all(0 < part <= by_id[payment_id] for payment_id, part in parts)
    assert len({payment_id for payment_id, _ in parts}) == len(parts)
    assert not to_bank or sum(lefts) == amount - to_bank


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_goodwill_is_used_first_and_never_paid_out(paid_in: int, goodwill: int, spent: int, held: int) -> None:
    balance = paid_in + goodwill - spent
    found = Wallet(currency="SEK", balance_minor=balance, held_minor=min(held, max(0, balance)))
    back = rules.refundable(found, Used(goodwill_minor=goodwill, spent_minor=spent))
    assert 0 <= back <= max(0, found.available_minor)
    assert back <= paid_in
    if spent >= goodwill and not found.held_minor:
        assert back == max(0, balance)


@given(amounts, amounts, st.integers(-(10**6), 10**6))
def test_f51_a_hold_grows_with_the_cost_and_never_beyond_what_is_there(held: int, cost: int, available: int) -> None:
    grown = rules.held_while(held, cost, available)
    assert held <= grown <= held + max(0, available)
    if cost * 100 < held * rules.GROW_FROM_PERCENT:
        assert grown == held
    elif grown < cost + rules.GROW_STEP_MINOR:
        assert grown == max(held, held + max(0, available)), "all there is"


@given(st.integers(-(10**6), 10**6), amounts, amounts)
def test_a_charge_begins_with_what_is_wanted_or_what_is_there(available: int, wanted: int, least: int) -> None:
    kept = rules.held_at_start(Policy(start_minimum_minor=least), available, wanted)
    assert kept in (0, min(available, wanted))
    assert kept <= max(0, available)
    assert (kept == 0) == (available < min(least, wanted))
