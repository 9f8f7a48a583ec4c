"""The pages of visits: ordered from an incident, worked on from a phone, finished; photos are pictures and no more."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from tests.integration.web.console.conftest import HOSTILE, Browser, SignedIn, World
from tests.integration.web.console.test_incident_pages import raised

PHOTO = b"\xff\xd8\xff\xe0photo"


async def ordered(world: World, signed_in: SignedIn) -> tuple[Browser, str]:
    browser = await signed_in(Role.TECHNICIAN)
    incident = (await raised(world, world.station)).rsplit("/", 1)[1]
    made = await browser.send("/console/work-orders", incident=incident)
    assert made.status_code == 303, made.text
    return browser, str(made.headers["location"])


async def test_a_visit_is_worked_on_and_finished(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    assert "Nobody has to go anywhere" in (await browser.open("/console/work-orders")).text
    incident = await raised(world, world.station)
    assert "Make a work order" in (await browser.open(incident)).text
    made = await browser.send("/console/work-orders", incident=incident.rsplit("/", 1)[1])
    href = str(made.headers["location"])
    assert href in (await browser.open("/console/work-orders")).text
    page = (await browser.open(href)).text
    assert "Checklist" in page
    for fields in (
        {"what": "assign", "name": f"Bo {HOSTILE}", "due_on": "2026-12-24"},
        {"what": "begin"},
        {"what": "tick", "check": 0},
        {"what": "part", "part": "Cable", "count": 1, "part_cost": "1 250,50"},
        {"what": "note", "note": f"Wet inside {HOSTILE}"},
    ):
        assert (await browser.send(f"{href}/do", **fields)).status_code == 303, fields
    answer = await browser.client.post(
        f"{href}/photos", files={"photo": ("a.jpg", PHOTO, "image/jpeg")}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 303, answer.text
    page = (await browser.open(href)).text
    assert HOSTILE not in page
    photo = next(part for part in page.split('"') if part.startswith("/console/work-order-photos/"))
    picture = await browser.open(photo)
    assert (picture.content, picture.headers["content-type"]) == (PHOTO, "image/jpeg")
    assert picture.headers["x-content-type-options"] == "nosniff"
    unknown = await browser.send(f"{href}/do", what="finish", cause="")
    assert unknown.status_code == 422
    assert "Choose what it was" in unknown.text
    done = await browser.send(f"{href}/do", what="finish", cause="cable_or_plug", minutes="40", cost="500")
    assert done.status_code == 303, done.text
    page = (await browser.open(href)).text
    assert "The next charge will tell" in page
    assert "1\u00a0750,50" in page
    assert href not in (await browser.open("/console/work-orders")).text
    assert "cable_or_plug" in (await browser.open("/console/work-orders.csv?state=unproved")).text
    assert (await browser.send(f"{href}/do", what="begin")).status_code == 409


async def test_wrong_input_is_named_and_support_only_looks(world: World, signed_in: SignedIn) -> None:
    browser, href = await ordered(world, signed_in)
    for fields, said in (
        ({"what": "assign", "due_on": "soon"}, "Enter a day."),
        ({"what": "part", "part": "Fan", "count": "many"}, "Enter a whole number."),
        ({"what": "cancel", "reason": ""}, "Say why."),
        ({"what": "dance"}, "Choose from the list."),
    ):
        refused = await browser.send(f"{href}/do", **fields)
        assert refused.status_code == 422
        assert said in refused.text
    looking = await signed_in(Role.SITE_HOST, world.other_site)
    assert (await looking.open(href)).status_code == 404
    assert (await looking.send(f"{href}/do", what="begin")).status_code == 403
