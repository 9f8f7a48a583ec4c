"""The desk's pages: settings with undo, canned answers, several cases at once, saved views, reports and one tap."""

from __future__ import annotations

import re

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import parsed, shown
from laddverk.support import rating
from tests.integration.web.console.conftest import Browser, SignedIn, World
from tests.integration.web.console.test_cases import HOSTILE, opened

SUPPORT = "/console/support"


async def found(browser: Browser, path: str, prefix: str) -> str:
    """Return the first id with a prefix that a page links to for changing."""
    match = re.search(rf"\?edit=({prefix}_[0-9a-f]{{32}})", (await browser.open(path)).text)
    assert match is not None, path
    return match[1]


async def test_the_desk_is_set_up_used_and_its_settings_are_undone(world: World, signed_in: SignedIn) -> None:
    admin = await signed_in(Role.ADMIN)
    for page in ("teams", "promises", "rules", "macros"):
        assert (await admin.open(f"{SUPPORT}/{page}")).status_code == 200, page
    wrong = await admin.send(f"{SUPPORT}/hours", name="Office", mon="17-08")
    assert wrong.status_code == 422
    for path, fields in (
        ("hours", {"name": "Office", "mon": "00:00-24:00", "tue": "08:00-17:00", "free_holidays": "yes"}),
        ("promises", {"name": f"Fast {HOSTILE}", "answer_minutes": "30", "solve_minutes": "480"}),
        ("teams", {"name": "Cables", "kinds": "cable"}),
        ("rules", {"name": "Stuck", "words": "stuck", "priority": "2", "tags": "cable, stuck"}),
        ("macros", {"name": "Lock it", "text_en": "Hello {driver}, lock the car. {agent}", "tags": "told"}),
    ):
        answer = await admin.send(f"{SUPPORT}/{path}", **fields)
        assert answer.status_code == 303, (path, answer.text)
        assert answer.headers["location"].startswith(SUPPORT)
    assert HOSTILE not in (await admin.open(f"{SUPPORT}/promises")).text
    bad = await admin.send(f"{SUPPORT}/macros", name="x", text_en="{nonsense}")
    assert bad.status_code == 422
    assert "{nonsense}" in bad.text
    tried = await admin.send(f"{SUPPORT}/macros", name="x", text_en="Hi {driver}", look="yes")
    assert "Hi Ada" in tried.text

    path = await opened(admin, email="bo@example.se", name="Bo", language="en")
    page = (await admin.open(path)).text
    for said in ("cable, stuck", "Cables", "High", "Solution"):
        assert said in page, said
    macro = await found(admin, f"{SUPPORT}/macros", "mac")
    preview = (await admin.open(f"{path}/macro?macro={macro}")).text
    assert "Hello Bo, lock the car." in preview
    done = await admin.send(f"{path}/macro", macro=macro, reply="Hello Bo, lock it twice.")
    assert done.status_code == 303, done.text
    page = (await admin.open(path)).text
    assert "Hello Bo, lock it twice." in page
    assert "told" in page
    for form in (
        {"what": "tags", "tags": "a, b"}, {"what": "snooze", "until": "tomorrow"}, {"what": "snooze"},
        {"what": "reply", "reply": "Later", "undo": "yes"}, {"what": "relate", "number": "1"},
    ):  # fmt: skip
        answer = await admin.send(f"{path}/do", **form)
        assert answer.status_code == (422 if form["what"] == "relate" else 303), answer.text
    assert (await admin.send(f"{path}/writing")).status_code == 204

    for kind, prefix in (("teams", "tea"), ("promises", "prm"), ("rules", "rul")):
        identity = await found(admin, f"{SUPPORT}/{kind}", prefix)
        gone = await admin.send(f"{SUPPORT}/{kind}/switch", id=identity)
        assert "Undo" in (await admin.open(gone.headers["location"])).text
        assert (await admin.send(f"{SUPPORT}/{kind}/switch", id=identity, back="yes")).status_code == 303
        assert identity in (await admin.open(f"{SUPPORT}/{kind}")).text
    agent = await signed_in(Role.SUPPORT)
    assert (await agent.open(f"{SUPPORT}/teams")).status_code == 403
    assert (await agent.send(f"{SUPPORT}/teams", name="Mine")).status_code == 403


