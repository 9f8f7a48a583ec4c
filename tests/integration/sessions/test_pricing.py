"""Closed sessions get their price from the tariff they started under, once per version."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import SessionId, TariffId, TariffVersionId
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.platform import jobs, outbox
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.settings import Secrets, Settings
from laddverk.sessions import jobs as sessions_jobs
from laddverk.sessions import service as sessions
from laddverk.sessions.model import SessionClosed, SessionPriced
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff
from tests.integration.sessions.world import RULE, World, at, built, ended, record, row, rows, sampled, started

BY_TIME = Tariff(
    components=(
        Component(dimension=Dimension.ENERGY, price=Decimal("2"), when=Restriction(from_time="11:00", to_time="14:00")),
        Component(dimension=Dimension.ENERGY, price=Decimal("5")),
        Component(dimension=Dimension.IDLE, price=Decimal("0.5")),
    ),
    idle_grace_minutes=20,
)


@dataclass
class Priced:
    """What the job told the rooms above."""

    events: list[SessionPriced]
    worker: jobs.Worker


@pytest.fixture
async def office(database: Database, monkeypatch: pytest.MonkeyPatch) -> Priced:
    """A worker that prices sessions, and one listener that keeps what it is told."""
    monkeypatch.setattr(outbox, "_listeners", {})
    outbox.subscribe(SessionClosed, "sessions.price")
    outbox.subscribe(SessionPriced, "test.priced")
    told: list[SessionPriced] = []

    async def hear(_tx: Any, payloads: Any) -> None:
        told.extend(outbox.decoded(SessionPriced, payload) for payload in payloads)

    worker = jobs.Worker(database, {})
    house = House(Settings(state_dir=Path("unused")), Secrets(b"", b""), database, Hints(), lambda: at(100), worker)
    worker.handle(sessions_jobs.handlers(house) | {"test.priced": hear})
    return Priced(told, worker)


async def test_a_closed_session_is_priced_line_by_line(database: Database, office: Priced) -> None:
    await built(database, BY_TIME)
    world = await _world(database)
    readings = [sampled(world, wh, minutes=minutes) for minutes, wh in ((30, 4_000), (60, 9_000), (90, 10_000))]
    await record(database, [started(world, register_wh=0), *readings, ended(world, minutes=150, register_wh=10_000)])
    await office.worker.run_until_idle()
    closed = await row(database)
    assert (closed["price_minor"], closed["vat_minor"], closed["currency"]) == (4_500 + 200 + 2_000, 1_340, "SEK")
    assert [(line["dimension"], line["window"], line["amount_minor"]) for line in closed["price_lines"]] == [
        ("energy", "", 4_500),
        ("energy", "11:00-14:00", 200),
        ("idle", "", 2_000),
    ]
    (event,) = office.events
    assert (event.session_id, event.version, event.price_minor) == (closed["id"], 1, 6_700)
    assert (event.settlement, event.driver_id, event.vat_percent) == ("invoice", world.driver_id, Decimal(25))


async def test_prices_at_two_vat_rates_are_kept_by_rate(database: Database, office: Priced) -> None:
    """10 kWh x 4,00 = 40,00 at 25 % (VAT 8,00); from 60 min on 90 min x 0,50 = 45,00 at 0 %."""
    parking = Component(dimension=Dimension.IDLE, price=Decimal("0.5"), vat_percent=Decimal(0))
    await built(database, Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(4)), parking)))
    world = await _world(database)
    readings = [sampled(world, wh, minutes=minutes) for minutes, wh in ((30, 5_000), (60, 10_000))]
    await record(database, [started(world, register_wh=0), *readings, ended(world, minutes=150, register_wh=10_000)])
    await office.worker.run_until_idle()
    closed = await row(database)
    assert (closed["price_minor"], closed["vat_minor"]) == (8_500, 800)
    assert [(part["percent"], part["vat_minor"], part["gross_minor"]) for part in closed["vat"]] == [
        ("25", 800, 4_000),
        ("0", 0, 4_500),
    ]
    assert [line["vat_percent"] for line in closed["price_lines"]] == ["25", "0"]


async def test_the_same_event_twice_prices_once(database: Database, office: Priced) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=1_000)])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        await outbox.publish(tx, [SessionClosed(session_id=session_id, version=1)] * 2)
    await office.worker.run_until_idle()
    assert len(office.events) == 1


async def test_a_tariff_that_is_revised_in_mid_session_changes_nothing(database: Database, office: Priced) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0)])
    async with database.transaction() as tx:
        tariff_id = TariffId(await tx.value("SELECT id FROM tariff"))
        await tariffs.revise(tx, RULE, tariff_id, BY_TIME, at(10))
    await record(database, [ended(world, register_wh=1_000)])
    await office.worker.run_until_idle()
    assert (await row(database))["price_minor"] == 400


async def test_late_truth_is_priced_as_a_new_version(database: Database, office: Priced) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), sampled(world, 1_000, minutes=30), ended(world)])
    await office.worker.run_until_idle()
    await record(database, [sampled(world, 2_000, minutes=50)])
    await office.worker.run_until_idle()
    assert [(event.version, event.price_minor) for event in office.events] == [(1, 400), (2, 800)]


async def test_five_hundred_sessions_are_priced_in_a_few_batches(database: Database, office: Priced) -> None:
    world = await built(database)
    many = [
        (started(world, f"s{n}", n * 100, register_wh=0), ended(world, f"s{n}", n * 100 + 60, register_wh=n))
        for n in range(500)
    ]
    await record(database, [fact for pair in many for fact in pair])
    await office.worker.run_until_idle()
    (sums,) = await rows(database, "SELECT count(price_minor), sum(price_minor)::bigint AS sum FROM session")
    assert sums == {"count": 500, "sum": sum((n * 4 + 5) // 10 for n in range(500))}


async def test_a_doubtful_session_is_priced_and_held_until_somebody_approves(
    database: Database, office: Priced
) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=50_000)])
    await office.worker.run_until_idle()
    session_id = SessionId((await row(database))["id"])
    assert [event.settlement for event in office.events] == ["review"]
    async with database.transaction() as tx:
        await sessions.approve(tx, RULE, session_id, at(90), "the connector was upgraded")
    await office.worker.run_until_idle()
    assert [event.settlement for event in office.events] == ["review", "invoice"]
    await record(database, [ended(world, register_wh=50_000)])
    kept = await row(database)
    assert (kept["settlement"], kept["version"], kept["doubts"]) == ("invoice", 1, ["more_than_possible"])


async def test_a_session_that_is_written_off_stays_so(database: Database, office: Priced) -> None:
    world = await built(database)
    await record(database, [started(world, token_uid="FFFF", register_wh=0), ended(world, register_wh=5_000)])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        await sessions.write_off(tx, RULE, session_id, at(90), "a guest")
    await record(database, [ended(world, register_wh=5_000)])
    await office.worker.run_until_idle()
    assert ((await row(database))["settlement"], office.events[-1].settlement) == ("free", "free")


async def test_a_session_without_a_tariff_gets_one_from_a_person(database: Database, office: Priced) -> None:
    world = await built(database, tariff=None)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=1_000)])
    await office.worker.run_until_idle()
    assert office.events == []
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        version = await tariffs.create(tx, RULE, "Later", BY_TIME, at(80))
        await sessions.assign_tariff(tx, RULE, session_id, TariffVersionId(version.id), at(90), "was forgotten")
    await office.worker.run_until_idle()
    assert [(event.settlement, event.price_minor) for event in office.events] == [("invoice", 500)]


async def test_who_may_not_decide_about_money_cannot_approve(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=50_000)])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await sessions.approve(tx, Actor("operator"), session_id, at(90), "why not")
        with pytest.raises(Invalid):
            await sessions.approve(tx, RULE, session_id, at(90), " ")


async def test_what_is_not_held_needs_no_approval(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0), ended(world, register_wh=500)])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        with pytest.raises(Conflict):
            await sessions.approve(tx, RULE, session_id, at(90), "to be sure")


async def _world(database: Database) -> World:
    (found,) = await rows(
        database,
        "SELECT station.site_id, station.id AS station_id, driver.id AS driver_id FROM station, driver",
    )
    return World(**found)
