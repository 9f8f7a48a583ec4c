"""What makes an entry postable."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import new_id
from laddverk.kernel.money import vat_within
from laddverk.kernel.problems import Invalid
from laddverk.ledger.model import Entry, Line
from laddverk.ledger.rules import balanced, reversed_lines, sale

amounts = st.integers(-(10**12), 10**12)


def entry(*lines: Line) -> Entry:
    return Entry(
        idempotency_key="k",
        kind="invoice",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        source_kind="invoice",
        source_id=new_id(),
        lines=lines,
    )


@given(st.lists(amounts, max_size=10))
def test_only_what_sums_to_zero_is_postable(given_amounts: list[int]) -> None:
    lines = [Line("1510", amount, "SEK") for amount in given_amounts]
    if sum(given_amounts):
        with pytest.raises(Invalid):
            balanced(entry(*lines))
    else:
        assert all(line.amount_minor for line in balanced(entry(*lines)).lines)


@given(amounts.filter(bool))
def test_two_currencies_never_balance_each_other(amount: int) -> None:
    with pytest.raises(Invalid):
        balanced(entry(Line("1510", amount, "SEK"), Line("3001", -amount, "EUR")))


@given(amounts, st.sampled_from([25, 12, 6, 0]))
def test_a_sale_and_its_reverse_leave_nothing(gross: int, percent: int) -> None:
    rate = Decimal(percent)
    lines = sale(gross, vat_within(gross, rate), rate, "SEK")
    assert sum(line.amount_minor for line in lines) == -gross
    assert sum(line.amount_minor for line in (*lines, *reversed_lines(lines))) == 0
