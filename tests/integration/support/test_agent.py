"""What agents do from a case: over a real socket where a charger is involved, each guard attacked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, TooMany
from laddverk.platform.database import Database
from laddverk.support import service, store
from laddverk.support.agent import service as agent
from laddverk.support.agent.meanings import MEANINGS
from laddverk.support.agent.model import Deed, Given
from laddverk.support.model import Case, Links, NewCase, Verified
from laddverk.support.situations.model import AgentButton as B
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.network import ACTOR, BOOT_16, Network, ask, network_on

EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
BO = Actor("operator", new_id(), "Bo", PERMISSIONS[Role.SUPPORT], None)
BOOKS = Actor("operator", new_id(), "Siv", PERMISSIONS[Role.ADMIN], None)
MINUTE = timedelta(minutes=1)
PER_KWH = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.00")),))
WHY = Given(reason="the driver says so")


class Bench:
    """A charger on its socket, a driver with an account, and a case about the two."""

    def __init__(self, network: Network, socket: ClientConnection, driver: DriverId) -> None:
        self.network, self.house, self.socket, self.driver = network, network.house, socket, driver
        self.station = network.station_ids["TST-1"]

    async def case(self, verified: Verified = Verified.CODE, **links: Any) -> Case:
        """A case of the driver at the first outlet."""
        about = {"driver_id": self.driver, "station_id": self.station, "evse_number": 1} | links
        given = NewCase(text="It does not start", kind="question", links=Links(**about))
        async with self.house.database.transaction() as tx:
            opened = await service.open_case(tx, self.house, EVA, given, self.house.clock())
            return await store.save(tx, replace(opened, verified=verified))

    async def press(self, case: Case, button: B, given: Given = WHY, actor: Actor = EVA) -> Deed:
        """An agent presses a button."""
        async with self.house.database.transaction() as tx:
            return await agent.do(tx, self.house, actor, case.id, button, given, self.house.clock())

    async def refused(self, case: Case, button: B, kind: type[Problem], given: Given = WHY, actor: Actor = EVA) -> None:
        """The button is refused, and nothing is kept of it."""
        before = await self.network.value("SELECT count(*) FROM case_deed")
        with pytest.raises(kind):
            await self.press(case, button, given, actor)
        assert await self.network.value("SELECT count(*) FROM case_deed") == before

    async def told(self, action: str, status: str = "Accepted") -> dict[str, Any]:
        """Wait until the charger is asked for `action`, and answer."""
        async with asyncio.timeout(10):
            self.house.hints.publish(["commands"])
            while True:
                message = json.loads(await self.socket.recv())
                if message[0] != 2:
                    continue
                await self.socket.send(json.dumps([3, message[1], {"status": status}]))
                if message[2] == action:
                    asked: dict[str, Any] = message[3]
                    return asked

    async def says(self, status: str, **more: str) -> None:
        said = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": self.now} | more
        await ask(self.socket, "StatusNotification", said)

    @property
    def now(self) -> str:
        return self.house.clock().isoformat()

    async def state_of(self, deed: Deed, wanted: str) -> None:
        """Wait until the command of a deed is where it is to be."""
        async with asyncio.timeout(10):
            while await self.network.value("SELECT state FROM command WHERE id = $1", deed.command_id) != wanted:
                await self.house.worker.run_until_idle()
                await asyncio.sleep(0.02)


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> AsyncIterator[Bench]:
    async with network_on(database, tmp_path) as network:
        await network.add_station("TST-1", connectors=1)
        async with database.transaction() as tx:
            now = network.house.clock()
            version = await tariffs.create(tx, ACTOR, "Here", PER_KWH, now - timedelta(days=90))
            await tariffs.choose(tx, ACTOR, version.tariff_id, now - timedelta(days=90))
            details = DriverDetails(email="ada@example.se", name="Ada", phone="+46701234567")
            driver = await access.create_driver(tx, ACTOR, details, now)
            token = await access.create_token(tx, ACTOR, NewToken(uid="04A37F2C", driver_id=driver), now)
            await access.block_token(tx, ACTOR, token, "lost", now)
        async with network.socket("TST-1") as socket:
            await ask(socket, "BootNotification", BOOT_16)
            made = Bench(network, socket, driver)
            await made.says("Available")
            yield made


async def test_a_charge_is_started_stopped_and_its_cable_let_go_with_what_the_charger_made_of_it(bench: Bench) -> None:
    """Start, more time, stop, unlock: each a command whose state is the result; the same form twice does it once."""
    case = await bench.case()
    once = Given(once=uuid4())
    started = await bench.press(case, B.START, once)
    assert (await bench.press(case, B.START, once)).id == started.id, "the same form twice"
    asked = await bench.told("RemoteStartTransaction")
    await bench.state_of(started, "accepted")
    extended = await bench.press(case, B.EXTEND)
    await bench.told("RemoteStartTransaction")
    assert extended.command_id not in (None, started.command_id)
    await bench.refused(case, B.SWAP, Conflict)
    await bench.refused(case, B.SWAP, NotFound, Given(code="NO-1"))
    await bench.refused(case, B.STOP, Conflict)

    begun = {"connectorId": 1, "idTag": asked["idTag"], "meterStart": 1000, "timestamp": bench.now}
    number = (await ask(bench.socket, "StartTransaction", begun))[2]["transactionId"]
    await bench.says("Charging")
    await bench.state_of(started, "confirmed")
    await bench.refused(case, B.UNLOCK, Conflict)
    await bench.refused(case, B.RESET, Conflict)

    stopped = await bench.press(case, B.STOP)
    assert (await bench.told("RemoteStopTransaction"))["transactionId"] == number
    ended = {"transactionId": number, "meterStop": 3000, "timestamp": bench.now, "reason": "Remote"}
    await ask(bench.socket, "StopTransaction", ended)
    await bench.says("Finishing")
    await bench.state_of(stopped, "confirmed")
    unlocked = await bench.press(case, B.UNLOCK)
    await bench.told("UnlockConnector", "UnlockFailed")
    await bench.state_of(unlocked, "refused")
    reset = await bench.press(case, B.RESET)
    assert (await bench.told("Reset"))["type"] == "Soft"
    await bench.state_of(reset, "accepted")
    lines = await bench.network.value("SELECT array_agg(text ORDER BY at) FROM case_entry WHERE kind = 'deed'")
    assert [MEANINGS[button].told for button in (B.START, B.EXTEND, B.STOP, B.UNLOCK, B.RESET)] == lines[1:]
    assert await bench.network.value("SELECT count(*) FROM audit_log WHERE action LIKE 'case.deed_%'") == 5
    assert await bench.network.value("SELECT driver_id FROM session") == bench.driver

    await bench.house.worker.run_until_idle()
    await bench.press(case, B.RECEIPT)
    mailed = await bench.network.value("SELECT body_text FROM mail WHERE template = 'receipt'")
    assert "/receipts/ses_" in mailed


async def test_who_is_not_known_gets_no_start_and_no_money_and_what_is_dangerous_is_left_alone(bench: Bench) -> None:
    """The proof of who asks, permissions, reasons, sites, and a charger with an earth fault."""
    unknown, number = await bench.case(Verified.NOT), await bench.case(Verified.NUMBER)
    for button in (B.START, B.STOP, B.EXTEND, B.SWAP, B.ALLOW_TOKEN, B.REFUND, B.GOODWILL):
        await bench.refused(unknown, button, NotAllowed, Given(reason="says so", amount_minor=100))
    for button in (B.ALLOW_TOKEN, B.REFUND, B.GOODWILL):
        await bench.refused(number, button, NotAllowed, Given(reason="says so", amount_minor=100))
    for button in (B.RESET, B.OUT_OF_SERVICE, B.WORK_ORDER):
        for reason in ("", " a ", "x" * 201, "no\x00no"):
            await bench.refused(number, button, Invalid, Given(reason=reason))
    reader = replace(EVA, permissions=frozenset({*PERMISSIONS[Role.TECHNICIAN]}))
    host = replace(EVA, site_ids=frozenset({uuid4()}))
    for button in (B.START, B.UNLOCK, B.REFUND, B.NEAREST):
        await bench.refused(number, button, NotAllowed, actor=reader)
        await bench.refused(number, button, NotFound, actor=host)
    async with bench.house.database.transaction() as tx:
        now = bench.house.clock()
        with pytest.raises(NotAllowed):
            await agent.keep_plate(tx, bench.house, EVA, number.id, "abc 12d", now)
        known = await bench.case()
    async with bench.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await agent.keep_plate(tx, bench.house, EVA, known.id, "<b>", now)
        await agent.keep_plate(tx, bench.house, EVA, known.id, "abc-12d", now)
        assert await tx.value("SELECT plate FROM driver_plate WHERE driver_id = $1", bench.driver) == "ABC12D"
    for button in (B.SHOW_LOAD, B.SHOW_PAYMENT):
        await bench.refused(number, button, NotFound)

    sure = await bench.case()
    await bench.refused(sure, B.ALLOW_TOKEN, Conflict)
    await ask(bench.socket, "Authorize", {"idTag": "04A37F2C"})
    allowed = await bench.press(sure, B.ALLOW_TOKEN)
    asked = await bench.told("RemoteStartTransaction")
    assert asked["idTag"] != "04A37F2C", "the tag stays blocked"
    assert await bench.network.value("SELECT count(*) FROM token WHERE blocked_at IS NOT NULL") == 1
    await bench.refused(sure, B.START, Conflict)  # one waits already
    assert allowed.start_request_id is not None

    await bench.says("Faulted", errorCode="GroundFailure")
    for button in (B.RESET, B.START, B.PAYMENT_LINK):
        await bench.refused(await bench.case(), button, NotAllowed if button is not B.PAYMENT_LINK else Conflict)
    closed = await bench.press(number, B.OUT_OF_SERVICE)
    assert (await bench.told("ChangeAvailability"))["type"] == "Inoperative"
    await bench.state_of(closed, "accepted")
    ordered = await bench.press(number, B.WORK_ORDER)
    title = await bench.network.value("SELECT title FROM work_order WHERE id = $1", ordered.work_order_id)
    assert title == WHY.reason


async def test_links_and_places_reach_the_driver_and_nobody_sees_the_other_drivers_number(bench: Bench) -> None:
    """The payment link and the nearest free by text; a car that is done is asked to move."""
    other = await bench.network.add_station("TST-2", connectors=1)
    async with bench.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET connected_at = now() WHERE id = $1", other)
        await tx.execute("UPDATE connector SET status = 'available' WHERE station_id = $1", other)
    case = await bench.case(Verified.NOT)
    linked = await bench.press(case, B.PAYMENT_LINK)
    assert linked.detail == "+46…67", "a number is not shown in full"
    await bench.press(case, B.NEAREST)
    texts = await bench.network.value("SELECT array_agg(body ORDER BY created_at) FROM text_message")
    assert "/u/TST-" in texts[0]
    assert str(await bench.network.value("SELECT code FROM connector WHERE station_id = $1", other)) in texts[1]
    nobody = NewCase(text="Hi", contact_name="?", links=Links(station_id=bench.station, evse_number=1))
    async with bench.house.database.transaction() as tx:
        silent = await service.open_case(tx, bench.house, EVA, nobody, bench.house.clock())
    for button in (B.PAYMENT_LINK, B.NEAREST, B.START, B.RECEIPT, B.TELL_OWNER):
        await bench.refused(silent, button, NotAllowed if button is B.START else Conflict)

    async with bench.house.database.transaction() as tx:
        details = DriverDetails(email="olle@example.se", name="Olle", phone="070-765 43 21")
        olle = await access.create_driver(tx, ACTOR, details, bench.house.clock())
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at,"
            " charging_ended_at, received_at) VALUES ($1, $2, 1, 'x', $3, now() - interval '1 hour', now(), now())",
            uuid4(), bench.station, olle,
        )  # fmt: skip
    await bench.says("SuspendedEV")
    asked = await bench.press(silent, B.TELL_OWNER)
    assert (
        await bench.network.value("SELECT phone FROM text_message ORDER BY created_at DESC LIMIT 1") == "+46707654321"
    )
    assert "765" not in str(await bench.network.value("SELECT string_agg(params::text || body, '') FROM case_entry"))
    assert asked.detail == ""
    assert asked.text_id is not None
    await bench.refused(silent, B.TELL_OWNER, TooMany)  # asked a moment ago
    await bench.refused(await bench.case(), B.STOP, Conflict)  # it is Olle's charge


async def test_money_above_a_limit_needs_a_second_person_and_is_right_to_the_ore(bench: Bench) -> None:
    """A refund alone, above the limit, split to stay below it, agreed to, declined, and goodwill."""
    payment, small = await paid(bench, 90_000), await paid(bench, 10_000)
    case = await bench.case(payment_id=payment)
    for amount in (0, -1, 90_001):
        await bench.refused(case, B.REFUND, Invalid, Given(reason="too dear", amount_minor=amount))
    await bench.refused(case, B.REFUND, Invalid, Given(amount_minor=100))
    first = await bench.press(case, B.REFUND, Given(reason="too dear", amount_minor=49_999))
    assert first.refund_id is not None
    split = await bench.press(case, B.REFUND, Given(reason="the rest"))
    assert (split.state, split.amount_minor, split.refund_id) == ("waits", 40_001, None)
    await bench.refused(case, B.REFUND, Conflict, Given(reason="again", amount_minor=1))
    for actor, kind in ((EVA, NotAllowed), (replace(BO, permissions=PERMISSIONS[Role.TECHNICIAN]), NotAllowed)):
        with pytest.raises(kind):
            await decided(bench, case, split.id, actor, agrees=True)
    with pytest.raises(NotFound):
        await decided(bench, await bench.case(payment_id=small), split.id, BO, agrees=True)
    await decided(bench, case, split.id, BO, agrees=True)
    with pytest.raises(Conflict):
        await decided(bench, case, split.id, BOOKS, agrees=True)
    given = "SELECT sum(amount_minor) FROM payment_refund WHERE payment_id = $1"
    assert await bench.network.value(given, payment) == 90_000, "right to the öre"
    await bench.refused(case, B.REFUND, Invalid, Given(reason="more", amount_minor=1))

    other = await bench.case(payment_id=small)
    wish = await bench.press(other, B.GOODWILL, Given(reason="sorry", amount_minor=60_000))
    assert wish.state == "waits"
    await decided(bench, other, wish.id, BOOKS, agrees=False)
    await bench.press(other, B.GOODWILL, Given(reason="sorry", amount_minor=5_000))
    assert await bench.network.value("SELECT count(*) FROM audit_log WHERE action = 'wallet.goodwill'") == 1
    assert await bench.network.value("SELECT count(*) FROM payment_refund WHERE payment_id = $1", small) == 0


async def decided(bench: Bench, case: Case, deed_id: UUID, actor: Actor, *, agrees: bool) -> None:
    async with bench.house.database.transaction() as tx:
        await agent.decide(tx, bench.house, actor, case.id, deed_id, bench.house.clock(), agrees=agrees)


async def paid(bench: Bench, amount_minor: int) -> UUID:
    """A payment of the driver that was captured."""
    made = uuid4()
    async with bench.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, provider, provider_ref, state, currency, amount_minor, authorised_minor,"
            " captured_minor, driver_id, created_at, updated_at)"
            " VALUES ($1, 'session', 'sandbox', $4, 'captured', 'SEK', $2, $2, $2, $3, now(), now())",
            made, amount_minor, bench.driver, str(made),
        )  # fmt: skip
    return made


def test_every_button_of_the_catalogue_means_something() -> None:
    assert set(MEANINGS) == set(B)
    for button, meaning in MEANINGS.items():
        assert meaning.leads or (meaning.effect and meaning.told), button
        assert button not in (B.REFUND, B.GOODWILL) or {"amount", "reason"} <= set(meaning.asks)
