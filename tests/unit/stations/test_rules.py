"""Stickers, and when a command is confirmed."""

from __future__ import annotations

import pytest

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
from laddverk.stations.model import CommandState


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
