"""What is narrowed, tried and earned: figures of usage beside what was written by hand."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from laddverk.kernel.ids import new_id
from laddverk.planning.usage import queries
from laddverk.planning.usage.periods import cover
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, lines, read
from laddverk.planning.usage.service import keep_up
from laddverk.platform.database import Database
from tests.integration.planning.usage_field import NOW, OTHER_SITE, SITE, START, build, live, state, station, visit

CHOSEN = Chosen(first=date(2026, 10, 23), last=date(2026, 10, 26), zone="Europe/Stockholm")
DAYS_S = 4 * 86_400 + 3_600  # the night in which the clock goes back is among them
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
        margin = (await read(tx, CHOSEN, NOW)).whole.sums
        # The price of the second hour comes afterwards.
        await tx.execute(
            "INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)"
            " VALUES ('SE3', 'SEK', $1, $2, 3, 'x', $1)", START + timedelta(hours=1), START + timedelta(hours=2),
        )  # fmt: skip
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with database.transaction() as tx:
        after = (await read(tx, CHOSEN, NOW)).whole
        by_hour = {one.key: one.figures for one in lines(await read(tx, CHOSEN, NOW, By.HOUR), By.HOUR)}
        by_outlet = [one.figures for one in lines(await read(tx, CHOSEN, NOW, By.OUTLET), By.OUTLET)]
        by_site = {one.name: one.figures for one in lines(await read(tx, CHOSEN, NOW), By.SITE)}
    assert (margin.cost_wh, margin.energy_wh, margin.costed_minor) == (10_000, 20_000, 10_000)
    assert margin.cost_minor == pytest.approx(10 * (1.5 + 0.5) * 100)
    assert after.sums.cost_wh == 20_000
    assert after.margin_minor == pytest.approx(10_000 - 10 * (1.5 + 0.5 + 3 + 0.5) * 100)
    # Revenue is of the hour in which the session began, what energy cost of the hours in which it flowed.
    assert by_hour["00"].margin_minor == pytest.approx(10_000 - 10 * (1.5 + 0.5) * 100)
    assert by_hour["01"].margin_minor == pytest.approx(-10 * (3 + 0.5) * 100)
    assert by_hour["02"].margin_minor is None
    assert by_hour["00"].stay_s == 7_200
    assert [one.margin_minor for one in by_outlet if one.margin_minor is not None] == [after.margin_minor]
    assert by_site["Site 0"].margin_minor == after.margin_minor
    assert by_site["Site 1"].margin_minor is None


async def test_another_price_on_top_makes_all_margins_anew_and_none_takes_them_away(database: Database) -> None:
    async with database.transaction() as tx:
        await build(tx)
        await visit(tx, START, START + timedelta(hours=1), energy_wh=10_000, price_minor=12_500)
        await tx.execute(
            "INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)"
            " VALUES ($1, '{}', 'SE3', 0.5, $2, 'x')", SITE, START,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)"
            " VALUES ('SE3', 'SEK', $1, $2, 1, 'x', $1)", START, START + timedelta(hours=1),
        )  # fmt: skip
    margins = []
    for change in (
        "SELECT 1",
        "UPDATE plan_wish SET added_per_kwh = 2",
        "UPDATE plan_wish SET level_kw = 9",
        "DELETE FROM plan_wish",
    ):
        async with database.transaction() as tx:
            await tx.execute(change)
        while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
            pass
        async with database.transaction() as tx:
            margins.append((await read(tx, CHOSEN, NOW)).whole.margin_minor)
            of_days = [one.figures for one in lines(await read(tx, CHOSEN, NOW, By.WEEKDAY), By.WEEKDAY)]
        assert [one.margin_minor for one in of_days if one.sums.began] == [margins[-1]]
    assert margins == [pytest.approx(10_000 - 1_500), *[pytest.approx(10_000 - 3_000)] * 2, None]
