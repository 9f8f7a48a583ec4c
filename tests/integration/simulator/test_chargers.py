"""Simulated chargers on real sockets, against a central system that is not ours."""

import asyncio
import tracemalloc
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import pytest

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.car import Car
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.control import Control
from laddverk.simulator.ledger import Ledger, accounts
from laddverk.simulator.model import Hardware
from tests.doubles.central import Central

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
CARD = "04A2B3C4"
HASTY = Patience(answer_s=0.3, reconnect_first_s=0.02, reconnect_max_s=0.05, refused_first_s=0.02)
BOTH = pytest.mark.parametrize("protocol", [Protocol.V16, Protocol.V201])


@asynccontextmanager
async def link_to(central, protocol, ledger=None, identity="CP1"):
    link = Link(Charger(Hardware(identity, protocol)), central.url, "secret", ledger=ledger,
                clock=lambda: AT, patience=HASTY)  # fmt: skip
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def transaction_ends(central):
    ended = [p for p in central.of("TransactionEvent") if p["eventType"] == "Ended"]
    return central.of("StopTransaction") + ended


def is_transactional(action):
    return action in ("StartTransaction", "StopTransaction", "TransactionEvent", "MeterValues")


@BOTH
async def test_a_whole_session_is_told_and_acknowledged(protocol):
    ledger = Ledger()
    async with Central() as central, link_to(central, protocol, ledger) as link:
        control = Control({"CP1": link}, clock=lambda: AT, random=Random(1))
        control.do("CP1 plug 1")
        control.do(f"CP1 tag 1 {CARD}")
        await central.until(lambda: any(is_transactional(action) for *_, action, _ in central.heard))
        link.charger.advance(1, 600.0, AT)
        link.charger.sample(1, link.charger.reading(1, AT))
        control.do("CP1 unplug 1")
        await central.until(lambda: transaction_ends(central))
        await link.drained()
    (account,) = accounts(ledger.entries()).values()
    assert account.is_acknowledged
    assert account.acknowledged == {"started": 1, "sampled": 1, "ended": 1}
    assert account.energy_wh > 0
    assert central.authorizations == ["Basic Q1AxOnNlY3JldA=="]


@BOTH
async def test_a_message_that_was_not_answered_is_said_again_under_a_new_id(protocol):
    async with Central() as central, link_to(central, protocol) as link:
        await link.drained()
        central.swallow = {"StartTransaction", "TransactionEvent"}
        link.charger.begin(1, CARD, AT)
        link.wake()
        await central.until(lambda: sum(is_transactional(action) for *_, action, _ in central.heard) == 2)
        central.swallow = set()
        await link.drained()
    said = [(unique_id, payload) for _, unique_id, action, payload in central.heard if is_transactional(action)]
    assert len({unique_id for unique_id, _ in said}) == len(said) >= 2
    assert all(payload == said[0][1] for _, payload in said)


@BOTH
async def test_what_happens_while_the_link_is_lost_is_told_after(protocol):
    ledger = Ledger()
    async with Central() as central, link_to(central, protocol, ledger) as link:
        await link.drained()
        link.lose(0.1)
        link.charger.disconnected()
        link.charger.plug(1, Car(60_000, 20_000.0), AT)
        link.charger.present(1, CARD, AT)
        link.charger.advance(1, 600.0, AT)
        link.charger.unplug(1, AT)
        link.wake()
        await central.until(lambda: transaction_ends(central))
        await link.drained()
    (account,) = accounts(ledger.entries()).values()
    assert account.is_acknowledged
    assert account.energy_wh == 1840


async def test_an_error_answer_is_tried_again_and_given_up_in_the_ledger():
    ledger = Ledger()
    async with Central() as central, link_to(central, Protocol.V16, ledger) as link:
        central.refuse = {"StartTransaction"}
        link.charger.begin(1, CARD, AT)
        link.wake()
        await link.drained()
    assert len(central.of("StartTransaction")) == 5
    assert [account.refused for account in accounts(ledger.entries()).values()] == [1]


async def test_a_card_nobody_knows_charges_nothing():
    async with Central() as central, link_to(central, Protocol.V16) as link:
        await link.drained()
        central.unknown_cards = {CARD}
        link.charger.plug(1, Car(60_000, 20_000.0), AT)
        link.charger.present(1, CARD, AT)
        link.wake()
        await central.until(lambda: central.of("Authorize"))
        await link.drained()
        assert link.charger.outlets[1].charging is None


