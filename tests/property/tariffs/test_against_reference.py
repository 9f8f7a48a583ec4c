"""The engine against a naive one that walks second by second, and what cutting a session must never change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.money import vat_within
from laddverk.tariffs.curve import Span, delivered_of, instant
from laddverk.tariffs.model import COUNTED, Charge, Component, Dimension, Limit, Restriction, Spot, SpotPrice, Tariff
from laddverk.tariffs.plan import spot_price
from laddverk.tariffs.rules import price, rated, spots_of
from laddverk.tariffs.windows import applies

STOCKHOLM = "Europe/Stockholm"
EVENINGS = (
    datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
    datetime(2027, 3, 28, 0, 0, tzinfo=UTC),
    datetime(2026, 6, 30, 21, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 22, 0, tzinfo=UTC),
)
WATT_SECONDS = 3600
WHOLE_SECONDS_WH = 6  # at one, two or three Wh a second its multiples are reached at whole seconds

prices = st.decimals(0, 20, places=3)
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 5), st.sampled_from([0, 30]))


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    windows = st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1])
    from_time, to_time = draw(st.one_of(st.just((None, None)), windows))
    energies = st.integers(0, 2000).map(lambda number: number * WHOLE_SECONDS_WH)
    return Restriction(
        from_time=from_time,
        to_time=to_time,
        weekdays=tuple(draw(st.sampled_from([(), (), (6,), (0, 1, 2)]))),
        min_wh=draw(st.one_of(st.none(), energies)),
        max_wh=draw(st.one_of(st.none(), energies.filter(bool))),
        min_duration_s=draw(st.one_of(st.none(), st.integers(0, 5000))),
        max_duration_s=draw(st.one_of(st.none(), st.integers(1, 8000))),
        max_power_w=draw(st.one_of(st.none(), st.sampled_from([3600, 7200, 11_000]))),
        min_current_a=draw(st.one_of(st.none(), st.none(), st.sampled_from([Decimal(16), Decimal(32)]))),
    )


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    parts = st.builds(
        Component,
        dimension=st.sampled_from(COUNTED),
        price=prices,
        when=restrictions(),
        step=st.sampled_from([0, 0, 1, 300, 900]),
        vat_percent=st.sampled_from([None, None, Decimal(12), Decimal(0)]),
    )
    components = draw(st.lists(parts, max_size=5))
    return Tariff(
        components=tuple(replace(one, step=0) if one.dimension is Dimension.SESSION else one for one in components),
        idle_grace_minutes=draw(st.integers(0, 20)),
        free_wh=draw(st.sampled_from([0, 0, 1500])),
    )


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    """Whole seconds and, for each second of a reading interval, whole Wh: so that seconds are fine enough."""
    started_at = draw(st.sampled_from(EVENINGS)) + timedelta(minutes=draw(st.integers(0, 240)))
    steps = draw(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=4))
    readings, at, energy_wh = [(started_at, 0)], started_at, 0
    for minutes, wh_a_second in steps:
        at += timedelta(minutes=minutes)
        energy_wh += wh_a_second * minutes * 60
        readings.append((at, energy_wh))
    ended_at = at + timedelta(minutes=draw(st.integers(0, 60)))
    minutes = st.integers(-5, 90).map(lambda minute: started_at + timedelta(minutes=minute))
    return Charge(
        started_at=started_at,
        charging_ended_at=at,
        ended_at=ended_at,
        powers=tuple(draw(st.lists(st.tuples(minutes, st.integers(0, 12_000)), max_size=3, unique_by=first_of))),
        currents=tuple(
            draw(
                st.lists(
                    st.tuples(minutes, st.sampled_from([Decimal(15), Decimal(16), Decimal(40)])),
                    max_size=2,
                    unique_by=first_of,
                )
            )
        ),
        idle_until=draw(st.one_of(st.none(), st.none(), minutes)),
        readings=tuple(readings),
        energy_wh=energy_wh,
        timezone=STOCKHOLM,
        included_wh=draw(st.sampled_from([0, 0, 2000])),
    )


def first_of(pair: tuple[datetime, object]) -> datetime:
    return pair[0]


def shown(samples: Sequence[tuple[datetime, Decimal | int]], at: datetime) -> Decimal | int | None:
    """What a meter showed last at an instant, or first after it; None when it showed nothing at all."""
    before = [value for when, value in sorted(samples) if when <= at]
    return before[-1] if before else next((value for _, value in sorted(samples)), None)


def holds(when: Restriction, charge: Charge, at: datetime, passed_wh: int, power_w: int) -> bool:
    elapsed_s = int((at - charge.started_at).total_seconds())
    measured_w, measured_a = shown(charge.powers, at), shown(charge.currents, at)
    power = power_w if measured_w is None else measured_w
    current = Fraction(power) / 230 if measured_a is None else Fraction(measured_a)
    return (
        applies(when, at.astimezone(ZoneInfo(charge.timezone)))
        and (when.min_wh is None or passed_wh >= when.min_wh)
        and (when.max_wh is None or passed_wh < when.max_wh)
        and (when.min_duration_s is None or elapsed_s >= when.min_duration_s)
        and (when.max_duration_s is None or elapsed_s < when.max_duration_s)
        and (when.max_power_w is None or power < when.max_power_w)
        and (when.min_current_a is None or current >= Fraction(when.min_current_a))
    )


def second_by_second(tariff: Tariff, charge: Charge) -> Fraction:
    """The price as one would write it on a napkin: look at every second, and at every Wh in it."""
    used: dict[Dimension, list[tuple[Component, Fraction]]] = {dimension: [] for dimension in COUNTED}
    flats: set[int] = set()
    passed_wh, at = 0, charge.started_at
    delivered = delivered_of(charge, Span(charge))
    while at < charge.ended_at:
        after = at + timedelta(seconds=1)
        now_wh = delivered.until(int(after.timestamp()) * 1_000_000)
        power_w = (now_wh - passed_wh) * WATT_SECONDS
        charging = at < (charge.charging_ended_at or charge.ended_at)

        def first(dimension: Dimension, wh: int) -> int | None:
            for index, component in enumerate(tariff.components):
                if component.dimension is dimension and holds(component.when, charge, at, wh, power_w):  # noqa: B023
                    return index
            return None

        for wh in range(passed_wh, now_wh):
            if wh < tariff.free_wh + charge.included_wh:
                used[Dimension.ENERGY].append((Component(dimension=Dimension.ENERGY, price=Decimal(0)), Fraction(1)))
            elif (index := first(Dimension.ENERGY, wh)) is not None:
                used[Dimension.ENERGY].append((tariff.components[index], Fraction(1)))
        if charging and (index := first(Dimension.CHARGING, passed_wh)) is not None:
            used[Dimension.CHARGING].append((tariff.components[index], Fraction(1)))
        grace = timedelta(minutes=tariff.idle_grace_minutes)
        idles = at >= (charge.charging_ended_at or charge.ended_at) + grace
        idles = idles and (charge.idle_until is None or at < charge.idle_until)
        if idles and (index := first(Dimension.IDLE, passed_wh)) is not None:
            used[Dimension.IDLE].append((tariff.components[index], Fraction(1)))
        if charge.energy_wh and (index := first(Dimension.SESSION, passed_wh)) is not None:
            flats.add(index)
        passed_wh, at = now_wh, after
    idle_is_paid = any(component.price for component, _ in used[Dimension.IDLE])
    total = sum((Fraction(tariff.components[index].price) for index in flats), Fraction(0))
    for dimension, unit in ((Dimension.ENERGY, 1000), (Dimension.CHARGING, 60), (Dimension.IDLE, 60)):
        total += sum((Fraction(component.price) * amount / unit for component, amount in used[dimension]), Fraction(0))
        is_rounded = dimension is Dimension.ENERGY or (dimension is Dimension.IDLE) == idle_is_paid
        paid = [index for index, (component, _) in enumerate(used[dimension]) if component.price]
        if is_rounded and paid and (last := used[dimension][paid[-1]][0]).step:
            total += Fraction(last.price) * (-(paid[-1] + 1) % last.step) / unit
    return total


@settings(max_examples=60, deadline=None)
@given(tariffs(), charges())
def test_the_engine_and_the_napkin_agree(tariff: Tariff, charge: Charge) -> None:
    assert rated(tariff, charge).exact.gross == second_by_second(tariff, charge)


@settings(max_examples=150, deadline=None)
@given(tariffs(), charges(), st.lists(st.integers(0, 10_000), max_size=12))
def test_cutting_a_session_into_more_periods_never_changes_its_price(
    tariff: Tariff, charge: Charge, cuts: list[int]
) -> None:
    delivered = delivered_of(charge, Span(charge))
    span = Span(charge)
    more = []
    for cut in cuts:
        at_us = min(span.started_us + cut * 1_000_000, span.ended_us)
        more.append((instant(at_us), delivered.until(at_us)))
    assert price(tariff, replace(charge, readings=(*charge.readings, *more))) == price(tariff, charge)


@settings(max_examples=100, deadline=None)
@given(tariffs(), charges(), prices, prices, st.booleans())
def test_lines_add_up_and_limits_hold_with_and_without_tax(
    tariff: Tariff, charge: Charge, low: Decimal, more: Decimal, tax_included: bool
) -> None:
    limited = replace(tariff, tax_included=tax_included, min_price=Limit(gross=low), max_price=Limit(gross=low + more))
    priced = price(limited, charge)
    assert sum(line.amount_minor for line in priced.lines) == priced.amount_minor
    assert 0 <= priced.vat_minor <= priced.amount_minor
    assert sum(part.gross_minor for part in priced.vat) == priced.amount_minor
    for part in priced.vat:
        assert part.net_minor + part.vat_minor == part.gross_minor
        its = list(priced.lines)
        if len(priced.vat) > 1:
            its = [line for line in priced.lines if line.vat_percent == part.percent]
            assert part.vat_minor == vat_within(part.gross_minor, part.percent)
        assert sum(line.amount_minor for line in its) == part.gross_minor
    slack = 1  # net prices are rounded before VAT is
    assert priced.amount_minor <= int((low + more) * 100) + 1 + slack
    assert not charge.energy_wh or priced.amount_minor >= int(low * 100) - slack


@settings(max_examples=60, deadline=None)
@given(
    charges(),
    st.lists(st.decimals(-2, 5, places=5), min_size=40, max_size=40),
    st.sampled_from([15, 60]),
    st.builds(
        Spot,
        area=st.just("SE3"),
        markup=prices,
        factor=st.sampled_from([Decimal(1), Decimal("1.05")]),
        floor=st.one_of(st.none(), st.just(Decimal(0))),
        ceiling=st.one_of(st.none(), st.just(Decimal(4))),
    ),
)
def test_a_spot_price_is_that_of_each_period(charge: Charge, values: list[Decimal], minutes: int, spot: Spot) -> None:
    first = charge.started_at.replace(minute=0)
    length = timedelta(minutes=minutes)
    periods = [SpotPrice("SE3", first + length * n, first + length * (n + 1), value) for n, value in enumerate(values)]
    tariff = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(0), spot=spot),))
    delivered = delivered_of(replace(charge, included_wh=0), Span(charge))
    expected = Fraction(0)
    for period in periods:
        edges = [int(at.timestamp()) * 1_000_000 for at in (period.starts_at, period.ends_at)]
        energy_wh = delivered.until(edges[1]) - delivered.until(edges[0])
        expected += Fraction(spot_price(spot, period.price, tariff.vat_percent, tax_included=True)) * energy_wh / 1000
    found = rated(tariff, replace(charge, included_wh=0), spots_of(periods))
    assert found.exact.gross == expected
    assert sum(line.amount_minor for line in found.lines) == found.amount_minor
