"""People and programs are told: over real sockets, by carriers that misbehave, and answer by the address they got."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import date, time, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from msgspec.structs import replace

from laddverk.diagnostics.alerting import deadman, links, managing, queries, service, store
from laddverk.diagnostics.alerting.managing import PersonDetails
from laddverk.diagnostics.alerting.model import Step, What
from laddverk.diagnostics.incidents.queries import IncidentRow
from laddverk.diagnostics.model import Family, Severity
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import NotAllowed
from laddverk.notices import queries as notice_queries
from laddverk.notices.sms.elks import Elks
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.web.app import create_app
from tests.doubles.http import Answer, BreakConnection, HttpDouble, Request
from tests.integration.diagnostics.incident_field import listed, look, one_incident, raised
from tests.network import Network, network_on

ASTA = Actor("operator", new_id(), "Asta", PERMISSIONS[Role.OPERATOR], None)
TAKEN = json.dumps({"id": "s70df59406a1b4643b96f3f91e0bfb7b0", "status": "created", "parts": 2}).encode()


class Carrier:
    """46elks, as its documentation describes it; and as it may misbehave."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answers: list[Answer | Callable[[], None]] = []

    async def answer(self, request: Request) -> Answer:
        """Answer as told, else take it."""
        self.asked.append(request)
        if not self.answers:
            return 200, TAKEN
        answer = self.answers.pop(0)
        if callable(answer):
            answer()
        return answer  # type: ignore[return-value]


def broken() -> None:
    """Close the socket."""
    raise BreakConnection


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def with_rota(network: Network, url: str = "", **more: object) -> None:
    """Put one person on call, with a carrier at `url`."""
    house = network.house
    house.settings = replace(
        house.settings, sms_provider="46elks", elks_url=url or "http://127.0.0.1:9", elks_user="u1",
        elks_password="p1", **more,
    )  # fmt: skip
    async with house.database.transaction() as tx:
        details = PersonDetails(name="Bo", email="bo@example.se", phone="+46701234567", language="en")
        person = await managing.save_person(tx, ASTA, details, house.clock())
        step = Step(
            level=1, people=(person,), days_each=7, starts_on=date(2026, 1, 5), handover_time=time(8), wait_minutes=15
        )
        await managing.save_step(tx, ASTA, step, house.clock())


async def dangerous(network: Network) -> IncidentRow:
    """Return an incident that may hurt somebody."""
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    await raised(network, station_id, now, "D06", Family.GROUND_FAULT, Severity.SAFETY, 1)
    await look(network, now)
    (row,) = await listed(network)
    return row


async def sent(network: Network) -> list[queries.AlertRow]:
    """Return the messages."""
    async with network.house.database.transaction() as tx:
        return await queries.alerts(tx, limit=50)


async def test_danger_is_told_by_mail_and_text_message_at_once(network: Network) -> None:
    carrier = Carrier()
    async with HttpDouble(carrier.answer) as server:
        await with_rota(network, server.url)
        await dangerous(network)
        await network.house.worker.run_until_idle()
    (request,) = carrier.asked
    form = parse_qs(request.body.decode())
    assert (request.method, request.path) == ("POST", "/a1/sms")
    assert request.headers["authorization"] == "Basic dTE6cDE="
    assert form["to"] == ["+46701234567"]
    assert form["message"][0].startswith("DANGER Earth fault: CP-1, outlet 1, since ")
    assert len(form["message"][0]) <= 306, "two parts"
    async with network.house.database.transaction() as tx:
        (mail,) = await notice_queries.mails(tx, limit=5)
    assert mail.recipient == "bo@example.se"
    assert mail.subject == "DANGER: Earth fault: CP-1, outlet 1"
    assert links.PATH in mail.body_text
    assert [(one.channel, one.sent_at is not None, one.error) for one in await sent(network)] == [
        ("sms", True, ""), ("email", True, ""),
    ]  # fmt: skip


