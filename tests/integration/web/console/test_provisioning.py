"""Pages of the device model, of templates and of monitors: what they show, and what their forms do."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.ocpp import facts
from laddverk.ocpp.commands import NewValue
from laddverk.ocpp.facts import Monitor, Variable
from laddverk.provisioning import recording, service
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from tests.integration.web.console.conftest import ACTOR, FORMULA, HOSTILE, NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import world as world


@dataclass
class Told:
    """A 2.1 station that has told everything a page can show."""

    world: World
    station: str
    template: str

    @property
    def pages(self) -> list[str]:
        at = f"/console/stations/{self.station}"
        return [
            f"{at}/configuration",
            f"{at}/configuration?component=EVSE%401&only=writable",
            f"{at}/configuration?only=changed",
            f"{at}/configuration?only=monitored&q=Power",
            f"{at}/configuration?q=nothing-like-this",
            f"{at}/configuration/variable?component=EVSE%401&variable=Power",
            f"{at}/configuration/variable?component=OCPPCommCtrlr&variable=HeartbeatInterval",
            f"{at}/configuration/compare?from=2026-11-01&to=2026-11-21",
            f"{at}/configuration/compare?from=2026-11-20&to=2026-11-20",
            f"{at}/configuration/network",
            f"{at}/monitoring",
            f"{at}/monitoring?severity=3&trigger=Alerting&q=Power",
            f"{at}/monitoring?before=2026-11-21T08:00:00%2B00:00",
            "/console/templates",
            "/console/templates?q=nothing-like-this",
            "/console/templates/new",
            f"/console/templates/new?station={self.station}",
            f"/console/templates/{self.template}",
            f"/console/templates/{self.template}?state=in_step",
            f"/console/templates/{self.template}/edit",
            "/console/alarms",
            "/console/alarms?show=all&severity=3&q=Power",
        ]


def at(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def event(station: Any, minutes: float, **more: Any) -> facts.EventNotified:
    given = {
        "event_id": int(minutes), "trigger": "Alerting", "component": "EVSE@1", "variable": "Power", "monitor_id": 1,
        "value": "9000", "tech_code": HOSTILE, "tech_info": FORMULA, **more,
    }  # fmt: skip
    return facts.EventNotified(station_id=station, at=at(minutes), received_at=at(minutes), **given)


@pytest.fixture
async def told(world: World) -> Told:
    """Let the station tell its device model, monitors, events and a stream, and drift from a template."""
    station = world.station
    variables = (
        Variable(component="EVSE@1", variable="Power", value="0", unit="W", data_type="decimal", min_limit=0,
                 max_limit=22_000, mutability="ReadOnly", supports_monitoring=True),
        Variable(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="60", unit="s", data_type="integer"),
        Variable(component=HOSTILE, variable=FORMULA, value=HOSTILE, data_type="OptionList", values_list=HOSTILE),
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await stations.open_connection(tx, station, "ocpp2.1", "127.0.0.1", at(60))
        for minutes, value in ((50, "60"), (40, "90")):
            changed = [v if v.variable != "HeartbeatInterval" else Variable(component=v.component, variable=v.variable,
                       value=value, unit="s", data_type="integer") for v in variables]  # fmt: skip
            report = facts.VariablesReported(
                station_id=station, at=at(minutes), received_at=at(minutes), variables=tuple(changed), request_id=7,
                seq=int(50 - minutes) // 10, more_follows=minutes > 40,
            )  # fmt: skip
            await stations.record_variables(tx, [report])
            await recording.record_inventories(tx, [report])
        monitors = tuple(
            Monitor(monitor_id=n, component="EVSE@1", variable="Power", kind=kind, value=5000.5, severity=n)
            for n, kind in enumerate(("UpperThreshold", "Delta", "PeriodicClockAligned", HOSTILE), start=1)
        )
        report_of_monitors = facts.MonitorsReported(
            station_id=station, at=at(30), received_at=at(30), monitors=monitors, request_id=8
        )
        await recording.record_monitors(tx, [report_of_monitors])
        await recording.record_events(
            tx,
            [event(station, 20), event(station, 15, cleared=True), event(station, 10), event(station, 9, variable="X",
             monitor_id=None, trigger=HOSTILE[:20])],
        )  # fmt: skip
        opened = facts.StreamOpened(
            station_id=station, at=at(9), received_at=at(9), stream_id=1, monitor_id=1, interval_s=5
        )
        await recording.record_opened_streams(tx, [opened])
        values = tuple(facts.StreamValue(at(9 - n / 10), value) for n, value in enumerate(("1", "7.5", HOSTILE)))
        streamed = facts.StreamReceived(station_id=station, at=at(8), received_at=at(8), stream_id=1, values=values)
        await recording.record_stream_values(tx, [streamed])
        wanted = TemplateDetails(
            name="Mall", wanted=(NewValue(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="300"),)
        )
        template = await service.create_template(tx, ACTOR, wanted, at(5))
        await service.check_all(tx, None, at(5))
    return Told(world, shown("sta", station), shown("cfg", template))


@pytest.mark.parametrize("language", ["en", "sv"])
async def test_every_page_renders_and_foreign_text_stays_text(told: Told, signed_in: SignedIn, language: str) -> None:
    browser = await signed_in(language=language)
    wrong = {}
    for path in told.pages:
        answer = await browser.open(path)
        if answer.status_code != 200 or HOSTILE in answer.text:
            wrong[path] = answer.status_code
    assert wrong == {}


async def test_the_configuration_shows_drift_parts_and_the_tree(told: Told, signed_in: SignedIn) -> None:
    page = (await (await signed_in()).open(told.pages[0])).text
    for text in ("Mall", "300", "90", "EVSE@1", "OCPPCommCtrlr", "complete"):
        assert text in page


async def test_the_timeline_of_a_variable_shows_before_and_after(told: Told, signed_in: SignedIn) -> None:
    page = (await (await signed_in()).open(told.pages[6])).text
    assert ">60<" in page
    assert ">90<" in page


async def test_what_was_another_way_on_another_day_is_listed(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in()
    assert "HeartbeatInterval" in (await browser.open(told.pages[7])).text
    same = (await browser.open(told.pages[8])).text
    assert "HeartbeatInterval" not in same


async def test_the_export_is_whole_and_no_cell_is_a_formula(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in()
    answer = await browser.open(f"/console/stations/{told.station}/configuration.csv?only=writable")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["component"] for row in rows} >= {"OCPPCommCtrlr", HOSTILE}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    exported = await browser.open(f"/console/stations/{told.station}/configuration.json")
    assert {row["variable"] for row in json.loads(exported.text)} == {"Power", "HeartbeatInterval", FORMULA}


async def commands_of(told: Told) -> list[dict[str, Any]]:
    async with told.world.house.database.transaction() as tx:
        return [
            row["command"] for row in await tx.rows("SELECT command FROM command WHERE state = 'queued' ORDER BY id")
        ]


async def sent(told: Told, browser: Browser, path: str, **fields: object) -> list[dict[str, Any]]:
    """Send a form of the station's pages, and return the commands that it queued."""
    before = await commands_of(told)
    answer = await browser.send(f"/console/stations/{told.station}/{path}", **fields)
    assert answer.status_code in (200, 303), answer.text[:2000]
    return (await commands_of(told))[len(before) :]


