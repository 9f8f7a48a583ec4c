"""When two sides of a payment disagree, and when one of them was only not heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.payments.reconciliation.model import Kind, SideBySide
from laddverk.payments.reconciliation.rules import of_payment
from laddverk.payments.reconciliation.service import span_of
from laddverk.payments.reconciliation.words import ADVICE, SENTENCES

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
AGREES: dict[str, Any] = {
    "rail": "stripe", "currency": "SEK", "taken_at": NOW - timedelta(days=3), "captured_minor": 10_000,
    "refunded_minor": 2_000, "ledger_minor": 8_000, "is_known": True, "seen_captured_minor": 10_000,
    "seen_refunded_minor": 2_000, "bank_minor": None,
}  # fmt: skip


def sides(**changed: Any) -> SideBySide:
    return SideBySide(id=PaymentId(new_id()), **{**AGREES, **changed})


def found(row: SideBySide) -> list[tuple[Kind, int, int]]:
    return [(each.kind, each.ours_minor, each.theirs_minor) for each in of_payment(row, NOW, frozenset({"stripe"}))]


def test_four_sides_that_agree_make_no_difference() -> None:
    assert found(sides()) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"ledger_minor": 0}, [(Kind.LEDGER, 8_000, 0)]),
        ({"seen_refunded_minor": 0}, [(Kind.PROVIDER, 8_000, 10_000)]),
        ({"is_known": False}, [(Kind.UNKNOWN, 8_000, 0)]),
        ({"captured_minor": 0, "refunded_minor": 0, "ledger_minor": 0}, [(Kind.PROVIDER, 0, 8_000)]),
        ({"taken_at": NOW - timedelta(days=15)}, [(Kind.LATE, 8_000, 0)]),
        ({"rail": "autogiro", "is_known": None, "bank_minor": 7_000}, [(Kind.BANK, 8_000, 7_000)]),
        ({"ledger_minor": 1, "is_known": False}, [(Kind.LEDGER, 8_000, 1), (Kind.UNKNOWN, 8_000, 0)]),
    ],
)
def test_each_side_that_differs_is_named(changed: dict[str, Any], expected: list[Any]) -> None:
    assert found(sides(**changed)) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"is_known": None, "seen_captured_minor": None},
        {"rail": "wallet", "is_known": False},
        {"rail": "bankgiro", "is_known": False},
        {"rail": "swish", "taken_at": NOW - timedelta(days=60)},
        {"taken_at": NOW - timedelta(days=60), "bank_minor": 7_800},
        {"taken_at": NOW - timedelta(days=60), "undisputed": False},
        {"rail": "sandbox", "taken_at": NOW - timedelta(days=60)},
        {"rail": "autogiro", "is_known": None, "bank_minor": None},
        {"captured_minor": 2_000, "ledger_minor": 0, "is_known": False},
    ],
)
def test_a_side_that_was_not_heard_or_has_no_say_makes_no_difference(changed: dict[str, Any]) -> None:
    assert found(sides(**changed)) == []


def test_taken_and_given_back_is_another_story_than_never_taken() -> None:
    row = sides(refunded_minor=10_000, ledger_minor=0, seen_captured_minor=0, seen_refunded_minor=0)
    assert [kind for kind, _, _ in found(row)] == [Kind.PROVIDER]


def test_every_kind_has_its_words_and_an_advice() -> None:
    assert set(SENTENCES) == set(ADVICE) == set(Kind)


def test_days_of_both_nights_of_the_clock_are_whole() -> None:
    night = datetime(2026, 10, 25, tzinfo=UTC).date()
    span = span_of(night, night, "Europe/Stockholm")
    assert span.until - span.since == timedelta(hours=25)
    assert span_of(night, night - timedelta(days=3), "Europe/Stockholm").last == night
