"""What people do in the console: sign in, change things, ask chargers; and who is kept from it."""

from __future__ import annotations

import re

import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import ACTOR, NOW, PASSWORD, Browser, SignedIn, World

RULED = {
    "content-security-policy": "script-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


async def value(world: World, sql: str, *args: object) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


@pytest.mark.parametrize("path", ["/console/login", "/console/no-such-page", "/no-such-page"])
async def test_every_answer_carries_the_rules_for_the_browser(stranger: Browser, path: str) -> None:
    answer = await stranger.open(path)
    for name, part in RULED.items():
        assert part in answer.headers[name]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "style=" not in answer.text
    assert not re.search(r"<script(?![^>]*src=)", answer.text)


async def test_a_wrong_password_says_so_and_keeps_the_address(stranger: Browser, world: World) -> None:
    answer = await stranger.send("/console/login", email="nobody@example.se", password="wrong")
    assert answer.status_code == 401
    assert "nobody@example.se" in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_cookie_of_a_sign_in_is_kept_from_scripts_and_ends_with_logging_out(signed_in: SignedIn) -> None:
    browser = await signed_in()
    jar = [cookie for cookie in browser.client.cookies.jar if cookie.name == "laddverk_staff"]
    assert jar[0].has_nonstandard_attr("HttpOnly")
    assert jar[0].get_nonstandard_attr("SameSite") == "lax"
    stolen = jar[0].value
    assert (await browser.send("/console/logout")).status_code == 303
    browser.client.cookies.set("laddverk_staff", str(stolen))
    assert (await browser.open("/console")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {}],
)
async def test_a_form_from_elsewhere_changes_nothing(
    world: World, signed_in: SignedIn, headers: dict[str, str]
) -> None:
    browser = await signed_in()
    answer = await browser.client.post("/console/sites/new", data={"name": "X", "code": "XX"}, headers=headers)
    assert answer.status_code == 403
    assert await value(world, "SELECT count(*) FROM site") == 2


async def test_a_sign_in_leads_to_no_other_host(world: World, stranger: Browser, signed_in: SignedIn) -> None:
    await signed_in()
    await stranger.send("/console/logout")
    for there in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = await stranger.send("/console/login", email="admin@example.se", password=PASSWORD, next=there)
        assert answer.headers["location"] == "/console"


