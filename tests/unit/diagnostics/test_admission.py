"""Refused cards and payments: all of them is a fault, some of them is life."""

from __future__ import annotations

from typing import Any

from laddverk.diagnostics.detectors.admission import Admission
from laddverk.diagnostics.model import Family, OutcomeClass, Turn
from laddverk.diagnostics.observations import TokenSeen
from tests.unit.diagnostics.playing import DAY, HOUR, MINUTE, outcome, play, seen_at, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


def shown(seconds: float, token: str, accepted: bool = False) -> Any:
    return seen_at(TokenSeen, seconds, token_key=token, accepted=accepted)


def test_four_people_refused_in_a_row_are_told_and_three_are_not() -> None:
    assert play(Admission(), [shown(number * 600, f"user{number}") for number in range(3)]) == []
    (signal,) = play(Admission(), [shown(number * 600, f"user{number}") for number in range(4)])
    assert signal.family in (None, Family.AUTHORISATION)
    assert signal.evidence[0].values["people"] == 4


def test_one_person_with_a_blocked_card_has_one_vote_a_day() -> None:
    assert play(Admission(), [shown(number * 60, "user") for number in range(100)]) == []


def test_a_partner_whose_cards_are_refused_is_no_fault_of_the_charger() -> None:
    story = [shown(number * HOUR, f"user{number}", accepted=number % 4 != 0) for number in range(400)]
    assert play(Admission(), story) == []


def test_three_accepted_people_in_a_row_end_it() -> None:
    bad = [shown(number * 600, f"user{number}") for number in range(6)]
    good = [shown(HOUR + number * 600, f"good{number}", accepted=True) for number in range(3)]
    signals = play(Admission(), [*bad, *good])
    assert turns(signals)[-1] is CLEARED
    assert signals[-1].at == good[-1].at


def test_failed_payments_are_told_as_payments_and_over_after_two_calm_days() -> None:
    failed = [outcome(number * HOUR, OutcomeClass.PAYMENT_FAIL) for number in range(5)]
    signals = play(Admission(), failed, 10 * DAY)
    assert turns(signals)[0] is RAISED
    assert signals[0].family is Family.PAYMENT
    assert turns(signals)[-1] is CLEARED


def test_one_person_who_tries_to_pay_ten_times_has_failed_once() -> None:
    tries = [outcome(number * MINUTE, OutcomeClass.PAYMENT_FAIL) for number in range(10)]
    assert play(Admission(), tries) == []
