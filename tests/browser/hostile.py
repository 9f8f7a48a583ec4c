"""A network in which every text that a charger or a person can write is an attack on whoever reads it.

Chargers say it over their sockets, in every field of every message; people have it in their names. What is not text
for attackers to write (ids, codes, e-mail addresses) is ordinary.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from laddverk import running
from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken, StaffDetails
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Permission, Role, rule
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.notices import service as notices
from laddverk.ocpp.commands import ReadVariables, Reset, SendData
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff

ACTOR = rule("test")
PASSWORD = "kaffe traktor molnfri"
ADMIN = "admin@example.se"

SCRIPTS = (
    "<script>window.__xss=1</script>",
    '"><img src=x onerror=window.__xss=1>',
    "'><svg onload=window.__xss=1>",
    '" autofocus onfocus=window.__xss=1 x="',
    "</script><script>window.__xss=1</script>",
    "</title></textarea><img src=x onerror=window.__xss=1>",
    "javascript:window.__xss=1",
    "{{7*7}}{{'7'*7}}{% raw %}${7*7}<%= 7*7 %>%(x)s",
    "<div hx-get=/planted hx-trigger=load hx-on:load=window.__xss=1>",
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "<math><style><a title='</style><img src=x onerror=window.__xss=1>'>",
    "\u202e<a href=javascript:window.__xss=1>" + "W" * 35,
)
MARKUP = '#read("/etc/passwd") #import "@preview/x" $x$ *b* @ref <label> // {{7*7}}'  # of what sets our documents
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "  =1+1")

PAST_RESERVATION = """
INSERT INTO reservation
    (id, station_id, evse_number, token_uid, token_type, requested_by, created_at, expires_at, state)
