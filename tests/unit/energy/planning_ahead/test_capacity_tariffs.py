"""Capacity tariffs against months that were computed by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from laddverk.energy.planning_ahead.capacity_files import examples, read
from laddverk.energy.planning_ahead.capacity_tariffs import (
    CapacityTariff,
    Metered,
    Part,
    by_month,
    capped,
    lines,
    peaks_of,
    shifted,
    total_minor,
)
from laddverk.energy.planning_ahead.holidays import public_holidays
from laddverk.kernel.problems import Invalid

EXAMPLES = {tariff.key: tariff for tariff in examples()}
JANUARY = datetime(2026, 1, 1) - timedelta(hours=1)


def metered(first: datetime, hours: int, loads_kw: dict[datetime, float], base_kw: float = 0) -> Metered:
    """Return hours from `first` (UTC) with a load in some of them, named by their beginning in UTC."""
    energy_wh = [int(base_kw * 1000)] * hours
    for at, load_kw in loads_kw.items():
        energy_wh[int((at - first).total_seconds()) // 3600] = int(load_kw * 1000)
    return Metered(begins_at=first.replace(tzinfo=UTC), step_minutes=60, energy_wh=tuple(energy_wh))


def january(loads_kw: dict[tuple[int, int], float], base_kw: float = 0) -> Metered:
    """Return January 2026 in Sweden with a load in some (day, local hour)."""
    at = {datetime(2026, 1, day, hour) - timedelta(hours=1): load for (day, hour), load in loads_kw.items()}
    return metered(JANUARY, 31 * 24, at, base_kw)


def test_the_mean_of_three_peaks_takes_one_of_each_day_and_halves_the_night():
    load = january({(5, 18): 30, (5, 19): 29, (6, 18): 21, (7, 23): 50, (8, 18): 12})
    (line,) = lines(EXAMPLES["three-peaks-half-at-night"], load)
    # 30 on the 5th (not 29, the same day), 25 = 50 / 2 at night on the 7th, 21 on the 6th: 76 / 3 kW x 65 kr.
    assert [peak.counted_w for peak in line.peaks] == [30_000, 25_000, 21_000]
    assert line.power_w == Fraction(76_000, 3)
    assert line.amount_minor == 164_667  # 1646.666…


def test_weekdays_by_day_leave_weekends_holidays_and_nights_out():
    tariff = EXAMPLES["weekday-daytime-by-season"]
    load = january(
        {(1, 12): 90, (6, 12): 80, (10, 12): 70, (7, 19): 60, (7, 6): 50, (7, 7): 10, (8, 18): 20, (9, 9): 3}
    )
    found = lines(tariff, load, fuse_a=63)
    # New Year, Epiphany, a Saturday, 19:00 and 06:00 do not count: (20 + 10 + 3) / 3 = 11 kW x 111.50.
    assert [(line.part, line.amount_minor) for line in found] == [(Part.PEAKS, 122_650), (Part.FUSE, 38_250)]


def test_a_season_has_its_price_and_yearly_fees_sum_to_the_year():
    tariff = EXAMPLES["weekday-daytime-by-season"]
    first = datetime(2025, 12, 31, 23)
    load = metered(first, 365 * 24, {}, base_kw=9)
    found = lines(tariff, load, fuse_a=35)
    peaks = [line.amount_minor for line in found if line.part is Part.PEAKS]
    assert peaks == [100_350] * 3 + [50_175] * 7 + [100_350] * 2
    assert sum(line.amount_minor for line in found if line.part is Part.FUSE) == 267_800
    assert total_minor(found) == sum(by_month(found).values())


def test_two_peaks_of_one_day_count_where_hours_need_not_be_of_different_days():
    text = 'key="k"\nname="n"\n[[peak]]\nname="p"\ncount=2\nprice=[{per_kw=10}]\n'
    load = january({(5, 18): 30, (5, 19): 28, (6, 18): 20})
    assert lines(read(text), load)[0].amount_minor == 25_000
    assert lines(read(text + 'distinct="hour"'), load)[0].amount_minor == 29_000


def test_a_month_that_has_seen_fewer_peaks_counts_the_missing_as_nothing():
    load = metered(JANUARY, 24, {JANUARY + timedelta(hours=12): 30})
    assert lines(EXAMPLES["three-peaks-half-at-night"], load)[0].amount_minor == 65_000


def test_quarters_are_a_mean_over_the_hour_or_stand_alone():
    quarters = Metered(begins_at=JANUARY.replace(tzinfo=UTC), step_minutes=15, energy_wh=(0, 5_000, 0, 1_000))
    text = 'key="k"\nname="n"\n[[peak]]\nname="p"\nprice=[{per_kw=10}]\n'
    assert lines(read(text), quarters)[0].amount_minor == 6_000
    assert lines(read(text + "interval_minutes=15"), quarters)[0].amount_minor == 20_000


def test_when_clocks_go_back_the_repeated_hour_is_an_hour_of_its_own():
    text = 'key="k"\nname="n"\n[[peak]]\nname="p"\ncount=2\ndistinct="hour"\notherwise=0\nprice=[{per_kw=10}]\n'
    tariff = read(text + 'hours=[{from="02:00",to="03:00",factor=1}]')
    first, second = datetime(2026, 10, 25, 0), datetime(2026, 10, 25, 1)
    load = metered(datetime(2026, 10, 24, 22), 25, {first: 10, second: 6, datetime(2026, 10, 25, 2): 99})
    (line,) = lines(tariff, load)
    assert [peak.at for peak in line.peaks] == [first.replace(tzinfo=UTC), second.replace(tzinfo=UTC)]
    assert line.amount_minor == 8_000


def test_when_clocks_go_forward_the_night_is_an_hour_shorter():
    text = 'key="k"\nname="n"\n[[peak]]\nname="p"\nprice=[{per_kw=10}]\nhours=[{from="22:00",to="06:00",factor=0}]'
    load = metered(datetime(2026, 3, 28, 23), 23, {datetime(2026, 3, 29, 3): 50, datetime(2026, 3, 29, 4): 7})
    assert lines(read(text), load)[0].amount_minor == 7_000  # 03 UTC is 05 in summer time, 04 UTC is 06


def test_power_over_what_is_subscribed_costs_by_its_highest_hour():
    load = january({(5, 18): 180, (6, 18): 170})
    found = {line.part: line for line in lines(EXAMPLES["subscribed-power"], load)}
    assert found[Part.OVERRUN].power_w == 30_000
    assert found[Part.OVERRUN].amount_minor == 255_000
    assert found[Part.SUBSCRIPTION].amount_minor == 525_000  # 150 x 420 / 12
    assert Part.OVERRUN not in {line.part for line in lines(EXAMPLES["subscribed-power"], january({}, base_kw=150))}


def test_two_fees_of_one_tariff_add_up_and_a_free_season_has_no_line():
    tariff = EXAMPLES["winter-high-load"]
    assert [line.amount_minor for line in lines(tariff, january({(7, 21): 20, (7, 12): 10}))] == [70_000, 70_000]
    july = metered(datetime(2026, 6, 30, 22), 31 * 24, {datetime(2026, 7, 1, 10): 10})
    assert [line.name for line in lines(tariff, july)] == ["Power"]


def test_what_if_moves_energy_and_asks_again():
    tariff = EXAMPLES["five-peaks"]
    load = january({(day, 18): 20 for day in range(1, 8)})
    at_18 = [step for step, energy_wh in enumerate(load.energy_wh) if energy_wh]
    halved = shifted(load, [(step, -10_000) for step in at_18] + [(step + 8, 10_000) for step in at_18])
    assert sum(halved.energy_wh) == sum(load.energy_wh)
    assert (total_minor(lines(tariff, load)), total_minor(lines(tariff, halved))) == (62_000, 31_000)
    assert capped(load, 5_000).energy_wh[at_18[0] : at_18[0] + 5] == (5_000, 5_000, 5_000, 5_000, 0)


def test_of_equal_peaks_the_earlier_counts():
    tariff = EXAMPLES["one-peak-in-winter"]
    peaks = peaks_of(tariff, tariff.peak[0], january({(8, 9): 5, (7, 9): 5}))
    assert peaks[2026, 1][0].at == datetime(2026, 1, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize("tariff", examples(), ids=lambda tariff: tariff.key)
def test_each_example_says_that_it_is_one_and_bills_a_month(tariff: CapacityTariff):
    assert tariff.note.startswith("Example")
    assert total_minor(lines(tariff, january({}, base_kw=200), fuse_a=63)) > 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("key = 1", "key"),
        ('key="a"\nname="b"', "peak"),
        ('key="a"\nname="b"\ncurrency="XXX"\n[[fuse]]\nsize_a=16\nper_year=1', "currency"),
        ('key="a"\nname="b"\ntimezone="../etc/passwd"\n[[fuse]]\nsize_a=16\nper_year=1', "timezone"),
        ('key="a"\nname="b"\n[[fuse]]\nsize_a=16\nper_year=1\n[[fuse]]\nsize_a=16\nper_year=2', "fuse"),
        ('key="a"\nname="b"\n[subscription]\npower_kw=-1\nper_kw_year=1\noverrun_per_kw=1', "subscription.power_kw"),
        ('key="a"\nname="b"\n[[peak]]\nname="x"\nprice=[{per_kw=nan}]', "peak[0].price[0].per_kw"),
        ('key="a"\nname="b"\n[[peak]]\nname="x"\nprice=[{per_kw="one"}]', "peak[0].price[0].per_kw"),
        ('key="a"\nname="b"\n[[peak]]\nname="x"\nprice=[{per_kw=1,months=[13]}]', "peak[0].price[0].months"),
        ('key="a"\nname="b"\n[[peak]]\nname="x"\ncount=0\nprice=[{per_kw=1}]', "peak[0].count"),
        (
            'key="a"\nname="b"\n[[peak]]\nname="x"\nprice=[{per_kw=1}]\nhours=[{from="7",factor=1}]',
            "peak[0].hours[0].from",
        ),
        ("x = [", "file"),
        ('key="a"\nname="b"\npeek=1', "file"),
        ("#" * 70_000, "file"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_that_is_wrong(text: str, key: str):
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.field == key


def test_the_public_holidays_of_2026():
    assert public_holidays(2026) == {
        *(date(2026, month, day) for month, day in [(1, 1), (1, 6), (4, 3), (4, 5), (4, 6), (5, 1), (5, 14), (5, 24)]),
        *(date(2026, month, day) for month, day in [(6, 6), (6, 20), (10, 31), (12, 25), (12, 26)]),
    }


def test_amounts_stay_decimals():
    assert EXAMPLES["weekday-daytime-by-season"].peak[0].price[0].per_kw == Decimal("111.50")