async def test_a_carrier_that_stumbles_is_asked_again_and_one_that_refuses_is_not(network: Network) -> None:
    carrier = Carrier()
    async with HttpDouble(carrier.answer) as server:
        elks = Elks(server.url, "u1", "p1", "Laddverkets larm")
        passing: list[Answer | Callable[[], None]] = [
            (500, b"oops"), (429, b"slow down"), (200, b"<html>"), broken, (200, b"{}"),
        ]  # fmt: skip
        for answer in passing:
            carrier.answers = [answer]
            with pytest.raises(Unanswered):
                await elks.send("+46701234567", "hi")
        for answer in (
            (401, b"no"), (402, b"no credit"), (403, b"x" * 4000), (302, b""), (200, b'{"id":"s","status":"failed"}'),
        ):  # fmt: skip
            carrier.answers = [answer]
            with pytest.raises(Refused):
                await elks.send("+46701234567", "hi")
        assert await elks.send("+46701234567", "åäö") == json.loads(TAKEN)["id"]
        assert parse_qs(carrier.asked[-1].body.decode())["from"] == ["Laddverkets"], "eleven letters"


async def test_a_message_that_was_not_taken_goes_out_at_the_next_try(network: Network) -> None:
    carrier = Carrier()
    async with HttpDouble(carrier.answer) as server:
        carrier.answers = [(503, b"")]
        await with_rota(network, server.url)
        await dangerous(network)
        await network.house.worker.run_until_idle()
        (text,) = [one for one in await sent(network) if one.channel == "sms"]
        assert (text.sent_at, text.error, text.attempts) == (None, "46elks answered 503", 1)
        await network.value("UPDATE job SET run_at = now() WHERE kind = 'alerting.deliver' RETURNING 1")
        await network.house.worker.run_until_idle()
        (text,) = [one for one in await sent(network) if one.channel == "sms"]
    assert text.sent_at is not None
    assert len(carrier.asked) == 2


async def test_whoever_got_the_message_acknowledges_by_its_address_and_a_robot_does_not(network: Network) -> None:
    await with_rota(network)
    row = await dangerous(network)
    await network.house.worker.run_until_idle()
    (alert,) = [one for one in await sent(network) if one.channel == "email"]
    path = links.path_of(network.house.secrets, alert.id)
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    base = network.house.settings.web_url
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        page = await client.get(path, headers={"accept-language": "en"})
        assert page.status_code == 200
        assert "CP-1" in page.text
        assert (await listed(network))[0].acknowledged_at is None, "reading acknowledges nothing"
        ours = {"sec-fetch-site": "same-origin"}
        answer = await client.post(path, data={"what": "acknowledge"}, headers=ours)
        assert answer.status_code == 303
        assert (await client.get(path[:-1] + ("a" if path[-1] != "a" else "b"))).status_code == 404
        assert (await client.post(path, data={"what": "mended"}, headers=ours)).status_code == 409
    (row,) = await listed(network)
    assert (row.state, row.owner_name) == ("acknowledged", "Bo")
    assert await network.value("SELECT actor_name FROM audit_log WHERE action = 'incident.acknowledge'") == "Bo"
    async with network.house.database.transaction() as tx:
        later = network.house.clock() + timedelta(minutes=40)
        assert await service.call(tx, network.house, later) == 0, "somebody has it"


async def test_an_address_is_too_old_after_a_week(network: Network) -> None:
    await with_rota(network)
    await dangerous(network)
    await network.house.worker.run_until_idle()
    alert = (await sent(network))[0]
    await network.value("UPDATE alert SET created_at = created_at - interval '8 days' RETURNING 1")
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as client:
        assert (await client.get(links.path_of(network.house.secrets, alert.id))).status_code == 404


async def test_a_program_is_told_with_a_signature_it_can_check(network: Network) -> None:
    carrier = Carrier()
    carrier.answers = [(500, b""), (204, b"")]
    async with HttpDouble(carrier.answer) as server:
        await with_rota(network, private_hosts=server.url.partition("//")[2])
        async with network.house.database.transaction() as tx:
            _, secret = await managing.add_webhook(
                tx, ASTA, network.house.secrets, server.url + "/hook?a=1", "ours", network.house.clock()
            )
        await one_incident(network, network.house.clock())
        await network.house.worker.run_until_idle()
        await network.value("UPDATE job SET run_at = now() WHERE kind = 'alerting.deliver' RETURNING 1")
        await network.house.worker.run_until_idle()
    first, again = carrier.asked
    assert first.headers["laddverk-event-id"] == again.headers["laddverk-event-id"]
    stamp, given = (part.partition("=")[2] for part in again.headers["laddverk-signature"].split(","))
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + again.body, hashlib.sha256).hexdigest()
    assert given == expected
    told = json.loads(again.body)
    assert (told["event"], told["incident"]["family"]) == ("incident.opened", "connectivity")
    assert secret not in str(await network.value("SELECT string_agg(detail::text, '') FROM audit_log"))


