"""Chats that never became a case: found by their words, read as they were, made a case of; by whoever may."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.kernel.problems import NotAllowed, NotFound
from laddverk.support import privacy
from laddverk.support import service as cases
from laddverk.support import working as case_work
from laddverk.support.chat import rules, store, working
from laddverk.support.chat import service as chats
from laddverk.support.chat.model import Come, Line, Speaker
from laddverk.support.inbox import merging
from laddverk.support.model import Links, NewCase, Verified
from laddverk.support.situations.gathering import Subject
from laddverk.web.visit import named
from tests.integration.web.console.conftest import ACTOR, NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.journey import plain
from tests.integration.web.test_chat import PNG, begun, tapped
from tests.integration.web.test_paying_pages import value
from tests.integration.web.test_situations_page import asked, said, turn

CHAT = re.compile(r"/console/chats/cht_[0-9a-f]{32}")


async def helped(world: World, stranger: Browser) -> None:
    """A driver is told what is wrong, presses what helps, says a few words, and never asks for a person."""
    charge = await asked(world, stranger)
    turn(world, 30)
    await said(world, 2, "preparing")
    turn(world, 40)
    chat = await begun(stranger, charge, text="<b>Tomtebloss</b> på skärmen")
    browser = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    photo = {"photo": ("skarm.png", PNG, "image/png")}
    assert (await stranger.client.post(chat, data={"text": ""}, files=photo, headers=browser)).status_code == 303
    await tapped(stranger, chat, "menu")
    turn(world, 50)
    await tapped(stranger, chat, "say:no_start")


async def begun_at(world: World, driver: bool) -> str:
    """A chat from an outlet of the first site, in which nothing was said; the address of its page."""
    subject = Subject(station_id=world.station, evse_number=1, driver_id=world.driver if driver else None)
    come = Come(subject=subject, proof=Verified.ACCOUNT if driver else Verified.NOT)
    async with world.house.database.transaction() as tx:
        chat = await chats.begin(tx, world.house, ACTOR, come, "en", NOW)
    return f"/console/chats/{shown('cht', chat.id)}"


async def test_a_chat_without_a_case_is_found_read_and_made_a_case(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    await helped(world, stranger)
    assert await value(world, "SELECT count(*) FROM support_case") == 0
    desk = await signed_in(Role.SUPPORT)
    inbox = (await desk.open("/console/cases?q=tomtebloss")).text
    assert inbox.index("Chats without a case") < inbox.index("No case matches"), "above, where no case is found"
    (chat,) = set(CHAT.findall(inbox))
    assert "<mark>Tomtebloss</mark>" in inbox
    assert "Chats without a case" not in (await desk.open("/console/cases?q=tomtebloss&kind=cable")).text
    assert "Chats without a case" not in (await desk.open("/console/cases?q=rymdskepp")).text
    assert set(CHAT.findall((await desk.open("/console/cases?q=HAM-001-2")).text)) == {chat}, "the chat said that code"
    assert set(CHAT.findall((await desk.open("/console/cases?q=HAM-001-1")).text)) == {chat}
    assert set(CHAT.findall((await desk.open("/console/cases?q=hamngatan")).text)) == {chat}

    page = (await desk.open(chat)).text
    words = plain(page)
    for part in (
        "<b>Tomtebloss</b> på skärmen", "You started outlet HAM-001-1, but the cable is in outlet HAM-001-2.",
        "Charging does not start", "Hamngatan 1", "HAM-001-1", "10:00", "pressed", "Make a case of it",
    ):  # fmt: skip
        assert part in words, part
    assert "<b>Tomtebloss" not in page
    picture = re.search(rf'src="({chat}/photos/[^"]+)"', page)
    assert picture is not None
    assert (await desk.open(picture[1])).headers["content-type"] == "image/png"
    assert await value(world, "SELECT count(*) FROM audit_log WHERE action = 'chat.read'") == 1

    first, second = await desk.send(f"{chat}/case"), await desk.send(f"{chat}/case")
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"], "pressed twice, it is one case"
    case: dict[str, Any] = await value(world, "SELECT row_to_json(support_case) FROM support_case")
    assert (case["channel"], case["kind"], case["created_by"]) == ("chat", "no_start", "support")
    assert (case["subject"], case["verified"]) == ("<b>Tomtebloss</b> på skärmen", "charge")
    assert (case["station_id"], case["situation"]) == (str(world.station), "wrong-outlet")
    lines = "SELECT string_agg(body, ' | ' ORDER BY at, id) FROM case_entry WHERE kind = 'message_in'"
    assert await value(world, lines) == "<b>Tomtebloss</b> på skärmen | A photo"
    opened = "SELECT string_agg(text || by_name, ' | ') FROM case_entry WHERE kind = 'deed'"
    assert await value(world, opened) == "%(who)s opened the casesupport", "and not by the driver"
    by = "SELECT string_agg(action || ' ' || actor_name, ', ' ORDER BY action) FROM audit_log WHERE action IN ($1, $2)"
    async with world.house.database.transaction() as tx:
        assert await tx.value(by, "case.opened", "chat.made_case") == "case.opened support, chat.made_case support"
        assert await tx.value("SELECT count(*) FROM mail WHERE template = 'case_opened'") == 0
    assert await value(world, "SELECT count(*) FROM chat_picture") == 0
    assert await value(world, "SELECT count(*) FROM support_attachment") == 1
    assert await value(world, "SELECT state FROM chat") == "with_us", "an answer is said in the chat"
    timeline = plain((await desk.open(first.headers["location"])).text)
    assert "The driver chose: Charging does not start" in timeline
    page = (await desk.open(chat)).text
    assert "Make a case of it" not in page
    assert first.headers["location"].split("?")[0] in page
    assert (await desk.open(picture[1])).status_code == 200, "the photo is the case's now, and still seen"
    assert "Chats without a case" not in (await desk.open("/console/cases?q=tomtebloss")).text


async def test_all_chats_are_listed_searched_and_narrowed_down(
    world: World, stranger: Browser, signed_in: SignedIn
) -> None:
    await helped(world, stranger)
    desk = await signed_in(Role.SUPPORT)
    everything = (await desk.open("/console/chats")).text
    (chat,) = set(CHAT.findall(everything))
    site, other = shown("sit", world.site), shown("sit", world.other_site)
    day = NOW.date()
    for query, is_there in (
        ("q=tomte", True), ("q=tomte&case=none", True), ("case=made", False), (f"site={site}", True),
        (f"site={other}", False), (f"opened_from={day}&opened_to={day}", True), ("opened_to=2026-11-20", False),
        ("opened_from=yesterday", True), ("q=rymdskepp", False), ("q=%25", False), ("page=2", False),
    ):  # fmt: skip
        answer = await desk.open(f"/console/chats?{query}")
        assert answer.status_code == 200
        assert (chat in answer.text) == is_there, query
    assert "No chat matches" in (await desk.open("/console/chats?q=rymdskepp")).text
    assert (await desk.open("/console/chats/cht_" + "0" * 32)).status_code == 404


async def test_the_inbox_says_when_there_are_more_and_leads_to_all_of_them(world: World, signed_in: SignedIn) -> None:
    for _ in range(11):
        await begun_at(world, driver=False)
    desk = await signed_in(Role.SUPPORT)
    inbox = (await desk.open("/console/cases?q=hamngatan")).text
    assert len(set(CHAT.findall(inbox))) == 10
    assert "There are more: show all chats that match" in inbox
    assert len(set(CHAT.findall((await desk.open("/console/chats?case=none&q=hamngatan")).text))) == 11


async def test_a_chat_in_which_nobody_said_anything_is_called_by_what_was_told(
    world: World, signed_in: SignedIn
) -> None:
    """And by nothing that the driver did not say."""
    chat = await begun_at(world, driver=True)
    desk = await signed_in(Role.SUPPORT)
    assert "Ada Öberg" in (await desk.open(chat)).text
    title = await value(world, "SELECT params->>'title' FROM chat_line WHERE params ? 'title'")
    made = await desk.send(f"{chat}/case")
    assert made.status_code == 303, made.text
    case: dict[str, Any] = await value(world, "SELECT row_to_json(support_case) FROM support_case")
    assert (case["subject"], case["driver_id"], case["verified"]) == (title, str(world.driver), "account")
    assert case["contact_email"] == "ada@example.se"
    assert await value(world, "SELECT count(*) FROM case_entry WHERE by_kind = 'driver'") == 0


async def test_a_chat_of_another_site_is_made_a_case_by_nobody_who_does_not_see_it(world: World) -> None:
    """Nor by who may only read cases."""
    at = named("cht", (await begun_at(world, driver=True)).rsplit("/", 1)[1])
    sees_other = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], frozenset({world.other_site}))
    sees_it = replace(sees_other, site_ids=frozenset({world.site}))
    may_read = replace(sees_it, permissions=frozenset({Permission.CASES_READ}))
    for actor, problem in ((sees_other, NotFound), (may_read, NotAllowed)):
        async with world.house.database.transaction() as tx:
            with pytest.raises(problem):
                await working.make_case(tx, world.house, actor, at, NOW)
    assert await value(world, "SELECT count(*) FROM support_case") == 0
    async with world.house.database.transaction() as tx:
        made = await working.make_case(tx, world.house, sees_it, at, NOW)
        assert (await working.make_case(tx, world.house, sees_it, at, NOW)).id == made.id
    assert made.site_id == world.site


async def test_a_chat_goes_with_its_case_to_another_charger(world: World) -> None:
    """It and its case are for those who see that charger's site, and nobody else; also what that is merged into."""
    at = named("cht", (await begun_at(world, driver=True)).rsplit("/", 1)[1])
    sees_first = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], frozenset({world.site}))
    sees_other = replace(sees_first, site_ids=frozenset({world.other_site}))
    async with world.house.database.transaction() as tx:
        made = await working.make_case(tx, world.house, sees_first, at, NOW)
        await case_work.link(tx, world.house, ACTOR, made.id, Links(station_id=world.other_station), NOW)
        with pytest.raises(NotFound):
            await working.make_case(tx, world.house, sees_first, at, NOW)
        assert (await working.make_case(tx, world.house, sees_other, at, NOW)).id == made.id
        back = NewCase(text="the same", kind="question", links=Links(station_id=world.station, driver_id=world.driver))
        target = await cases.open_case(tx, world.house, ACTOR, back, NOW)
        await merging.merge(tx, world.house, ACTOR, made.id, target.number, NOW)
        with pytest.raises(NotFound):
            await working.make_case(tx, world.house, sees_other, at, NOW)
        assert (await working.make_case(tx, world.house, sees_first, at, NOW)).id == target.id


