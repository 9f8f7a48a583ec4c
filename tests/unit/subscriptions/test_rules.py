"""The timeline of a subscription: fees to the day, included energy, changes, pauses and ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from laddverk.kernel.ids import PlanId, PlanVersionId, SessionId, SubscriptionId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.subscriptions import rules, rules_changes
from laddverk.subscriptions.model import (
    Audience,
    Cancel,
    Change,
    FeePart,
    Keep,
    Kind,
    Pause,
    Piece,
    PlanVersion,
    Resume,
    State,
    Subscription,
    Terms,
    Use,
)
from laddverk.subscriptions.rules_terms import is_org_number

SMALL, BIG = PlanVersionId(UUID(int=1)), PlanVersionId(UUID(int=2))
TERMS = {
    SMALL: Terms(fee_minor=9_900, included_wh=20_000),
    BIG: Terms(fee_minor=29_900, included_wh=100_000, binding_months=3),
}
OCTOBER = date(2026, 10, 1)


def version(version_id: PlanVersionId, terms: Terms) -> PlanVersion:
    return PlanVersion(
        id=version_id, plan_id=PlanId(version_id), name="Plan", number=1, body=terms, created_at=datetime(2026, 1, 1)
    )


def subscribed(terms: Terms = TERMS[SMALL], day: date = date(2026, 1, 1)) -> Subscription:
    return rules_changes.new_subscription(SubscriptionId(UUID(int=9)), SMALL, terms, day)


def fee(subscription: Subscription, month: date) -> int:
    return sum(part.amount_minor for part in rules.fee_of(subscription.pieces, month, TERMS))


def test_a_whole_month_costs_the_whole_fee() -> None:
    assert rules.fee_of(subscribed().pieces, OCTOBER, TERMS) == (
        FeePart(date(2026, 10, 1), date(2026, 11, 1), SMALL, 9_900),
    )


def test_f50_a_month_that_is_begun_in_costs_its_days() -> None:
    """From 14 October: 18 of 31 days. 99.00 x 18 / 31 = 57.4838… = 57.48."""
    assert fee(subscribed(day=date(2026, 10, 14)), OCTOBER) == 5_748


def test_f50_an_upgrade_counts_from_today_and_both_fees_to_the_day() -> None:
    """From 11 October: 10/31 of 99.00 and 21/31 of 299.00 are 3193.548… and 20254.838… öre, together 23448.387….

    Rounded down they are 3193 and 20254; the öre that is missing goes to the one that lost most, the second.
    """
    upgraded = rules_changes.wished(
        subscribed(), Change(PlanId(BIG)), date(2026, 10, 11), TERMS, version(BIG, TERMS[BIG])
    )
    assert rules.fee_of(upgraded.pieces, OCTOBER, TERMS) == (
        FeePart(date(2026, 10, 1), date(2026, 10, 11), SMALL, 3_193),
        FeePart(date(2026, 10, 11), date(2026, 11, 1), BIG, 20_255),
    )
    assert upgraded.bound_until == date(2027, 1, 11)


def test_f50_a_downgrade_waits_for_the_next_month() -> None:
    big = rules_changes.new_subscription(SubscriptionId(UUID(int=9)), BIG, TERMS[BIG], date(2026, 1, 1))
    less = rules_changes.wished(big, Change(PlanId(SMALL)), date(2026, 10, 11), TERMS, version(SMALL, TERMS[SMALL]))
    assert (fee(less, OCTOBER), fee(less, date(2026, 11, 1))) == (29_900, 9_900)


def test_up_and_down_on_the_first_of_a_month_is_nothing() -> None:
    before = subscribed().pieces
    day = date(2026, 10, 1)
    assert rules.changed(rules.changed(before, day, BIG), day, SMALL) == before


def test_a_pause_costs_nothing_for_its_days_and_moves_the_binding() -> None:
    """Seven days of November's thirty: 99.00 x 23 / 30 = 75.90."""
    bound = subscribed(Terms(fee_minor=9_900, binding_months=12))
    paused = rules_changes.wished(bound, Pause(date(2026, 11, 3), date(2026, 11, 10)), date(2026, 10, 20), TERMS)
    assert fee(paused, date(2026, 11, 1)) == 7_590
    assert bound.bound_until == date(2027, 1, 1)
    assert paused.bound_until == date(2027, 1, 8)
    resumed = rules_changes.wished(paused, Resume(), date(2026, 11, 6), TERMS)
    assert fee(resumed, date(2026, 11, 1)) == 8_910
    assert resumed.bound_until == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2026, 10, 20), date(2026, 11, 20)),  # today
        (date(2026, 11, 3), date(2026, 11, 9)),  # six days
        (date(2026, 11, 3), date(2027, 2, 4)),  # 93 days
    ],
)
def test_a_pause_has_its_rules(since: date, until: date) -> None:
    with pytest.raises(Invalid):
        rules_changes.wished(subscribed(), Pause(since, until), date(2026, 10, 20), TERMS)


