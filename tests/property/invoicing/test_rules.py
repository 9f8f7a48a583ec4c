"""What holds for every invoice, whatever was charged."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.invoicing.model import DueSession
from laddverk.invoicing.rules import composed, luhn_digit, ocr
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, new_id
from laddverk.kernel.money import shared_by, vat_of, vat_summed, vat_total

DRIVER = DriverId(new_id())
sessions = st.lists(
    st.builds(
        lambda gross, percent: DueSession(SessionId(new_id()), DRIVER, "SEK", Decimal(percent), gross, 1),
        st.integers(0, 10_000_000),
        st.sampled_from([25, 12, 6, 0]),
    ),
    min_size=1,
    max_size=40,
)


RATES = [Decimal(25), Decimal(12), Decimal(6), Decimal(0)]


@st.composite
def mixed_sessions(draw: st.DrawFn) -> DueSession:
    """A session with prices at several rates."""
    parts = tuple(vat_total(draw(st.integers(1, 10_000_000)), rate) for rate in RATES[: draw(st.integers(2, 4))])
    gross = sum(part.gross_minor for part in parts)
    return DueSession(SessionId(new_id()), DRIVER, "SEK", RATES[0], gross, 1, parts)


any_sessions = st.tuples(sessions, st.lists(mixed_sessions(), max_size=10)).map(lambda both: [*both[0], *both[1]])


@pytest.mark.failure_mode(40)
@given(any_sessions)
def test_lines_and_rates_sum_to_the_invoice_to_the_ore(charged: list[DueSession]) -> None:
    made = composed(InvoiceId(new_id()), 1, "1", charged)
    assert made.gross_minor == sum(session.gross_minor for session in charged) == sum(x.gross_minor for x in made.lines)
    assert made.net_minor == sum(line.net_minor for line in made.lines)
    assert made.vat_minor == sum(line.vat_minor for line in made.lines)
    assert made.gross_minor == made.net_minor + made.vat_minor
    of_lines = [
        part for line in made.lines for part in vat_of(line.vat, line.gross_minor, line.vat_minor, line.vat_percent)
    ]
    assert vat_summed(of_lines) == made.vat
    assert all(part == vat_total(part.gross_minor, part.percent) for part in made.vat), "rounded once for each rate"


@given(sessions)
def test_each_line_is_within_one_ore_of_its_exact_share_of_the_net(charged: list[DueSession]) -> None:
    made = composed(InvoiceId(new_id()), 1, "1", charged)
    nets = {v.percent: (v.net_minor, v.gross_minor) for v in made.vat}
    for session, line in zip(charged, made.lines, strict=True):
        net_total, gross_total = nets[session.vat_percent]
        exact = Decimal(session.gross_minor) * net_total / gross_total if gross_total else Decimal(0)
        assert abs(line.net_minor - exact) < 1
        assert line.net_minor >= 0
        assert line.vat_minor >= 0


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.data())
def test_a_split_loses_nothing(gross: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(gross)))
    assert sum(shared_by(total, gross)) == (total if sum(gross) else 0)


@given(st.from_regex(r"[0-9]{1,23}", fullmatch=True))
def test_every_reference_passes_its_own_check(base: str) -> None:
    whole = ocr(base)
    assert luhn_digit(whole[:-1]) == whole[-1]
    assert int(whole[-2]) == len(whole) % 10
