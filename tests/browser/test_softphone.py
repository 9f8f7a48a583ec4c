"""The phone in the browser: a real Chromium registers, is rung, speaks and hears; its exchange misbehaves."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from laddverk.platform.database import Database
from laddverk.web.rendering import STATIC_PATH
from tests.browser.phone_in_browser import CALLER, HEARS, World, phone_world, state, until
from tests.doubles.sip_exchange import Call, Message

pytestmark = pytest.mark.browser


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with phone_world(database, tmp_path) as made:
        yield made
        assert made.errors == []


MODULES = f"{STATIC_PATH}/js/softphone"
READ = """async ([place, text]) => {
  const sip = await import(`${place}/sip-message.js`);
  const read = sip.parse(text);
  return read && {...read, again: sip.parse(sip.format(read)), vias: sip.values(read, "via"),
    party: sip.party(sip.header(read, "from")), branch: sip.parameters(sip.values(read, "via")[0]).branch,
    asked: sip.challenge(sip.header(read, "www-authenticate") || "Digest"), number: sip.sequence(read).number};
}"""
RESPONSE = "\r\n".join(
    [
        "SIP/2.0 401 Who are you",
        'v: SIP/2.0/WS a.invalid;branch="z9 1", SIP/2.0/WS b;branch=z92',
        "VIA: SIP/2.0/WS c;branch=z93",
        'f: "Ek, \\"Ada\\" <x>" <sip:+46701234567;user=phone@host;transport=ws>;tag=a1;x="<y>"',
        "t: sip:desk@host;tag=b",
        "i: 1@x",
        "CSeq: 7  REGISTER",
        "WWW-Authenticate: Digest",
        '  realm="a, b", nonce="n=1", qop="auth,auth-int", stale=TRUE',
        "l: 2",
        "",
        "\u00e5",
    ]
)


async def test_messages_are_read_as_the_standard_writes_them(world: World) -> None:
    """Short names, folded lines, lists, quotes, brackets; what is none is none. MD5 as RFC 1321 and 2617 have it."""
    page = await world.chromium.new_page()
    await page.goto(f"{world.url}/sign-in")
    read = await page.evaluate(READ, [MODULES, RESPONSE])
    assert (read["status"], read["reason"], read["number"], read["branch"]) == (401, "Who are you", 7, "z9 1")
    assert [each.rpartition("=")[2] for each in read["vias"]] == ['"z9 1"', "z92", "z93"]
    assert read["party"] == {
        "name": 'Ek, "Ada" <x>', "uri": "sip:+46701234567;user=phone@host;transport=ws", "tag": "a1",
    }  # fmt: skip
    assert read["asked"] == {
        "scheme": "digest", "realm": "a, b", "nonce": "n=1", "qop": "auth,auth-int", "stale": "TRUE",
    }  # fmt: skip
    assert read["again"]["body"] == read["body"] == "\u00e5"
    for none in ("", "x", "SIP/2.0 200 OK", "SIP/2.0 9 x\r\n\r\n", "BYE sip:a SIP/2.0\r\n: x\r\n\r\n", RESPONSE[:60]):
        assert await page.evaluate(READ, [MODULES, none]) is None
    digests = await page.evaluate(
        "async (place) => { const {md5, answered} = await import(`${place}/sip-digest.js`);"
        " const asked = {scheme: 'digest', realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',"
        " qop: 'auth,auth-int', opaque: '5ccc069c403ebaf9f0171e9517f40e41'};"
        " const user = {user: 'Mufasa', password: 'Circle Of Life'};"
        " return [md5(''), md5('message digest'), md5('1234567890'.repeat(8)), md5('\u00e5'.repeat(60)),"
        " answered(user, asked, 'GET', '/dir/index.html', '0a4f113b'),"
        " answered(user, {...asked, algorithm: 'SHA-256'}, 'GET', '/', 'x')]; }",
        MODULES,
    )
    assert digests[:4] == [
        "d41d8cd98f00b204e9800998ecf8427e", "f96b697d7cb7938d525a2f31aaf161d0", "57edf4a22be3c955ac49da2e2107b67a",
        hashlib.md5(("\u00e5" * 60).encode()).hexdigest(),
    ]  # fmt: skip
    assert 'response="6629fae49393a05397450978507c4ef1"' in digests[4]
    assert digests[5] == ""


async def a_caller(world: World) -> tuple[Page, str]:
    """Somebody who calls, and what they offer to speak and hear."""
    page = await (await world.chromium.new_context()).new_page()
    blank = "http://127.0.0.1:1/caller"  # a page of somebody else's: on none of ours is a microphone lent to a caller
    await page.route(blank, lambda route: route.fulfill(body="<p>", content_type="text/html"))
    await page.goto(blank)
    return page, str(await page.evaluate(CALLER))


async def put_through(call: Call, page: Page, caller: Page) -> Message:
    """Answer a call in the browser, and let its caller hear."""
    await call.next(lambda each: each.status == 180)
    await state(page, "ringing")
    await page.locator("[data-do=answer]").click()
    answer = await call.answered()
    await caller.evaluate("(sdp) => window.caller.setRemoteDescription({type: 'answer', sdp})", answer.body)
    await state(page, "talking")
    return answer


def is_answer(status: int, method: str):
    return lambda each: each.status == status and each.one("cseq").endswith(method)


def is_request(method: str):
    return lambda each: each.method == method


async def says(page: Page, words: str) -> None:
    await page.locator(".softphone-state p:visible", has_text=words).wait_for(timeout=20_000)


async def presence(world: World) -> str | None:
    found: str | None = await world.network.value("SELECT state || ' ' || number FROM phone_presence")
    return found


async def test_a_call_rings_is_spoken_held_and_hung_up(world: World) -> None:
    """Both hear each other; keys, mute and hold reach the caller; the password is kept nowhere."""
    page = await world.phone(await world.agent())
    world.exchange.forgets_nonce = False
    await world.ready(page)
    assert world.asterisk.things[f"endpoint/{world.user}"]["webrtc"] == "yes"
    assert "password" not in world.asterisk.things[f"auth/{world.user}"]

    async def is_told() -> bool:
        return await presence(world) == f"ready +{world.user}"

    await until(is_told)  # the window says "ready" before the house has heard it
    caller, offer = await a_caller(world)
    call = await world.exchange.call(world.user, offer)
    await says(page, "+46701234567 is calling")
    assert (await page.title()).startswith("☎")
    assert await page.locator("soft-phone button:visible").all_inner_texts() == ["Answer the call", "Not now"]
    await put_through(call, page, caller)

    async def both_hear() -> bool:
        packets, energy = await caller.evaluate(HEARS)
        return packets > 20 and energy > 0 and await page.evaluate("document.querySelector('audio').srcObject !== null")

    await until(both_hear)
    await page.locator("[data-do=mute]").click()
    assert await page.locator("[data-do=mute]").get_attribute("aria-pressed") == "true"
    energy = (await caller.evaluate(HEARS))[1]
    await asyncio.sleep(0.5)
    later = (await caller.evaluate(HEARS))[1]
    await asyncio.sleep(0.5)
    assert (await caller.evaluate(HEARS))[1] - later < max(later - energy, 1e-4), "a muted microphone is silent"
    await page.locator("[data-do=mute]").click()

    await page.locator("[data-do=hold]").click()
    held = await call.next(is_request("INVITE"))
    assert "a=sendonly" in held.body
    await caller.evaluate("(sdp) => window.caller.setRemoteDescription({type: 'offer', sdp})", held.body)
    back = await caller.evaluate(
        "async () => { await window.caller.setLocalDescription(); return window.caller.localDescription.sdp; }"
    )
    response = Message("SIP/2.0 200 OK", {k: held.headers[k] for k in ("via", "from", "to", "call-id", "cseq")}, back)
    await call.send(response)
    await call.next(is_request("ACK"))
    await state(page, "held")

    await page.locator("[data-do=hang-up]").click()
    bye = await call.next(is_request("BYE"))
    assert bye.one("to").endswith("tag=caller")
    await state(page, "ready")


async def test_a_caller_who_gives_up_and_one_too_many(world: World) -> None:
    page = await world.phone(await world.agent())
    await world.ready(page)
    _caller, offer = await a_caller(world)
    call = await world.exchange.call(world.user, offer, number="anonymous")
    await call.next(is_answer(180, "INVITE"))
    second = await world.exchange.call(world.user, offer)
    assert (await second.next(lambda each: each.status >= 200)).status == 486
    await call.cancel()
    await call.next(is_answer(200, "CANCEL"))
    await call.next(is_answer(487, "INVITE"))
    await says(page, "The caller has hung up.")
    third = await world.exchange.call(world.user, offer)
    await page.locator("[data-do=decline]").click()
    await third.next(is_answer(486, "INVITE"))
    await state(page, "ready")


async def test_a_lost_line_opens_again_and_the_call_goes_on(world: World) -> None:
    """Sound takes another way than signals: who speaks goes on, and ends the call over the new line."""
    page = await world.phone(await world.agent())
    await world.ready(page)
    caller, offer = await a_caller(world)
    call = await world.exchange.call(world.user, offer)
    await put_through(call, page, caller)
    await world.exchange.drop()
    await page.locator("[data-apart]:visible").wait_for()
    assert await page.locator("soft-phone").get_attribute("data-state") == "talking"
    await world.exchange.registered(world.user)
    before = (await caller.evaluate(HEARS))[0]

    async def is_heard() -> bool:
        return int((await caller.evaluate(HEARS))[0]) > before + 10

    await until(is_heard)
    await page.locator("[data-do=hang-up]").click()
    await call.next(is_request("BYE"))
    await state(page, "ready")
    ringing = await world.exchange.call(world.user, offer)
    await ringing.next(is_answer(180, "INVITE"))
    await world.exchange.drop()
    await says(page, "The call was lost before you answered.")


async def test_an_exchange_that_is_slow_strict_or_forgetful_is_reached_all_the_same(world: World) -> None:
    """503 and 423 are tried again, an old nonce is answered anew, a password that is refused is made anew."""
    world.exchange.refusals = [(503, {"retry_after": "1"}), (423, {"min_expires": "180"})]
    page = await world.phone(await world.agent())
    await world.ready(page)
    assert world.exchange.registers[-1].one("expires") == "180"
    user, first = world.user, world.asterisk.things[f"auth/{world.user}"]["md5_cred"]
    world.exchange.forgets_nonce = True
    world.exchange.nonces.clear()
    await world.exchange.drop()
    await world.exchange.registered(user)
    assert world.asterisk.things[f"auth/{user}"]["md5_cred"] == first
    world.exchange.refusals = [(403, {})]
    await world.exchange.drop()
    await world.exchange.registered(user)
    assert world.asterisk.things[f"auth/{user}"]["md5_cred"] != first, "a password that is refused is made anew"
    world.exchange.refusals = [(403, {})] * 9
    await world.exchange.drop()
    await state(page, "unavailable")
    world.exchange.refusals.clear()
    world.asterisk.is_away = True
    world.errors.clear()
    await page.locator("[data-do=take]").click()
    await page.locator("[data-message]", has_text="Asterisk answered 503").wait_for()
    assert any("503" in each for each in world.errors), "the browser notes what was refused"
    world.errors.clear()
    world.asterisk.is_away = False
    await world.ready(page)


async def test_what_an_exchange_may_also_say(world: World) -> None:
    """Noise, calls without sound, calls that ask too much, a call that is changed, an answer that is lost."""
    page = await world.phone(await world.agent())
    await world.ready(page)
    socket, _target = world.exchange.contacts[world.user]
    for noise in ("", "\r\n\r\n", "INVITE x", "SIP/2.0 200 OK\r\n\r\n", "x" * 70_000, b"\x00"):
        await socket.send(noise)
    silent = await world.exchange.call(world.user, "")
    await silent.next(is_answer(488, "INVITE"))
    caller, offer = await a_caller(world)
    asks = await world.exchange.call(world.user, offer)
    await asks.cancel()
    await asks.next(is_answer(487, "INVITE"))
    call = await world.exchange.call(world.user, offer)
    await call.send(call.request("OPTIONS"))
    await call.next(is_answer(200, "OPTIONS"))
    await page.locator("[data-do=answer]").click()
    response = await call.next(is_answer(200, "INVITE"))
    await call.next(is_answer(200, "INVITE"))  # said again: it was not confirmed
    call.to = response.one("to")
    await page.locator("[data-do=hang-up]").click()
    await state(page, "ready")
    assert not [each for each in call.heard._queue if each.method == "BYE"], "not before its answer is confirmed"
    await call.send(call.request("ACK", sequence=101))
    await call.next(is_request("BYE"))

    caller, offer = await a_caller(world)
    call = await world.exchange.call(world.user, offer)
    await put_through(call, page, caller)
    await call.send(call.request("UPDATE"))
    await call.next(is_answer(200, "UPDATE"))
    await call.send(call.request("DANCE"))
    await call.next(is_answer(405, "DANCE"))
    again = await caller.evaluate(
        "async () => { await window.caller.setLocalDescription(await window.caller.createOffer());"
        " return window.caller.localDescription.sdp; }"
    )
    changed = call.request("INVITE", again)
    await call.send(changed)
    await call.answered()
    await call.send(call.request("BYE"))
    await call.next(is_answer(200, "BYE"))
    await state(page, "ready")


async def test_one_window_is_the_phone_and_who_leaves_is_forgotten(world: World) -> None:
    context = await world.agent()
    page = await world.phone(context)
    await world.ready(page)
    other = await world.phone(context)
    await other.locator("[data-do=take]").click()
    await state(other, "elsewhere")
    await other.close()
    await page.locator("[data-do=leave]").click()
    await state(page, "off")

    async def is_gone() -> bool:
        await world.network.house.worker.run_until_idle()
        return await presence(world) is None and not world.asterisk.things

    await until(is_gone)
    assert world.exchange.contacts == {}
    assert await world.network.value("SELECT count(*) FROM softphone") == 0


async def test_the_window_that_is_loaded_anew_is_the_phone_again(world: World) -> None:
    page = await world.phone(await world.agent("sv"))
    await world.ready(page)
    await page.reload()
    await state(page, "ready")
    await says(page, "Samtal ringer här.")

    async def is_present() -> bool:
        return await presence(world) is not None

    await until(is_present)
