"""The pages of current and displays, full and empty: what they show, what their forms do, and to whom."""

from __future__ import annotations

from decimal import Decimal

import pytest

from laddverk.displays import service as displays
from laddverk.energy import service as energy
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Battery, DerControl, DisplayMessage, DisplayText, Period, RateUnit, Schedule
from tests.integration.web.console.conftest import HOSTILE, NOW, SignedIn, World
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import world as world

WHY = "a reason"


def about(world, **more):
    return {"station_id": world.station, "at": NOW, "received_at": NOW, **more}


def plan(limit=16.0):
    return Schedule(unit=RateUnit.AMPERE, periods=(Period(limit=limit), Period(start_s=3600, limit=8.0)), starts_at=NOW)


@pytest.fixture
async def told(world: World) -> str:
    """The address of a charger of 2.1 that has told everything that these pages can show."""
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET protocol = 'ocpp2.1' WHERE id = $1", world.station)
        await energy.record_limits(
            tx, [facts.LimitReported(**about(world), source="SO", evse_number=0, schedules=(plan(),))]
        )
        await energy.record_needs(
            tx,
            [facts.NeedsReported(**about(world), evse_number=1, transfer="DC", energy_wh=24_000, detail={})],
        )
        await energy.record_plans(
            tx, [facts.EvScheduleReported(**about(world), evse_number=1, starts_at=NOW, schedule=plan(99.0))]
        )
        control = DerControl(id=HOSTILE[:36], control="VoltVar", body={"text": HOSTILE})
        await energy.record_controls(tx, [facts.DerControlsReported(**about(world), request_id=1, controls=(control,))])
        await energy.record_der_alarms(tx, [facts.DerAlarmed(**about(world), control="VoltVar", fault="OverVoltage")])
        message = DisplayMessage(id=7, texts=(DisplayText(HOSTILE, "sv"),))
        await displays.record_messages(tx, [facts.MessagesReported(**about(world), request_id=1, messages=(message,))])
        await displays.record_settlements(
            tx,
            [
                facts.SettlementReported(
                    **about(world), reference=HOSTILE, status="Settled", amount=Decimal("123.45"), info=HOSTILE
                )
            ],
        )
        await displays.record_vat_numbers(tx, [facts.VatNumberEntered(**about(world), vat_number=HOSTILE[:20])])
        battery = Battery(evse_number=1, serial=HOSTILE, soc_percent=50.0, health_percent=90.0)
        swap = facts.BatterySwapped(
            **about(world),
            request_id=1,
            event="BatteryIn",
            token_uid="04A1",
            token_type="ISO14443",
            batteries=(battery,),
        )
        await displays.record_swaps(tx, [swap])
    return f"/console/stations/{shown('sta', world.station)}"


async def commands(world):
    """The commands that were given on pages; those that the world came with were given by a rule."""
    async with world.house.database.transaction() as tx:
        return await tx.values("SELECT kind FROM command WHERE actor_kind = 'operator' ORDER BY created_at, id")


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_all_that_a_charger_told_is_on_its_pages_and_none_of_it_runs(told, signed_in: SignedIn, language):
    browser = await signed_in(language=language)
    current, display = (await browser.open(f"{told}/current")).text, (await browser.open(f"{told}/display")).text
    for page in (current, display, (await browser.open("/console/settlements")).text):
        assert HOSTILE not in page
    words = ("Grid operator", "VoltVar", "24") if language == "en" else ("Nätbolag", "VoltVar", "24")
    assert all(word in current for word in words[1:])
    assert "123,45" in display
    assert "&lt;script&gt;" in display
    curve = (await browser.open(f"{told}/current/chart.json?evse=1")).json()
    (ours,) = curve["series"]
    assert {16.0, 8.0} <= set(ours["values"])


async def test_an_empty_charger_says_so_and_what_to_do(world: World, signed_in: SignedIn):
    browser = await signed_in()
    at = f"/console/stations/{shown('sta', world.other_station)}"
    assert "Nobody has limited this charger" in (await browser.open(f"{at}/current")).text
    assert (await browser.open(f"{at}/display")).status_code == 200
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET protocol = 'ocpp1.6'")
    assert "OCPP 1.6 has no words for displays" in (await browser.open(f"{at}/display")).text
    async with world.house.database.transaction() as tx:
        await tx.execute("""UPDATE station SET quirks = '{"text_vendor": "com.example"}'""")
    assert "com.example" in (await browser.open(f"{at}/display")).text


