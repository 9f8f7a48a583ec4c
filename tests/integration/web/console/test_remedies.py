"""The page of self-healing: what it did and why, the kill switch, models that are left alone, and who may do what."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from laddverk.diagnostics.remedies import service
from laddverk.kernel.actors import Role
from laddverk.ocpp import quirks
from laddverk.web.live import STOPPING
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World
from tests.integration.web.console.test_incident_pages import raised

KNOWN = quirks.registry_of(None)
MODEL = {"model": "Acme\nWall", "to": "excluded"}


async def healed(world: World, now: datetime) -> None:
    async with world.house.database.transaction() as tx:
        await service.heal(tx, KNOWN, now)


async def met(world: World) -> None:
    """Let a charger of a known model have a problem that self-healing looks at."""
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET vendor = 'Acme', model = 'Wall' WHERE id = $1", world.station)
    await raised(world, world.station)
    await healed(world, NOW + timedelta(minutes=30))


async def test_what_it_would_do_is_said_with_its_reason(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "Nothing has been done yet" in (await browser.open("/console/remedies")).text
    await met(world)
    page = (await browser.open("/console/remedies")).text
    assert "Ask for its state" in page
    assert "what we believe may be old" in page
    assert "Only said" in page
    assert "only watched until" in page
    assert "No step matches" in (await browser.open("/console/remedies?what=cured")).text
    table = await browser.open("/console/remedies.csv?what=dry")
    assert "ask_state" in table.text


async def test_the_kill_switch_needs_a_reason_and_stops_everything(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    refused = await browser.send("/console/remedies/switch", to="off", reason=" ")
    assert refused.status_code == 422
    assert "Say why." in refused.text
    switched = await browser.send("/console/remedies/switch", to="off", reason=f"Odd restarts {HOSTILE}")
    assert switched.status_code == 303
    await met(world)
    page = (await browser.open("/console/remedies")).text
    assert "Odd restarts" in page
    assert HOSTILE not in page
    assert "Ask for its state" not in page
    assert (await browser.send("/console/remedies/switch", to="on", reason="Found it")).status_code == 303
    await healed(world, NOW + timedelta(minutes=31))
    assert "Ask for its state" in (await browser.open("/console/remedies")).text


async def test_a_model_is_left_alone_until_it_is_allowed_again(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    unknown = await browser.send("/console/remedies/models", **MODEL, model_reason="It hangs after restarts")
    assert unknown.status_code == 404
    await met(world)
    assert (await browser.send("/console/remedies/models", **MODEL, model_reason="")).status_code == 422
    chosen = await browser.send("/console/remedies/models", **MODEL, model_reason="It hangs after restarts")
    assert chosen.status_code == 303
    assert "left alone" in (await browser.open("/console/remedies")).text
    steps = "SELECT count(*) FROM remedy"
    async with world.house.database.transaction() as tx:
        before = await tx.value(steps)
    await healed(world, NOW + timedelta(hours=5))
    async with world.house.database.transaction() as tx:
        assert await tx.value(steps) == before
        actions = await tx.values("SELECT action FROM audit_log WHERE object_kind = 'remedies'")
    assert actions == ["remedies.model_excluded"]


async def test_support_may_look_and_not_switch(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    page = await browser.open("/console/remedies")
    assert page.status_code == 200
    assert "Stop it everywhere now" not in page.text
    assert (await browser.send("/console/remedies/switch", to="off", reason="because")).status_code == 403


async def test_the_page_of_an_incident_says_what_was_tried_and_why_nothing_is_done_now(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET vendor = 'Acme', model = 'Wall' WHERE id = $1", world.station)
    href = await raised(world, world.station)
    assert "What was tried" not in (await browser.open(href)).text
    await healed(world, NOW + timedelta(minutes=30))
    page = (await browser.open(href)).text
    assert "What was tried" in page
    assert "Ask for its state" in page
    assert "what we believe may be old" in page
    assert "It looks again" in page
    assert (await browser.send(f"{href}/do", what="acknowledge")).status_code == 303
    assert "self-healing keeps its hands off" in (await browser.open(href)).text


async def test_steps_come_while_somebody_looks_those_of_a_dry_run_too(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await met(world)
    looking = asyncio.create_task(browser.open("/console/live/remedies?what=dry"))
    while not looking.done():
        world.house.hints.publish([STOPPING])
        await asyncio.sleep(0.05)
    sent = (await looking).text
    assert '<hx-partial hx-target="#remedies-rows"' in sent
    assert "Ask for its state" in sent
    assert "/console/live/remedies" not in sent
