"""The replay trusts nothing in the file, loses no Wh on the way to the wire, and sees every disagreement."""

import gzip
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.cli.replay.plan import planned, usual_rate_w
from laddverk.cli.replay.reconcile import Figures, Invoices, LedgerTotals, Metered, Step, disagreements, table
from laddverk.cli.replay.source import POWER_MAX_W, Row, chosen, read
from laddverk.kernel.problems import Invalid

OSLO = ZoneInfo("Europe/Oslo")
HEADER = '"location";"user_id";"session_id";"plugin_time";"plugout_time";"connection_time";"energy_session"\n'


def read_lines(tmp_path, *lines):
    file = tmp_path / "sessions.csv.gz"
    file.write_bytes(gzip.compress((HEADER + "\n".join(lines) + "\n").encode()))
    return read(file, OSLO)


def line(session="S1", plugin="2020-01-08 17:00:00", plugout="2020-01-08 23:00:00", energy="9,87", user="U1"):
    return f'"ASK";"{user}";"{session}";{plugin};{plugout};6;{energy}'


def test_a_row_is_read_in_local_time_and_whole_wh(tmp_path):
    (row,) = read_lines(tmp_path, line()).rows
    assert row.started_at == datetime(2020, 1, 8, 16, tzinfo=UTC)
    assert row.energy_wh == 9_870


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(plugout="NA"), "plugout_time is no time"),
        (line(plugin="soon"), "plugin_time is no time"),
        (line(plugout="2020-01-08 16:00:00"), "unplugged before it was plugged in"),
        (line(plugin="1999-01-08 16:00:00"), "plugin_time is before 2015"),
        (line(plugout="2020-06-08 16:00:00"), "longer than 60 days"),
        (line(energy="0"), "no energy"),
        (line(energy="-3,2"), "negative energy"),
        (line(energy="many"), "energy_session is no number"),
        (line(energy="NaN"), "energy_session is no number"),
        (line(energy="1e999999999"), "energy_session is no number"),
        (line(energy="1e9999"), "more than 200 kWh"),
        (line(energy="150"), "more energy than 22 kW give in that time"),
        (line(user=""), "no usable user_id"),
        (line(user="x" * 50), "no usable user_id"),
        ('"ASK"', "no usable user_id"),
    ],
)
def test_what_cannot_be_true_is_set_aside_with_its_reason(tmp_path, bad, reason):
    source = read_lines(tmp_path, bad, line("S9", user="U9"))
    assert [row.reason for row in source.bad] == [reason]
    assert [row.session for row in source.rows] == ["S9"]


def test_duplicates_and_overlaps_of_one_user_are_set_aside(tmp_path):
    source = read_lines(
        tmp_path,
        line("S1"),
        line("S2"),
        line("S3", plugin="2020-01-08 20:00:00", plugout="2020-01-09 04:00:00"),
        line("S1", plugin="2020-02-08 17:00:00", plugout="2020-02-08 23:00:00"),
        line("S4", user="U2"),
    )
    assert {row.reason for row in source.bad} == {
        "the same session again",
        "overlaps the same user's session before",
        "the same session_id again",
    }
    assert [row.session for row in source.rows] == ["S1", "S4"]


def test_a_session_over_the_hour_that_comes_twice_keeps_its_length(tmp_path):
    source = read_lines(tmp_path, line(plugin="2019-10-27 02:50:00", plugout="2019-10-27 02:10:00", energy="1"))
    assert source.rows[0].ended_at - source.rows[0].started_at == timedelta(minutes=20)


def test_a_session_over_the_hour_that_is_missing_is_an_hour_shorter(tmp_path):
    source = read_lines(tmp_path, line(plugin="2020-03-29 01:00:00", plugout="2020-03-29 04:00:00"))
    assert source.rows[0].ended_at - source.rows[0].started_at == timedelta(hours=2)


def test_another_file_is_refused_in_words(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a;b\n1;2\n")
    with pytest.raises(Invalid, match="no column"):
        read(other, OSLO)
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(HEADER.encode())[:-9])
    with pytest.raises(Invalid, match="cannot be read"):
        read(broken, OSLO)


START = datetime(2020, 1, 8, 16, 20, tzinfo=UTC)


