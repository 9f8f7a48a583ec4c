"""How drivers pay, as they and the desk meet it: the page of ways, paying what is asked for, and who may start."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import DriverId, SessionId, parsed, shown
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import application
from laddverk.payments.ways import debiting, store
from tests.integration.web.console.conftest import ACTOR, HOSTILE, NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.test_wallet_pages import FORM, id_of, portal_of


@pytest.fixture
async def berit(world: World) -> AsyncIterator[Browser]:
    browser = await portal_of(world, "berit@example.se")
    yield browser
    await browser.client.aclose()


async def pays(world: World, location: str, card: str = "good") -> None:
    path = location.removeprefix(world.house.settings.web_url)
    for step in ("pay", "confirm") if card == "confirm" else ("pay",):
        await in_process(application(world.house))("POST", path, FORM, f"card={card}&do={step}".encode())
    await world.house.worker.run_until_idle()


async def saves(world: World, browser: Browser, card: str = "good") -> str:
    """Save a card on the provider's page; return it as forms name it."""
    answer = await browser.send("/my/paying/add", rail="card")
    assert answer.status_code == 303, answer.text
    await pays(world, answer.headers["location"], card)
    async with world.house.database.transaction() as tx:
        return shown("crd", await tx.value("SELECT id FROM payment_method ORDER BY created_at DESC, id DESC LIMIT 1"))


async def value(world: World, sql: str, *args: object) -> Any:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def owes(world: World, driver_id: DriverId) -> SessionId:
    """Let the charge of the world be Berit's, which nobody could be debited for."""
    session = SessionId(parsed("ses", world.session))
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM invoiced_session WHERE session_id = $1", session)
        await tx.execute("UPDATE session SET driver_id = $2, settlement = 'payment' WHERE id = $1", session, driver_id)
        charged = await store.lock_session(tx, session)
        assert charged is not None
        await debiting.ask_to_pay(tx, charged, driver_id, "insufficient_funds", NOW)
        await debiting.holding.review(tx, world.house, [driver_id], NOW)
    return session


async def test_a_driver_chooses_a_first_way_and_a_fallback_and_reads_what_follows(world: World, berit: Browser) -> None:
    empty = (await berit.open("/my/paying")).text
    assert "Once a month you get an invoice, which you pay by yourself." in empty
    first, second = await saves(world, berit), await saves(world, berit)
    answer = await berit.send("/my/paying", first=first, fallback=second, when="charge", gather="5000")
    assert answer.status_code == 303
    page = re.sub(r"\s+", " ", (await berit.open("/my/paying")).text)
    assert "After each charge the amount is taken from" in page
    assert "Charges below 50,00 kr wait for the month&#39;s invoice." in page
    assert "steps in." in page
    assert await value(world, "SELECT settlement FROM driver WHERE email = 'berit@example.se'") == "card"
    changed = "SELECT count(*) FROM audit_log WHERE action = 'driver.way_chosen' AND actor_kind = 'driver'"
    assert await value(world, changed) == 1

    removed = await berit.send(f"/my/paying/{first}/remove")
    assert removed.status_code == 303
    assert await value(world, "SELECT first_method_id FROM driver_paying") == parsed("crd", second)


async def test_a_choice_that_cannot_be_is_said_at_its_field_and_keeps_nothing(world: World, berit: Browser) -> None:
    card = await saves(world, berit)
    for fields in (
        {"first": ""}, {"first": HOSTILE}, {"first": card, "fallback": card}, {"first": "bank"},
        {"first": card, "gather": "-1"}, {"first": card, "gather": "9" * 30}, {"first": f"crd_{'0' * 32}"},
    ):  # fmt: skip
        answer = await berit.send("/my/paying", **{"when": "charge", "gather": "0", **fields})
        assert answer.status_code == 422, fields
        assert "row-error" in answer.text
        assert HOSTILE not in answer.text
    assert await value(world, "SELECT count(*) FROM driver_paying") == 0


async def test_what_could_not_be_taken_is_paid_on_the_page_and_starts_are_let_in_again(
    world: World, berit: Browser
) -> None:
    driver_id = await id_of(world)
    session = await owes(world, driver_id)
    page = (await berit.open("/my/paying")).text
    assert "A charge is not paid yet." in page
    assert "There was not enough money." in page
    code = await value(world, "SELECT code FROM connector WHERE station_id = $1 ORDER BY code LIMIT 1", world.station)
    outlet = (await berit.open(f"/u/{code}")).text
    assert "A charge is not paid yet." in outlet
    assert f'action="/u/{code}/start"' not in outlet
    assert (await berit.send(f"/u/{code}/start")).status_code == 403

    answer = await berit.send(f"/my/paying/{shown('ses', session)}/pay", rail="card")
    assert answer.status_code == 303, answer.text
    await pays(world, answer.headers["location"])
    after = (await berit.open("/my/paying")).text
    assert "A charge is not paid yet." not in after
    assert "paid" in after
    assert await value(world, "SELECT starts_held FROM driver WHERE id = $1", driver_id) == ""


