"""Every figure of usage, by every group, is what SQL written apart finds in the raw rows of an odd year.

Chargers open and close in mid-year; cars stand across midnights, months, seasons and both nights in which the clock is
moved; some sessions have no energy or no length, some never end, one is in another currency.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

import pytest

from laddverk.kernel.ids import new_id
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, Reading, duration_curve, heat, lines, read
from laddverk.planning.usage.service import keep_up
from laddverk.platform.database import Database, Transaction
from tests.integration.planning import raw_figures as raw
from tests.integration.planning.usage_field import NOW, OTHER_SITE, SITE, build, live, state, station, visit

OUTLETS: Final = [(site + who, evse) for site in (0, 10) for who, evse in ((0, 1), (0, 2), (1, 1), (1, 2), (2, 1))]
BUSY: Final = (
    # Days in which everybody comes: the ends of winter, spring and summer, and both nights in which the clock is moved.
    (datetime(2026, 2, 27, 5, 10, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)),
    (datetime(2026, 3, 27, 16, tzinfo=UTC), datetime(2026, 3, 30, 8, tzinfo=UTC)),
    (datetime(2026, 5, 30, 7, tzinfo=UTC), datetime(2026, 6, 1, 20, tzinfo=UTC)),
    (datetime(2026, 8, 30, 7, tzinfo=UTC), datetime(2026, 9, 1, 20, tzinfo=UTC)),
    (datetime(2026, 10, 23, 15, tzinfo=UTC), NOW),
)
PERIODS: Final = (
    Chosen(first=date(2026, 2, 25), last=date(2026, 10, 27), zone="Europe/Stockholm"),
    Chosen(first=date(2026, 3, 29), last=date(2026, 10, 25), zone="Europe/Stockholm", sites=frozenset({SITE})),
)
"""All until now; and of one site some months with odd days before and after."""
WH: Final = 5e-4  # energy is kept in whole Wh for each hour and outlet
ENERGY: Final = frozenset({"charging_power_w", "cost_minor", "cost_wh", "margin_minor"})
"""What is made of it, beside what has it in its name."""
RETIRE = "UPDATE station SET retired_at = $2 WHERE id = $1"
SECOND = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, plug, power_max_w)
VALUES ($1, 1, 2, 'second', 'second', 'chademo', 40000)
"""
ATTEMPT = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, token_key)
VALUES ($1, 1, $2, $3, $4, $5, $6)
"""
WISH = """
INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)
VALUES ($1, '{}', 'SE3', 0.5, $2, 'x')
"""
PRICE = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
SELECT 'SE3', 'SEK', at, at + $3::interval, extract(epoch FROM at)::int / 900 % 7 / 3.0, 'x', at
FROM generate_series($1::timestamptz, $2::timestamptz, $3::interval) AS at
"""


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


async def odd_year(tx: Transaction, random: Random) -> None:
    await build(tx)
    await tx.execute("UPDATE station SET registered_at = $1 WHERE site_id = $2", at(2, 20, 10, 17), SITE)
    await tx.execute("UPDATE station SET registered_at = $1 WHERE site_id = $2", at(3, 10, 6, 30), OTHER_SITE)
    await tx.execute(SECOND, station(2))
    for since, until in BUSY:
        for who, evse in OUTLETS:
            if (who < 10 or since > at(3, 10, 6, 30)) and (who != 11 or since < at(9, 1, 0)):
                await live(tx, random, who, evse, since, until)
    await tx.execute(RETIRE, station(11), at(9, 15, 12))
    await visit(tx, at(2, 24, 20), at(2, 25, 11), who=1, full=at(2, 25, 3), energy_wh=41_000, price_minor=20_000)
    await visit(tx, at(4, 30, 20, 10), at(5, 1, 3), energy_wh=33_333, price_minor=9_999)
    await visit(tx, at(5, 4, 8), at(5, 4, 8), energy_wh=5, price_minor=100)
    await visit(tx, at(5, 4, 9), at(5, 4, 10), full=at(5, 4, 9), energy_wh=700)
    await visit(tx, at(5, 4, 11), at(5, 4, 12), full=at(5, 4, 13), energy_wh=9_000, price_minor=4_000)
    foreign = await visit(tx, at(5, 5, 9), at(5, 5, 10), energy_wh=8_000, price_minor=500)
    await tx.execute("UPDATE session SET currency = 'EUR' WHERE id = $1", foreign)
    await visit(tx, at(7, 20, 20), None, who=10, energy_wh=4_000)
    await visit(tx, at(10, 27, 10, 3), None, who=2, energy_wh=2_000)
    await state(tx, "faulted", at(7, 1, 6), at(7, 4, 6), who=12)
    for day in range(1, 6):
        for minutes, outcome, who in ((0, "auth_fail", "a"), (14 + 6 * day, "ok", "a"), (9, "plug_no_start", "b")):
            begins = at(3, 31, 21, 40) + timedelta(days=day, minutes=minutes)
            await tx.execute(
                ATTEMPT, station(10 * (day % 2)), begins, str(new_id()), begins + timedelta(minutes=2), outcome, who
            )
    await tx.execute(WISH, SITE, at(2, 20, 0))
    await tx.execute(PRICE, at(3, 28, 0), at(3, 30, 0), timedelta(minutes=15))
    await tx.execute(PRICE, at(5, 1, 0), at(10, 26, 23), timedelta(hours=1))


