"""Steps that are taken by themselves, over a real socket: once each, with what the charger makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from laddverk.kernel.problems import Conflict, TooMany
from laddverk.notices.sms import service as sms
from laddverk.platform import formats
from laddverk.support import contacts
from laddverk.support.agent.model import Given
from laddverk.support.contacts import Contact
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import AgentButton as B
from laddverk.support.situations.model import Step
from laddverk.support.stepping import rules, store
from laddverk.support.stepping import service as stepping
from laddverk.tariffs import store_spot
from laddverk.tariffs.model import Component, Dimension, Spot, SpotPrice, Tariff
from tests.integration.support import field
from tests.integration.support.test_agent import Bench
from tests.integration.support.test_agent import bench as bench
from tests.network import ask


async def taken(bench: Bench, *, after: timedelta = timedelta()) -> int:
    """Look at all troubles, as the job does; how many steps were taken."""
    async with bench.house.database.transaction() as tx:
        return await stepping.take_steps(tx, bench.house, bench.house.clock() + after)


async def aged(bench: Bench) -> None:
    """What agents did was an hour ago."""
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE case_entry SET at = at - interval '1 hour'")


async def test_time_is_given_a_no_is_asked_once_more_and_a_cable_is_let_go_each_once(bench: Bench) -> None:
    case = await bench.case()
    started = await bench.press(case, B.START, Given(once=uuid4()))
    await bench.told("RemoteStartTransaction", "Rejected")
    await bench.state_of(started, "refused")
    await bench.house.worker.run_until_idle()
    asked = await bench.told("RemoteStartTransaction")
    open_start = "SELECT cancelled_at IS NULL FROM start_request WHERE id = $1"
    assert await bench.network.value(open_start, started.start_request_id), "asked once more, nothing is given up"
    assert await taken(bench) == 0, "too early"
    until = "SELECT expires_at FROM start_request"
    before = await bench.network.value(until)
    late = timedelta(minutes=3)
    assert await taken(bench, after=late) == 0, "an agent has pressed a button a moment ago"
    await aged(bench)
    assert await taken(bench, after=late) == 1
    assert await taken(bench, after=late) == 0, "once"
    assert await bench.network.value(until) > before
    await bench.told("RemoteStartTransaction")

    begun = {"connectorId": 1, "idTag": asked["idTag"], "meterStart": 1000, "timestamp": bench.now}
    number = (await ask(bench.socket, "StartTransaction", begun))[2]["transactionId"]
    ended = {"transactionId": number, "meterStop": 3000, "timestamp": bench.now, "reason": "Local"}
    await ask(bench.socket, "StopTransaction", ended)
    await bench.says("Finishing", errorCode="ConnectorLockFailure")
    assert await taken(bench) == 1
    assert (await bench.told("UnlockConnector"))["connectorId"] == 1
    assert await taken(bench) == 0
    lines = await bench.network.value("SELECT array_agg(text) FROM case_entry WHERE kind = 'machine'")
    assert stepping.DONE[Step.UNLOCK] in lines
    assert await bench.network.value("SELECT count(*) FROM audit_log WHERE action LIKE 'situation.%'") == 2


async def test_after_a_second_no_the_cable_is_let_go_and_a_driver_s_word_is_enough_for_one_that_sticks(
    bench: Bench,
) -> None:
    await bench.says("Preparing")
    case = await bench.case()
    started = await bench.press(case, B.START, Given(once=uuid4()))
    await bench.told("RemoteStartTransaction", "Rejected")
    await bench.state_of(started, "refused")
    await bench.house.worker.run_until_idle()
    await aged(bench)
    assert await taken(bench) == 0, "it was asked once more, and has not answered"
    await bench.told("RemoteStartTransaction", "Rejected")
    await until(bench, "SELECT cancelled_why = 'refused' FROM start_request")
    assert await taken(bench) == 1
    assert (await bench.told("UnlockConnector"))["connectorId"] == 1
    assert await taken(bench) == 0

    begun = {"connectorId": 1, "idTag": "NOBODY", "meterStart": 1000, "timestamp": bench.now}
    number = (await ask(bench.socket, "StartTransaction", begun))[2]["transactionId"]
    ended = {"transactionId": number, "meterStop": 3000, "timestamp": bench.now, "reason": "Local"}
    await ask(bench.socket, "StopTransaction", ended)
    await bench.says("Finishing")
    lingers = timedelta(minutes=4)
    assert await taken(bench, after=lingers) == 0, "its driver is away: nobody gets their cable"
    session_id = await bench.network.value("SELECT id FROM session")
    stuck = Contact(
        key="call:1", channel="phone", station_id=bench.station, evse_number=1, session_id=session_id,
        situation="cable-stuck-at-charger",
    )  # fmt: skip
    async with bench.house.database.transaction() as tx:
        await contacts.begin(tx, stuck, bench.house.clock())
    assert await taken(bench) == 0, "they have only begun to pull"
    assert await taken(bench, after=lingers) == 1
    assert (await bench.told("UnlockConnector"))["connectorId"] == 1


async def until(bench: Bench, sql: str) -> None:
    """Let the jobs run until a query says yes."""
    async with asyncio.timeout(10):
        while not await bench.network.value(sql):
            await bench.house.worker.run_until_idle()
            await asyncio.sleep(0.02)


async def test_what_is_dangerous_is_closed_and_nobody_is_nagged_twice(bench: Bench) -> None:
    async with bench.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at, energy_wh,"
            " received_at) VALUES ($1, $2, 1, 'x', $3, now() - interval '1 hour', 9000, now())",
            uuid4(), bench.station, bench.driver,
        )  # fmt: skip
    await bench.says("SuspendedEV")
    later = timedelta(minutes=11)
    assert await taken(bench, after=later) == 0, "nobody waits, and it costs nothing to stand there"
    async with bench.house.database.transaction() as tx:
        asks = Contact(key="chat:1", channel="chat", station_id=bench.station, evse_number=1)
        await contacts.begin(tx, asks, bench.house.clock() + timedelta(minutes=1))
    assert await taken(bench, after=timedelta(minutes=2)) == 0, "it may only pause"
    assert await taken(bench, after=later) == 1
    assert await taken(bench, after=timedelta(minutes=31)) == 0
    assert await bench.network.value("SELECT count(*) FROM text_message") == 1
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET ended_at = now() - interval '1 day'")
        await tx.execute(FINDING, uuid4(), bench.station, bench.house.clock())
        await tx.execute("INSERT INTO remedy_setting (began_at, switched_off_at) VALUES (now(), now())")
    await bench.says("Faulted", errorCode="GroundFailure")
    assert await taken(bench) == 0, "self-healing is switched off"
    why = await bench.network.value("SELECT why FROM situation_step WHERE state = 'held'")
    assert why == rules.SWITCHED_OFF
    async with bench.house.database.transaction() as tx:
        await tx.execute("DELETE FROM situation_step WHERE state = 'held'")
        await tx.execute("UPDATE remedy_setting SET switched_off_at = NULL")
    assert await taken(bench) == 1
    assert (await bench.told("ChangeAvailability"))["type"] == "Inoperative"
    assert await taken(bench) == 0


CHARGE = """
INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at, energy_wh, received_at,
                     tariff)