async def stuck(world: World, at: datetime, words: str = "") -> UUID:
    """A chat at an outlet in which somebody cannot charge, and its id."""
    async with world.house.database.transaction() as tx:
        subject = Subject(station_id=world.station, evse_number=1)
        chat = await chats.begin(tx, world.house, ACTOR, Come(subject=subject), "en", at)
        await tx.execute("UPDATE chat SET complaint = 'no_start' WHERE id = $1", chat.id)
        if words:
            said = Line(chat_id=chat.id, at=at + timedelta(minutes=5), who=Speaker.DRIVER, body=words)
            await store.add(tx, [said])
    return chat.id


async def test_what_was_said_days_ago_is_no_report_of_today(world: World) -> None:
    """Two old chats of one outlet open no incident, while two of now do; contacts stay where they were."""
    days_ago = NOW - timedelta(days=5)
    old = [await stuck(world, days_ago, "dead as a stone"), await stuck(world, days_ago)]
    async with world.house.database.transaction() as tx:
        for each in old:
            await working.make_case(tx, world.house, ACTOR, each, NOW)
        told = await tx.values("SELECT at FROM driver_report ORDER BY at")
        assert told == [days_ago, days_ago + timedelta(minutes=5)]
        assert await tx.values("SELECT DISTINCT at FROM support_contact") == [days_ago]
        assert await tx.value("SELECT count(*) FROM support_contact WHERE case_id IS NOT NULL") == 2
        opened = "SELECT count(*) FROM incident WHERE scope_key LIKE 'reports:%'"
        assert await tx.value(opened) == 0
    for each in [await stuck(world, NOW, "dead"), await stuck(world, NOW)]:
        async with world.house.database.transaction() as tx:
            await working.make_case(tx, world.house, ACTOR, each, NOW)
    assert await value(world, opened) == 1


