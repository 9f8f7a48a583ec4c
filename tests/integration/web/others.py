"""What is another's: the other site, another driver, and what happened to them. None of it may be found by others."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, StaffDetails
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.diagnostics import findings
from laddverk.diagnostics.alerting import managing
from laddverk.diagnostics.alerting.managing import PersonDetails
from laddverk.diagnostics.incidents import reporting, working
from laddverk.diagnostics.incidents.reporting import NewReport
from laddverk.diagnostics.incidents.working import NewQuiet
from laddverk.diagnostics.model import Family, Severity, Signal, Turn
from laddverk.diagnostics.upkeep import service as visits
from laddverk.diagnostics.upkeep import visiting
from laddverk.diagnostics.upkeep.model import NewWorkOrder
from laddverk.diagnostics.uptime import service as uptime
from laddverk.diagnostics.uptime.service import NewExclusion
from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind
from laddverk.energy.meters import service as meters
from laddverk.energy.meters.model import Setup
from laddverk.energy.meters.model import Way as MeterWay
from laddverk.energy.planning_ahead import service as site_plans
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.store import Wanted
from laddverk.energy.signals import service as programs
from laddverk.energy.signals.model import Setup as VtnSetup
from laddverk.firmware.shelf import LOGS, DirectoryShelf
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import SiteId, new_id, shown
from laddverk.ocpp import facts
from laddverk.ocpp.commands import NewValue, Reset, Use
from laddverk.planning.expanding.model import Asked
from laddverk.planning.replaying.model import Ground
from laddverk.platform.database import Transaction
from laddverk.provisioning import recording as provisioning_recording
from laddverk.provisioning import service as provisioning
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from laddverk.support import attachments
from laddverk.support import service as cases
from laddverk.support.chat import service as chats
from laddverk.support.chat import store as chat_store
from laddverk.support.chat.model import Come
from laddverk.support.knowledge import writing
from laddverk.support.knowledge.model import Given
from laddverk.support.macros import service as macros
from laddverk.support.macros.model import Macro, Scope
from laddverk.support.model import Links, NewCase
from laddverk.support.situations.gathering import Subject
from laddverk.tariffs import service as tariffs
from laddverk.web.app import create_app
from tests import pki
from tests.integration.web.console.conftest import ACTOR, NOW, PASSWORD, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.others_money import balances_of, cards_of, direct_debit_of, plans_of

CAR: Final = "car-of-the-other-site"
TABLES: Final = """
SELECT tablename FROM pg_tables
WHERE schemaname = 'public' AND tablename NOT IN ('web_session', 'sign_in_failure') ORDER BY 1
"""
CONTENT: Final = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t"


@dataclass
class Field:
    """The world, with things at the other site that nobody from this one may meet, and two drivers."""

    world: World
    app: Any
    foreign: dict[str, str]
    """An object of the other site (or of no site) for each place in an address of the console."""
    secrets: frozenset[str]
    """What would give the other site away, wherever it stood."""
    codes: tuple[str, ...]

    async def changes(self) -> dict[str, str]:
        """Return a digest of each table."""
        async with self.world.house.database.transaction() as tx:
            return {table: await tx.value(CONTENT.format(f'"{table}"')) for table in await tx.values(TABLES)}


@pytest.fixture
async def field(world: World) -> Field:
    """Let things happen at the other site, and collect what names them."""
    async with world.house.database.transaction() as tx:
        foreign = {
            **await charger_of(tx, world),
            **await people_of(tx, world),
            **await desk_of(tx),
            **await software_of(tx, world),
            **await direct_debit_of(tx, world),
            **await cards_of(tx, world),
            **await planning_of(tx, world),
            **await plans_of(tx, world),
            **await balances_of(tx, world),
            **await uptime_of(tx, world),
            **await troubles_of(tx, world),
            **await circuits_of(tx, world),
            "site_id": shown("sit", world.other_site),
            "session_id": world.other_session,
            "tariff_id": world.tariff,
            "payment_id": world.payment,
            "invoice_id": world.invoice,
            "certificate": str(new_id()),
            "event": str(new_id()),
            "deed": "account",
            "evse": "1",
            "detector": "D01",
            "key": "keys-ac",
            "action": "reset",
            "number": "1510",
            "kind": "station",
            "version": "2.2.1",
            "device": "psh_" + "0" * 32,
        }
        codes = tuple(await tx.values("SELECT code FROM connector ORDER BY code"))
    named = {world.other_station.hex, world.other_site.hex, world.other_session[4:], foreign["quarantine_id"][4:]}
    return Field(world, create_app(world.house), foreign, frozenset({"Kajen 2", "KAJ-", "CP-2", *named}), codes)


async def charger_of(tx: Transaction, world: World) -> dict[str, str]:
    """The other site's charger: what it was asked, what it told, how it is set up, and for whom it is kept."""
    other = world.other_station
    command = await stations.request_command(tx, ACTOR, other, Reset(), NOW)
    batch = await stations.request_of_many(tx, ACTOR, [other], Reset(), NOW, reason="test")
    await stations.open_connection(tx, other, "ocpp1.6", "127.0.0.2", NOW - timedelta(hours=1))
    fault = facts.StatusReported(
        station_id=other, at=NOW, received_at=NOW, evse_number=2, connector_number=1,
        status=facts.Status.FAULTED, error_code="GroundFailure",
    )  # fmt: skip
    await stations.record_statuses(tx, [fault])
    power = facts.Variable(component="EVSE", variable="Power", value="11000")
    await stations.record_variables(
        tx, [facts.VariablesReported(station_id=other, at=NOW, received_at=NOW, variables=(power,))]
    )
    stream = facts.StreamOpened(station_id=other, at=NOW, received_at=NOW, stream_id=1, monitor_id=1)
    await provisioning_recording.record_opened_streams(tx, [stream])
    quarantined, reservation, run = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO quarantine (id, station_id, received_at, body, reason) VALUES ($1, $2, $3, '', '')",
        quarantined, other, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO reservation (id, station_id, evse_number, token_uid, token_type, requested_by, created_at,"
        " expires_at) VALUES ($1, $2, 1, 'KAJTAGG', 'ISO14443', 'x', $3, $3)",
        reservation, other, NOW,
    )  # fmt: skip
    wanted = TemplateDetails(name="Kajens mall", site_id=world.other_site, wanted=(NewValue(variable="A", value="1"),))
    template = await provisioning.create_template(tx, ACTOR, wanted, NOW)
    await tx.execute("INSERT INTO configuration_run VALUES ($1, $2, 1, $3, 'Eva', 'som avtalat')", run, template, NOW)
    await tx.execute("INSERT INTO configuration_run_station (run_id, station_id) VALUES ($1, $2)", run, other)
    root = await certificates.add_anchor(
        tx, ACTOR, NewAnchor(use=Use.CSMS_ROOT, pem=pki.entity("Root", ca=True).pem), datetime.now(UTC)
    )
    return {
        "station_id": shown("sta", other),
        "command_id": shown("cmd", command),
        "batch_id": shown("bat", batch),
        "quarantine_id": shown("qua", quarantined),
        "template_id": shown("cfg", template),
        "run_id": shown("run", run),
        "reservation_id": shown("rsv", reservation),
        "root": root.hex,
    }