async def test_nobody_pays_or_removes_what_is_anothers(world: World, berit: Browser) -> None:
    session = shown("ses", await owes(world, await id_of(world)))
    card = await saves(world, berit)
    cecil = await portal_of(world, "cecil@example.se")
    try:
        assert (await cecil.send(f"/my/paying/{session}/pay", rail="card")).status_code == 404
        assert (await cecil.send(f"/my/paying/{card}/remove")).status_code == 404
        assert (await cecil.send("/my/paying", first=card, when="charge", gather="0")).status_code == 422
        assert "Hamngatan" not in (await cecil.open("/my/paying")).text
    finally:
        await cecil.client.aclose()


async def test_the_desk_sees_who_waits_and_makes_an_exception_with_a_reason(
    world: World, berit: Browser, signed_in: SignedIn
) -> None:
    driver_id = await id_of(world)
    await owes(world, driver_id)
    desk = await signed_in(Role.SUPPORT)
    listed = (await desk.open("/console/paying?why=to_pay&q=berit")).text
    assert "Berit Åberg" in listed
    assert "Berit" not in (await desk.open("/console/paying?why=overdue")).text
    table = (await desk.open("/console/paying.csv?why=to_pay")).text
    assert "berit@example.se" in table
    href = f"/console/drivers/{shown('drv', driver_id)}"
    assert "New starts wait" in (await desk.open(href)).text

    assert (await desk.send(f"{href}/may-start", days="7", reason="")).status_code == 422
    assert (await desk.send(f"{href}/may-start", days="7", reason="på väg till BB")).status_code == 303
    page = (await desk.open(href)).text
    assert "New starts wait" not in page
    assert "på väg till BB" in page
    until = await value(world, "SELECT may_start_until FROM driver_paying WHERE driver_id = $1", driver_id)
    assert timedelta(days=6) < until - NOW < timedelta(days=8)
    assert (await desk.send(f"{href}/may-start", days="0", reason="hemma igen")).status_code == 303
    assert await value(world, "SELECT starts_held FROM driver WHERE id = $1", driver_id) == "to_pay"
    assert (await desk.send(f"{href}/may-owe", may_owe="no", reason="inkasso")).status_code == 303
    assert await value(world, "SELECT may_owe FROM driver_paying WHERE driver_id = $1", driver_id) is False


async def test_the_policy_is_changed_with_a_reason_by_those_who_keep_the_books(
    world: World, signed_in: SignedIn
) -> None:
    desk = await signed_in(Role.FINANCE)
    wrong = await desk.send("/console/paying/policy", debit_after_days="x", hold_unpaid="-3", reason="r")
    assert wrong.status_code == 422
    saved = await desk.send(
        "/console/paying/policy", may_owe="yes", debit_after_days="5", hold_overdue_days="", hold_unpaid="1 500,50",
        reason="beslut i styrelsen",
    )  # fmt: skip
    assert saved.status_code == 303, saved.text
    row = "SELECT concat_ws(' ', debit_after_days, hold_overdue_days, hold_unpaid_minor, free_without_energy)"
    assert await value(world, f"{row} FROM paying_policy") == "5 150050 f"
    changed = "SELECT reason || (detail ? 'hold_unpaid_minor') FROM audit_log WHERE action = 'paying_policy.changed'"
    assert await value(world, changed) == "beslut i styrelsentrue"
    assert "1 500,50" in (await desk.open("/console/paying")).text.replace("\xa0", " ")


async def test_a_program_with_a_key_sees_who_waits_and_chooses_ways(world: World, berit: Browser) -> None:
    driver_id = await id_of(world)
    await owes(world, driver_id)
    card = await saves(world, berit)
    async with world.house.database.transaction() as tx:
        scopes = frozenset({Permission.PAYMENTS_READ, Permission.DRIVERS_WRITE})
        key = await access.create_api_key(tx, ACTOR, "tool", scopes, NOW)
    headers = {"authorization": f"Bearer {key.secret}"}
    path = f"/api/v1/drivers/{shown('drv', driver_id)}"
    client = berit.client
    listed = (await client.get("/api/v1/held-drivers?why=to_pay", headers=headers)).json()
    assert [(one["name"], one["why"]) for one in listed["items"]] == [("Berit Åberg", "to_pay")]
    chosen = await client.put(f"{path}/paying", headers=headers, json={"first": card, "gather_below_minor": 2000})
    assert (chosen.status_code, chosen.json()["first"], chosen.json()["at_once"]) == (200, card, True)
    for wrong in ({"until": "2026-11-25T00:00:00", "reason": "x"}, {"until": "2099-01-01T00:00:00Z", "reason": "x"}):
        assert (await client.put(f"{path}/may-start", headers=headers, json=wrong)).status_code in (400, 422)
    until = {"until": "2026-11-25T00:00:00Z", "reason": "stranded"}
    assert (await client.put(f"{path}/may-start", headers=headers, json=until)).json()["starts_held"] == ""
    assert (await client.get(f"{path}/paying", headers={})).status_code == 401


async def test_a_charge_without_energy_says_on_its_page_that_it_costs_nothing(world: World, berit: Browser) -> None:
    session = await owes(world, await id_of(world))
    assert "In all" in (await berit.open(f"/my/sessions/{shown('ses', session)}")).text
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET energy_wh = 0, settlement = 'free' WHERE id = $1", session)
    page = (await berit.open(f"/my/sessions/{shown('ses', session)}")).text
    assert "The charger gave no energy, so the charge costs nothing." in page
    assert "In all" not in page