@pytest.mark.parametrize(
    ("action", "payload", "wanted"),
    [
        ("GetConfiguration", {"key": ["HeartbeatInterval", "Nonsense"]},
         {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
          "unknownKey": ["Nonsense"]}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, {"status": "Accepted"}),
        ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "9"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "Nonsense", "value": "9"}, {"status": "NotSupported"}),
        ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
        ("UnlockConnector", {"connectorId": 7}, {"status": "NotSupported"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, {"status": "Accepted"}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "Accepted"}),
        ("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1}, {"status": "Accepted"}),
        ("RemoteStopTransaction", {"transactionId": 99}, {"status": "Rejected"}),
        ("DataTransfer", {"vendorId": "elsewhere"}, {"status": "UnknownVendorId"}),
    ],
)  # fmt: skip
async def test_a_16_charger_answers_commands(action, payload, wanted):
    async with Central() as central, link_to(central, Protocol.V16) as link:
        await link.drained()
        assert (await central.ask("CP1", action, payload))[2] == wanted


async def test_a_201_charger_starts_and_stops_from_afar():
    async with Central() as central, link_to(central, Protocol.V201) as link:
        await link.drained()
        link.charger.plug(1, Car(60_000, 20_000.0), AT)
        asked = {"idToken": {"idToken": "APP1", "type": "Central"}, "remoteStartId": 42, "evseId": 1}
        assert (await central.ask("CP1", "RequestStartTransaction", asked))[2] == {"status": "Accepted"}
        await central.until(lambda: central.of("TransactionEvent"))
        started = central.of("TransactionEvent")[0]
        assert started["transactionInfo"]["remoteStartId"] == 42
        stop = {"transactionId": started["transactionInfo"]["transactionId"]}
        assert (await central.ask("CP1", "RequestStopTransaction", stop))[2] == {"status": "Accepted"}
        await central.until(lambda: transaction_ends(central))
        assert transaction_ends(central)[0]["transactionInfo"]["stoppedReason"] == "Remote"


async def test_a_201_charger_reports_its_variables_in_parts():
    async with Central() as central, link_to(central, Protocol.V201) as link:
        await link.drained()
        await central.ask("CP1", "GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
        await central.until(lambda: central.of("NotifyReport") and not central.of("NotifyReport")[-1]["tbc"])
        parts = central.of("NotifyReport")
        assert [part["seqNo"] for part in parts] == list(range(len(parts)))
        assert sum(len(part["reportData"]) for part in parts) == len(link.charger.configuration.all())
        where = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        written = {"setVariableData": [{**where, "attributeValue": "90"}]}
        assert (await central.ask("CP1", "SetVariables", written))[2]["setVariableResult"][0][
            "attributeStatus"
        ] == "Accepted"
        read = await central.ask("CP1", "GetVariables", {"getVariableData": [where]})
        assert read[2]["getVariableResult"][0]["attributeValue"] == "90"


@BOTH
async def test_a_reset_ends_what_runs_and_boots_again(protocol):
    async with Central() as central, link_to(central, protocol) as link:
        await link.drained()
        link.charger.begin(1, CARD, AT)
        link.wake()
        await link.drained()
        await central.ask("CP1", "Reset", {"type": "Hard" if protocol.is_16 else "Immediate"})
        await central.until(lambda: len(central.of("BootNotification")) == 2)
        assert len(transaction_ends(central)) == 1
        assert link.counters.connections == 2


async def test_a_command_nobody_knows_is_refused_in_the_words_of_the_version():
    async with Central() as central, link_to(central, Protocol.V16) as link:
        await link.drained()
        assert (await central.ask("CP1", "MakeCoffee", {}))[:3:2] == [4, "NotImplemented"]
        assert (await central.ask("CP1", "Reset", {"type": "Gently"}))[2] == "FormationViolation"


async def test_a_charger_costs_less_than_a_hundred_kilobytes():
    count = 50
    async with Central() as central:
        tracemalloc.start()
        links = [
            Link(Charger(Hardware(f"CP{n}", Protocol.V16)), central.url, "s", patience=HASTY) for n in range(count)
        ]
        tasks = [asyncio.create_task(link.run()) for link in links]
        for link in links:
            await link.drained()
        measured, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert measured / count < 2 * 100_000  # both ends of the socket are in this process