async def troubles_of(tx: Transaction, world: World) -> dict[str, str]:
    """What is wrong at the other site, what a driver photographed there, and a quiet time; somebody on call."""
    seen = Signal(
        detector="D07", evse_number=1, turn=Turn.RAISED, at=NOW, since=NOW - timedelta(hours=2),
        family=Family.NO_ENERGY, severity=Severity.DOWN,
    )  # fmt: skip
    await findings.raise_for(tx, [seen], world.other_station, NOW)
    report = NewReport(
        station_id=world.other_station, evse_number=1, kind="cable", person="x", photo=b"\x89PNG\r\n\x1a\n"
    )
    photographed = await reporting.report(tx, world.house.secrets, report, NOW)
    incident = await tx.value("SELECT incident_id FROM driver_report WHERE id = $1", photographed)
    quiet = NewQuiet(
        kind="silence", station_id=world.other_station, family="cooling", from_at=NOW,
        until_at=NOW + timedelta(hours=2), reason="test",
    )  # fmt: skip
    span = await working.ask_quiet(tx, ACTOR, quiet, NOW)
    person = await managing.save_person(tx, ACTOR, PersonDetails(name="Eva", email="eva@example.se"), NOW)
    webhook, _ = await managing.add_webhook(tx, ACTOR, world.house.secrets, "https://example.com/", "", NOW)
    await tx.execute(
        "INSERT INTO cohort_case (kind, key, station_id, since, noticed_at, last_at, detail)"
        " VALUES ('car', $1, $2, $3, $3, $3, $4)",
        CAR, world.other_station, NOW, {"is_car": True, "make": "", "stations": 3, "visits": 4, "failed": 4},
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO cohort_day (day, station_id, vendor, model, firmware, attempts, failed, troubles)"
        " VALUES (($1 AT TIME ZONE 'UTC')::date, $2, 'Acme', 'Two', '9', 4, 1, 0)",
        NOW - timedelta(days=1), world.other_station,
    )  # fmt: skip
    asking = NewCase(text="stuck", kind="cable", links=Links(station_id=world.other_station))
    case = await cases.open_case(tx, world.house, ACTOR, asking, NOW)
    call, recording = await _a_call(tx, world.other_station)
    photo = await attachments.keep(tx, case.id, new_id(), "stuck.png", b"\x89PNG\r\n\x1a\n", NOW)
    mail_id = new_id()
    await tx.execute(
        "INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, verdict, raw, raw_size, case_id)"
        " VALUES ($1, $2, 'lmtp', 'a@example.se', '', 'ada@example.se', 'joined', $3, 3, $4)",
        mail_id, NOW, zlib.compress(b"raw"), case.id,
    )  # fmt: skip
    wanted = NewWorkOrder(station_id=world.other_station, title="Look at the cable")
    visit = await visits.order(tx, ACTOR, wanted, "en", NOW)
    plan = visiting.Plan(on=NOW.date(), technician="Eva")
    drive = await visiting.plan(tx, ACTOR, [visit.id], plan, NOW)
    await visiting.open_calendar(tx, ACTOR, "Eva", "en", NOW)
    picture = await visits.photograph(tx, ACTOR, visit.id, b"\x89PNG\r\n\x1a\n", NOW)
    outlet = Come(subject=Subject(station_id=world.other_station, evse_number=1))
    chat = await chats.begin(tx, world.house, ACTOR, outlet, "sv", NOW)
    await chat_store.keep_picture(tx, photo, chat.id, "image/png", b"\x89PNG\r\n\x1a\n", NOW)
    return {
        "car": CAR,
        "chat_id": shown("cht", chat.id),
        "slug": "none",
        "picture": "apc_" + "0" * 32,
        "case_id": shown("cas", case.id),
        "button": "unlock",
        "deed_id": str(new_id()),
        "photo": photo.hex,
        "call": shown("cll", call),
        "recording": f"{shown('rcd', recording)}.wav",
        "own_call": str(call),
        "voice_name": f"{'0' * 32}.wav",
        "secret": "0",
        "turn": "0",
        "attachment_id": shown("att", photo),
        "mail_id": shown("eml", mail_id),
        "order_id": shown("wor", visit.id),
        "photo_id": shown("wph", picture),
        "visit_id": shown("vis", drive.id),
        "calendar_id": shown("cal", await tx.value("SELECT id FROM visit_calendar")),
        "incident_id": shown("inc", incident),
        "report_id": shown("rep", photographed),
        "span": shown("qui", span),
        "person": shown("onc", person),
        "swap": new_id().hex,
        "webhook": shown("whk", webhook),
    }


