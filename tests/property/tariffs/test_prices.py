"""What holds for every tariff and every charge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.money import vat_within
from laddverk.tariffs.model import COUNTED, Charge, Component, Dimension, PriceLine, Restriction, Tariff
from laddverk.tariffs.rules import price
from laddverk.tariffs.windows import applies, cuts

ZONES = ("Europe/Stockholm", "Europe/London", "Australia/Lord_Howe", "UTC")  # Lord Howe moves its clock by half an hour
NIGHTS = (
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2027, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
)

clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    from_time, to_time = draw(
        st.one_of(st.just((None, None)), st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]))
    )
    return Restriction(
        weekdays=tuple(draw(st.sets(st.integers(0, 6), max_size=5))),
        from_time=from_time,
        to_time=to_time,
        valid_from=draw(st.sampled_from([None, None, date(2026, 10, 25), date(2027, 3, 28)])),
        valid_until=draw(st.sampled_from([None, None, date(2026, 10, 26), date(2027, 3, 29)])),
    )


prices = st.decimals(0, 20, places=4)
components = st.builds(Component, dimension=st.sampled_from(COUNTED), price=prices, when=restrictions())
tariffs = st.builds(
    Tariff,
    components=st.lists(components, max_size=6).map(tuple),
    idle_grace_minutes=st.integers(0, 90),
    idle_max=st.one_of(st.none(), st.decimals(0, 300, places=2)),
    vat_percent=st.sampled_from([Decimal(25), Decimal(12), Decimal(0)]),
)


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    started_at = draw(st.sampled_from(NIGHTS)) + timedelta(seconds=draw(st.integers(0, 86_400)))
    minutes = draw(st.integers(0, 60 * 36))
    energy_wh = draw(st.integers(0, 100_000))
    readings = draw(st.lists(st.tuples(st.integers(-60, 60 * 40), st.integers(-10, 110_000)), max_size=8))
    return Charge(
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=minutes),
        charging_ended_at=draw(st.sampled_from([None, started_at + timedelta(minutes=minutes // 3)])),
        readings=tuple((started_at + timedelta(minutes=at), wh) for at, wh in readings),
        energy_wh=energy_wh,
        timezone=draw(st.sampled_from(ZONES)),
    )


@settings(max_examples=200, deadline=None)
@given(tariffs, charges())
def test_the_total_is_the_sum_of_its_lines_and_never_negative(tariff: Tariff, charge: Charge) -> None:
    priced = price(tariff, charge)
    assert priced.amount_minor == sum(line.amount_minor for line in priced.lines) >= 0
    assert priced.vat_minor == vat_within(priced.amount_minor, tariff.vat_percent)


@settings(max_examples=200, deadline=None)
@given(tariffs, charges())
def test_with_an_energy_price_at_all_times_the_windows_hold_all_energy(tariff: Tariff, charge: Charge) -> None:
    always = Component(dimension=Dimension.ENERGY, price=Decimal(3))
    priced = price(replace(tariff, components=(*tariff.components, always)), charge)
    assert sum(line.energy_wh for line in priced.lines) == charge.energy_wh


@settings(max_examples=200, deadline=None)
@given(tariffs, charges())
def test_each_line_is_what_it_says_rounded_up_or_down(tariff: Tariff, charge: Charge) -> None:
    for line in price(tariff, charge).lines:
        if not line.capped:
            slack = line.unit_price / 100 + 1  # minutes are shown with four decimals
            assert abs(line.unit_price * line.quantity * 100 - line.amount_minor) <= slack
        assert charge.started_at <= line.from_at <= line.to_at <= charge.ended_at


@settings(max_examples=200, deadline=None)
@given(tariffs, charges())
def test_lines_of_one_dimension_do_not_overlap(tariff: Tariff, charge: Charge) -> None:
    lines: dict[Dimension, list[PriceLine]] = {}
    for line in price(tariff, charge).lines:
        if line.dimension is not Dimension.SESSION:  # due at an instant; it counts for all of the rest
            lines.setdefault(line.dimension, []).append(line)
    for its in lines.values():
        assert all(earlier.to_at <= later.from_at for earlier, later in pairwise(its))


@settings(max_examples=100, deadline=None)
@given(st.lists(restrictions(), max_size=4), charges())
def test_between_two_cuts_no_restriction_changes(whens: list[Restriction], charge: Charge) -> None:
    zone = ZoneInfo(charge.timezone)
    edges = [charge.started_at, *cuts(whens, charge.started_at, charge.ended_at, zone), charge.ended_at]
    for earlier, later in pairwise(edges):
        first = [applies(when, earlier.astimezone(zone)) for when in whens]
        at = earlier
        while at < later:
            assert [applies(when, at.astimezone(zone)) for when in whens] == first
            at += timedelta(minutes=7)


@given(charges(), st.randoms())
def test_the_order_of_readings_changes_nothing(charge: Charge, random: object) -> None:
    tariff = Tariff(
        components=(
            Component(
                dimension=Dimension.ENERGY, price=Decimal(2), when=Restriction(from_time="22:00", to_time="06:00")
            ),
            Component(dimension=Dimension.ENERGY, price=Decimal(5)),
        )
    )
    shuffled = list(charge.readings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert price(tariff, replace(charge, readings=tuple(shuffled))) == price(tariff, charge)
