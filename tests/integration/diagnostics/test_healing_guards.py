"""Each guard of self-healing, attacked where it holds: at the database, and with a charger at a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.remedies import doing, proving, rules, service, switching
from laddverk.kernel.ids import CommandId, new_id
from laddverk.ocpp.commands import AnyCommand, ChangeAvailability, RawCall, Reset, SetProfile
from laddverk.ocpp.facts.smart_charging import Period, Profile, ProfileKind, Purpose, Schedule
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from tests.integration.diagnostics.incident_field import look, raised
from tests.integration.diagnostics.test_healing import Ward
from tests.network import ACTOR, BOOT_16, Network, ask, network_on

SMALL = ("ask_state", "make_operative", "unlock", "unlock")


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


@pytest.fixture
async def ward(network: Network) -> Ward:
    return Ward(network, await network.add_station("CP-1"))


async def climbed(ward: Ward, done: Sequence[str] = SMALL, *, dry: bool = False, days_ago: float = 1) -> None:
    """Say that these steps were taken for the incident of the ward: a soft reset is what comes next."""
    incident_id = await ward.network.value("SELECT id FROM incident WHERE station_id = $1", ward.station_id)
    for number, action in enumerate(done, 1):
        await ward.run(
            "INSERT INTO remedy (id, incident_id, number, station_id, evse_number, family, action, why, dry,"
            " decided_at, state, finished_at) VALUES ($1, $2, $3, $4, 1, 'stuck_state', $5, $6, $7, $8, $9, $8)",
            new_id(), incident_id, number, ward.station_id, action, {"text": "", "values": {}}, dry,
            ward.now - timedelta(days=days_ago), "dry" if dry else "confirmed",
        )  # fmt: skip


async def before_reset(ward: Ward, socket: ClientConnection, *, severity: Severity = Severity.DOWN) -> None:
    """Bring the ward to where a soft reset is next."""
    await ward.trusted()
    await ask(socket, "BootNotification", BOOT_16)
    await ward.ill(severity=severity)
    await climbed(ward)


async def hold_of(ward: Ward) -> str:
    why = await ward.network.value("SELECT why FROM remedy_hold LIMIT 1")
    return str(why["text"]) if why else ""


async def ordered(ward: Ward, command: AnyCommand, state: str = "confirmed") -> CommandId:
    """Let a person send a command, which is over unless `state` is one of an open one."""
    async with ward.network.house.database.transaction() as tx:
        command_id = await stations.request_command(tx, ACTOR, ward.station_id, command, ward.now)
        await tx.execute(
            "UPDATE command SET state = $2, confirm_by = $4,"
            " finished_at = CASE WHEN $2 IN ('sent', 'accepted') THEN NULL ELSE $3::timestamptz END WHERE id = $1",
            command_id, state, ward.now, ward.now + timedelta(hours=1),
        )  # fmt: skip
    return command_id


async def test_a_reset_is_sent_when_no_guard_speaks(network: Network, ward: Ward) -> None:
    """What the tests below hold back."""
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        assert await ward.heal() == 1
        assert (await ward.sent(socket))[0] == "Reset"


async def test_a_charger_that_tells_what_it_kept_is_left_to_tell_it(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        began = network.house.clock() - timedelta(hours=2)
        start = {"connectorId": 2, "idTag": "A", "meterStart": 0, "timestamp": began.isoformat()}
        number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 5, "timestamp": (began + timedelta(hours=1)).isoformat()}
        await ask(socket, "StopTransaction", stop)
        ward.now = network.house.clock()
        assert await ward.heal(timedelta(seconds=90)) == 0
        assert "kept while it was offline" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=5)) == 1
        assert (await ward.sent(socket))[0] == "Reset"


async def test_a_model_whose_resets_are_forbidden_is_visited_instead(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ward.run("UPDATE station SET quirks = $1", {"never_send": ["Reset"]})
        for _ in range(4):
            assert await ward.heal(timedelta(hours=3)) == 0
    assert [action for action, _, _ in await ward.steps()][len(SMALL) :] == ["work_order"]


async def test_one_kind_of_reset_can_be_forbidden_alone(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ward.run("UPDATE station SET quirks = $1", {"never_send": ["Reset:Soft"]})
        assert await ward.heal() == 1
        assert await ward.sent(socket) == ("Reset", {"type": "Hard"})


async def test_the_kill_switch_holds_for_every_charger_and_takes_back_what_waits(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
    await ward.run("UPDATE station SET connected_at = $1", ward.now)
    assert await ward.heal() == 1
    async with network.house.database.transaction() as tx:
        await switching.switch(tx, ACTOR, ward.now, on=False, reason="Odd restarts")
    assert await network.value("SELECT state FROM command") == "expired"
    await ward.settled()
    for _ in range(3):
        assert await ward.heal(timedelta(hours=1)) == 0
    assert len(await ward.steps()) == 1


@pytest.mark.parametrize(("cured", "dropped"), [(3, True), (4, False)])
async def test_a_step_that_helped_less_than_every_fifth_time_is_dropped(
    network: Network, ward: Ward, cured: int, dropped: bool
) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        for number in range(service.DROP_TRIES):
            await ward.run(
                "INSERT INTO remedy (id, incident_id, number, station_id, family, vendor, model, action, why, dry,"
                " decided_at, state, verdict) SELECT $1, $1, 1, $1, 'stuck_state', vendor, model, 'reset_soft',"
                " '{}', false, $2, 'confirmed', $3 FROM station WHERE id = $4",
                new_id(), ward.now - timedelta(days=30), "cured" if number < cured else "failed", ward.station_id,
            )  # fmt: skip
        assert await ward.heal() == 1
        assert await ward.sent(socket) == ("Reset", {"type": "Hard" if dropped else "Soft"})


async def test_a_newly_met_model_is_only_watched_in_an_old_installation(network: Network, ward: Ward) -> None:
    await ward.run("INSERT INTO remedy_setting (began_at) VALUES ($1)", ward.now - timedelta(days=400))
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        for _ in range(10):
            assert await ward.heal(timedelta(days=1)) == 0
        assert {state for _, state, _ in await ward.steps()} == {"dry"}
        assert await network.value("SELECT count(*) FROM command") == 0


async def test_a_model_that_is_allowed_again_is_new_once_more(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        async with network.house.database.transaction() as tx:
            for on in (True, False):
                await switching.exclude(tx, ACTOR, "Test", "One", ward.now, on=on, reason="New firmware")
        assert await ward.heal() == 0
    assert await ward.steps() == [("ask_state", "dry", "")]


async def test_what_a_dry_run_said_does_not_count_once_it_is_over(network: Network, ward: Ward) -> None:
    await ward.trusted(days=13)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        await climbed(ward, [*SMALL, "reset_soft", "reset_hard", "work_order"], dry=True, days_ago=0.1)
        assert await ward.heal() == 0
        assert await ward.heal(timedelta(days=1)) == 1
        assert (await ward.sent(socket))[0] == "TriggerMessage"


@pytest.mark.parametrize("evse", [None, 1])
async def test_what_a_person_ordered_out_of_service_stays_out(network: Network, ward: Ward, evse: int | None) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        await ordered(ward, ChangeAvailability(evse_number=evse, operative=False))
        ward.now += timedelta(minutes=1)
        await ordered(ward, ChangeAvailability(evse_number=2, operative=True))
        await climbed(ward, ["ask_state"])
        assert await ward.heal() == 1
        assert (await ward.sent(socket))[0] == "UnlockConnector"


async def test_a_reservation_that_is_about_to_be_used_holds_a_reset_back(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ward.run(
            "INSERT INTO reservation (id, station_id, evse_number, token_uid, token_type, state, requested_by,"
            " created_at, expires_at) VALUES ($1, $2, 2, 'A', 'ISO14443', 'held', 'test', $3, $4)",
            new_id(), ward.station_id, ward.now, ward.now + timedelta(minutes=30),
        )  # fmt: skip
        assert await ward.heal() == 0
        assert "about to charge" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=30)) == 1


@pytest.mark.parametrize("status", ["Charging", "SuspendedEV", "SuspendedEVSE"])
async def test_a_charge_that_only_the_charger_knows_of_holds_a_reset_back(
    network: Network, ward: Ward, status: str
) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ask(socket, "StatusNotification", {"connectorId": 2, "status": status, "errorCode": "NoError"})
        assert await network.value("SELECT count(*) FROM session") == 0
        assert await ward.heal() == 0
        await ask(socket, "StatusNotification", {"connectorId": 2, "status": "Available", "errorCode": "NoError"})
        assert await ward.heal() == 1


async def test_a_card_that_was_just_shown_holds_a_reset_back(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ask(socket, "Authorize", {"idTag": "A"})
        ward.now = network.house.clock()
        await ward.run("UPDATE station SET connected_at = $1, booted_at = $1", ward.now - timedelta(hours=1))
        assert await ward.heal(timedelta(seconds=30)) == 0
        assert "about to charge" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=4)) == 1


async def test_an_open_command_of_somebody_else_holds_a_reset_back(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        command_id = await ordered(ward, ChangeAvailability(evse_number=2, operative=True), state="accepted")
        assert await ward.heal() == 0
        assert "Somebody is at work" in await hold_of(ward)
        await ward.run("UPDATE command SET state = 'confirmed', finished_at = $2 WHERE id = $1", command_id, ward.now)
        assert await ward.heal() == 1


@pytest.mark.parametrize("command", [Reset(), RawCall(action="Reset", payload={"type": "Hard"})], ids=["reset", "raw"])
async def test_restarts_by_people_count_too(network: Network, ward: Ward, command: AnyCommand) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        for _ in range(rules.RESETS_DAY_MAX):
            await ordered(ward, command)
        assert await ward.heal(timedelta(hours=1)) == 0
        assert "twice within a day" in await hold_of(ward)


@pytest.mark.parametrize("ours", [False, True])
async def test_no_limit_that_we_have_set_is_taken_away(network: Network, ward: Ward, ours: bool) -> None:
    """The limit that load management leaves with a charger guards a fuse when we fall silent."""
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill(Family.LIMIT, Severity.DEGRADED)
        if ours:
            six = (Schedule(periods=(Period(limit=6),)),)
            limit = Profile(id=1, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.RELATIVE, schedules=six)
            await ordered(ward, SetProfile(evse_number=1, profile=limit))
        assert await ward.heal() == int(not ours)
        if not ours:
            assert (await ward.sent(socket))[0] == "ClearChargingProfile"


async def test_what_is_dangerous_at_another_outlet_forbids_a_reset_of_the_charger(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await raised(network, ward.station_id, ward.now, "D05", Family.CONTACTOR, Severity.DOWN, 2)
        await ward.run("DELETE FROM incident WHERE evse_number = 2")
        for _ in range(4):
            await ward.heal(timedelta(hours=3))
    assert not {"reset_soft", "reset_hard"} & {action for action, _, _ in await ward.steps()}


async def test_a_charger_of_a_site_that_is_ill_is_left_alone(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ward.run(
            "INSERT INTO incident SELECT (jsonb_populate_record(incident, jsonb_build_object("
            "'id', $1::text, 'number', 1, 'scope', 'site', 'family', 'supply'))).* FROM incident",
            str(new_id()),
        )  # fmt: skip
        for _ in range(3):
            assert await ward.heal(timedelta(hours=1)) == 0
        await ward.run("UPDATE incident SET quiet_since = $1 WHERE scope = 'site'", ward.now)
        assert await ward.heal() == 1


async def test_a_charger_that_limps_is_not_restarted_when_people_come(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket, severity=Severity.DEGRADED)
        ward.now = ward.now.replace(minute=10) + timedelta(hours=1)
        for day in range(1, 28):
            at = ward.now - timedelta(days=day)
            await ward.run(
                "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome)"
                " VALUES ($1, 2, $2, 'x', $2, 'ok')",
                ward.station_id, at,
            )  # fmt: skip
        assert await ward.heal(timedelta(0)) == 0
        assert "People usually come" in await hold_of(ward)
        assert await ward.heal(timedelta(hours=2)) == 1


async def test_a_reset_that_cannot_be_sent_at_once_is_never_sent(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
    while await network.value("SELECT connected_at FROM station") is not None:
        await asyncio.sleep(0.02)
    await ward.run("UPDATE station SET connected_at = $1", ward.now)
    assert await ward.heal() == 1
    assert await network.value("SELECT expires_at FROM command") == ward.now + doing.SEND_WITHIN


async def test_only_a_session_that_was_open_before_the_finding_is_ended(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await raised(network, ward.station_id, network.house.clock() - timedelta(minutes=30), "D14",
                     Family.STUCK_STATE, Severity.DOWN, 1, ward.now - timedelta(hours=3))  # fmt: skip
        await look(network, ward.now)
        start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": network.house.clock().isoformat()}
        await ask(socket, "StartTransaction", start)
        await climbed(ward, ["ask_state", "make_operative"])
        for _ in range(4):
            assert await ward.heal() == 0
    assert await network.value("SELECT count(*) FROM command") == 0


@pytest.mark.parametrize(("minutes", "state", "verdict"), [
    (9, "confirmed", "cured"), (11, "confirmed", "failed"), (9, "timed_out", "failed"),
])  # fmt: skip
async def test_a_restart_counts_only_with_a_boot_within_ten_minutes(
    network: Network, ward: Ward, minutes: int, state: str, verdict: str
) -> None:
    at = ward.now - timedelta(days=3)
    await ward.run(
        "INSERT INTO remedy (id, incident_id, number, station_id, evse_number, family, action, why, dry, decided_at,"
        " state, finished_at) VALUES ($1, $1, 1, $2, 1, 'stuck_state', 'reset_soft', '{}', false, $3, $4, $5)",
        new_id(), ward.station_id, at, state, at + timedelta(minutes=minutes),
    )  # fmt: skip
    await ward.run(
        "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome)"
        " VALUES ($1, 1, $2, 'x', $2, 'ok')",
        ward.station_id, at + timedelta(hours=1),
    )  # fmt: skip
    async with network.house.database.transaction() as tx:
        await proving.prove(tx, ward.now)
    assert [one for _, _, one in await ward.steps()] == [verdict]


async def test_a_session_that_a_reset_of_ours_ended_is_counted_as_harm(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        now: datetime = network.house.clock()
        start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": now.isoformat()}
        number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        await ward.run(
            "INSERT INTO remedy (id, incident_id, number, station_id, family, action, why, dry, decided_at, state,"
            " finished_at) VALUES ($1, $1, 1, $2, 'stuck_state', 'reset_soft', '{}', false, $3, 'confirmed', $3)",
            new_id(), ward.station_id, network.house.clock(),
        )  # fmt: skip
        stop = {"transactionId": number, "meterStop": 5, "timestamp": network.house.clock().isoformat(),
                "reason": "SoftReset"}  # fmt: skip
        await ask(socket, "StopTransaction", stop)
    async with network.house.database.transaction() as tx:
        await proving.prove(tx, network.house.clock())
    assert await network.value("SELECT sessions_cut FROM remedy") == 1