async def desk_of(tx: Transaction) -> dict[str, str]:
    """An article that readers see, and a canned answer."""
    given = Given(title="Kabeln sitter fast", body="Lås upp bilen.")
    article = await writing.create(tx, ACTOR, "sv", given, NOW)
    await writing.publish(tx, ACTOR, article, "sv", "", NOW)
    macro = new_id()
    await macros.save(tx, ACTOR, Macro(id=macro, name="Tack", scope=Scope.ALL, texts={"sv": "Tack!"}), NOW)
    return {"article_id": shown("art", article), "edition": "sv-1", "macro_id": shown("mac", macro)}


async def people_of(tx: Transaction, world: World) -> dict[str, str]:
    """Another driver, a member of staff, a tag and a key; and a tariff that holds at the other site."""
    local = await tariffs.create(tx, ACTOR, "Kajpriset", (await tariffs_of(tx, world)), NOW)
    await tariffs.choose(tx, ACTOR, local.tariff_id, NOW, site_id=world.other_site)
    await access.create_driver(tx, ACTOR, DriverDetails(email="bo@example.se", name="Bo Ek"), NOW)
    eva = StaffDetails(email="eva@example.se", name="Eva", role=Role.OPERATOR)
    member = await access.create_staff(tx, ACTOR, eva, PASSWORD, NOW)
    key = await access.create_api_key(tx, ACTOR, "Rapporter", [Permission.STATIONS_READ], NOW)
    request = new_id()
    await tx.execute(
        "INSERT INTO customer_request (id, driver_id, kind, requested_by, created_at) VALUES ($1, $2, 'read', 'x', $3)",
        request, world.driver, NOW,
    )  # fmt: skip
    return {
        "driver_id": shown("drv", world.driver),
        "token_id": shown("tok", await tx.value("SELECT id FROM token LIMIT 1")),
        "operator_id": shown("opr", member),
        "key_id": shown("key", key.id),
        "request_id": shown("cus", request),
    }