async def test_an_old_chat_of_no_charger_is_no_report_of_today_either_when_its_charger_is_found(world: World) -> None:
    days_ago = NOW - timedelta(days=5)
    at = await stuck(world, days_ago, "dead as a stone")
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE chat SET station_id = NULL WHERE id = $1", at)
        made = await working.make_case(tx, world.house, ACTOR, at, NOW)
        assert made.report_id is None
        await case_work.link(tx, world.house, ACTOR, made.id, Links(station_id=world.station, evse_number=1), NOW)
        assert await tx.value("SELECT at FROM driver_report") == days_ago + timedelta(minutes=5)


async def test_a_case_has_every_line_of_a_long_chat(world: World) -> None:
    at = await stuck(world, NOW)
    lines = [
        Line(chat_id=at, at=NOW + timedelta(seconds=n), who=(Speaker.DRIVER, Speaker.MACHINE)[n % 2], body=f"line {n}")
        for n in range(rules.LINES_MAX * 2)
    ]
    async with world.house.database.transaction() as tx:
        await store.add(tx, lines)
        made = await working.make_case(tx, world.house, ACTOR, at, NOW)
        kept = await tx.values("SELECT id FROM case_entry WHERE case_id = $1", made.id)
    assert {each.id for each in lines} <= set(kept)


async def test_who_presses_at_the_same_time_gets_the_same_case(world: World) -> None:
    at = named("cht", (await begun_at(world, driver=False)).rsplit("/", 1)[1])

    async def pressed() -> int:
        async with world.house.database.transaction() as tx:
            return (await working.make_case(tx, world.house, ACTOR, at, NOW)).number

    assert len(set(await asyncio.gather(*(pressed() for _ in range(3))))) == 1
    assert await value(world, "SELECT count(*) FROM support_case") == 1


async def test_nothing_is_left_of_who_was_erased(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    chat = await begun_at(world, driver=True)
    async with world.house.database.transaction() as tx:
        await privacy.remove(tx, ACTOR, world.driver, "asked for", NOW)
    desk = await signed_in(Role.SUPPORT)
    assert (await desk.open(chat)).status_code == 404
    for place in ("/console/chats", "/console/chats?q=ada", "/console/cases?q=hamngatan"):
        assert CHAT.findall((await desk.open(place)).text) == []
