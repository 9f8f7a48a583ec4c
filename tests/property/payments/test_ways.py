"""Whatever banks answer: each way is tried once a time, what is hopeless is not repeated, and debits come to an end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, SessionId
from laddverk.kernel.money import vat_within
from laddverk.ledger.rules import balanced, sold_in
from laddverk.payments.rules import Sold
from laddverk.payments.ways import rules
from laddverk.payments.ways.model import Choice, Held, Means, Owing, Policy, Tried, Unpaid, Verdict, Way, WayKind

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ADA = DriverId(UUID(int=1))
CARDS = [Way(WayKind.METHOD, PaymentMethodId(UUID(int=n))) for n in (11, 12, 13)]
EVERY = [*CARDS, Way(WayKind.WALLET), Way(WayKind.BANK), Way(WayKind.INVOICE)]
CODES = [
    "insufficient_funds",
    "card_declined",
    "lost_card",
    "consent_revoked",
    "authentication_required",
    "what?",
    None,
]

ways = st.sampled_from(EVERY)
choices = st.builds(
    lambda first, fallback, at_once: Choice(driver_id=ADA, first=first, fallback=fallback, at_once=at_once),
    st.none() | ways, st.none() | ways, st.booleans(),
)  # fmt: skip
means = st.lists(
    st.builds(lambda way, stopped: Means(way=way, stopped_code=stopped), ways, st.sampled_from(["", "", "lost_card"])),
    unique_by=lambda each: each.way, max_size=6,
)  # fmt: skip
policies = st.builds(
    Policy,
    hold_without_way=st.booleans(),
    hold_overdue_days=st.none() | st.integers(0, 60),
    hold_unpaid_minor=st.none() | st.integers(1, 10_000),
)
owings = st.builds(
    lambda sessions, more, days, has_way, at_once: Owing(
        driver_id=ADA, at_once=at_once, sessions_minor=sessions, unpaid_minor=sessions + more,
        overdue_since=None if days is None else NOW - timedelta(days=days), has_way=has_way,
    ),
    st.integers(0, 5_000), st.integers(0, 20_000), st.none() | st.integers(0, 90), st.booleans(), st.booleans(),
)  # fmt: skip


def tried(way: Way, number: int, code: str | None, round_number: int = 0) -> Tried:
    return Tried(
        payment_id=PaymentId(UUID(int=number)), attempt=number, round=round_number, kind=way.kind,
        method_id=way.method_id, state="failed", failure_code=code, made_at=NOW,
    )  # fmt: skip


@given(choices, means)
def test_only_ways_that_work_and_answer_at_once_are_debited_and_at_most_two(choice: Choice, have: list[Means]) -> None:
    found = rules.order(choice, have)
    works = {each.way for each in have if each.works}
    assert set(found) <= works
    assert all(way.kind in rules.DEBITED for way in found)
    assert len(found) <= 2
    if choice.first is not None:
        assert set(found) <= {choice.first, choice.fallback}
        if choice.first.kind == WayKind.INVOICE:
            assert found == (), "who wants an invoice is not debited"
    elif not choice.at_once:
        assert found == (), "nobody is debited who did not say so"


@given(choices, means, st.lists(st.sampled_from(CODES), min_size=6, max_size=6))
def test_a_session_is_debited_by_each_way_once_and_then_no_more(
    choice: Choice, have: list[Means], codes: list[str | None]
) -> None:
    order, tries = rules.order(choice, have), list[Tried]()
    while (way := rules.next_way(order, tries)) is not None:
        tries.append(tried(way, len(tries) + 1, codes[len(tries)]))
    assert [each.way for each in tries] == list(order)


@given(st.lists(st.sampled_from([*CARDS, Way(WayKind.WALLET)]), unique=True, max_size=2), st.data())
def test_an_invoice_is_debited_in_spaced_rounds_that_end(order: list[Way], data: st.DataObject) -> None:
    tries, round_number, at = list[Tried](), 0, NOW
    begun = [at]
    while True:
        while (way := rules.next_in_round(order, tries, round_number)) is not None:
            code = data.draw(st.sampled_from(CODES))
            tries.append(tried(way, len(tries) + 1, code, round_number))
        following = rules.next_round(order, tries, round_number, NOW, at)
        if following is None:
            break
        assert following >= at + timedelta(days=1)
        at, round_number = following, round_number + 1
        begun.append(at)
    assert len(begun) <= len(rules.RETRY_DAYS)
    assert max(Counter((each.way, each.round) for each in tries).values(), default=0) <= 1
    for number, each in enumerate(tries):
        earlier = [one for one in tries[:number] if one.way == each.way]
        assert all(rules.verdict(one.failure_code) == Verdict.AGAIN for one in earlier), "hopeless, and tried again"


@given(owings, policies)
def test_who_pays_is_never_held_back_more(owing: Owing, policy: Policy) -> None:
    grave = list(Held)[1:]
    before = rules.held(owing, policy, NOW)
    paid = replace(owing, sessions_minor=0, unpaid_minor=0, overdue_since=None)
    after = rules.held(paid, policy, NOW)
    assert after in (Held.NOT, Held.NO_WAY)
    if before != Held.NOT and after != Held.NOT:
        assert grave.index(after) >= grave.index(before)


@given(owings, policies)
def test_an_exception_holds_nobody_back_before_its_end_and_changes_nothing_after(owing: Owing, policy: Policy) -> None:
    assert rules.held(replace(owing, may_start_until=NOW + timedelta(seconds=1)), policy, NOW) == Held.NOT
    assert rules.held(replace(owing, may_start_until=NOW), policy, NOW) == rules.held(owing, policy, NOW)


@given(owings, policies)
def test_every_hold_has_its_reason(owing: Owing, policy: Policy) -> None:
    match rules.held(owing, policy, NOW):
        case Held.TO_PAY:
            assert owing.sessions_minor > 0
        case Held.OVERDUE:
            assert owing.overdue_since is not None
        case Held.TOO_MUCH:
            assert owing.unpaid_minor > (policy.hold_unpaid_minor or 0)
        case Held.NO_WAY:
            assert owing.at_once
            assert not owing.has_way
        case Held.NOT:
            assert owing.sessions_minor == 0


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=6), st.sampled_from(["25", "12", "6", "0"]))
def test_corrections_of_what_is_owed_sum_to_the_last_price(prices: list[int], percent: str) -> None:
    rate, sums = Decimal(percent), Counter[str]()
    for version, price in enumerate(prices):
        owed = Unpaid(
            session_id=SessionId(UUID(int=7)), driver_id=ADA, currency="SEK", amount_minor=price, why="", since=NOW
        )
        sold = Sold(price, vat_within(price, rate), rate)
        entry = balanced(rules.owed_entry(owed, sold, sold_in(sums), f"owed:{version}", NOW))
        for line in entry.lines:
            sums[line.account] += line.amount_minor
    assert sums["1510"] == prices[-1]
    assert sum(sums.values()) == 0
    assert sum(amount for account, amount in sums.items() if account.startswith("26")) == -vat_within(prices[-1], rate)