def test_trial_days_are_free_and_include_energy() -> None:
    """A trial of 14 days from 1 October: the fee is for 17 of 31 days, 54.2903…, the energy for all of them."""
    on_trial = subscribed(Terms(fee_minor=9_900, included_wh=20_000, trial_days=14), OCTOBER)
    assert [piece.kind for piece in on_trial.pieces] == [Kind.TRIAL, Kind.ACTIVE]
    assert (fee(on_trial, OCTOBER), rules.quota_wh(on_trial.pieces, OCTOBER, TERMS)) == (5_429, 20_000)
    again = rules_changes.new_subscription(
        SubscriptionId(UUID(int=9)), SMALL, Terms(fee_minor=9_900, trial_days=14), OCTOBER, had_trial=True
    )
    assert [piece.kind for piece in again.pieces] == [Kind.ACTIVE]


def test_who_is_bound_leaves_when_the_binding_ends_and_a_consumer_may_regret() -> None:
    terms = Terms(fee_minor=9_900, binding_months=12, notice_days=30)
    bound = subscribed(terms, date(2026, 1, 1))
    late = rules_changes.wished(bound, Cancel(), date(2026, 10, 20), {SMALL: terms})
    assert late.ends_on == date(2027, 1, 1)
    assert rules.state_on(late.pieces, date(2027, 1, 1)) is State.ENDED
    regretted = rules_changes.wished(bound, Cancel(), date(2026, 1, 14), {SMALL: terms})
    assert regretted.ends_on == date(2026, 1, 15)
    company = Terms(fee_minor=9_900, binding_months=12, audience=Audience.COMPANY)
    signed = subscribed(company, date(2026, 1, 1))
    assert rules_changes.wished(signed, Cancel(), date(2026, 1, 3), {SMALL: company}).ends_on == date(2027, 1, 1)
    after = rules_changes.wished(bound, Cancel(), date(2026, 12, 20), {SMALL: terms})
    assert after.ends_on == date(2027, 1, 19)


def test_a_cancellation_taken_back_is_as_if_it_never_was() -> None:
    before = subscribed()
    cancelled = rules_changes.wished(before, Cancel(), date(2026, 10, 20), TERMS)
    kept = rules_changes.wished(cancelled, Keep(), date(2026, 10, 20), TERMS)
    assert kept == before
    with pytest.raises(Conflict):
        rules_changes.wished(kept, Keep(), date(2026, 10, 20), TERMS)


def test_what_is_intended_says_from_when_and_how_much() -> None:
    before = subscribed()
    after = rules_changes.wished(before, Change(PlanId(BIG)), date(2026, 10, 11), TERMS, version(BIG, TERMS[BIG]))
    found = rules_changes.intended(before, after, date(2026, 10, 11), TERMS)
    assert found.counts_from == date(2026, 10, 11)
    assert [(each.before_minor, each.after_minor) for each in found.months] == [(9_900, 23_448), (9_900, 29_900)]
    assert [(each.before_wh, each.after_wh) for each in found.months] == [(20_000, 74_193), (20_000, 100_000)]


def use(number: int, energy_wh: int, minute: int, used_wh: int = 0, *, voided: bool = False) -> Use:
    at = datetime(2026, 10, 3, tzinfo=UTC) + timedelta(minutes=minute)
    return Use(session_id=SessionId(UUID(int=number)), ended_at=at, energy_wh=energy_wh, used_wh=used_wh, voided=voided)


def test_f50_what_is_included_goes_to_sessions_in_the_order_they_end_and_splits_one() -> None:
    uses = [use(1, 30_000, 50), use(2, 15_000, 10), use(3, 5_000, 60)]
    shares = rules.shared_out(20_000, uses, frozenset())
    assert [shares[each.session_id] for each in uses] == [5_000, 15_000, 0]


def test_a_settled_session_keeps_what_it_took() -> None:
    uses = [use(1, 30_000, 50, 20_000), use(2, 15_000, 10)]
    assert rules.shared_out(20_000, uses, frozenset({uses[0].session_id})) == {
        uses[0].session_id: 20_000,
        uses[1].session_id: 0,
    }


def test_f46_what_was_credited_takes_nothing() -> None:
    uses = [use(1, 15_000, 10, voided=True), use(2, 18_000, 20)]
    assert rules.shared_out(20_000, uses, frozenset()) == {uses[0].session_id: 0, uses[1].session_id: 18_000}


def test_organisation_numbers_have_a_check_digit() -> None:
    assert is_org_number("5560360793")
    assert not is_org_number("5560360794")
    assert not is_org_number("556036079")


def test_pieces_that_say_the_same_are_one() -> None:
    pieces = (Piece(OCTOBER, date(2026, 10, 5), Kind.ACTIVE, SMALL), Piece(date(2026, 10, 5), None, Kind.ACTIVE, SMALL))
    assert rules.joined(pieces) == (Piece(OCTOBER, None, Kind.ACTIVE, SMALL),)