VALUES ($1, $2, 1, $1::uuid::text, $3, $4, 9000, $4, $5::text::jsonb)
"""
COSTS_LATER = Tariff(
    components=(
        Component(dimension=Dimension.ENERGY, price=Decimal(4)),
        Component(dimension=Dimension.IDLE, price=Decimal(1)),
    ),
    idle_grace_minutes=45,
)


async def charge(bench: Bench, driver: UUID | None, ago: timedelta, tariff: Tariff | None = None) -> UUID:
    """A charge that began so long ago, and runs."""
    made = uuid4()
    body = None if tariff is None else msgspec.json.encode(tariff).decode()
    async with bench.house.database.transaction() as tx:
        await tx.execute(CHARGE, made, bench.station, driver, bench.house.clock() - ago, body)
    return made


async def asks(bench: Bench, key: str, **given: Any) -> None:
    """Somebody turns to us about the outlet, in a minute."""
    contact = Contact(key=key, channel="chat", station_id=bench.station, evse_number=1, **given)
    async with bench.house.database.transaction() as tx:
        await contacts.begin(tx, contact, bench.house.clock() + timedelta(minutes=1))


async def texts(bench: Bench) -> list[str]:
    return list(
        await bench.network.value("SELECT coalesce(array_agg(body ORDER BY created_at), '{}') FROM text_message")
    )


async def test_a_fee_is_told_of_when_it_begins_and_not_before(bench: Bench) -> None:
    await charge(bench, bench.driver, timedelta(hours=2), COSTS_LATER)
    done = bench.house.clock()
    await bench.says("SuspendedEV")
    for minutes in (11, 30, 44):
        assert await taken(bench, after=timedelta(minutes=minutes)) == 0
    assert await taken(bench, after=timedelta(minutes=46)) == 1
    assert await taken(bench, after=timedelta(minutes=47)) == 0, "once"
    (said,) = await texts(bench)
    assert formats.local_time(done + timedelta(minutes=45), language="sv") in said
    assert "avgift" in said


async def test_a_fee_that_begins_for_many_at_once_is_told_of_to_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a free night: a turn has room for some, and the others come next."""
    monkeypatch.setattr(store, "AT_ONCE", 1)
    now = bench.house.clock()
    async with bench.house.database.transaction() as tx:
        for number in range(3):
            station = await field.outlet(tx, f"ZZZ-{number}")
            driver = await field.driver(tx, f"{number}@example.se", f"+4670123410{number}", str(number))
            body = msgspec.json.encode(COSTS_LATER).decode()
            await tx.execute(CHARGE, uuid4(), station, driver, now - timedelta(hours=3), body)
        await tx.execute("UPDATE station SET connected_at = $1 WHERE name LIKE 'ZZZ%'", now)
        since = now - timedelta(hours=1)
        await tx.execute(
            "UPDATE connector SET status = 'suspended_ev', status_since = $1 WHERE code LIKE 'ZZZ%'", since
        )
    assert [await taken(bench) for _turn in range(4)] == [1, 1, 1, 0]
    assert len(await texts(bench)) == 3