VALUES ($1, $2, 1, $3, 'ISO14443', $4, $5, $5, 'expired')
"""


@dataclass
class Charger:
    """A charger that says `text` wherever it can say anything."""

    station_id: StationId
    identity: str
    key: str
    version: str
    text: str
    uid: str
    """The tag of a driver, for the charge that is to be priced."""
    socket: ClientConnection | None = None


@dataclass
class Hostile:
    """The network, and where its pages are."""

    house: House
    ocpp_url: str
    chargers: list[Charger] = field(default_factory=list)

    async def shown(self, prefix: str, table: str, limit: int) -> list[str]:
        """Return ids of rows as addresses have them, the oldest first."""
        async with self.house.database.transaction() as tx:
            found = await tx.values(f"SELECT id FROM {table} ORDER BY id LIMIT $1", limit)
        return [f"{prefix}_{each.hex}" for each in found]

    async def codes(self, limit: int) -> list[str]:
        """Return codes of stickers."""
        async with self.house.database.transaction() as tx:
            return await tx.values("SELECT code FROM connector ORDER BY code LIMIT $1", limit)


async def furnish(house: House, ocpp_url: str) -> Hostile:
    """Enter people, places, prices and chargers by their hostile names."""
    hostile = Hostile(house, ocpp_url)
    now = house.clock() - timedelta(days=60)
    async with house.database.transaction() as tx:
        await access.create_staff(tx, ACTOR, StaffDetails(email=ADMIN, name=SCRIPTS[0], role=Role.ADMIN), PASSWORD, now)
        flat = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(3)),))
        for number, text in enumerate((*SCRIPTS, *FORMULAS)):
            name = f"{text} {number}"
            details = SiteDetails(name=name, code=f"H{number}", address=text, municipality=text)
            site = await stations.create_site(tx, ACTOR, details, now)
            identity = text if ":" not in text and text.isprintable() and len(text) <= 48 else f"H{number}"
            outlets = (NewConnector(evse_number=1), NewConnector(evse_number=2))
            new = NewStation(site_id=site, identity=identity, name=name, connectors=outlets, quirks={"note": text})
            made = await stations.create_station(tx, ACTOR, new, now, house.secrets.charger_pepper)
            uid = f"04AABB{number:04X}"
            version = "ocpp2.0.1" if number % 2 else "ocpp1.6"
            hostile.chargers.append(Charger(made.station_id, identity.strip(), made.password, version, text, uid))
            await _people(tx, number, text, uid, now)
            await tx.execute(PAST_RESERVATION, new_id(), made.station_id, text[:20], text, now)
            price = await tariffs.create(tx, ACTOR, name, flat, now)
            await tariffs.choose(tx, ACTOR, price.tariff_id, now, site_id=site, driver_group=text[:40], reason=text)
            if number == 0:
                await tariffs.choose(tx, ACTOR, price.tariff_id, now)
    return hostile


async def _people(tx: Any, number: int, text: str, uid: str, now: datetime) -> None:
    name = MARKUP if number == 1 else f"{text} {number}"
    person = DriverDetails(
        email=f"h{number}@example.se", name=name, phone=text[:40], address=text, driver_group=text[:40]
    )
    driver = await access.create_driver(tx, ACTOR, person, now)
    await access.create_token(tx, ACTOR, NewToken(uid=uid, driver_id=driver, label=text[:100]), now)
    await access.create_api_key(tx, ACTOR, text, [Permission.STATIONS_READ], now)
    try:
        async with tx.savepoint():
            loose = await access.create_token(tx, ACTOR, NewToken(uid=text, label=text[:100]), now)
            await access.block_token(tx, ACTOR, loose, text, now)
    except (Invalid, Conflict):
        pass  # no such tag can be entered; chargers show it all the same
    params = {"link": "https://example.se/", "operator": text}
    await notices.send(
        tx, recipient=person.email, language="sv", template="sign_in", params=params, now=now, unique_key=f"x{number}"
    )


@asynccontextmanager
async def speaking(hostile: Hostile) -> AsyncIterator[None]:
    """Let all chargers connect, tell everything, and hold their sockets as long as the block lasts."""
    async with AsyncExitStack() as stack:
        for charger in hostile.chargers:
            await _knock(hostile, charger)
            charger.socket = await stack.enter_async_context(_socket(hostile, charger, charger.key))
            tell = _tell_16 if charger.version == "ocpp1.6" else _tell_201
            for action, payload in tell(charger, hostile.house.clock()):
                answer = await _tell(charger, action, payload)
                if action == "StartTransaction" and payload["idTag"] == charger.uid:
                    end = _stop(charger, answer[2]["transactionId"], payload["timestamp"])
                    await _tell(charger, "StopTransaction", end)
            await charger.socket.send(charger.text)
        answering = [asyncio.create_task(_answer(charger)) for charger in hostile.chargers]
        try:
            await _commanded(hostile)
            yield
        finally:
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)


def _socket(hostile: Hostile, charger: Charger, key: str) -> connect:
    basic = base64.b64encode(f"{charger.identity}:{key}".encode()).decode()
    return connect(
        f"{hostile.ocpp_url}/{quote(charger.identity, safe='')}",
        subprotocols=[charger.version],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Basic {basic}"},
        compression=None,
        proxy=None,
    )


async def _knock(hostile: Hostile, charger: Charger) -> None:
    with pytest.raises(InvalidStatus):
        async with _socket(hostile, charger, "wrong"):
            pass


def _tell_16(charger: Charger, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    text = charger.text
    at, today = (_stamp(now - timedelta(days=days)) for days in (35, 0))
    boot = (
        "chargePointVendor", "chargePointModel", "chargePointSerialNumber", "chargeBoxSerialNumber",
        "firmwareVersion", "iccid", "imsi", "meterType", "meterSerialNumber",
    )  # fmt: skip
    fault = {"connectorId": 1, "errorCode": text, "status": "Faulted", "info": text, "vendorId": text}
    value = dict.fromkeys(("value", "context", "measurand", "unit", "location", "phase", "format"), text)
    meter = {"timestamp": at, "sampledValue": [value, {"value": "1500"}]}
    return [
        ("BootNotification", dict.fromkeys(boot, text)),
        ("StatusNotification", {**fault, "vendorErrorCode": text}),
        ("StatusNotification", {"connectorId": 2, "errorCode": "NoError", "status": text}),
        ("Authorize", {"idTag": text}),
        ("StartTransaction", {"connectorId": 1, "idTag": charger.uid, "meterStart": 0, "timestamp": at}),
        ("StartTransaction", {"connectorId": 2, "idTag": text, "meterStart": 0, "timestamp": at}),
        ("MeterValues", {"connectorId": 2, "meterValue": [{**meter, "timestamp": today}]}),
        ("DataTransfer", {"vendorId": text, "messageId": text, "data": text}),
        ("FirmwareStatusNotification", {"status": text}),
        (text, {"text": text}),
    ]


def _stop(charger: Charger, number: int, started: str) -> dict[str, Any]:
    ended = _stamp(datetime.fromisoformat(started) + timedelta(hours=1))
    value = {"value": charger.text, "measurand": charger.text, "unit": charger.text}
    return {
        "transactionId": number, "meterStop": 9000, "timestamp": ended, "reason": charger.text, "idTag": charger.text,
        "transactionData": [{"timestamp": ended, "sampledValue": [value]}],
    }  # fmt: skip


def _tell_201(charger: Charger, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    text = charger.text
    at = [_stamp(now - timedelta(days=35) + timedelta(minutes=20 * step)) for step in range(4)]
    station = dict.fromkeys(("vendorName", "model", "serialNumber", "firmwareVersion"), text)
    modem = {"iccid": text, "imsi": text}
    named = {"component": {"name": text, "instance": text}, "variable": {"name": text, "instance": text}}
    told = {"type": "Actual", "value": text, "mutability": text}
    facts = {"unit": text, "dataType": text, "supportsMonitoring": False, "valuesList": text}
    event = {"eventId": 1, "timestamp": at[0], "trigger": text, "actualValue": text, "techInfo": text, **named}
    return [
        ("BootNotification", {"reason": text, "chargingStation": {**station, "modem": modem}}),
        ("StatusNotification", {"timestamp": at[0], "connectorStatus": "Faulted", "evseId": 1, "connectorId": 1}),
        ("StatusNotification", {"timestamp": at[0], "connectorStatus": text, "evseId": 2, "connectorId": 1}),
        ("Authorize", {"idToken": {"idToken": text, "type": text}}),
        *(_event_201(charger, charger.uid, "paid", step, at[step]) for step in range(4)),
        *(_event_201(charger, text, text, step, at[step]) for step in range(3)),
        ("NotifyReport", {
            "requestId": 1, "generatedAt": at[0], "seqNo": 0,
            "reportData": [{**named, "variableAttribute": [told], "variableCharacteristics": facts}],
        }),
        ("NotifyEvent", {"generatedAt": at[0], "seqNo": 0, "eventData": [event]}),
        ("SecurityEventNotification", {"type": text, "timestamp": at[0], "techInfo": text}),
        ("DataTransfer", {"vendorId": text, "messageId": text, "data": {text: text}}),
        ("LogStatusNotification", {"status": text}),
        (text, {"text": text}),
    ]  # fmt: skip


def _event_201(charger: Charger, uid: str, transaction: str, step: int, at: str) -> tuple[str, dict[str, Any]]:
    text = charger.text
    odd = {"value": 1, "measurand": text, "context": text, "phase": text, "location": text}
    values = [{"value": step * 3000}, {**odd, "unitOfMeasure": {"unit": text}}]
    return "TransactionEvent", {
        "eventType": ("Started", "Updated", text, "Ended")[step],
        "timestamp": at,
        "triggerReason": text,
        "seqNo": step,
        "transactionInfo": {"transactionId": transaction[:36], "chargingState": text, "stoppedReason": text},
        "idToken": {"idToken": uid, "type": text},
        "evse": {"id": 1 if transaction == "paid" else 2, "connectorId": 1},
        "meterValue": [{"timestamp": at, "sampledValue": values}],
    }


async def _answer(charger: Charger) -> None:
    """Answer whatever is asked, with the same words."""
    assert charger.socket is not None
    async for frame in charger.socket:
        await _reply(charger, json.loads(frame))


async def _reply(charger: Charger, told: list[Any]) -> None:
    """Answer a call; all else needs no answer."""
    kind, unique_id, *rest = told
    if kind != 2:
        return
    assert charger.socket is not None
    text = charger.text
    if rest[0] == "GetConfiguration":
        known = [{"key": text, "readonly": False, "value": text}, {"key": "Good", "readonly": True, "value": text}]
        answer: list[Any] = [3, unique_id, {"configurationKey": known, "unknownKey": [text]}]
    elif rest[0] == "DataTransfer":
        answer = [3, unique_id, {"status": text, "data": text}]
    else:
        answer = [4, unique_id, text, text, {text: text}]
    await charger.socket.send(json.dumps(answer))


async def _tell(charger: Charger, action: str, payload: dict[str, Any]) -> list[Any]:
    """Send a call and return the answer to it; what the network asks meanwhile is answered too."""
    assert charger.socket is not None
    unique_id = str(new_id())
    await charger.socket.send(json.dumps([2, unique_id, action, payload]))
    while True:
        told: list[Any] = json.loads(await charger.socket.recv())
        if told[0] != 2 and told[1] == unique_id:
            return told
        await _reply(charger, told)


async def _commanded(hostile: Hostile) -> None:
    """Ask each charger for something, with a hostile reason; settle and invoice what has been charged."""
    house = hostile.house
    async with house.database.transaction() as tx:
        for charger in hostile.chargers:
            send = SendData(vendor_id=charger.text, message_id=charger.text, data=charger.text)
            for command in (ReadVariables(), Reset(), send):
                await stations.request_command(
                    tx,
                    ACTOR,
                    charger.station_id,
                    command,
                    house.clock(),
                    reason=charger.text,
                    requested_by=charger.text,
                )
    house.hints.publish([COMMANDS_TOPIC])
    async with asyncio.timeout(60):
        while await _waits(house):
            await asyncio.sleep(0.1)
    async with house.database.transaction() as tx:
        month = (house.clock() - timedelta(days=35)).date().replace(day=1)
        await invoicing.run(tx, month, ACTOR, house.clock(), settings=house.settings)


async def _waits(house: House) -> bool:
    async with house.database.transaction() as tx:
        commands = await tx.value("SELECT count(*) FROM command WHERE state IN ('queued', 'sent')")
        jobs = await tx.value("SELECT count(*) FROM job WHERE kind = 'sessions.price' AND failed_at IS NULL")
    return bool(commands or jobs)


async def report_live(charger: Charger, word: str, now: datetime) -> None:
    """Let a 1.6 charger tell a fault whose text begins with `word`. Its answer goes to `_answer`, which ignores it."""
    assert charger.socket is not None
    fault = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted", "info": f"{word} {charger.text}"}
    frame = [
        2,
        word,
        "StatusNotification",
        {**fault, "vendorErrorCode": f"{word} {charger.text}", "timestamp": _stamp(now)},
    ]
    await charger.socket.send(json.dumps(frame))


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[running.Addresses]:
    """Run all faces of `house` as long as the block lasts."""
    stop = asyncio.Event()
    opened: asyncio.Future[running.Addresses] = asyncio.get_running_loop().create_future()

    async def ready(_house: House, addresses: running.Addresses) -> None:
        opened.set_result(addresses)

    task = asyncio.create_task(running.serve(house, ready=ready, stop=stop))
    either: Sequence[asyncio.Future[Any]] = [task, opened]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        yield opened.result()
    finally:
        stop.set()
        await task
