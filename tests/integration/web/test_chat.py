"""The drivers' chat over HTTP: what is wrong is explained and mended by one tap; a person takes over with all of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from laddverk.kernel.actors import Role, rule
from laddverk.platform.settings import Settings
from laddverk.support import service as cases
from laddverk.support.chat import speaking
from laddverk.support.promising import managing
from laddverk.support.promising.hours import Hours
from laddverk.web.security import headers_for
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.journey import plain
from tests.integration.web.test_failed_starts import code_of
from tests.integration.web.test_paying_pages import value
from tests.integration.web.test_situations_page import asked, said, turn

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
DESK = rule("desk")


async def begun(who: Browser, came_from: str, **fields: Any) -> str:
    """Begin a chat from a page with what is said first; its address."""
    answer = await who.send("/help/chat", **{"from": came_from}, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def shown(who: Browser, chat: str) -> str:
    answer = await who.open(chat)
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


async def tapped(who: Browser, chat: str, key: str) -> str:
    """Answer by one tap; what the page says then."""
    assert (await who.send(chat, tap=key)).status_code == 303
    return await shown(who, chat)


async def test_the_wrong_outlet_is_explained_and_mended_by_one_tap(world: World, stranger: Browser) -> None:
    """From the page of the charge: what is wrong is said first, and one tap moves the start."""
    charge = await asked(world, stranger)
    turn(world, 30)
    await said(world, 2, "preparing")
    turn(world, 40)
    first = await shown(stranger, f"/help/chat?from={charge}")
    assert "You started outlet HAM-001-1, but the cable is in outlet HAM-001-2." in first
    assert "Start at that outlet instead" in first
    assert await value(world, "SELECT count(*) FROM chat") == 0, "nothing is kept of who only looks"

    chat = await begun(stranger, charge, tap="do:swap")

    page = await shown(stranger, chat)
    assert "We have asked the outlet where the cable is to start." in page
    assert await value(world, "SELECT evse_number FROM start_request") == 2
    contact = "SELECT concat_ws(' ', channel, situation, deed) FROM support_contact"
    assert await value(world, contact) == "chat wrong-outlet swap"
    assert "Good. Write here again" in await tapped(stranger, chat, "yes")
    assert await value(world, "SELECT state || is_helped FROM chat") == "closedtrue"


async def test_a_person_takes_over_without_anything_being_said_twice(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    """The case holds the conversation, the charge and the photo; the answer is said in the chat, then mailed."""
    charge = await asked(world, stranger)
    turn(world, 60)
    chat = await begun(stranger, charge, text="<b>Skärmen</b> är alldeles svart, ingenting händer alls")
    photo = {"photo": ("svart.png", PNG, "image/png")}
    browser = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    assert (await stranger.client.post(chat, data={"text": ""}, files=photo, headers=browser)).status_code == 303
    assert "Where do we reach you" in await tapped(stranger, chat, "person")
    refused = await stranger.send(chat, what="reach", email="no address")
    assert refused.status_code == 422
    assert "This is not an e-mail address." in plain(refused.text)

    assert (await stranger.send(chat, what="reach", email="Ada@example.se")).status_code == 303

    page = (await stranger.open(chat)).text
    assert "We have it now, with all that stands here." in plain(page)
    assert "You are first." in plain(page)
    assert "<b>" not in page
    assert "&lt;b&gt;Skärmen" in page
    picture = re.search(r'src="(/help/chat/[^"]+/pictures/[^"]+)"', page)
    assert picture is not None
    assert (await stranger.open(picture[1])).headers["content-type"] == "image/png"
    row = "SELECT row_to_json(support_case) FROM support_case"
    case = await value(world, row)
    assert (case["channel"], case["verified"], case["contact_email"]) == ("chat", "charge", "ada@example.se")
    assert case["station_id"] == str(world.station)
    assert case["payment_id"] == str(await value(world, "SELECT payment_id FROM start_request"))
    entries = "SELECT string_agg(body, ' | ' ORDER BY at, id) FROM case_entry WHERE kind = 'message_in'"
    assert await value(world, entries) == "<b>Skärmen</b> är alldeles svart, ingenting händer alls | A photo"
    assert (
        await value(world, "SELECT count(*) FROM support_attachment JOIN case_entry ON entry_id = case_entry.id") == 1
    )
    assert await value(world, "SELECT count(*) FROM chat_picture") == 0

    async with world.house.database.transaction() as tx:
        await cases.reply(tx, world.house, DESK, case["id"], "Prova uttag 2, det är ledigt.", world.house.clock())
    page = await shown(stranger, chat)
    assert "Prova uttag 2" in page
    assert "has your case" in page
    assert (await stranger.send(chat, text="Tack, det gick")).status_code == 303
    assert await value(world, "SELECT state FROM support_case") == "open", "the driver's answer is somebody's turn"
    turn(world, 70)
    async with world.house.database.transaction() as tx:
        await cases.reply(tx, world.house, DESK, case["id"], "Så bra.", world.house.clock())
        assert await speaking.carry_on(tx, world.house, world.house.clock()) == 0, "they are still here"
    turn(world, 60 + 120)
    for followed in (1, 0):
        async with world.house.database.transaction() as tx:
            assert await speaking.carry_on(tx, world.house, world.house.clock()) == followed
    mail = "SELECT body_text FROM mail WHERE recipient = 'ada@example.se' ORDER BY created_at DESC LIMIT 1"
    text = await value(world, mail)
    assert "Så bra." in text
    assert f"Go on in the chat: {world.house.settings.web_url}{chat}" in text, "the link leads back"

    answer = await stranger.client.post(
        chat, data={"text": "Hej igen"}, headers={**browser, "hx-request": "true", "accept-language": "sv"}
    )
    assert answer.text.startswith('<hx-partial hx-target="#chat-now"'), "the widget gets what has changed"
    assert "Hej igen" in answer.text
    desk = await signed_in(Role.SUPPORT)
    page = plain((await desk.open(f"/console/cases/cas_{UUID(case['id']).hex}")).text)
    assert "The driver is here" in page
    assert "by mail" in page
    assert "Read" in await shown(stranger, chat), "the driver sees that one of us has read it"


async def test_an_outlet_is_found_by_code_or_place_and_strangers_move_nothing(world: World, stranger: Browser) -> None:
    """Without a charge of one's own everything is told that is no secret, and nothing is done."""
    first = await shown(stranger, "/help/chat")
    assert "Which outlet is it about?" in first
    chat = await begun(stranger, "", text="nowhere at all")
    assert "I find no outlet by that." in await shown(stranger, chat)
    await stranger.send(chat, text="Hamngatan")
    assert "Which of these?" in await shown(stranger, chat)
    code = await code_of(world)
    commands = await value(world, "SELECT count(*) FROM command")
    page = await tapped(stranger, chat, f"outlet:{code}")
    assert f"Hamngatan 1 · {code}" in page
    for key in ("do:unlock", "do:stop", "outlet:XXX-1", "go:pay", "do:dance", "say:nonsense"):
        answer = await stranger.send(chat, tap=key)
        assert answer.status_code == 409, key
        assert "cannot be chosen any more" in plain(answer.text)
    assert await value(world, "SELECT count(*) FROM command") == commands

    page = await tapped(stranger, chat, "say:money")
    assert "I do not know which charge you mean." in page
    await stranger.send(chat, text="Det luktar bränt och ryker från laddaren")
    page = await shown(stranger, chat)
    assert "call 112" in page
    assert await value(world, "SELECT kind || priority FROM support_case") == "danger1"
    assert await value(world, "SELECT human_at IS NULL FROM support_contact") is True


