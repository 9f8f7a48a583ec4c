"""Usage and bottlenecks on screen: filters, groups, comparison, CSV, and whose sites one sees."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.planning.usage.figures import FORMULAS
from laddverk.planning.usage.service import keep_up
from tests.integration.web.console.conftest import FORMULA, HOSTILE, NOW, SignedIn, World

SESSION = """
INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, received_at, energy_wh,
                     price_minor, vat_minor, currency)
VALUES ($1, $2, $5, $1::uuid::text, $3, $4, $3, 12000, 6000, 1200, 'SEK')
"""
WISH = """
INSERT INTO plan_wish (site_id, tariff, area, added_per_kwh, wanted_at, wanted_by)
VALUES ($1, '{}', 'SE3', 0.5, $2, 'x')
"""
PRICES = """
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
SELECT 'SE3', 'SEK', at, at + interval '1 hour', extract(epoch FROM at)::int / 3600 % 7 / 4.0, 'x', at
FROM generate_series(date_trunc('hour', $1::timestamptz), $2::timestamptz, interval '1 hour') AS at
"""


async def charged(world: World, *, days: int = 40) -> None:
    """Let both chargers be used every day: the first one's outlets both taken from eight to ten."""
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET registered_at = $1", NOW - timedelta(days=days))
        await tx.execute(
            "UPDATE session SET started_at = $1, ended_at = $1 WHERE started_at < $1", NOW - timedelta(days=3)
        )
        for day in range(1, days - 1):
            at = (NOW - timedelta(days=day)).replace(hour=7)
            for evse in (1, 2):
                await tx.execute(SESSION, new_id(), world.station, at, at + timedelta(hours=2), evse)
            await tx.execute(SESSION, new_id(), world.other_station, at, at + timedelta(hours=1), 1)
        await tx.execute(WISH, world.site, NOW)
        await tx.execute(PRICES, NOW - timedelta(days=days), NOW)
    while await world.house.database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass


async def test_before_anything_is_rolled_up_the_pages_say_so(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "No outlets here yet" in (await browser.open("/console/usage")).text
    assert "after four weeks" in (await browser.open("/console/bottlenecks")).text
    assert (await browser.open("/console/usage/compare")).status_code == 200


async def test_usage_is_shown_by_anything_with_formulas_and_compared(world: World, signed_in: SignedIn) -> None:
    await charged(world)
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open("/console/usage")).text
    assert "hours with a car ÷ (outlets × hours)" in page
    assert HOSTILE not in page
    site = shown("sit", world.site)
    for by in ("site", "model", "plug", "outlet", "hour", "weekday", "month", "season"):
        assert (await browser.open(f"/console/usage?by={by}&site={site}&sort=-energy")).status_code == 200
    rows = list(csv.reader(io.StringIO((await browser.open("/console/usage.csv?by=outlet")).text)))
    by_site = (await browser.open("/console/usage.csv?by=site")).text
    assert rows[0][3] == "group"
    assert not any(cell.startswith(FORMULA[0]) for row in rows for cell in row)
    first = next(row for row in rows[1:] if row[8] == "27")  # sessions begun in four weeks: none yet on the last day
    assert first[14] == "324.0"
    hours = list(csv.reader(io.StringIO((await browser.open("/console/usage/hours.csv")).text)))
    assert len(hours) > 27 * 2
    for formula in ("sum of (price − VAT) of priced sessions", "revenue ÷ kWh of the priced sessions",
                    "sessions begun ÷ hours with a car", "kWh of ended sessions, each evenly"):  # fmt: skip
        assert page.count(formula) > 0
    assert page.count("<summary>Formula</summary>") == 5  # of each card
    assert "How each column is made" in page
    told = {row[0]: row for row in csv.reader(io.StringIO((await browser.open("/console/usage/figures.csv")).text))}
    assert set(FORMULAS) <= set(told)
    assert float(told["began"][2]) == sum(int(row[8]) for row in rows[1:]) > 80
    assert float(told["revenue_minor"][2]) == round(sum(float(row[18]) for row in rows[1:]), 2)
    assert told["revenue_minor"][3] == "SEK"
    assert told["turnover_per_h"][4] == "sessions begun ÷ hours with a car"
    by_hour = (await browser.open("/console/usage?by=hour")).text
    assert "are of the sessions that began in this time" in by_hour
    for shown_page in (page, by_hour, (await browser.open("/console/usage?by=weekday")).text):
        for column in ("Turnover", "Mean stay", "Revenue", "Margin"):
            assert f'data-label="{column}"' in shown_page
    for by in ("hour", "weekday", "month", "season", "outlet"):  # a session has one hour, day and outlet: all sum alike
        groups = list(csv.DictReader(io.StringIO((await browser.open(f"/console/usage.csv?by={by}")).text)))
        for name in ("sessions", "kwh", "revenue_without_vat", "margin_without_vat", "priced_sessions"):
            whole = sum(float(row[name] or 0) for row in csv.DictReader(io.StringIO(by_site)))
            assert sum(float(one[name] or 0) for one in groups) == pytest.approx(whole, abs=0.1), (by, name)
    assert float(told["margin_minor"][2]) == pytest.approx(
        sum(float(row["margin_without_vat"] or 0) for row in csv.DictReader(io.StringIO(by_site))), abs=0.1
    )
    assert 0 < float(told["margin_minor"][2]) < float(told["revenue_minor"][2])
    beside = (await browser.open(f"/console/usage/compare.csv?site={site}&from2=2026-10-15&to2=2026-10-31")).text
    lines = {row[0]: row for row in csv.reader(io.StringIO(beside))}
    assert lines["from"][3] == "2026-10-15"
    assert lines["sites"][2] == site
    assert set(FORMULAS) <= set(lines)
    compared = (await browser.open(f"/console/usage/compare?site={site}&from2=2026-10-15&to2=2026-10-31")).text
    assert "15 Oct 2026 – 31 Oct 2026" in compared
    assert "highest hour ÷ rated power of all chosen outlets" in compared
    there, period = shown("sit", world.other_site), "from=2026-10-15&to=2026-10-31"
    beside = (await browser.open(f"/console/usage/compare.csv?site={site}&{period}&site2={there}")).text
    told = {row[0]: row[2:4] for row in csv.reader(io.StringIO(beside))}
    assert (told["from"], told["to"]) == (["2026-10-15"] * 2, ["2026-10-31"] * 2), "another place, in the same period"
    for more, days in (
        ("", ("2026-09-28", "2026-10-14")), ("&to2=2026-05-31", ("2026-05-15", "2026-05-31")),
        (f"&site2={there}&from2=2026-10-05", ("2026-10-05", "2026-10-14")),
    ):  # fmt: skip
        beside = (await browser.open(f"/console/usage/compare.csv?{period}{more}")).text
        told = {row[0]: row[3] for row in csv.reader(io.StringIO(beside))}
        assert (told["from"], told["to"]) == days, "as many days before it, as programs have it"
    for far in ("to=0001-01-01", "to2=0001-01-01"):
        assert (await browser.open(f"/console/usage/compare?{far}")).status_code == 422