@st.composite
def rows(draw):
    seconds = draw(st.integers(60, 40 * 86_400))
    started_at = START + timedelta(seconds=draw(st.integers(0, 86_400)))
    energy_wh = draw(st.integers(1, min(100_000, max(1, POWER_MAX_W * seconds // 3600))))
    return Row(1, "ASK", "U1", "S1", started_at, started_at + timedelta(seconds=seconds), energy_wh)


@given(rows(), st.sampled_from([2_300, 3_680, 11_040]))
def test_a_plan_ends_with_exactly_the_energy_and_never_falls(row, rate_w):
    points = planned(row, rate_w).points
    assert points[-1].at == row.ended_at
    assert points[-1].energy_wh == row.energy_wh
    assert all(row.started_at < point.at <= row.ended_at for point in points)
    for earlier, later in pairwise(points):
        assert earlier.at < later.at
        assert earlier.energy_wh <= later.energy_wh


@given(rows())
def test_a_plan_is_never_faster_than_the_outlet(row):
    before = (row.started_at, 0)
    for point in planned(row, usual_rate_w([row])).points:
        seconds = (point.at - before[0]).total_seconds()
        assert point.energy_wh - before[1] <= POWER_MAX_W * seconds / 3600 + POWER_MAX_W / 3600 + 1
        before = (point.at, point.energy_wh)


def test_a_choice_is_spread_over_the_file():
    all_rows = [Row(n, "A", "U", str(n), START, START, 1) for n in range(100)]
    assert [row.line for row in chosen(all_rows, 4)] == [0, 25, 50, 75]
    assert chosen(all_rows, None) == chosen(all_rows, 500) == all_rows


ONE = Metered("U1", "a", "b", 0, 900, 900)
TWO = Metered("U1", "c", "d", 900, 1000, 100)
AGREEING = Figures(
    rows=3,
    bad_rows={"no energy": 1},
    file=Step(2, 1000),
    wire=Step(2, 1000),
    sessions=Step(2, 1000),
    priced=Step(2, 1000, 249),
    invoiced=Step(2, 1000, 249),
    ledger=LedgerTotals(1, 0, 0, 0, 249),
    invoices=Invoices(1, 249, 0, 0, 0, 0),
    messages_said=9,
    messages_acknowledged=9,
    messages_refused=0,
    second_run_changes=0,
    doubtful_sessions=0,
    currency="NOK",
    seconds=1.0,
    messages_per_s=9.0,
)
METERED = frozenset({ONE, TWO})


def test_when_all_agrees_nothing_is_said():
    assert disagreements(AGREEING, METERED, [ONE, TWO]) == []
    assert "2.49 NOK" in table(AGREEING)


TAMPERED = [
    ("wire", "sessions"), ("wire", "energy_wh"), ("sessions", "sessions"), ("sessions", "energy_wh"),
    ("priced", "sessions"), ("priced", "energy_wh"), ("priced", "amount_minor"), ("invoiced", "sessions"),
    ("invoiced", "energy_wh"), ("invoiced", "amount_minor"), ("file", "sessions"), ("file", "energy_wh"),
    ("ledger", "transactions"), ("ledger", "sum_minor"), ("ledger", "unbalanced"), ("ledger", "stale_balances"),
    ("ledger", "receivable_minor"), ("invoices", "count"), ("invoices", "gross_minor"),
    ("invoices", "unequal_to_lines"), ("invoices", "lines_unequal_to_sessions"), ("invoices", "vat_unequal"),
    ("invoices", "number_gaps"), (None, "messages_refused"), (None, "second_run_changes"),
    (None, "doubtful_sessions"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "field"), TAMPERED)
def test_a_figure_that_is_off_by_one_is_noticed(part, field):
    holder = getattr(AGREEING, part) if part else AGREEING
    changed = msgspec.structs.replace(holder, **{field: getattr(holder, field) + 1})
    figures = msgspec.structs.replace(AGREEING, **{part: changed}) if part else changed
    assert disagreements(figures, METERED, [ONE, TWO])


@pytest.mark.parametrize("recorded", [[ONE], [ONE, TWO, TWO], [ONE, msgspec.structs.replace(TWO, energy_wh=101)]])
def test_a_session_lost_doubled_or_changed_is_noticed_though_the_sums_agree(recorded):
    assert disagreements(AGREEING, METERED, recorded)
