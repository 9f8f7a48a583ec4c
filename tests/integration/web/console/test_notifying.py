"""Notifications are asked for and given up on pages: of those on call, and of drivers."""

from __future__ import annotations

import json

import httpx

from laddverk.access import service as access
from laddverk.kernel.actors import Role
from laddverk.notices.push import keys
from laddverk.web import security
from laddverk.web.app import create_app
from tests.doubles.push_service import Browser as PushBrowser
from tests.doubles.push_service import encoded
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World


def subscription(endpoint: str = "https://updates.push.example.com/wpush/v2/abc") -> str:
    """Return what a browser gives to the page."""
    browser = PushBrowser("x")
    return json.dumps({"endpoint": endpoint, "keys": {"p256dh": encoded(browser.point), "auth": encoded(browser.auth)}})


def address_in(page: str, end: str) -> str:
    """Return the first address in a page that ends so."""
    return next(part for part in page.split('"') if part.endswith(end) and "psh_" in part)


async def test_somebody_on_call_is_notified_in_a_browser_and_no_more(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    await browser.send("/console/on-call/people", name="Asta", email="asta@example.se", language="en")
    page = (await browser.open("/console/on-call")).text
    assert keys.public_key(world.house.secrets) in page
    person = next(part for part in page.split('"') if part.startswith("onc_"))
    given = {"device_person": person, "subscription": subscription("http://127.0.0.1:1/x")}
    refused = await browser.send("/console/on-call/devices", **given)
    assert refused.status_code == 422
    assert "no address of a push service" in refused.text
    answer = await browser.send("/console/on-call/devices", device_person=person, subscription=subscription())
    assert answer.status_code == 303, answer.text
    page = (await browser.open("/console/on-call")).text
    assert "Notified in browsers" in page
    assert "updates.push.example.com" not in page, "the address is a key to the browser"
    assert (await browser.send(address_in(page, "/remove"))).status_code == 303
    assert "Notified in browsers" not in (await browser.open("/console/on-call")).text


async def test_a_driver_is_notified_in_a_browser_and_no_more(world: World) -> None:
    async with world.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, "ada@example.se", NOW, "")
        assert link is not None
        token = await access.use_sign_in_link(tx, link.token, NOW)
    cookie = {security.cookie_name("driver", world.house.settings): str(token), "language": "en"}
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    headers = {"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
    url = world.house.settings.web_url
    async with httpx.AsyncClient(transport=transport, base_url=url, cookies=cookie, headers=headers) as client:
        ada = Browser(client)
        assert "You are told in no browser yet." in (await ada.open("/my/notifications")).text
        assert (await ada.send("/my/notifications", subscription="{}")).status_code == 422
        assert (await ada.send("/my/notifications", subscription=subscription())).status_code == 303
        page = (await ada.open("/my/notifications")).text
        assert "Safari, iPhone" in page
        assert (await ada.send("/my/notifications/test")).status_code == 303
        assert (await ada.send(address_in(page, "/remove"))).status_code == 303
        assert (await ada.send(address_in(page, "/remove"))).status_code == 404
        worker = await ada.open("/service-worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        assert "caches nothing" in worker.text