async def test_a_webhook_to_a_private_address_is_not_called_unless_it_is_allowed(network: Network) -> None:
    carrier = Carrier()
    async with HttpDouble(carrier.answer) as server:
        await with_rota(network)
        async with network.house.database.transaction() as tx:
            await managing.add_webhook(tx, ASTA, network.house.secrets, server.url, "", network.house.clock())
        await one_incident(network, network.house.clock())
        await network.house.worker.run_until_idle()
    assert carrier.asked == []
    (alert,) = [one for one in await sent(network) if one.channel == "webhook"]
    assert alert.error


async def test_what_was_answered_meanwhile_is_not_told_in_the_morning(network: Network) -> None:
    await with_rota(network)
    now = network.house.clock()
    row = await one_incident(network, now)
    async with network.house.database.transaction() as tx:
        (person,) = await store.people(tx)
        await service._told(tx, person, ["email"], row.id, 1, What.OPENED, now, now)  # type: ignore[list-item]
        await tx.execute("UPDATE incident SET state = 'acknowledged', acknowledged_at = $1", now)
    await network.house.worker.run_until_idle()
    assert [(one.sent_at, one.error) for one in await sent(network)] == [(None, "not needed any more")]


async def test_only_staff_of_the_whole_network_change_who_is_on_call(network: Network) -> None:
    now = network.house.clock()
    support = Actor("operator", new_id(), "S", PERMISSIONS[Role.SUPPORT], None)
    async with network.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await managing.save_person(tx, support, PersonDetails(name="X", phone="+46701234567"), now)


async def test_that_diagnosis_stands_still_is_told_without_it(network: Network) -> None:
    carrier = Carrier()
    async with HttpDouble(carrier.answer) as server:
        await with_rota(network, server.url)
        start = network.house.clock()
        async with network.house.database.transaction() as tx:
            await deadman.beat(tx, start)
        moment = {"now": start}
        network.house.clock = lambda: moment["now"]
        watcher = deadman.Watcher(network.house)
        assert await watcher.look()
        moment["now"] = start + timedelta(minutes=6)
        assert not await watcher.look()
        moment["now"] = start + timedelta(minutes=20)
        assert not await watcher.look()
        assert len(carrier.asked) == 1, "once an hour"
        assert "Diagnosis stands still" in parse_qs(carrier.asked[0].body.decode())["message"][0]
        await network.house.database.close()
        moment["now"] = start + timedelta(minutes=70)
        assert not await asyncio.wait_for(watcher.look(), 30), "also when the database is away"
        assert len(carrier.asked) == 2


async def test_after_we_were_away_chargers_are_not_blamed(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await deadman.beat(tx, now - timedelta(minutes=30))
    await deadman.begin(network.house)
    station_id = await network.add_station("CP-1")
    await raised(network, station_id, now, since=now - timedelta(minutes=29))
    await look(network, now)
    (row,) = await listed(network, "hidden")
    assert row.hidden_by == "outage"
    await look(network, now + timedelta(minutes=16))
    assert len(await listed(network)) == 1


async def test_detectors_that_fail_again_and_again_are_noticed_while_all_else_beats(network: Network) -> None:
    await with_rota(network)
    async with network.house.database.transaction() as tx:
        await enqueue(tx, [NewJob("diagnostics.watch", {})])
        await tx.execute("UPDATE job SET attempts = 3, run_at = now() + interval '40 seconds'")
    now = network.house.clock()
    for minutes, works in ((3, True), (7, False)):
        at = now + timedelta(minutes=minutes)
        async with network.house.database.transaction() as tx:
            await deadman.beat(tx, at)
        network.house.clock = lambda: now - timedelta(hours=1)
        watcher = deadman.Watcher(network.house)
        network.house.clock = lambda at=at: at  # type: ignore[misc]
        assert await watcher.look() == works
