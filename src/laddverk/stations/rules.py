"""Decisions about stickers and commands. All pure: the same world gives the same answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from laddverk.ocpp.commands import (
    AnyCommand,
    ChangeAvailability,
    CommandOutcome,
    Trigger,
    UnlockConnector,
    Verdict,
    WriteVariable,
    WriteVariables,
)
from laddverk.ocpp.facts import Status
from laddverk.stations.model import CommandState

SECRET_VARIABLES: Final = frozenset({"authorizationkey", "basicauthpassword"})
"""Variables whose values are never stored: commands may not write them and reports of them lose the value."""


# Stickers


def connector_code(site_code: str, station_number: int, evse_number: int, connector_number: int) -> str:
    """Return the code on a connector's sticker: GBG-014-2, and GBG-014-2B for the second plug of one EVSE."""
    second = "" if connector_number == 1 else _letter(connector_number)
    return f"{site_code}-{station_number:03d}-{evse_number}{second}"


def _letter(connector_number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[connector_number - 1] if 1 < connector_number <= len(letters) else f"X{connector_number}"


# Commands

FINAL: Final = frozenset(
    {
        CommandState.CONFIRMED,
        CommandState.REFUSED,
        CommandState.TIMED_OUT,
        CommandState.EXPIRED,
        CommandState.FAILED,
    }
)

ANSWER_WITHIN: Final = timedelta(minutes=2)  # the gateway waits 30 s for each; a few may queue behind one another

SCHEDULED_WITHIN: Final = timedelta(hours=48)  # "Scheduled": once the running session has ended
SCHEDULED: Final = "scheduled"

SEEN_TRIGGERS: Final = frozenset(
    {
        "BootNotification",
        "Heartbeat",
        "StatusNotification",
        "FirmwareStatusNotification",
        "DiagnosticsStatusNotification",
        "LogStatusNotification",
    }
)
"""Triggered messages whose arrival this room sees. Others are done when the charger accepts."""


def may_follow(before: CommandState, after: CommandState) -> bool:
    """Return whether a command may go from `before` to `after`. Nothing follows a final state; nothing goes back."""
    order = {CommandState.QUEUED: 0, CommandState.SENT: 1, CommandState.ACCEPTED: 2}
    if before in FINAL or after is CommandState.QUEUED:
        return False
    if before is CommandState.QUEUED:
        return after in (CommandState.SENT, CommandState.EXPIRED)
    if after is CommandState.EXPIRED:
        return False
    return order.get(after, 3) > order[before]


def is_seen(command: AnyCommand) -> bool:
    """Return whether a later deed of the charger can confirm `command`."""
    if isinstance(command, Trigger):
        return command.message in SEEN_TRIGGERS
    return command.CONFIRM_WITHIN is not None


def send_by(command: AnyCommand, now: datetime) -> datetime:
    """Return until when `command` is worth sending."""
    return now + command.SEND_WITHIN


def settle_by(command: AnyCommand, now: datetime) -> datetime:
    """Return until when a command that is sent `now` must have its outcome, should its gateway die meanwhile."""
    return now + ANSWER_WITHIN + (_deed_within(command) if is_seen(command) else timedelta())


def state_after(command: AnyCommand, outcome: CommandOutcome) -> CommandState:
    """Return the state that an answer leads to: accepted where a deed must follow, else final."""
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return CommandState.ACCEPTED if is_seen(command) else CommandState.CONFIRMED
        case Verdict.DONE:
            return CommandState.CONFIRMED
        case Verdict.REFUSED:
            return CommandState.REFUSED
        case Verdict.FAILED:
            return CommandState.FAILED


def confirm_by(command: AnyCommand, word: str, now: datetime) -> datetime:
    """Return until when an accepted command must be confirmed by a deed."""
    if word.lower() == SCHEDULED:
        return now + SCHEDULED_WITHIN
    return now + _deed_within(command)


def _deed_within(command: AnyCommand) -> timedelta:
    return command.CONFIRM_WITHIN or timedelta()


def is_shown(command: AnyCommand, statuses: Mapping[tuple[int, int], Status]) -> bool:
    """Return whether the states of a station's connectors, by (EVSE, connector), show that `command` is done.

    Key (0, 0) is the station as a whole. Only unlocking and availability can be seen in a state.
    """
    if isinstance(command, UnlockConnector):
        return statuses.get((command.evse_number, command.connector_number)) is Status.AVAILABLE
    if isinstance(command, ChangeAvailability):
        if command.evse_number in (None, 0):
            concerned: list[Status] = [status for status in statuses.values() if status is not Status.UNKNOWN]
        else:
            only = command.connector_number
            concerned = [
                status
                for (evse, connector), status in statuses.items()
                if evse == command.evse_number and only in (None, connector)
            ]
        return bool(concerned) and all(_is_available_as(status, command.operative) for status in concerned)
    return False


def _is_available_as(status: Status, operative: bool) -> bool:
    if status is Status.UNKNOWN:
        return False
    return (status not in (Status.UNAVAILABLE, Status.FAULTED)) if operative else status is Status.UNAVAILABLE


def writes_a_secret(command: AnyCommand) -> bool:
    """Return whether `command` would leave a secret in the command table."""
    if isinstance(command, WriteVariables):
        return any(is_secret(one.variable) for one in command.values)
    return isinstance(command, WriteVariable) and is_secret(command.variable)


def is_secret(variable: str) -> bool:
    """Return whether a configuration key or variable holds a secret."""
    return variable.lower() in SECRET_VARIABLES


def free_number(taken: Collection[int]) -> int:
    """Return the next station number of a site: one more than the highest, so that no sticker is ever reused."""
    return max(taken, default=0) + 1
