"""Keys in all the forms that chargers send, stickers, and when a command is confirmed."""

from __future__ import annotations

import statistics
import time

import pytest

from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.ocpp.commands import (
    AnyCommand,
    ChangeAvailability,
    CommandOutcome,
    ReadVariables,
    Reset,
    StartCharging,
    Trigger,
    UnlockConnector,
    Verdict,
    WriteVariable,
)
from laddverk.ocpp.facts import Status
from laddverk.stations import rules
from laddverk.stations.model import CommandState, Credential

PEPPER = b"p" * 32
SALT = b"s" * 16
KEY = "00112233445566778899aabbccddeeff00ff1122"


def credential(key: str = KEY, *, retired: bool = False) -> Credential:
    return Credential(
        station_id=StationId(new_id()),
        site_id=SiteId(new_id()),
        identity="CP 1",
        key_hash=rules.hashed_key(PEPPER, SALT, bytes.fromhex(key)),
        key_salt=SALT,
        retired=retired,
    )


@pytest.mark.parametrize("password", [KEY.encode(), KEY.upper().encode(), bytes.fromhex(KEY)])
def test_a_key_is_taken_as_text_of_either_case_and_as_raw_bytes(password: bytes) -> None:
    assert rules.key_matches(PEPPER, credential(), password)


@pytest.mark.parametrize(
    "password",
    [
        b"",
        KEY[:-1].encode(),
        KEY[:-2].encode(),
        (KEY + "00").encode(),
        bytes.fromhex(KEY)[:-1],
        b"\xff\x00",
        b"x" * 60_000,
    ],
)
def test_anything_else_is_not_the_key(password: bytes) -> None:
    assert not rules.key_matches(PEPPER, credential(), password)


def test_a_key_that_looks_like_text_is_no_way_in_by_its_own_hash() -> None:
    known = credential()
    assert known.key_hash is not None
    assert not rules.key_matches(PEPPER, known, known.key_hash)
    assert not rules.key_matches(PEPPER, known, known.key_hash.hex().encode())


def test_another_pepper_or_salt_makes_the_key_worthless() -> None:
    assert not rules.key_matches(b"q" * 32, credential(), KEY.encode())


def test_unknown_retired_and_keyless_stations_let_nobody_in() -> None:
    assert not rules.key_matches(PEPPER, None, b"")
    assert not rules.key_matches(PEPPER, None, bytes(32))
    assert not rules.key_matches(PEPPER, credential(retired=True), KEY.encode())
    keyless = Credential(station_id=StationId(new_id()), site_id=SiteId(new_id()), identity="x")
    assert not rules.key_matches(PEPPER, keyless, b"")


def test_an_unknown_station_takes_as_long_as_a_wrong_key() -> None:
    known = credential()

    def median_s(given: Credential | None) -> float:
        times = []
        for _ in range(400):
            begun = time.perf_counter()
            rules.key_matches(PEPPER, given, b"0" * 40)
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    assert abs(median_s(None) - median_s(known)) < 0.001


def test_generated_keys_fit_every_version_and_differ() -> None:
    keys = {rules.generated_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(rules.KEY_FORM.fullmatch(key) and len(key) == 40 for key in keys)


@pytest.mark.parametrize(
    ("evse", "connector", "code"),
    [(2, 1, "GBG-014-2"), (2, 2, "GBG-014-2B"), (1, 26, "GBG-014-1Z"), (1, 27, "GBG-014-1X27")],
)
def test_stickers(evse: int, connector: int, code: str) -> None:
    assert rules.connector_code("GBG", 14, evse, connector) == code


def outcome(verdict: Verdict, word: str = "Accepted") -> CommandOutcome:
    return CommandOutcome(verdict=verdict, word=word)


START = StartCharging(evse_number=1, token_uid="T", remote_start_id=1)


@pytest.mark.parametrize(
    ("command", "verdict", "state"),
    [
        (START, Verdict.ACCEPTED, CommandState.ACCEPTED),
        (Trigger(message="Heartbeat"), Verdict.ACCEPTED, CommandState.ACCEPTED),
        (Trigger(message="SignV2GCertificate"), Verdict.ACCEPTED, CommandState.CONFIRMED),
        (ReadVariables(), Verdict.ACCEPTED, CommandState.CONFIRMED),
        (ReadVariables(), Verdict.DONE, CommandState.CONFIRMED),
        (Reset(), Verdict.REFUSED, CommandState.REFUSED),
        (Reset(), Verdict.FAILED, CommandState.FAILED),
    ],
)
def test_accepted_is_not_done_where_a_deed_can_be_seen(
    command: AnyCommand, verdict: Verdict, state: CommandState
) -> None:
    assert rules.state_after(command, outcome(verdict)) is state


CLOSE_ALL = ChangeAvailability(operative=False)


@pytest.mark.parametrize(
    ("command", "statuses", "shown"),
    [
        (UnlockConnector(evse_number=1), {(1, 1): Status.AVAILABLE}, True),
        (UnlockConnector(evse_number=1), {(1, 1): Status.FINISHING, (2, 1): Status.AVAILABLE}, False),
        (UnlockConnector(evse_number=1), {}, False),
        (ChangeAvailability(evse_number=2, operative=False), {(2, 1): Status.UNAVAILABLE}, True),
        (ChangeAvailability(evse_number=2, operative=False), {(2, 1): Status.CHARGING}, False),
        (ChangeAvailability(evse_number=2, operative=True), {(2, 1): Status.PREPARING}, True),
        (ChangeAvailability(evse_number=2, operative=True), {(2, 1): Status.UNKNOWN}, False),
        (CLOSE_ALL, {(0, 0): Status.UNKNOWN, (1, 1): Status.UNAVAILABLE, (2, 1): Status.UNAVAILABLE}, True),
        (CLOSE_ALL, {(0, 0): Status.UNAVAILABLE, (1, 1): Status.CHARGING}, False),
        (CLOSE_ALL, {(0, 0): Status.UNKNOWN}, False),
        (Reset(), {(1, 1): Status.AVAILABLE}, False),
    ],
)
def test_what_the_states_show(command: AnyCommand, statuses: dict[tuple[int, int], Status], shown: bool) -> None:
    assert rules.is_shown(command, statuses) is shown


@pytest.mark.parametrize("name", ["AuthorizationKey", "authorizationkey", "BasicAuthPassword"])
def test_no_command_may_store_a_secret(name: str) -> None:
    assert rules.writes_a_secret(WriteVariable(variable=name, value="x"))
    assert not rules.writes_a_secret(WriteVariable(variable="HeartbeatInterval", value="60"))
