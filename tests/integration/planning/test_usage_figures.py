"""Every figure of usage agrees with SQL on the raw rows: by site, model, plug, outlet, hour, weekday, month; peaks."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from laddverk.kernel.ids import new_id
from laddverk.planning.usage import queries
from laddverk.planning.usage.periods import cover
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, duration_curve, heat, lines, read
from laddverk.planning.usage.service import keep_up
from laddverk.platform.database import Database
from tests.integration.planning.usage_field import NOW, OTHER_SITE, SITE, START, build, live, state, station, visit

CHOSEN = Chosen(first=date(2026, 10, 23), last=date(2026, 10, 26), zone="Europe/Stockholm")
DAYS_S = 4 * 86_400 + 3_600  # the night in which the clock goes back is among them
RAW = """
-- Seconds and energy of each session within the period; the energy lies evenly over the charging time.
WITH bounds AS (SELECT '2026-10-22 22:00Z'::timestamptz AS since, '2026-10-26 23:00Z'::timestamptz AS until),
cut AS (
    SELECT v.*, t.site_id, c.plug, t.model, c.power_max_w,
           extract(epoch FROM v.ended_at - v.started_at) AS stay_s,
           least(coalesce(v.charging_ended_at, v.ended_at), until) AS full_until,
           extract(epoch FROM greatest(least(coalesce(v.charging_ended_at, v.ended_at, until), until) - v.started_at,
                                       interval '0')) AS within_s,
           extract(epoch FROM coalesce(v.charging_ended_at, v.ended_at, until) - v.started_at) AS charged_s
    FROM session v JOIN station t ON t.id = v.station_id
    JOIN connector c ON c.station_id = v.station_id AND c.evse_number = v.evse_number, bounds
    WHERE v.started_at >= since AND v.started_at < until
)
SELECT count(*) AS began, count(ended_at) AS ended, sum(stay_s) AS stay_s,
       count(*) FILTER (WHERE ended_at IS NOT NULL AND energy_wh = 0) AS empty,
       sum(energy_wh) FILTER (WHERE ended_at IS NOT NULL) AS session_wh,
       coalesce(sum(price_minor - vat_minor) FILTER (WHERE ended_at IS NOT NULL), 0) AS revenue_minor,
       sum(CASE WHEN charged_s > 0 THEN energy_wh * within_s / charged_s ELSE energy_wh END)
           FILTER (WHERE ended_at IS NOT NULL) AS energy_wh,
       sum(within_s) AS charging_s
FROM cut WHERE ($1::uuid IS NULL OR site_id = $1) AND ($2::text IS NULL OR plug = $2)
    AND ($3::text IS NULL OR model = $3) AND ($4::uuid IS NULL OR station_id = $4)
    AND ($5::int IS NULL OR extract(isodow FROM started_at AT TIME ZONE 'Europe/Stockholm') = $5)
    AND ($6::int IS NULL OR extract(hour FROM started_at AT TIME ZONE 'Europe/Stockholm') = $6)
"""
BUSY_BY_HOUR = """
-- Minutes with a car by hour of the local week, minute by minute.
SELECT extract(isodow FROM m AT TIME ZONE 'Europe/Stockholm')::int AS weekday,
       extract(hour FROM m AT TIME ZONE 'Europe/Stockholm')::int AS hour, 60 * count(*) AS busy_s
FROM connector c, generate_series('2026-10-22 22:00Z'::timestamptz, '2026-10-26 22:59Z', interval '1 minute') AS m
WHERE EXISTS (SELECT 1 FROM session s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
              AND s.started_at <= m AND (s.ended_at IS NULL OR s.ended_at > m))
   OR EXISTS (SELECT 1 FROM connector_state s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
              AND s.started_at <= m AND (s.ended_at IS NULL OR s.ended_at > m) AND s.status = 'finishing')
