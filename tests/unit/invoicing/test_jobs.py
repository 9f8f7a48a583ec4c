"""The month before is invoiced by itself, from the chosen day on."""

from __future__ import annotations

from datetime import date

import pytest

from laddverk.invoicing.jobs import month_due


@pytest.mark.parametrize(
    ("today", "invoice_day", "month"),
    [
        (date(2026, 11, 1), 2, None),
        (date(2026, 11, 2), 2, date(2026, 10, 1)),
        (date(2026, 11, 30), 2, date(2026, 10, 1)),
        (date(2027, 1, 1), 1, date(2026, 12, 1)),
        (date(2028, 3, 5), 3, date(2028, 2, 1)),
        (date(2026, 11, 30), 0, None),
    ],
)
def test_the_month_that_is_due(today: date, invoice_day: int, month: date | None) -> None:
    assert month_due(today, invoice_day) == month