async def test_while_we_are_closed_the_chat_says_when_we_are_back_and_goes_on_by_mail(
    world: World, stranger: Browser
) -> None:
    """It goes on explaining; whoever wants a person hears when, and the answer follows them."""
    days = tuple(((480, 1020),) if day == (NOW.weekday() + 2) % 7 else () for day in range(7))
    async with world.house.database.transaction() as tx:
        hours = Hours(name="One day", days=days, free_holidays=False, closes=("chat",))
        await managing.save_hours(tx, DESK, hours, NOW)
    back = f"on {(NOW + timedelta(days=2)):%A} at 08:00"
    charge = await asked(world, stranger)
    turn(world, 60)
    chat = await begun(stranger, charge, tap="menu")
    assert "What is it about?" in await shown(stranger, chat), "what we see is told at any hour"
    page = await tapped(stranger, chat, "person")
    assert f"We are closed now, and back {back}. Where do we reach you then" in page

    assert (await stranger.send(chat, what="reach", email="ada@example.se")).status_code == 303

    page = await shown(stranger, chat)
    assert f"back {back}. The answer comes here, and by mail or text message." in page
    assert "You are first." not in page, "nobody waits in a queue that nobody answers"
    swedish = plain((await stranger.open(chat, **{"accept-language": "sv"})).text)
    assert "är tillbaka på måndag kl. 08:00. Svaret kommer här" in swedish, "in the language of who reads it"
    case_id = await value(world, "SELECT id FROM support_case")
    turn(world, 2 * 86_400)
    async with world.house.database.transaction() as tx:
        await cases.reply(tx, world.house, DESK, case_id, "God morgon, nu fungerar den.", world.house.clock())
    turn(world, 2 * 86_400 + 120)
    async with world.house.database.transaction() as tx:
        assert await speaking.carry_on(tx, world.house, world.house.clock()) == 1
    mail = "SELECT body_text FROM mail WHERE recipient = 'ada@example.se' ORDER BY created_at DESC LIMIT 1"
    assert "God morgon, nu fungerar den." in await value(world, mail)