GROUP BY 1, 2
"""
ATTEMPT = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, token_key)
VALUES ($1, 1, $2, $3, $2, $4, $5)
"""


@pytest.fixture
async def lived(database: Database) -> Database:
    random = Random(7)
    async with database.transaction() as tx:
        await build(tx)
        for site in (0, 10):
            for who, evse in ((0, 1), (0, 2), (1, 1), (1, 2), (2, 1)):
                await live(tx, random, site + who, evse)
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    return database


async def test_the_figures_by_anything_are_those_of_the_raw_rows(lived: Database) -> None:
    async with lived.transaction() as tx:
        readings = {by: await read(tx, CHOSEN, NOW, by) for by in By}
        asked: list[tuple[By, str, tuple[object, ...]]] = [
            (By.SITE, str(SITE), (SITE, None, None, None, None, None)),
            (By.PLUG, "type2", (None, "type2", None, None, None, None)),
            (By.MODEL, "Alfa Fast", (None, None, "Fast", None, None, None)),
            (By.OUTLET, f"{station(2)}/1", (None, None, None, station(2), None, None)),
            *((By.WEEKDAY, str(day), (None, None, None, None, day, None)) for day in (1, 5, 6, 7)),
            *((By.HOUR, f"{hour:02d}", (None, None, None, None, None, hour)) for hour in (2, 3, 17)),
        ]
        for by, key, args in asked:
            line = next(one for one in lines(readings[by], by) if one.key == key)
            raw = dict((await tx.rows(RAW, *args))[0])
            assert line.figures.sums.began == raw["began"], by
            if by is not By.HOUR:
                assert line.figures.sums.ended == raw["ended"]
                assert line.figures.sums.stay_s == pytest.approx(float(raw["stay_s"]))
                assert line.figures.sums.empty == raw["empty"]
                assert line.figures.sums.revenue_minor == raw["revenue_minor"]
                assert line.figures.session_wh == pytest.approx(float(raw["session_wh"]) / raw["ended"])
            if by in (By.SITE, By.PLUG, By.MODEL, By.OUTLET):
                assert line.figures.sums.energy_wh == pytest.approx(float(raw["energy_wh"]), abs=5)
                assert line.figures.sums.charging_s == pytest.approx(float(raw["charging_s"]))
        for by in By:
            groups = lines(readings[by], by)
            assert sum(one.figures.sums.began for one in groups) == readings[by].whole.sums.began
            assert sum(one.figures.standing.port_s for one in groups) == pytest.approx(10 * DAYS_S)