async def test_reports_are_asked_for_whole_or_in_part(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    (whole,) = await sent(told, browser, "configuration/read", base="SummaryInventory")
    assert (whole["kind"], whole["report"]) == ("request_report", "SummaryInventory")
    (part,) = await sent(told, browser, "configuration/read", criteria="Problem", component="EVSE@1")
    assert part["criteria"] == ["Problem"]
    assert part["selected"][0]["component"] == "EVSE@1"
    (one,) = await sent(told, browser, "configuration/read", component="EVSE@1", variable="Power")
    assert one["kind"] == "read_variables"


async def test_several_values_are_set_with_one_message(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    lines = "# what matters\nOCPPCommCtrlr.HeartbeatInterval = 300\n\nConnector@1.2.Available (Target) = true"
    (command,) = await sent(told, browser, "configuration/write", values=lines, reason="as agreed")
    assert [(one["component"], one["variable"], one["attribute"], one["value"]) for one in command["values"]] == [
        ("OCPPCommCtrlr", "HeartbeatInterval", "Actual", "300"),
        ("Connector@1.2", "Available", "Target", "true"),
    ]


async def test_monitors_are_set_cleared_and_chosen(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    (monitor,) = await sent(
        told, browser, "monitoring/set", target="EVSE@1.Power", kind="UpperThreshold", value="11,5", severity="4",
        stream_interval_s="10", reason="as agreed",
    )  # fmt: skip
    assert monitor["monitors"][0]["value"] == 11.5
    assert monitor["monitors"][0]["stream_interval_s"] == 10
    assert (await sent(told, browser, "monitoring/clear", monitor_id="3"))[0]["monitor_ids"] == [3]
    assert (await sent(told, browser, "monitoring/base", base="HardWiredOnly"))[0]["base"] == "HardWiredOnly"
    assert (await sent(told, browser, "monitoring/level", severity="6"))[0]["severity"] == 6
    assert (await sent(told, browser, "monitoring/report"))[0]["kind"] == "request_monitoring_report"
    assert (await sent(told, browser, "monitoring/adjust", stream_id="1", interval_s="20"))[0]["interval_s"] == 20
    assert (await sent(told, browser, "monitoring/streams"))[0]["kind"] == "read_streams"


async def test_a_network_profile_is_written_or_refused_beside_its_field(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    good = {"slot": "2", "security_profile": "2", "message_timeout_s": "30", "interface": "Wireless0",
            "url": "wss://ocpp.example.com/ocpp", "apn": "m2m", "reason": "as agreed"}  # fmt: skip
    (command,) = await sent(told, browser, "configuration/network", **good)
    assert (command["slot"], command["apn"]) == (2, "m2m")
    bad = await browser.send(f"/console/stations/{told.station}/configuration/network", **{**good, "url": "https://x"})
    assert bad.status_code == 422
    assert 'id="error-url"' in bad.text


async def test_a_template_is_made_revised_written_and_retired(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in()
    form = {"name": "Ny", "family": "2.x", "values": "OCPPCommCtrlr.HeartbeatInterval = 120", "vendor": "", "model": "",
            "site_id": ""}  # fmt: skip
    made = await browser.send("/console/templates/new", **form)
    assert made.status_code == 303
    path = made.headers["location"]
    bad = await browser.send(f"{path}/edit", **{**form, "values": "nonsense", "reason": "as agreed"})
    assert bad.status_code == 422
    assert "Line 1" in bad.text
    await browser.send(f"{path}/edit", **{**form, "values": "OCPPCommCtrlr.HeartbeatInterval = 240", "reason": "slow"})
    await told.world.house.worker.run_until_idle()
    applied = await browser.send(f"{path}/apply", reason="as agreed")
    assert applied.status_code == 303
    await told.world.house.worker.run_until_idle()
    commands = await commands_of(told)
    assert [one["values"][0]["value"] for one in commands if one["kind"] == "write_variables"] == ["240"]
    page = (await browser.open(path)).text
    assert "Version 2" in page
    run = re.search(rf"{path}/runs/run_[0-9a-f]+", page)
    assert run is not None
    outcome = (await browser.open(run[0])).text
    assert "Under way" in outcome
    assert (await browser.open(f"{path}/runs/run_{new_id().hex}")).status_code == 404
    await browser.send(f"{path}/retire", reason="as agreed")
    assert "Ny" not in (await browser.open("/console/templates")).text


async def test_a_template_from_a_station_holds_what_can_be_set(told: Told, signed_in: SignedIn) -> None:
    page = (await (await signed_in()).open(f"/console/templates/new?station={told.station}")).text
    assert "OCPPCommCtrlr.HeartbeatInterval = 90" in page
    assert "Power = " not in page


async def test_a_severe_alarm_stands_on_the_first_page(told: Told, signed_in: SignedIn) -> None:
    assert "/console/alarms?severity=3" in (await (await signed_in()).open("/console")).text


async def test_who_may_not_send_commands_sees_no_forms_and_changes_nothing(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page = (await browser.open(told.pages[0])).text
    assert "/configuration/write" not in page
    refused = await browser.send(f"/console/stations/{told.station}/monitoring/base", base="All")
    assert refused.status_code == 403
    unknown = await browser.open(f"/console/templates/cfg_{new_id().hex}")
    assert unknown.status_code == 404


async def test_an_alarm_is_acknowledged_and_leaves_the_first_page(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    page = (await browser.open("/console/alarms")).text
    key = re.search(r'name="alarm" value="([0-9a-f]+)"', page)
    assert key is not None
    form = {"station": told.station, "alarm": key[1], "back": "station"}
    refused = await browser.send("/console/alarms/acknowledge", **form, reason="")
    assert refused.status_code == 422
    await browser.send("/console/alarms/acknowledge", **form, reason="Ola byter kontaktorn")
    page = (await browser.open("/console/alarms")).text
    assert "Ola byter kontaktorn" in page
    assert "/console/alarms/acknowledge" not in page
    assert "/console/alarms?severity=3" not in (await browser.open("/console")).text
    assert "Ola byter kontaktorn" not in (await browser.open("/console/alarms?show=new")).text
    async with told.world.house.database.transaction() as tx:
        await recording.record_events(tx, [event(told.world.station, 2, cleared=True), event(told.world.station, 1)])
    assert "Ola byter kontaktorn" not in (await browser.open("/console/alarms")).text, "it is raised anew"


async def test_what_a_template_would_find_is_shown_before_it_is_saved(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in()
    form = {"name": "", "family": "2.x", "values": "OCPPCommCtrlr.HeartbeatInterval = 777", "do": "preview"}
    page = (await browser.send("/console/templates/new", **form)).text
    assert 'id="preview"' in page
    assert "<code>90</code>" not in page, "another template counts for this setting"
    page = (await browser.send(f"/console/templates/{told.template}/edit", **form)).text
    assert "<code>90</code>" in page
    same = {**form, "values": "OCPPCommCtrlr.HeartbeatInterval = 90"}
    assert "<code>90</code>" not in (await browser.send(f"/console/templates/{told.template}/edit", **same)).text
    async with told.world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM configuration_template_version") == 1, "nothing was saved"


async def test_the_page_of_a_charger_says_what_it_alerts_of_and_that_it_has_drifted(
    told: Told, signed_in: SignedIn
) -> None:
    page = (await (await signed_in()).open(f"/console/stations/{told.station}")).text
    assert 'id="station-troubles"' in page
    assert "1 setting is not as its template says" in page
    assert "Alerts now" in page


async def test_the_page_of_a_charger_that_is_held_back_says_so(told: Told, signed_in: SignedIn) -> None:
    browser = await signed_in()
    held = {"boot_answer": "Pending", "boot_interval_s": "60", "reason": "not set up yet"}
    await browser.send(f"/console/stations/{told.station}/ways/boot", **held)
    assert "Its starts are answered Pending" in (await browser.open(f"/console/stations/{told.station}")).text