async def test_strangers_tokens_floods_and_files_that_are_none(world: World, stranger: Browser) -> None:
    """A guessed address opens nothing; what is too much, too long or no picture is refused in words."""
    chat = await begun(stranger, "/u/<script>", text="hej")
    for guessed in (chat[:-3] + "abc", "/help/chat/cht_0", chat.replace("cht_", "cas_")):
        assert (await stranger.open(guessed)).status_code == 404
        assert (await stranger.send(guessed, text="x")).status_code == 404
        assert (await stranger.open(f"{guessed}/live")).status_code == 404
    assert (await stranger.open(f"{chat}/pictures/{'0' * 32}")).status_code == 404
    foreign = await stranger.client.post(chat, data={"text": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    browser = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    page = {"photo": ("x.png", b"<script>alert(1)</script>", "image/png")}
    refused = await stranger.client.post(chat, data={"text": ""}, files=page, headers=browser)
    assert (refused.status_code, "This is no photo." in refused.text) == (422, True)
    assert (await stranger.send(chat, text="x" * 2001)).status_code == 422
    assert (await stranger.send(chat, text=" \x00 ")).status_code == 422
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO chat_line (id, chat_id, at, who, body) SELECT gen_random_uuid(), id, $1, 'driver', 'x'"
            " FROM chat, generate_series(1, 60)",
            NOW,
        )
    assert (await stranger.send(chat, text="one more")).status_code == 429
    turn(world, timedelta(hours=2).total_seconds())
    assert (await stranger.send(chat, text="later")).status_code == 303
    for _each in range(25):
        last = await stranger.send("/help/chat", text="hej")
    assert last.status_code == 429


def test_only_the_operators_own_web_sites_show_the_chat_in_a_frame() -> None:
    """And nothing but the chat; what is no origin is left out."""
    odd = "https://www.example.se/, javascript:alert(1), https://x.se; script-src *, *"
    settings = Settings(chat_origins=odd)
    for path, framed in (
        ("/help/chat", "https://www.example.se"), ("/help/chat/cht_1-x", "https://www.example.se"),
        ("/help/chats", "'none'"), ("/help", "'none'"), ("/console", "'none'"), ("/u/ABC", "'none'"),
    ):  # fmt: skip
        policy = headers_for(path, settings)["content-security-policy"]
        assert f"frame-ancestors {framed};" in policy, path
        assert "script-src 'self';" in policy
    assert "frame-ancestors 'none';" in headers_for("/help/chat", Settings())["content-security-policy"]
    assert headers_for("/chat-embed.js", settings)["cross-origin-resource-policy"] == "cross-origin"
    assert headers_for("/chat-embed.js", Settings())["cross-origin-resource-policy"] == "same-origin"