async def planning_of(tx: Transaction, world: World) -> dict[str, str]:
    """A study of the other site, and a driver's wish for a charger."""
    study, wished = new_id(), new_id()
    await tx.execute(
        "INSERT INTO study (id, site_id, title, asked, ground, stays, stays_count, options, units, made_at, made_by)"
        " VALUES ($1, $2, 'x', $3, $4, '', 0, '[]', 1, $5, 'x')",
        study, world.other_site, Asked(site_id=world.other_site, first=NOW.date(), last=NOW.date()),
        Ground(feeders=(), ports=()), NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO place_wish (id, at, sender, place) VALUES ($1, $2, '', 'Kajen')", wished, NOW
    )  # fmt: skip
    return {"study_id": shown("stu", study), "wish_id": shown("wsh", wished)}


async def software_of(tx: Transaction, world: World) -> dict[str, str]:
    """A firmware image, a campaign and a log that concern the other site."""
    image, campaign, log_file = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO firmware_image (id, version, file_name, size_bytes, sha256, sha512, md5, signature_state,"
        " uploaded_by, uploaded_at) VALUES ($1, '2.0.0', 'f', 1, '', '', '', 'none', 'x', $2)",
        image, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO firmware_campaign (id, image_id, name, state, plan, created_by, reason, created_at, changed_at)"
        " VALUES ($1, $2, 'x', 'paused', '{}', 'x', 'x', $3, $3)",
        campaign, image, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO firmware_update (id, station_id, image_id, campaign_id, state, queued_at, changed_at)"
        " VALUES ($1, $2, $3, $4, 'queued', $5, $5)",
        new_id(), world.other_station, image, campaign, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO log_file (id, station_id, log, name, kind, size_bytes, sha256, received_at, received_by)"
        " VALUES ($1, $2, 'diagnostics', 'x', 'text', 1, '', $3, 'http')",
        log_file, world.other_station, NOW,
    )  # fmt: skip
    path = DirectoryShelf(world.house.settings.files_dir).path(LOGS, log_file)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    return {
        "image_id": shown("fmw", image),
        "campaign_id": shown("cmp", campaign),
        "file_id": shown("log", log_file),
    }


async def tariffs_of(tx: Transaction, world: World) -> Any:
    (version,) = await tariffs.chosen(tx, [(world.station, "")])
    assert version is not None
    return version.body


async def circuits_of(tx: Transaction, world: World) -> dict[str, str]:
    """The other site's connection to the grid, and that it is planned."""
    grid = Circuit(id=CircuitId(new_id()), name="Kajens servis", kind=CircuitKind.GRID, limit_a=(63.0, 63.0, 63.0))
    await circuits.put_circuit(tx, ACTOR, world.other_site, grid, NOW, reason="by the drawing", version=0)
    await site_plans.want(tx, ACTOR, Wanted(world.other_site, examples()[0], "SE3", 0.5), NOW, reason="cheaper nights")
    meter = await meters.add(
        tx, ACTOR, SiteId(world.other_site), "Kajens mätare", Setup(way=MeterWay.PUSH), (), NOW, reason="fitted"
    )
    asked = VtnSetup(url="https://vtn.example/openadr3/3.1.0", program="p", client_id="c")
    vtn = await programs.add(
        tx, ACTOR, SiteId(world.other_site), grid.id, "Kajens program", asked, NOW, reason="agreed", secret=b"sealed"
    )
    return {
        "circuit_id": shown("cir", grid.id), "tree_version": "1", "meter_id": shown("mtr", meter.id),
        "vtn_id": shown("vtn", vtn.id),
    }  # fmt: skip


async def uptime_of(tx: Transaction, world: World) -> dict[str, str]:
    """An outage at the other site that somebody wants to be excluded, and the host of that site."""
    kaj = StaffDetails(email="kaj@example.com", name="Kaj", role=Role.SITE_HOST, site_ids=(world.other_site,))
    host = await access.create_staff(tx, ACTOR, kaj, PASSWORD, NOW)
    new = NewExclusion(
        site_id=world.other_site, from_at=NOW - timedelta(hours=2), until_at=NOW - timedelta(hours=1),
        reason="utility", evidence="Notice 7 of the grid company",
    )  # fmt: skip
    exclusion = await uptime.propose(tx, ACTOR, new, NOW)
    return {"exclusion_id": shown("exc", exclusion), "step": "approve", "host_id": shown("opr", host)}


async def _a_call(tx: Transaction, station_id: UUID) -> tuple[UUID, UUID]:
    """Somebody has called about a charger of the other site, and agreed to be recorded."""
    call, recording = new_id(), new_id()
    await tx.execute(
        "INSERT INTO phone_call (id, key, provider, direction, phone, started_at, station_id, site_id)"
        " SELECT $1, '46elks:others', '46elks', 'in', '+46701740699', $2, $3, site_id FROM station WHERE id = $3",
        call, NOW, station_id,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO phone_recording (id, call_id, at, kind, content) VALUES ($1, $2, $3, 'call', 'RIFF')",
        recording, call, NOW,
    )  # fmt: skip
    return call, recording
