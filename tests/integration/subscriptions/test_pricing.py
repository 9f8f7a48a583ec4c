"""What is included is free, in the order in which sessions end; groups and limits count from the start."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId, PlanId, SessionId
from laddverk.kernel.problems import NotAllowed
from laddverk.ocpp.answers import Authorisation
from laddverk.ocpp.facts import TokenPresented
from laddverk.platform import jobs, outbox
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.settings import Secrets, Settings
from laddverk.sessions import jobs as sessions_jobs
from laddverk.sessions import pricing, starting
from laddverk.sessions import service as sessions
from laddverk.sessions.model import SessionClosed
from laddverk.sessions.running import price_so_far
from laddverk.subscriptions import accounts, plans, sharing, subscribing
from laddverk.subscriptions.model import AccountDetails, Change, Holder, IncludedChanged, Terms
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.integration.sessions.world import CARD, START, World, at, built, ended, record, rows, sampled, started

RULE = rule("test")
ZONE = "Europe/Stockholm"
TWENTY = Terms(fee_minor=9_900, included_wh=20_000)


@pytest.fixture
async def worker(database: Database, monkeypatch: pytest.MonkeyPatch) -> jobs.Worker:
    """Prices what closes, and again what takes another part of what is included."""
    monkeypatch.setattr(outbox, "_listeners", {})
    outbox.subscribe(SessionClosed, "sessions.price")
    outbox.subscribe(IncludedChanged, "sessions.price_again")
    made = jobs.Worker(database, {})
    house = House(Settings(state_dir=Path("unused")), Secrets(b"", b""), database, Hints(), lambda: at(100), made)
    made.handle(sessions_jobs.handlers(house))
    return made


async def subscribed(database: Database, driver_id: DriverId, terms: Terms = TWENTY) -> PlanId:
    """Give a driver a plan since the first of the month."""
    async with database.transaction() as tx:
        plan = await plans.create(tx, RULE, f"Plan {terms.fee_minor}", terms, START)
        first = datetime(2026, 9, 30, 22, tzinfo=UTC)
        await subscribing.begin(tx, RULE, Holder(driver_id=driver_id), plan.plan_id, first, zone=ZONE)
    return plan.plan_id


async def charged(database: Database, world: World, key: str, start: float, end: float, wh: int) -> None:
    """A session of so many Wh between two minutes."""
    await record(database, [started(world, key, start, register_wh=0)])
    await record(database, [sampled(world, wh, key, end), ended(world, key, end, register_wh=wh)])


async def prices(database: Database) -> dict[str, int]:
    return {row["transaction_key"]: row["price_minor"] for row in await rows(database)}


async def test_f50_what_is_included_is_used_in_the_order_of_the_ends_and_splits_a_session(
    database: Database, worker: jobs.Worker
) -> None:
    """20 kWh are included: the first session takes 8, the second 12 of its 15, and pays 3 x 4.00."""
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "one", 0, 60, 8_000)
    await charged(database, world, "two", 70, 170, 15_000)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 0, "two": 1_200}
    (_, two) = await rows(database)
    assert [(line["included"], line["energy_wh"]) for line in two["price_lines"]] == [(True, 12_000), (False, 3_000)]
    uses = await rows(database, "SELECT used_wh FROM included_use ORDER BY ended_at")
    assert [use["used_wh"] for use in uses] == [8_000, 12_000]


async def test_f50_a_session_that_comes_late_takes_its_turn_and_the_next_is_priced_again(
    database: Database, worker: jobs.Worker
) -> None:
    """The charger was offline: the earlier session is told last, takes 15 kWh, and leaves 5 to the later one."""
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "later", 200, 320, 18_000)
    await worker.run_until_idle()
    assert await prices(database) == {"later": 0}
    await charged(database, world, "earlier", 0, 100, 15_000)
    await worker.run_until_idle()
    assert await prices(database) == {"earlier": 0, "later": 5_200}


async def test_pricing_twice_takes_what_is_included_once(database: Database, worker: jobs.Worker) -> None:
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "one", 0, 60, 8_000)
    await worker.run_until_idle()
    async with database.transaction() as tx:
        (session,) = await tx.values("SELECT id FROM session")
        for _ in range(2):
            assert await pricing.price_again(tx, [SessionId(session)], at(100)) == 1
        assert await tx.values("SELECT used_wh FROM included_use") == [8_000]
    assert await prices(database) == {"one": 0}


async def test_f46_a_credited_session_gives_back_what_it_took(database: Database, worker: jobs.Worker) -> None:
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "one", 0, 100, 15_000)
    await worker.run_until_idle()
    november = datetime(2026, 11, 2, 9, tzinfo=UTC)
    async with database.transaction() as tx:
        await invoicing.run(tx, date(2026, 10, 1), RULE, november, settings=Settings())
        invoice_id = InvoiceId(await tx.value("SELECT id FROM invoice"))
    await charged(database, world, "two", 200, 320, 18_000)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 0, "two": 5_200}, "the invoiced one keeps its 15 of 20 kWh"
    async with database.transaction() as tx:
        await invoicing.credit(tx, RULE, invoice_id, "wrong meter", november)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 0, "two": 0}


async def test_an_upgrade_prices_the_months_sessions_again(database: Database, worker: jobs.Worker) -> None:
    """On 1 October from 20 to 100 kWh: the same day, so the whole month has 100."""
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "one", 0, 200, 30_000)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 4_000}
    async with database.transaction() as tx:
        big = await plans.create(tx, RULE, "Big", Terms(fee_minor=29_900, included_wh=100_000), START)
        held = await subscribing.going(tx, Holder(driver_id=world.driver_id), START.date())
        assert held is not None
        await subscribing.carry_out(tx, RULE, held.id, Change(big.plan_id), at(300), zone=ZONE)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 0}


async def test_a_plan_gives_the_tariff_of_its_group_from_the_start(database: Database, worker: jobs.Worker) -> None:
    world = await built(database)
    cheap = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("2.50")),))
    async with database.transaction() as tx:
        version = await tariffs.create(tx, RULE, "Members", cheap, START)
        await tariffs.choose(tx, RULE, version.tariff_id, START, site_id=world.site_id, driver_group="plus")
    await charged(database, world, "before", 0, 60, 10_000)
    await subscribed(database, world.driver_id, Terms(fee_minor=4_900, driver_group="plus"))
    await charged(database, world, "after", 70, 130, 10_000)
    await worker.run_until_idle()
    assert await prices(database) == {"before": 4_000, "after": 2_500}


async def test_a_plan_counts_only_where_it_is_for(database: Database, worker: jobs.Worker) -> None:
    world, other = await built(database), await built(database)
    await subscribed(database, world.driver_id, Terms(fee_minor=4_900, included_wh=9_000, site_ids=(other.site_id,)))
    await charged(database, world, "one", 0, 60, 5_000)
    await worker.run_until_idle()
    assert await prices(database) == {"one": 2_000}


async def family(database: Database, world: World, limit_minor: int | None) -> DriverId:
    """Make the world's driver a member of a family that somebody else pays for."""
    owner = DriverId((await built(database, None)).driver_id)
    async with database.transaction() as tx:
        account_id = await accounts.open_account(tx, RULE, owner, AccountDetails(name="Familjen Ek"), START)
        email = await tx.value("SELECT email FROM driver WHERE id = $1", world.driver_id)
        token = await accounts.invite(tx, RULE, account_id, email, limit_minor, START, language="sv")
        await accounts.accept(tx, RULE, token, world.driver_id, START, shares_places=False)
    return owner


