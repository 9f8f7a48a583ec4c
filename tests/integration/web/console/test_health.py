"""The page of health: the worst first with reasons, filters, CSV; nothing of other sites."""

from __future__ import annotations

from laddverk.diagnostics import findings
from laddverk.diagnostics.model import Family, Severity, Signal, Turn
from laddverk.diagnostics.upkeep import scoring
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import NOW, SignedIn, World


async def scored(world: World) -> None:
    signal = Signal(
        detector="D16", evse_number=1, turn=Turn.RAISED, at=NOW, family=Family.CONTACT_HEAT,
        severity=Severity.DEGRADED, confidence=0.5,
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], world.station, NOW)
        await tx.execute("UPDATE station SET epoch = 1")
        await scoring.keep_up(tx, NOW)


async def test_outlets_are_listed_the_worst_first_with_reasons(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    assert "No outlet has a score yet" in (await browser.open("/console/health")).text
    await scored(world)
    page = (await browser.open("/console/health")).text
    assert "How the score is made" in page
    assert "−10" in page
    rows = (await browser.open("/console/health.csv")).text.splitlines()
    assert '"90"' in rows[1]
    assert "(-10.0)" in rows[1]
    narrowed = (await browser.open("/console/health.csv?band=80-94")).text.splitlines()
    assert len(narrowed) == 2
    assert "No outlet matches" in (await browser.open("/console/health?band=0-39")).text
    assert "No outlet matches" in (await browser.open("/console/health?q=nothing-like-it")).text


async def test_a_host_sees_own_outlets_alone(world: World, signed_in: SignedIn) -> None:
    await scored(world)
    host = await signed_in(Role.SITE_HOST, world.site)
    text = (await host.open("/console/health.csv")).text
    assert "CP-2" not in text
    assert "Kajen 2" not in text
    every = (await (await signed_in(Role.TECHNICIAN)).open("/console/health.csv")).text
    assert len(every.splitlines()) > len(text.splitlines()) >= 2


LIFE = """
INSERT INTO remaining_life VALUES ($1, 1, 'D16', 'alarm', 60.75, 56.5, 45, 0.5, 24, 23, 8.5, 7, 11, $2)
"""
USED = "INSERT INTO outlet_use VALUES ($1, 1, 9000, 81000000, 900, 20000, 3, $2)"


async def test_a_chargers_page_says_how_healthy_it_is_and_how_long_it_will_last(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    await scored(world)
    place = f"/console/stations/{shown('sta', world.station)}/diagnosis"
    assert "Nothing drifts clearly enough to say" in (await browser.open(place)).text
    async with world.house.database.transaction() as tx:
        await tx.execute(LIFE, world.station, NOW)
        await tx.execute(USED, world.station, NOW)
        await tx.execute("UPDATE health_now SET scored_at = scored_at - interval '2 hours'")
        await scoring.keep_up(tx, NOW)
    page = (await browser.open(place)).text
    assert "The plug grows hotter and is far from normal" in page
    assert "by 24 points of 23 days" in page
    assert "9\xa0000 of 10\xa0000" in page
    assert "percent of what it is built for" in page
    listed = (await browser.open("/console/health")).text
    assert "90 percent of what it is built for" in listed
    assert "(-5.0)" in (await browser.open("/console/health.csv")).text
    assert "1 known" in (await browser.open("/console/spares")).text