@pytest.fixture
async def lived(database: Database) -> Database:
    async with database.transaction() as tx:
        await odd_year(tx, Random(2026))
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    return database


def args_of(chosen: Chosen) -> tuple[object, ...]:
    return chosen.since, min(chosen.until, NOW), None if chosen.sites is None else list(chosen.sites)


async def same_by_groups(tx: Transaction, chosen: Chosen, by: By) -> None:
    reading = await read(tx, chosen, NOW, by)
    expected = {row["key"]: dict(row) for row in await tx.rows(raw.by(raw.KEYS[by]), *args_of(chosen))}
    found = {line.key: line.figures for line in lines(reading, by)}
    assert set(found) == set(expected), by
    for key, wanted in expected.items():
        figures = found[key]
        of_session = {"stay_s_mean": figures.stay_s, "session_wh_mean": figures.session_wh}
        for name, value in wanted.items():
            if name == "key":
                continue
            if name in of_session:
                said = of_session[name]
            else:
                said = next(
                    getattr(part, name) for part in (figures.sums, figures.standing, figures) if hasattr(part, name)
                )
            rel = WH if "energy" in name or name in ENERGY else 1e-9
            is_near = pytest.approx(value, rel=rel, abs=WH * wanted["cost_minor"] if name == "margin_minor" else 1e-6)
            assert said == (None if value is None else is_near), (by, key, name)


async def same_at_their_peak(tx: Transaction, chosen: Chosen, reading: Reading) -> None:
    args = args_of(chosen)
    hours = await tx.values(raw.CURVE, *args)
    assert reading.peaks.peak_w == pytest.approx(hours[0], rel=WH)
    assert reading.peaks.coincidence == pytest.approx(hours[0] / await tx.value(raw.RATED_W, *args), rel=WH)
    whole = round((args[1] - args[0]) / timedelta(hours=1))
    hours = [*hours, *[0.0] * (whole - len(hours))][:whole]  # an hour that has half begun is rounded away
    assert duration_curve(reading, points=whole) == pytest.approx(hours, rel=WH, abs=6)
    assert duration_curve(reading)[::99] == pytest.approx([hours[0], hours[-1]], rel=WH, abs=6)
    shares = {row["slot"]: row["share"] or 0.0 for row in await tx.rows(raw.HEAT, *args)}
    assert heat(reading) == pytest.approx([shares[slot] for slot in range(168)])


async def same_without_room(tx: Transaction, chosen: Chosen, reading: Reading) -> None:
    args, peaks = args_of(chosen), reading.peaks
    room = (await tx.rows(raw.ROOM, *args))[0]
    assert peaks.full_s == pytest.approx(room["full_s"])
    assert peaks.full_s > 0
    assert peaks.taken_max == pytest.approx(room["taken_max"])
    assert peaks.pool_s == pytest.approx(await tx.value(raw.POOL_S, *args))
    assert peaks.waits == await tx.value(raw.WAITED, *args)
    assert peaks.unseen == pytest.approx(await tx.value(raw.UNSEEN, *args))
    tried = dict((await tx.rows(raw.ATTEMPTS, *args))[0])
    assert {name: getattr(reading.attempts, name) for name in tried} == tried


async def test_every_figure_by_every_group_is_that_of_the_raw_rows(lived: Database) -> None:
    async with lived.transaction() as tx:
        await tx.execute(raw.OUTLETS)
        await tx.execute(raw.FACTS, NOW)
        await tx.execute(raw.COSTS)
        await tx.execute(raw.POOLS)
        for chosen in PERIODS:
            for by in By:
                await same_by_groups(tx, chosen, by)
            reading = await read(tx, chosen, NOW)
            await same_at_their_peak(tx, chosen, reading)
            await same_without_room(tx, chosen, reading)
            assert 0 < reading.whole.sums.cost_wh < reading.whole.sums.energy_wh
            assert 0 < reading.whole.sums.costed_minor < reading.whole.sums.revenue_minor