async def test_while_the_past_is_counted_the_page_says_how_much_is_done(world: World, signed_in: SignedIn) -> None:
    await charged(world)
    browser = await signed_in(Role.OPERATOR)
    assert "The past is being counted" not in (await browser.open("/console/usage")).text
    async with world.house.database.transaction() as tx:
        await tx.execute("INSERT INTO usage_due (site_id, since) SELECT id, $1 FROM site", NOW - timedelta(days=20))
    assert re.search(r"The past is being counted: \d+\s?% is done", (await browser.open("/console/usage")).text)


async def test_a_period_that_cannot_be_is_told_and_an_unknown_site_is_not_found(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert (await browser.open("/console/usage?from=2026-11-20&to=2026-11-01")).status_code == 422
    assert (await browser.open("/console/usage?from=1999-01-01")).status_code == 422
    assert (await browser.open(f"/console/usage?site={shown('sit', new_id())}")).status_code in (200, 404)
    assert (await browser.open(f"/console/bottlenecks/{shown('sit', new_id())}")).status_code == 404


async def test_a_site_without_room_in_the_morning_has_too_few_outlets_with_evidence(
    world: World, signed_in: SignedIn
) -> None:
    await charged(world)
    browser = await signed_in(Role.OPERATOR)
    page = (await browser.open("/console/bottlenecks")).text
    assert "Too few outlets" in page
    site = (await browser.open(f"/console/bottlenecks/{shown('sit', world.site)}")).text
    assert "Every outlet charged a car for 76 h in 40 days." in site
    assert "Erlang" in site
    assert "What would relieve it" in site
    technician = await signed_in(Role.TECHNICIAN)
    offered = (await technician.open(f"/console/bottlenecks/{shown('sit', world.site)}")).text
    link = html.unescape(re.search(r'href="(/console/studies/new[^"]*)"', offered).group(1))
    form = (await technician.open(link)).text
    assert f'value="{(NOW - timedelta(days=40)).date().isoformat()}"' in form
    assert re.search(rf'value="{shown("sit", world.site)}" selected', form)
    rows = list(csv.reader(io.StringIO((await browser.open("/console/bottlenecks.csv")).text)))
    ports = next(row for row in rows if row[3] == "ports")
    assert ports[8] == "Every outlet charged a car for 76 h in 40 days."
    assert ports[9].startswith("Hours in which every outlet of a plug charged a car.")
    assert "This site has no circuits" in site
    assert "Power and phases are only found where load management measures" in page


async def test_three_weeks_are_too_short(world: World, signed_in: SignedIn) -> None:
    await charged(world, days=20)
    browser = await signed_in(Role.OPERATOR)
    assert "needs four weeks" in (await browser.open("/console/bottlenecks")).text
    assert "four weeks are needed" in (await browser.open(f"/console/bottlenecks/{shown('sit', world.site)}")).text