async def test_a_charger_is_registered_from_its_knock_and_its_key_shown_once(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert "Register this charger" in (await browser.open("/console/knocks")).text
    fields = {
        "site_id": shown("sit", world.site),
        "outlets": "2",
        "power_kw": "7,4",
        "power_type": "ac3",
        "plug": "type2",
    }
    answer = await browser.send("/console/stations/new", name="Hamngatan 9", identity="NEW-9", **fields)
    key = re.search(r'data-text="([0-9a-f]{40})"', answer.text)
    assert key is not None
    assert "/ocpp/NEW-9" in answer.text
    assert await value(world, "SELECT power_max_w FROM station WHERE identity = 'NEW-9'") == 7400
    assert (
        await value(world, "SELECT count(*) FROM connector JOIN station ON id = station_id WHERE identity = 'NEW-9'")
        == 2
    )
    page = await browser.open("/console/stations?q=NEW-9")
    assert key.group(1) not in page.text


async def test_a_refused_form_comes_back_with_its_values_and_names_the_field(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    fields = {"site_id": shown("sit", world.site), "outlets": "99", "power_kw": "22", "power_type": "ac3"}
    answer = await browser.send("/console/stations/new", name="Kept", identity="NEW-1", **fields)
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert 'id="error-outlets"' in answer.text
    answer = await browser.send("/console/sites/new", name="Hamngatan", code="NEW", timezone="Europe/Stockholm")
    assert answer.status_code in (409, 422)
    assert "row-error" in answer.text


async def test_a_command_is_a_row_first_and_its_outcome_shows_in_place(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    path = f"/console/stations/{shown('sta', world.station)}/commands"
    answer = await browser.client.post(
        f"{path}/unlock", data={"evse": "1"}, headers={"sec-fetch-site": "same-origin", "hx-request": "true"}
    )
    assert answer.status_code == 200
    found = re.search(r'hx-get="(/console/commands/cmd_\w+)"', answer.text)
    assert found is not None
    assert (await browser.open(found.group(1), **{"hx-request": "true"})).status_code == 200
    assert await value(world, "SELECT count(*) FROM command WHERE requested_by = 'technician'") == 1
    plain = await browser.send(f"{path}/reset")
    assert plain.status_code == 303  # without script the page comes back
    assert (await browser.send(f"{path}/explode")).status_code == 404
    assert (await browser.send(f"{path}/unlock", evse="0")).status_code == 422


async def test_who_may_not_send_commands_sees_no_button_and_is_refused(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    path = f"/console/stations/{shown('sta', world.station)}"
    assert "/commands/" not in (await browser.open(path)).text
    assert (await browser.send(f"{path}/commands/reset")).status_code == 403


async def test_a_driver_is_added_with_a_tag_and_blocked_with_a_reason(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    details = {"name": "Bo Ek", "email": "bo@example.se", "language": "sv", "settlement": "invoice"}
    answer = await browser.send("/console/drivers/new", **details)
    page = answer.headers["location"]
    driver = page.rpartition("/")[2]
    assert (await browser.send("/console/tokens/new", uid="04:aa:bb:cc", driver=driver)).status_code == 303
    assert (
        await value(world, "SELECT uid FROM token JOIN driver ON driver.id = driver_id WHERE email = 'bo@example.se'")
        == "04AABBCC"
    )
    assert (await browser.send(f"{page}/block", reason="")).status_code == 422
    assert (await browser.send(f"{page}/block", reason="lost the card")).status_code == 303
    assert "lost the card" in (await browser.open(page)).text
    assert await value(world, "SELECT reason FROM audit_log WHERE action = 'driver.blocked'") == "lost the card"


async def test_a_list_of_tags_is_imported_whole_or_not_at_all(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)

    async def imported(text: str) -> str:
        answer = await browser.client.post(
            "/console/tokens/import",
            files={"file": ("tags.csv", text.encode())},
            headers={"sec-fetch-site": "same-origin", "accept-language": "en"},
        )
        assert answer.status_code == 200
        return answer.text

    assert "Line 3" in await imported("uid;driver\n04112233;ada@example.se\n04112244;nobody@example.se\n")
    assert await value(world, "SELECT count(*) FROM token") == 1
    assert "1 tags were added" in await imported("uid;driver\n04112233;ada@example.se\n")
    assert await value(world, "SELECT count(*) FROM token") == 2


async def test_a_tariff_is_previewed_saved_and_chosen(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    fields = {
        "dimension-0": "energy", "price-0": "5,00", "from-0": "06:00", "to-0": "22:00", "days-0": list("01234"),
        "dimension-1": "energy", "price-1": "3,00", "vat_percent": "25", "idle_grace_minutes": "15",
    }  # fmt: skip
    preview = await browser.send("/console/tariffs/preview", **fields)
    assert re.search(r"20[.,]000 kWh × 5[.,]00", preview.text)
    answer = await browser.send("/console/tariffs/new", name="Dag och natt", **fields)
    assert answer.status_code == 303, answer.text
    page = answer.headers["location"]
    chosen = await browser.send(f"{page}/use", place=shown("sit", world.other_site), driver_group="")
    assert chosen.status_code == 303
    assert "Kajen" in (await browser.open(page)).text
    wrong = await browser.send("/console/tariffs/new", name="Fel", **{"dimension-0": "energy", "price-0": "fem"})
    assert wrong.status_code == 422
    assert 'value="fem"' in wrong.text


async def test_a_refund_needs_an_amount_a_reason_and_the_right(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    page = f"/console/payments/{world.payment}"
    assert (await browser.send(f"{page}/refund", amount="9999", reason="too much")).status_code in (409, 422)
    assert (await browser.send(f"{page}/refund", amount="5,00", reason="")).status_code == 422
    assert (await browser.send(f"{page}/refund", amount="5,00", reason="slow charging")).status_code == 303
    assert await value(world, "SELECT amount_minor FROM payment_refund WHERE reason = 'slow charging'") == 500


async def test_a_month_is_invoiced_once_and_an_invoice_credited_with_a_reason(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.FINANCE)
    again = await browser.send("/console/invoices/run", month="2026-10-01")
    assert "nothing was changed" in again.text
    assert (await browser.send("/console/invoices/run", month="2026-11-01")).status_code == 422
    page = f"/console/invoices/{world.invoice}"
    assert (await browser.send(f"{page}/credit", reason="")).status_code == 422
    note = await browser.send(f"{page}/credit", reason="the wrong driver")
    assert note.status_code == 303
    assert "the wrong driver" in (await browser.open(note.headers["location"])).text
    assert "sums to zero" in (await browser.open("/console/ledger")).text


async def test_an_invoice_is_a_pdf_in_either_language(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    for language in ("sv", "en"):
        answer = await browser.open(f"/console/invoices/{world.invoice}/pdf?language={language}")
        assert answer.content.startswith(b"%PDF")


async def test_staff_are_added_by_an_administrator_and_shut_out_at_once(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    details = {"name": "Ny", "email": "ny@example.se", "role": "site_host", "language": "sv", "password": PASSWORD}
    assert (await browser.send("/console/staff/new", **details)).status_code == 422  # a host needs a site
    assert (await browser.send("/console/staff/new", sites=shown("sit", world.site), **details)).status_code == 303
    member = await value(world, "SELECT id FROM operator WHERE email = 'ny@example.se'")
    async with world.house.database.transaction() as tx:
        attempt = await access.sign_in(tx, "ny@example.se", PASSWORD, NOW, "10.0.0.1")
    token = access.admitted(attempt).token
    page = f"/console/staff/{shown('opr', member)}"  # type: ignore[arg-type]
    assert (await browser.send(f"{page}/disable", reason="left us")).status_code == 303
    async with world.house.database.transaction() as tx:
        assert await access.actor_of_cookie(tx, token, NOW) is None


async def test_an_api_key_is_shown_once(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert (await browser.send("/console/keys", name="ERP")).status_code == 422
    answer = await browser.send("/console/keys", name="ERP", scopes=["invoices:read"])
    key = re.search(r"lvk_\w+", answer.text)
    assert key is not None
    assert key.group(0) not in (await browser.open("/console/keys")).text
    async with world.house.database.transaction() as tx:
        assert await access.actor_of_key(tx, key.group(0), NOW) is not None


async def test_a_quarantined_message_is_marked_as_seen(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    found = re.search(r'action="(/console/trouble/\w+/reviewed)"', (await browser.open("/console/trouble")).text)
    assert found is not None
    assert (await browser.send(found.group(1))).status_code == 303
    assert await value(world, "SELECT reviewed_by FROM quarantine") == "technician"


async def test_a_held_session_is_written_off_by_somebody_with_a_reason(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        held = await tx.value(
            "UPDATE session SET settlement = 'review' WHERE number = (SELECT max(number) FROM session) RETURNING id"
        )
        await tx.execute("DELETE FROM invoiced_session WHERE session_id = $1", held)
    browser = await signed_in(Role.SUPPORT)
    page = f"/console/sessions/{shown('ses', held)}"
    assert "Write it off" in (await browser.open(page)).text
    assert (await browser.send(f"{page}/write-off", reason="")).status_code == 422
    assert (await browser.send(f"{page}/write-off", reason="a test drive")).status_code == 303
    assert await value(world, "SELECT reason FROM audit_log WHERE action = 'session.written_off'") == "a test drive"


async def test_the_language_that_somebody_chooses_is_remembered(signed_in: SignedIn) -> None:
    browser = await signed_in(language="sv")
    assert 'lang="sv"' in (await browser.open("/console")).text
    answer = await browser.send("/preferences", language="en", next="/console/stations")
    assert answer.headers["location"] == "/console/stations"
    assert 'lang="en"' in (await browser.open("/console/stations")).text


async def test_an_id_typed_into_the_search_leads_to_its_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    answer = await browser.open(f"/console/search?q={world.session}")
    assert answer.headers["location"] == f"/console/sessions/{world.session}"


@pytest.mark.parametrize("path", ["/console/stations/sta_nonsense", "/console/stations?page=-1&sort=;drop&q=%25%00%27"])
async def test_nonsense_in_an_address_is_answered_calmly(signed_in: SignedIn, path: str) -> None:
    browser = await signed_in()
    assert (await browser.open(path)).status_code in (200, 404)


async def test_more_than_a_form_can_hold_is_refused(signed_in: SignedIn) -> None:
    browser = await signed_in()
    answer = await browser.send("/console/sites/new", name="x" * 2_000_000)
    assert answer.status_code == 413


async def test_a_rule_acts_in_the_audit_log_with_its_name(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert ACTOR.name in (await browser.open("/console/audit?who=rule")).text


async def test_an_answer_to_vendor_data_is_decided_and_taken_back(signed_in: SignedIn) -> None:
    browser = await signed_in()
    rule = {"vendor_id": "com.acme", "status": "Accepted"}
    wrong = await browser.send("/console/vendor-data", **rule, data="{")
    assert wrong.status_code == 422
    assert "This is no JSON." in wrong.text
    await browser.send("/console/vendor-data", **rule, data='{"a": 1}')
    assert "com.acme" in (await browser.open("/console/vendor-data")).text
    await browser.send("/console/vendor-data/delete", vendor_id="com.acme", message_id="", reason="done")
    assert "com.acme" not in (await browser.open("/console/vendor-data")).text