async def test_who_was_asked_to_move_a_moment_ago_hears_of_the_fee_once_that_is_over(bench: Bench) -> None:
    """An agent asked them, and closed the case: nobody works there any more."""
    made = await charge(bench, bench.driver, timedelta(hours=2), COSTS_LATER)
    await bench.says("SuspendedEV")
    async with bench.house.database.transaction() as tx:
        bo = await field.driver(tx, "bo@example.se", "+46701234599", "Bo")
    await bench.press(await bench.case(driver_id=bo), B.TELL_OWNER)
    await aged(bench)
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE standing_car SET told_at = told_at + interval '40 min' WHERE session_id = $1", made)
    for minutes, steps in ((11, 0), (46, 0), (71, 1), (72, 0)):
        assert await taken(bench, after=timedelta(minutes=minutes)) == steps
    assert "avgift" in (await texts(bench))[1]


async def test_who_was_asked_to_move_for_somebody_who_waits_is_told_of_the_fee_when_it_begins(bench: Bench) -> None:
    await charge(bench, bench.driver, timedelta(hours=2), COSTS_LATER)
    done = bench.house.clock()
    await bench.says("SuspendedEV")
    await asks(bench, "chat:1")
    assert await taken(bench, after=timedelta(minutes=11)) == 1
    await asks(bench, "chat:2")
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE standing_car SET told_at = $1", done + timedelta(minutes=11))
    for minutes, steps in ((44, 0), (46, 1), (80, 0)):
        assert await taken(bench, after=timedelta(minutes=minutes)) == steps, minutes
    first, then = await texts(bench)
    assert "avgift" not in first
    assert "avgift" in then
    assert formats.local_time(done + timedelta(minutes=45), language="sv") in then


async def test_a_fee_is_told_of_when_a_phone_that_had_many_texts_may_have_one_again(bench: Bench) -> None:
    await charge(bench, bench.driver, timedelta(hours=2), COSTS_LATER)
    await bench.says("SuspendedEV")
    async with bench.house.database.transaction() as tx:
        for number in range(sms.TO_ONE_MAX):
            await sms.send(tx, recipient="+46701234567", text=str(number), now=bench.house.clock())
    for minutes, steps in ((11, 0), (46, 0), (61, 1), (62, 0)):
        assert await taken(bench, after=timedelta(minutes=minutes)) == steps
    assert "avgift" in (await texts(bench))[-1]


async def test_a_fee_is_told_of_when_the_exchange_s_prices_come_and_others_do_not_wait_for_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "AT_ONCE", 1)
    energy, idle = COSTS_LATER.components
    by_the_hour = replace(COSTS_LATER, components=(replace(energy, price=Decimal(0), spot=Spot(area="SE3")), idle))
    now = bench.house.clock()
    async with bench.house.database.transaction() as tx:
        for number, tariff in enumerate((by_the_hour, COSTS_LATER)):
            station = await field.outlet(tx, f"ZZZ-{number}")
            driver = await field.driver(tx, f"{number}@example.se", f"+4670123410{number}", str(number))
            body = msgspec.json.encode(tariff).decode()
            await tx.execute(CHARGE, uuid4(), station, driver, now - timedelta(hours=3), body)
            since = now - timedelta(hours=1, minutes=1 - number)
            await tx.execute(
                "UPDATE connector SET status = 'suspended_ev', status_since = $2 WHERE station_id = $1", station, since
            )
        await tx.execute("UPDATE station SET connected_at = $1 WHERE name LIKE 'ZZZ%'", now)
    assert [await taken(bench) for _turn in range(4)] == [0, 1, 0, 0]
    async with bench.house.database.transaction() as tx:
        begins = now.replace(minute=0, second=0, microsecond=0)
        prices = [SpotPrice("SE3", begins - timedelta(hours=ago), begins - timedelta(hours=ago - 1), Decimal(1))
                  for ago in range(6)]  # fmt: skip
        await store_spot.save(tx, prices, "SEK", "push", now)
    assert [await taken(bench) for _turn in range(2)] == [1, 0]
    assert all("avgift" in each for each in await texts(bench))