async def test_several_cases_at_once_saved_views_and_the_report(world: World, signed_in: SignedIn) -> None:
    agent = await signed_in(Role.SUPPORT)
    one, two = [await opened(agent, text=text, phone="0701234567") for text in ("blinks red", "blinks blue")]
    ids = [path.rpartition("/")[2] for path in (one, two)]
    assert (await agent.send("/console/cases/bulk", case=ids[0])).status_code == 422
    answer = await agent.send("/console/cases/bulk", case=ids[0], tags="lamp", outcome="explained")
    assert answer.status_code == 303, answer.text
    assert one in (await agent.open("/console/cases?state=closed&tag=lamp")).text
    assert two in (await agent.open("/console/cases")).text
    page = (await agent.open("/console/cases?state=all&q=blinks")).text
    assert "<mark>blinks</mark>" in page
    kept = await agent.send("/console/cases/views", view_name="Lamps", query_state="all", query_tag="lamp", query_x="1")
    assert kept.headers["location"] == "/console/cases?state=all&tag=lamp"
    page = (await agent.open("/console/cases")).text
    view = re.search(r"viw_[0-9a-f]{32}", page)
    assert view is not None
    other = await signed_in(Role.OPERATOR)
    assert "Lamps" not in (await other.open("/console/cases")).text
    assert (await other.send("/console/cases/views/remove", view=view[0])).status_code == 404, "it is another's"
    report = (await other.open(f"{SUPPORT}/reports")).text
    assert "Cases opened" in report
    assert "Why people come" in report
    csv = (await other.open(f"{SUPPORT}/reports.csv")).text
    assert '"kind","cable","2"' in csv
    pdf = await other.open(f"{SUPPORT}/reports.pdf?period=2026-Q4")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


async def test_a_canned_answer_is_suggested_filled_in_and_a_place_that_is_left_is_not_sent(
    world: World, signed_in: SignedIn
) -> None:
    agent = await signed_in(Role.SUPPORT)
    path = await opened(agent, email="bo@example.se", language="en")
    for name, text in (("Cable", 'Case {number} <b>"at"</b> {charger}'), ("Receipt", "{driver}, here it is")):
        await agent.send(f"{SUPPORT}/macros", name=name, text_en=text, scope="own")
    found = (await agent.open(f"{path}/canned?q=cab")).text
    assert found.count('role="option"') == 1
    assert "&lt;b&gt;" in found
    assert re.search(r'data-words="Case \d+ ', found)
    assert "No canned answer is called that." in (await agent.open(f"{path}/canned?q=%25zzz")).text
    other = await signed_in(Role.OPERATOR)
    assert "Receipt" not in (await other.open(f"{path}/canned")).text, "it is another's"
    refused = await agent.send(f"{path}/do", what="reply", reply="We look at {charger} now")
    assert (refused.status_code, "This case has nothing for {charger}." in refused.text) == (422, True)
    assert (await agent.send(f"{path}/do", what="reply", reply="Write {name} in braces")).status_code in (302, 303)


async def test_opening_the_address_of_a_rating_says_nothing_and_its_form_counts_once(
    world: World, signed_in: SignedIn, stranger: Browser
) -> None:
    agent = await signed_in(Role.SUPPORT)
    path = await opened(agent, email="bo@example.se", language="en")
    await agent.send(f"{path}/do", what="reply", reply="Lock it")
    await agent.send(f"{path}/do", what="close", outcome="explained")
    case_id = parsed("cas", path.rpartition("/")[2])
    address = rating.path_of(world.house, case_id)
    for _ in range(2):
        assert "One tap is enough" in (await stranger.open(f"{address}?good=yes")).text
    async with world.house.database.transaction() as tx:
        assert await rating.of_case(tx, case_id) is None, "whoever opens a link has no opinion"
    assert (await stranger.send(address, good="no")).status_code == 303
    assert "What was good, or what was missing?" in (await stranger.open(address)).text
    assert (await stranger.send(address, good="yes", reason=HOSTILE)).status_code == 303
    assert (await stranger.send(address, good="yes")).status_code == 409
    page = (await agent.open(path)).text
    assert "The driver is not content" in page
    assert HOSTILE not in page
    forged = address.replace("rat_", "cas_")
    assert (await stranger.open(forged)).status_code == 404
    assert (await stranger.open(f"/help/rate/{shown('rat', case_id)}-x")).status_code == 404