async def test_a_limit_refuses_the_next_start_and_never_what_runs(database: Database, worker: jobs.Worker) -> None:
    """The member may charge for 30.00 a month: the session that passes it ends as it would, the next does not begin."""
    world = await built(database)
    owner = await family(database, world, 3_000)
    await record(database, [started(world, "one", 1, register_wh=0)])

    async def shown(minutes: float) -> str:
        async with database.transaction() as tx:
            seen = TokenPresented(
                station_id=world.station_id,
                token_uid=CARD,
                at=at(minutes),
                said_at=at(minutes),
                received_at=at(minutes),
            )
            (answer,) = await sessions.record_tokens(tx, [seen])
            return str(answer.authorisation)

    assert await shown(5) == Authorisation.ACCEPTED
    await record(database, [sampled(world, 10_000, "one", 60), ended(world, "one", 60, register_wh=10_000)])
    await worker.run_until_idle()
    assert await prices(database) == {"one": 4_000}
    assert await shown(70) == Authorisation.BLOCKED
    async with database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await starting.prepare_start(
                tx, RULE, station_id=world.station_id, evse_number=1, driver_id=world.driver_id, now=at(71)
            )
        payer = await sharing.payer_of(tx, world.driver_id, at(71))
        assert (payer.driver_id, payer.left_minor) == (owner, -1_000)
        told = await tx.rows("SELECT key FROM subscription_told ORDER BY key")
        assert [row["key"].rpartition(":")[2] for row in told] == ["100", "80"]