async def test_limits_are_set_from_the_form_and_wrong_ones_explained_in_place(told, world: World, signed_in: SignedIn):
    browser = await signed_in()
    form = {"purpose": "default", "evse": "1", "limit": "10", "unit": "A", "length": "0", "reason": WHY}
    wrong = await browser.send(f"{told}/current/limit", **{**form, "limit": "many"})
    assert wrong.status_code == 422
    assert "Give a number" in wrong.text
    assert 'value="many"' in wrong.text  # what was written is still there
    for more in ({}, {"when": "daily", "from_time": "17:00", "to_time": "20:00"}, {"dynamic": "yes", "evse": "2"},
                 {"purpose": "station", "limit": "20000", "unit": "W"}):  # fmt: skip
        done = await browser.send(f"{told}/current/limit", **{**form, **more, "stack_level": str(len(more))})
        assert done.status_code in (200, 302, 303), done.text
    assert await commands(world) == ["set_profile"] * 4
    page = (await browser.open(f"{told}/current")).text
    assert "changes while it holds" in page
    assert "daily" in page


async def test_every_button_becomes_a_command(told, world: World, signed_in: SignedIn):
    browser = await signed_in()
    for action, fields in (("composite", {"evse": "1"}), ("read", {}), ("clear-all", {}), ("read-controls", {}),
                           ("signal", {"signal": "5"})):  # fmt: skip
        answer = await browser.send(f"{told}/current/commands/{action}", reason=WHY, **fields)
        assert answer.status_code in (200, 303), (action, answer.text)
    for action, fields in (("read", {}), ("read-tariffs", {}), ("clear", {"number": "7"}), ("swap", {"token": "04A1"}),
                           ("clear-tariffs", {})):  # fmt: skip
        answer = await browser.send(f"{told}/display/commands/{action}", reason=WHY, **fields)
        assert answer.status_code in (200, 303), (action, answer.text)
    assert set(await commands(world)) == {
        "read_composite", "read_profiles", "clear_profiles", "read_der_controls", "signal_frequency", "read_messages",
        "read_tariffs", "clear_message", "request_swap", "clear_tariffs",
    }  # fmt: skip
    control = {"control": "LimitMaxDischarge", "body": '{"priority": 0, "pctMaxDischargePower": 60}', "reason": WHY}
    assert (await browser.send(f"{told}/current/control", **control)).status_code in (200, 302, 303)
    assert (await browser.send(f"{told}/current/control", **control | {"body": "["})).status_code == 422
    assert (await browser.send(f"{told}/current/commands/nothing", reason=WHY)).status_code == 404


async def test_texts_for_many_are_written_sent_and_taken_off(told, world: World, signed_in: SignedIn):
    browser = await signed_in()
    wrong = await browser.send("/console/displays", name="Closed", text_sv="", text_en="")
    assert wrong.status_code == 422
    await browser.send("/console/displays", name="Closed", text_sv="Stängt", text_en="Closed", priority="InFront")
    page = (await browser.open("/console/displays?q=stäng")).text
    assert "Stängt" in page
    text = page.split("/console/displays/txt_")[1].split("/")[0]
    station = shown("sta", world.station)
    fields = {"stations": station, "lasts": "60"}
    assert (await browser.send(f"/console/displays/txt_{text}/show", reason="", **fields)).status_code == 422
    assert (await browser.send(f"/console/displays/txt_{text}/show", reason=WHY, **fields)).status_code in (200, 303)
    assert await commands(world) == ["show_message"]
    await browser.send(f"/console/displays/txt_{text}/clear", reason=WHY)
    await browser.send(f"/console/displays/txt_{text}/retire", reason=WHY)
    assert await commands(world) == ["show_message", "clear_message"]
    assert "Stängt" not in (await browser.open("/console/displays")).text
    gone = shown("txt", new_id())
    assert (await browser.send(f"/console/displays/{gone}/show", reason=WHY, **fields)).status_code == 404


async def test_a_site_host_of_another_site_finds_none_of_it(told, world: World, signed_in: SignedIn):
    host = await signed_in(Role.SITE_HOST, world.other_site)
    for page in ("current", "display", "current/chart.json?evse=1"):
        assert (await host.open(f"{told}/{page}")).status_code == 404
    assert (await host.send(f"{told}/current/limit", purpose="default")).status_code in (403, 404)
    assert "123,45" not in (await host.open("/console/settlements")).text
