"""The page of health: the worst first with reasons, filters, CSV; nothing of other sites."""

from __future__ import annotations

from laddverk.diagnostics import findings
from laddverk.diagnostics.model import Family, Severity, Signal, Turn
from laddverk.diagnostics.upkeep import scoring
from laddverk.kernel.actors import Role
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
