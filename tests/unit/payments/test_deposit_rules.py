"""What money on the bank account settles, and what it might be for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import DriverId, InvoiceId, new_id
from laddverk.payments.deposits.model import Likeness, Owed, Split
from laddverk.payments.deposits.rules import nearly, proposals, split, whole_kronor

L = Likeness


def owed(label: str, reference: str, remaining_minor: int, buyer: str = "Ada Öberg") -> Owed:
    return Owed(
        id=InvoiceId(new_id()), label=label, reference=reference, driver_id=DriverId(new_id()), buyer=buyer,
        currency="SEK", remaining_minor=remaining_minor, due_on=date(2026, 12, 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "remaining", "expected"),
    [
        (12_345, 12_345, Split(12_345, 0, 0)),
        (12_300, 12_345, Split(12_345, 45, 0)),  # the paper said 123 kr
        (12_400, 12_350, Split(12_350, -50, 0)),  # half a krona is rounded up
        (12_246, 12_345, Split(12_345, 99, 0)),
        (12_245, 12_345, Split(12_245, 0, 0)),  # a whole krona is owed still
        (12_346, 12_345, Split(12_345, 0, 1)),  # an öre too much is the payer's
        (20_000, 12_345, Split(12_345, 0, 7_655)),
        (500, 0, Split(0, 0, 500)),
        (500, -200, Split(0, 0, 500)),
    ],
)
def test_f48_what_a_deposit_comes_to(amount: int, remaining: int, expected: Split) -> None:
    assert split(amount, remaining) == expected


@given(st.integers(1, 10**9), st.integers(-(10**6), 10**9))
def test_no_oere_is_lost_and_rounding_is_less_than_a_krona(amount: int, remaining: int) -> None:
    made = split(amount, remaining)
    assert amount + made.rounding_minor == made.settled_minor + made.advance_minor
    assert abs(made.rounding_minor) < 100
    assert 0 <= made.settled_minor <= max(remaining, 0)
    assert made.advance_minor >= 0


@given(st.integers(0, 10**9))
def test_whole_kronor_are_within_half_a_krona(amount: int) -> None:
    assert whole_kronor(amount) % 100 == 0
    assert -50 < whole_kronor(amount) - amount <= 50


def test_f48_the_likeliest_invoice_is_proposed_first_and_nothing_without_a_reason() -> None:
    meant = owed("F2026-00042", "12600004217", 12_345)
    same_amount = owed("F2026-00043", "12600004316", 12_345)
    stranger = owed("F2026-00044", "12600004415", 99)
    found = proposals(12_345, "1260 0004 217", "", [stranger, same_amount, meant])
    assert [(each.invoice, each.why) for each in found] == [
        (meant, (L.REFERENCE, L.AMOUNT)),
        (same_amount, (L.AMOUNT,)),
    ]
    assert found[0].is_sure
    assert not found[1].is_sure


@pytest.mark.parametrize(
    ("reference", "payer", "amount", "why"),
    [
        ("Faktura F2026-00042", "", 1, (L.NUMBER,)),
        ("12600004271", "", 1, (L.NEARLY,)),
        ("tack", "Öberg Ada Maria", 1, (L.NAME,)),
        ("", "", 12_300, (L.AMOUNT,)),
    ],
)
def test_why_an_invoice_is_proposed(reference: str, payer: str, amount: int, why: tuple[Likeness, ...]) -> None:
    (found,) = proposals(amount, reference, payer, [owed("F2026-00042", "12600004217", 12_345)])
    assert found.why == why
    assert not found.is_sure


@pytest.mark.parametrize(
    ("given", "meant", "is_near"),
    [
        ("12345", "12345", True),
        ("12354", "12345", True),
        ("1234", "12345", True),
        ("123455", "12345", True),
        ("12845", "12345", True),
        ("12543", "12345", False),
        ("99999", "12345", False),
        ("", "12345", False),
    ],
)
def test_one_slip_of_the_pen_is_near(given: str, meant: str, is_near: bool) -> None:
    assert nearly(given, meant) is is_near
