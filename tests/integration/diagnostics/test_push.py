"""Those on call are notified in their browsers: over a real socket, by push services that misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from laddverk.diagnostics.alerting import managing, service, store
from laddverk.diagnostics.alerting.model import What
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.notices.push import keys, sending
from laddverk.notices.push import service as push
from laddverk.notices.push import store as push_store
from laddverk.notices.push.model import Device, Owner, OwnerKind, Words
from laddverk.platform.database import Database
from tests.doubles.push_service import Browser, PushService
from tests.integration.diagnostics.incident_field import one_incident
from tests.integration.diagnostics.test_alerting import ASTA, dangerous, sent, with_rota
from tests.network import Network, network_on

HELLO = Words(title="Hello", path="/my")


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


@pytest.fixture
async def pushes(network: Network) -> AsyncIterator[PushService]:
    async with PushService(keys.public_key(network.house.secrets)) as made:
        await with_rota(network, private_hosts=made.host)
        yield made


async def with_browser(network: Network, pushes: PushService, name: str = "phone") -> Browser:
    """Let the person on call be notified in a browser."""
    browser, given = pushes.subscribed(name)
    async with network.house.database.transaction() as tx:
        (person,) = await store.people(tx)
        agent = "Mozilla/5.0 (Android) Chrome/130"
        house = network.house
        await managing.add_device(tx, house.settings, ASTA, person.id, given, agent, house.clock())
    return browser


async def devices(network: Network) -> list[Device]:
    async with network.house.database.transaction() as tx:
        return await push_store.of_kind(tx, OwnerKind.ON_CALL)


async def tell_quietly(network: Network) -> None:
    """Tell the person on call of an incident as one that can wait."""
    now = network.house.clock()
    row = await one_incident(network, now)
    async with network.house.database.transaction() as tx:
        (person,) = await store.people(tx)
        await service._told(tx, person, ["push"], row.id, 1, What.OPENED, now, now)  # type: ignore[list-item]
    await network.house.worker.run_until_idle()


async def test_danger_is_shown_by_the_browser_beside_mail_and_a_tap_leads_to_where_one_answers(
    network: Network, pushes: PushService
) -> None:
    browser = await with_browser(network, pushes)
    await dangerous(network)
    await network.house.worker.run_until_idle()
    (shown,) = browser.shown
    assert shown["title"] == "DANGER Earth fault: CP-1, outlet 1"
    assert shown["path"].startswith("/on-call/alt_")
    assert {one.channel for one in await sent(network)} == {"push", "email", "sms"}
    (device,) = await devices(network)
    assert device.taken_at is not None
    assert device.name == "Chrome, Android"
    assert b"CP-1" not in pushes.asked[0].body, "the push service cannot read it"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_taken_away_and_a_mail_goes_out_instead(
    network: Network, pushes: PushService, status: int
) -> None:
    browser = await with_browser(network, pushes)
    browser.answers = [(status, b"")]
    await tell_quietly(network)
    assert await devices(network) == []
    told = {one.channel: one for one in await sent(network)}
    assert told["push"].error == "no device takes notifications any more"
    assert told["email"].sent_at is not None


async def test_a_push_service_that_is_busy_is_left_alone_as_long_as_it_asks(
    network: Network, pushes: PushService
) -> None:
    browser = await with_browser(network, pushes)
    browser.answers = [(429, b"", {"retry-after": "120"}), (500, b"oops")]
    before = network.house.clock()
    await tell_quietly(network)
    rests = await network.value("SELECT run_at FROM job WHERE kind = 'alerting.deliver'")
    assert rests - before >= timedelta(seconds=120)
    assert {one.channel for one in await sent(network)} == {"push", "email"}, "nobody waits for it"
    for _ in range(2):
        await network.value("UPDATE job SET run_at = now() WHERE kind = 'alerting.deliver' RETURNING 1")
        await network.house.worker.run_until_idle()
    assert len(browser.shown) == 1
    assert len([one for one in await sent(network) if one.channel == "email"]) == 1, "one mail, however often it fails"


async def test_one_browser_of_several_is_enough(network: Network, pushes: PushService) -> None:
    phone, laptop = await with_browser(network, pushes), await with_browser(network, pushes, "laptop")
    phone.answers = [(410, b"")]
    await tell_quietly(network)
    assert len(laptop.shown) == 1
    assert [one.endpoint.rpartition("/")[2] for one in await devices(network)] == ["laptop"]
    assert [one.channel for one in await sent(network)] == ["push"], "no mail beside it"


async def test_a_test_reaches_the_browser(network: Network, pushes: PushService) -> None:
    browser = await with_browser(network, pushes)
    async with network.house.database.transaction() as tx:
        (person,) = await store.people(tx)
        assert await managing.test(tx, ASTA, person.id, network.house.clock()) == 3
    await network.house.worker.run_until_idle()
    assert browser.shown[0]["body"] == "This is a test. Notifications arrive here."


async def test_a_private_address_is_not_asked_and_slowness_has_an_end(
    network: Network, pushes: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await with_browser(network, pushes)
    (device,) = await devices(network)
    house = network.house
    for address in (
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://169.254.169.254/",
    ):
        with pytest.raises(sending.Refused):
            await sending.send(house.settings, house.secrets, replace(device.subscription, endpoint=address), HELLO)
    browser.slow_s = 5.0
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.05)
    with pytest.raises(sending.Unanswered):
        await sending.send(house.settings, house.secrets, device.subscription, HELLO)
    broken = replace(device.subscription, p256dh="BA" + "A" * 85)
    with pytest.raises(sending.Refused):
        await sending.send(house.settings, house.secrets, broken, HELLO)


async def test_a_driver_is_notified_and_what_others_own_is_not_theirs(network: Network, pushes: PushService) -> None:
    now, house = network.house.clock(), network.house
    mine, others = Owner(OwnerKind.DRIVER, new_id()), Owner(OwnerKind.DRIVER, new_id())
    browser, given = pushes.subscribed("mine")
    async with house.database.transaction() as tx:
        asked = {"user_agent": "", "language": "sv", "now": now}
        device_id = await push.subscribe(tx, house.settings, ASTA, mine, given, **asked)  # type: ignore[arg-type]
        assert device_id == await push.subscribe(tx, house.settings, ASTA, mine, given, **asked)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await push.remove(tx, ASTA, others, device_id, now)
        with pytest.raises(Invalid):
            await push.subscribe(tx, house.settings, ASTA, mine, "{}", **asked)  # type: ignore[arg-type]
        assert await push.tell(tx, others, lambda _language: HELLO, now) == 0
        assert await push.tell(tx, mine, lambda language: Words(title=language, path="/my"), now) == 1
    browser.answers = [(503, b"")]
    await house.worker.run_until_idle()
    assert await network.value("SELECT error FROM push_message") == "the push service answered 503"
    await network.value("UPDATE job SET run_at = now() WHERE kind = 'notices.push' RETURNING 1")
    await house.worker.run_until_idle()
    assert browser.shown == [{"title": "sv", "body": "", "path": "/my", "tag": ""}]
    async with house.database.transaction() as tx:
        for number in range(9):
            await push.subscribe(tx, house.settings, ASTA, mine, pushes.subscribed(f"b{number}")[1], **asked)  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            await push.subscribe(tx, house.settings, ASTA, mine, pushes.subscribed("another")[1], **asked)  # type: ignore[arg-type]
