"""What a text in the search box may be: everything that somebody says on the phone, and what is hostile."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.support.finding.reading import Card, card_in, meant

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("4242 98,50 21 nov", Card(last4="4242", amount_minor=9850, on=date(2026, 11, 21))),
        ("4242 98.50", Card(last4="4242", amount_minor=9850)),
        ("kort 4242 igår", Card(last4="4242", on=date(2026, 11, 21))),
        ("1 298,50 kr 2026-11-20", Card(amount_minor=129850, on=date(2026, 11, 20))),
        ("300 kr 5/12", Card(amount_minor=30000, on=date(2025, 12, 5))),
        ("98,50 24 dec", Card(amount_minor=9850, on=date(2025, 12, 24))),
        ("4242", None),
        ("98,50", None),
        ("21 nov", None),
        ("4242 98,50 31 feb", Card(last4="4242", amount_minor=9850)),
    ],
)
def test_a_card_payment_is_told_by_two_of_digits_amount_and_day(text: str, card: Card | None) -> None:
    assert card_in(text, TODAY) == card


def test_each_handle_is_seen_for_what_it_may_be() -> None:
    assert meant("070-123 45 67", TODAY).phone == "070-123 45 67"
    assert meant("+46 70 123 45 67", TODAY).phone
    assert meant("abc 12d", TODAY).plate == "ABC12D"
    assert meant("ABC123", TODAY).plate == "ABC123"
    assert meant("gbg-014-2", TODAY).code == "GBG-014-2"
    assert meant("gbg 014 2", TODAY).code == "GBG-014-2"
    assert meant("04:a3:7f:2c", TODAY).tag == "04A37F2C"
    assert meant("1234567890128", TODAY).digits == "1234567890128"
    assert meant("A-00012", TODAY).number == 12
    assert meant("#2001", TODAY).number == 2001
    assert meant("Ada@Example.SE", TODAY).email == "ada@example.se"
    assert meant("Ada Öberg", TODAY).words == ("Ada", "Öberg")
    assert meant("1E2D3C4B5A69788796A5B4C3D2E1F001", TODAY).reference
    assert not meant("Ada Öberg", TODAY).plate
    assert not meant("2026", TODAY).plate


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    seen = meant(text, TODAY)
    assert len(seen.text) <= 100
    assert "\x00" not in seen.text