async def test_the_heat_map_counts_each_minute_and_the_doubled_hour_once_for_each_time_it_is(lived: Database) -> None:
    async with lived.transaction() as tx:
        reading = await read(tx, CHOSEN, NOW)
        raw = {(row["weekday"] - 1) * 24 + row["hour"]: row["busy_s"] for row in await tx.rows(BUSY_BY_HOUR)}
    found = heat(reading)
    for at, share in enumerate(found):
        stood_s = 36_000 * (2 if at == 6 * 24 + 2 else 1)
        assert share == (pytest.approx(raw.get(at, 0) / stood_s) if at // 24 in (0, 4, 5, 6) else None)
    assert sum(raw.values()) == pytest.approx(reading.whole.sums.busy_s)
    assert reading.whole.time_utilisation == pytest.approx(sum(raw.values()) / (10 * DAYS_S))


async def test_what_is_narrowed_is_what_is_counted_and_a_host_sees_their_own(lived: Database) -> None:
    async with lived.transaction() as tx:
        narrow = Chosen(**fields(sites=frozenset({OTHER_SITE}), plugs=("ccs2",)))
        own = await read(tx, narrow, NOW, By.OUTLET)
        none = await read(tx, Chosen(**fields(sites=frozenset())), NOW)
        fast = await read(tx, Chosen(**fields(models=("Alfa Fast",))), NOW)
    assert [one.station_id for one in own.outlets] == [station(12)]
    assert {one.stood.site_id for one in own.classes} == {OTHER_SITE}
    assert own.outlet_count == 1
    assert own.hours.busy_s.sum() == pytest.approx(own.whole.sums.busy_s)
    assert none.outlet_count == 0
    assert len(none.hours.at_s) == 0
    assert none.whole.time_utilisation is None
    assert fast.whole.standing.port_s == 2 * DAYS_S
    assert fast.hours.busy_s.sum() == pytest.approx(fast.whole.sums.busy_s)


def fields(**changes: object) -> dict[str, object]:
    return {"first": CHOSEN.first, "last": CHOSEN.last, "zone": CHOSEN.zone, **changes}


async def test_peaks_and_the_curve_are_those_of_the_hours(lived: Database) -> None:
    async with lived.transaction() as tx:
        reading = await read(tx, CHOSEN, NOW)
        by_hour = await tx.values(
            "SELECT sum(energy_wh)::int FROM usage_class_hour WHERE hour >= $1 AND hour < $2"
            " AND site_id <> '00000000-0000-0000-0000-000000000000' GROUP BY hour", CHOSEN.since,
            CHOSEN.until,
        )  # fmt: skip
    assert reading.peaks.peak_w == max(by_hour)
    assert reading.peaks.coincidence == pytest.approx(max(by_hour) / (2 * (4 * 11_000 + 50_000)))
    curve = duration_curve(reading)
    assert curve[0] == max(by_hour)
    assert curve == sorted(curve, reverse=True)


async def test_failed_starts_are_followed_for_half_an_hour(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx)
        await visit(tx, START, START + timedelta(hours=1))
        tried = [
            ("a", 0, "plug_no_start"),
            ("a", 20, "ok"),
            ("b", 0, "auth_fail"),
            ("b", 45, "ok"),
            ("c", 5, "no_auth"),
        ]
        for who, minutes, outcome in tried:
            at = START + timedelta(hours=1, minutes=minutes)
            await tx.execute(ATTEMPT, station(0), at, str(new_id()), outcome, who)
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with database.transaction() as tx:
        found = await queries.attempts(tx, CHOSEN, cover(CHOSEN.first, CHOSEN.last, CHOSEN.last))
        await state(tx, "faulted", START, None, who=12)
    assert (found.attempts, found.failed, found.retries) == (5, 2, 1)


async def test_the_margin_counts_the_hours_whose_price_is_known(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx)
        await visit(tx, START, START + timedelta(hours=2), energy_wh=20_000, price_minor=12_500)
        await tx.execute(
            "INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)"
            " VALUES ($1, '{}', 'SE3', 0.5, $2, 'x')", SITE, START,
        )  # fmt: skip
        for quarter in range(4):
            at = START + timedelta(minutes=15 * quarter)
            await tx.execute(
                "INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)"
                " VALUES ('SE3', 'SEK', $1, $2, $3, 'x', $1)", at, at + timedelta(minutes=15), quarter,
            )  # fmt: skip
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with database.transaction() as tx:
        margin = (await read(tx, CHOSEN, NOW)).margin
        # The price of the second hour comes afterwards.
        await tx.execute(
            "INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)"
            " VALUES ('SE3', 'SEK', $1, $2, 3, 'x', $1)", START + timedelta(hours=1), START + timedelta(hours=2),
        )  # fmt: skip
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with database.transaction() as tx:
        after = (await read(tx, CHOSEN, NOW)).margin
    assert (after.cost_wh, after.cost_minor) == (20_000, pytest.approx(10 * (1.5 + 0.5 + 3 + 0.5) * 100))
    assert (margin.cost_wh, margin.energy_wh, margin.sites) == (10_000, 20_000, 1)
    assert margin.cost_minor == pytest.approx(10 * (1.5 + 0.5) * 100)
    assert margin.revenue_minor == 10_000
