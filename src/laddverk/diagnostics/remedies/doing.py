"""Carries out one step of self-healing, as any operator would: a command of `stations`, or a word to people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.authorisation import lists
from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.remedies.model import Action
from laddverk.diagnostics.remedies.store import Due
from laddverk.kernel.actors import rule
from laddverk.kernel.events import Event
from laddverk.kernel.ids import CommandId, StationId
from laddverk.ocpp.commands import (
    AnyCommand,
    ChangeAvailability,
    ClearCache,
    ClearProfiles,
    Reset,
    Trigger,
    UnlockConnector,
)
from laddverk.ocpp.commands.provisioning import ResetKind
from laddverk.ocpp.quirks import Quirks, forbidden
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.provisioning import service as provisioning
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations

ACTOR: Final = rule("self-healing")
SEND_WITHIN: Final = timedelta(seconds=20)
"""What a charger does not get at once it never gets: when it is back, somebody may charge."""

# The template that a station differs from most; one at a time is enough, the next look takes the next.
DRIFTED: Final = """
SELECT standing.template_id FROM configuration_standing AS standing
JOIN configuration_template AS template ON template.id = standing.template_id
WHERE standing.station_id = $1 AND standing.state = 'drifted' AND template.retired_at IS NULL
ORDER BY jsonb_array_length(standing.differences) DESC, standing.template_id LIMIT 1
"""

MESSAGES: Final[Mapping[Action, tuple[str, dict[str, Any]]]] = {
    Action.ASK_STATE: ("TriggerMessage", {"requestedMessage": "StatusNotification"}),
    Action.MAKE_OPERATIVE: ("ChangeAvailability", {"type": "Operative"}),
    Action.CLEAR_CACHE: ("ClearCache", {}),
    Action.SEND_LIST: ("SendLocalList", {}),
    Action.CLEAR_LIMIT: ("ClearChargingProfile", {}),
    Action.UNLOCK: ("UnlockConnector", {}),
    Action.RESET_SOFT: ("Reset", {"type": "Soft"}),
    Action.RESET_HARD: ("Reset", {"type": "Hard"}),
    Action.TAKE_OUT_OF_SERVICE: ("ChangeAvailability", {"type": "Inoperative"}),
}
"""What goes over the wire, for asking whether a model may be sent it."""

OTHER_WORDS: Final = {"Soft": "OnIdle", "Hard": "Immediate"}
"""What 2.x calls the two resets."""


class WorkOrderNeeded(Event, frozen=True, kw_only=True):
    """All that can be done from here was done, or nothing can: somebody must go there."""

    incident_id: IncidentId
    station_id: StationId
    evse_number: int


def never(quirks: Quirks) -> frozenset[Action]:
    """Return the steps that must never be sent to a charger with these quirks."""
    return frozenset(action for action in MESSAGES if _is_never(quirks, action))


def _is_never(quirks: Quirks, action: Action) -> bool:
    message, request = MESSAGES[action]
    other = {name: OTHER_WORDS.get(word, word) for name, word in request.items()}
    return forbidden(quirks, message, request) is not None or forbidden(quirks, message, other) is not None


async def carry_out(tx: Transaction, one: Due, action: Action, why: str, now: datetime) -> UUID | None:
    """Do it; return the command that does, or None when no single command does. Raises a `Problem` when it cannot."""
    if action is Action.WORK_ORDER:
        visit = WorkOrderNeeded(incident_id=one.incident_id, station_id=one.station_id, evse_number=one.evse_number)
        await outbox.publish(tx, [visit])
        return None
    if action is Action.SEND_LIST:
        return await lists.begin_again(tx, ACTOR, one.station_id, now)
    if action is Action.APPLY_TEMPLATE:
        await _apply_template(tx, one, why, now)
        return None
    if action is Action.STOP_SESSION:
        return None if one.zombie_id is None else await sessions.request_stop(tx, ACTOR, one.zombie_id, now, why)
    return await _send(tx, one, _command(action, one.evse_number), why, now)


async def _send(tx: Transaction, one: Due, command: AnyCommand, why: str, now: datetime) -> CommandId:
    return await stations.request_command(
        tx, ACTOR, one.station_id, command, now, reason=why, expires_at=now + SEND_WITHIN
    )


async def _apply_template(tx: Transaction, one: Due, why: str, now: datetime) -> None:
    template_id = await tx.value(DRIFTED, one.station_id)
    if template_id is not None:
        await provisioning.apply_template(tx, ACTOR, template_id, now, station_id=one.station_id, reason=why)


def _command(action: Action, evse_number: int) -> AnyCommand:
    outlet = evse_number or None
    commands: dict[Action, AnyCommand] = {
        Action.ASK_STATE: Trigger(message="StatusNotification", evse_number=outlet),
        Action.MAKE_OPERATIVE: ChangeAvailability(evse_number=outlet, operative=True),
        Action.CLEAR_CACHE: ClearCache(),
        Action.CLEAR_LIMIT: ClearProfiles(evse_number=outlet),
        Action.UNLOCK: UnlockConnector(evse_number=evse_number),
        Action.RESET_SOFT: Reset(reset=ResetKind.SOFT),
        Action.RESET_HARD: Reset(reset=ResetKind.HARD),
        Action.TAKE_OUT_OF_SERVICE: ChangeAvailability(evse_number=outlet, operative=False),
    }
    return commands[action]
