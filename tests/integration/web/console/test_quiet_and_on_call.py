"""Quiet times and who is on call: what staff enter, what is refused, and who may."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World
from tests.integration.web.console.test_incident_pages import raised

HOME = ZoneInfo("Europe/Stockholm")


def local(hours: float) -> str:
    """Return a time as a form sends it."""
    return (NOW + timedelta(hours=hours)).astimezone(HOME).strftime("%Y-%m-%dT%H:%M")


async def test_quiet_is_asked_for_hides_and_is_ended(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    href = await raised(world, world.station)
    assert "Nothing is silenced" in (await browser.open("/console/quiet")).text
    place = shown("sta", world.station)
    assert "no_energy" in (await browser.open(f"/console/quiet?station={place}&family=no_energy")).text
    fields = {"kind": "silence", "place": place, "family": "no_energy", "from": local(-1), "until": local(3)}
    assert (await browser.send("/console/quiet", **fields, reason="x")).status_code == 422
    wrong = await browser.send("/console/quiet", **(fields | {"until": "soon"}), reason="known")
    assert wrong.status_code == 422
    assert "Enter a day and a time." in wrong.text
    assert (await browser.send("/console/quiet", **fields, reason=f"known {HOSTILE}")).status_code == 303
    page = (await browser.open("/console/quiet")).text
    assert HOSTILE not in page
    assert "operator" in page, "its author is named"
    assert href not in (await browser.open("/console/incidents")).text
    assert href in (await browser.open("/console/incidents?state=hidden")).text
    end = next(part for part in page.split('"') if part.endswith("/end"))
    assert (await browser.send(end)).status_code == 303
    assert href in (await browser.open("/console/incidents")).text
    assert (await browser.send(end)).status_code == 409
    assert (await browser.send(f"/console/quiet/{shown('qui', new_id())}/end")).status_code == 404


async def test_quiet_needs_the_right_to_change_chargers(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    assert (await browser.open("/console/quiet")).status_code == 200
    assert (await browser.send("/console/quiet", kind="silence")).status_code == 403
    assert (await browser.open("/console/on-call")).status_code == 403


async def test_a_chain_is_made_of_people_and_swapped(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "nobody is told of anything" in (await browser.open("/console/on-call")).text
    assert (await browser.send("/console/on-call/people", name="Asta", language="en")).status_code == 422
    for name, phone in (("Asta", "070-123 45 67"), ("Bo", "+46701234568")):
        answer = await browser.send("/console/on-call/people", name=name, phone=phone, language="en")
        assert answer.status_code == 303, answer.text
    page = (await browser.open("/console/on-call")).text
    people = [part for part in page.split('"') if part.startswith("onc_")]
    asta, bo = dict.fromkeys(people)
    step = {"level": 1, "days_each": 7, "starts_on": "2026-11-16", "handover_time": "08:00", "wait_minutes": 15}
    assert (await browser.send("/console/on-call/steps", **step)).status_code == 422, "nobody was chosen"
    assert (await browser.send("/console/on-call/steps", **step, people=[asta, bo])).status_code == 303
    assert (await browser.send("/console/on-call/steps", **(step | {"level": 4}), people=[bo])).status_code == 422
    assert "Asta is called first" in (await browser.open("/console/on-call")).text
    swap = {"person": bo, "swap_level": 1, "from": local(-1), "until": local(10)}
    assert (await browser.send("/console/on-call/swaps", **swap)).status_code == 303
    assert "Bo is called first" in (await browser.open("/console/on-call")).text
    assert (await browser.send(f"/console/on-call/people/{bo}/test")).status_code == 303
    assert "a test" in (await browser.open("/console/on-call")).text
    edited = (await browser.open(f"/console/on-call?person={asta}")).text
    assert "Change Asta" in edited
    changed = {"person_id": asta, "name": "Asta Ek", "email": "asta@example.se", "language": "sv",
               "quiet_from": "22:00", "quiet_until": "07:00"}  # fmt: skip
    assert (await browser.send("/console/on-call/people", **changed)).status_code == 303
    assert "22:00–07:00" in (await browser.open("/console/on-call")).text
    assert (await browser.send(f"/console/on-call/people/{bo}/remove")).status_code == 303
    assert "Asta Ek is called first" in (await browser.open("/console/on-call")).text
    assert (await browser.send("/console/on-call/steps/remove")).status_code == 303


async def test_a_program_is_added_with_its_secret_and_removed(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.ADMIN)
    for wrong in ("ftp://example.com", "https://user:pass@example.com/", "javascript:alert(1)", "https://a.se/#x"):
        assert (await browser.send("/console/on-call/webhooks", url=wrong)).status_code == 422, wrong
    assert (await browser.send("/console/on-call/webhooks", url="https://example.com/hook")).status_code == 303
    page = (await browser.open("/console/on-call")).text
    assert "whsec_" in page
    remove = next(part for part in page.split('"') if "/webhooks/whk_" in part)
    assert (await browser.send(remove)).status_code == 303
    assert "whsec_" not in (await browser.open("/console/on-call")).text