async def test_standing_after_the_charge_is_over_costs_nothing_and_nothing_is_said_of_it(bench: Bench) -> None:
    made = await charge(bench, bench.driver, timedelta(hours=2), COSTS_LATER)
    await bench.says("Finishing")
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET ended_at = $2 WHERE id = $1", made, bench.house.clock())
    assert await taken(bench, after=timedelta(hours=1)) == 0
    assert await texts(bench) == []


async def test_who_asks_of_their_own_charge_is_not_somebody_else(bench: Bench) -> None:
    """A chat from the charge's own page without an account, a call from a number that nobody knows."""
    made = await charge(bench, bench.driver, timedelta(hours=1))
    async with bench.house.database.transaction() as tx:
        wish = await field.start(tx, bench.station, bench.driver, bench.house.clock() - timedelta(hours=1))
        await tx.execute("UPDATE session SET start_request_id = $2 WHERE id = $1", made, wish)
    await bench.says("SuspendedEV")
    later = timedelta(minutes=12)
    await asks(bench, "chat:1", session_id=made)
    await asks(bench, "chat:2", start_request_id=wish)
    assert await taken(bench, after=later) == 0
    await asks(bench, "chat:3")
    assert await taken(bench, after=later) == 1


async def test_the_car_of_who_asks_stands_in_nobody_s_way_though_its_charge_was_long_ago(bench: Bench) -> None:
    async with bench.house.database.transaction() as tx:
        bo = await field.driver(tx, "bo@example.se", "+46701234599", "Bo")
    for driver, began, ended in ((bo, 9, 8), (bench.driver, 6, 3)):
        made = await charge(bench, driver, timedelta(hours=began))
        async with bench.house.database.transaction() as tx:
            at = bench.house.clock() - timedelta(hours=ended)
            await tx.execute("UPDATE session SET ended_at = $2 WHERE id = $1", made, at)
    await bench.says("Finishing")
    async with bench.house.database.transaction() as tx:
        own = Subject(station_id=bench.station, evse_number=1, driver_id=bench.driver)
        assert choosing.told(await facts_of(tx, own, bench.house.clock())).situation.key != "taken"
        told = choosing.told(await facts_of(tx, replace(own, driver_id=bo), bench.house.clock()))
        assert (told.situation.key, told.match.variant) == ("taken", "done")
    await bench.refused(await bench.case(), B.TELL_OWNER, Conflict)
    assert await texts(bench) == []
    await bench.press(await bench.case(driver_id=bo), B.TELL_OWNER)
    assert await bench.network.value("SELECT phone FROM text_message") == "+46701234567"


async def test_who_has_a_device_and_no_phone_is_asked_once_within_half_an_hour_too(bench: Bench) -> None:
    made = await charge(bench, bench.driver, timedelta(hours=1))
    await bench.says("SuspendedEV")
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE driver SET phone = '' WHERE id = $1", bench.driver)
        await tx.execute(DEVICE, bench.driver)
        bo = await field.driver(tx, "bo@example.se", "+46701234599", "Bo")
    case = await bench.case(driver_id=bo)
    await bench.press(case, B.TELL_OWNER)
    for ago, is_told in ((timedelta(minutes=29), False), (timedelta(minutes=2), True)):
        async with bench.house.database.transaction() as tx:
            await tx.execute(
                "UPDATE standing_car SET told_at = told_at - $2::interval WHERE session_id = $1", made, ago
            )
        if is_told:
            await bench.press(case, B.TELL_OWNER)
        else:
            await bench.refused(case, B.TELL_OWNER, TooMany)
    assert await bench.network.value("SELECT count(*) FROM push_message") == 2


DEVICE = """
INSERT INTO push_device (id, owner_kind, owner_id, endpoint, p256dh, auth, name, language, created_at)
VALUES (gen_random_uuid(), 'driver', $1, 'https://push.example/a', 'x', 'x', 'Firefox', 'sv', now())
"""
FINDING = """
INSERT INTO finding (id, station_id, evse_number, detector, family, severity, since, raised_at, last_at, changed_at)
VALUES ($1, $2, 1, 'D06', 'ground_fault', 0, $3, $3, $3, $3)
"""