async def test_a_charge_that_runs_is_not_ended_when_the_limit_is_reached_meanwhile(
    database: Database, worker: jobs.Worker
) -> None:
    world = await built(database)
    await family(database, world, 1_000)
    await record(database, [started(world, "long", 1, evse_number=2, register_wh=0)])
    await charged(database, world, "one", 2, 60, 5_000)
    await worker.run_until_idle()
    async with database.transaction() as tx:
        seen = TokenPresented(
            station_id=world.station_id, token_uid=CARD, at=at(70), said_at=at(70), received_at=at(70)
        )
        (answer,) = await sessions.record_tokens(tx, [seen])
    assert answer.authorisation == Authorisation.ACCEPTED, "the tag ends the charge that runs"


async def test_the_owner_is_invoiced_for_the_member_by_name_and_without_the_place(
    database: Database, worker: jobs.Worker
) -> None:
    world = await built(database)
    owner = await family(database, world, None)
    await charged(database, world, "one", 1, 60, 5_000)
    await worker.run_until_idle()
    async with database.transaction() as tx:
        november = datetime(2026, 11, 2, 9, tzinfo=UTC)
        report = await invoicing.run(tx, date(2026, 10, 1), RULE, november, settings=Settings())
        assert (report.invoices, report.sessions, report.gross_minor) == (1, 1, {"SEK": 2_000})
        (line,) = await tx.rows("SELECT line.*, driver_id FROM invoice_line AS line JOIN invoice ON id = invoice_id")
        assert (line["driver_id"], line["driver_name"], line["text"]) == (owner, "Eva", "")


async def test_a_driver_cannot_act_for_another(database: Database) -> None:
    world = await built(database)
    await subscribed(database, world.driver_id)
    stranger = Actor("driver", (await built(database, None)).driver_id)
    async with database.transaction() as tx:
        held = await subscribing.going(tx, Holder(driver_id=world.driver_id), START.date())
        assert held is not None
        with pytest.raises(Exception, match="no such subscription"):
            await subscribing.own(tx, stranger, held.id)


async def test_what_runs_shows_its_price_without_what_is_included(database: Database, worker: jobs.Worker) -> None:
    """20 kWh are included and 15 are taken: of 8 kWh so far, 3 are paid for."""
    world = await built(database)
    await subscribed(database, world.driver_id)
    await charged(database, world, "one", 0, 100, 15_000)
    await worker.run_until_idle()
    await record(database, [started(world, "two", 110, register_wh=0), sampled(world, 8_000, "two", 160)])
    async with database.transaction() as tx:
        running = SessionId(await tx.value("SELECT id FROM session WHERE ended_at IS NULL"))
        priced = await price_so_far(tx, running, at(161))
    assert priced is not None
    assert priced.amount_minor == 1_200


async def test_f32_a_session_over_the_end_of_a_month_takes_from_the_month_it_ends_in(
    database: Database, worker: jobs.Worker
) -> None:
    """From 23:30 on 31 October until 00:30: it ends in November, by the clock of the site."""
    world = await built(database)
    await subscribed(database, world.driver_id)
    october_end = 30 * 1440 + 14 * 60 + 30  # minutes after 1 October 08:00 UTC: 31 October 22:30 UTC
    await charged(database, world, "over", october_end, october_end + 60, 8_000)
    await worker.run_until_idle()
    uses = await rows(database, "SELECT month, used_wh FROM included_use")
    assert [(use["month"], use["used_wh"]) for use in uses] == [(date(2026, 11, 1), 8_000)]
