"""How a charger is led to a higher security profile, one step after the other (A05 and the 1.6 white paper). Pure.

It must first trust our server, then (profile 3) have a certificate; only then it is told, and starts anew. The door is
open both ways meanwhile, so that one that does not manage comes back the way it knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CommandId, StationId

CERTIFICATE_PROFILE: Final = 3
SLOTS: Final = 10  # network profiles that are looked through for a free one
PATIENCE: Final = timedelta(minutes=15)  # for a certificate, and for a charger to come back by the new way
COMING_BACK: Final = timedelta(seconds=30)  # a new connection has this long to become the one that counts


class Step(StrEnum):
    """What is done at present."""

    ROOT = "root"
    """It gets the root of our server."""
    NAME = "name"
    """It is told the operator's name, which belongs into its request; a charger that has no such setting goes on."""
    CERTIFICATE = "certificate"
    """It makes a key, and gets a certificate."""
    READ = "read"
    """Which network profiles it uses is asked (2.x), so that the one that works stays behind the new one."""
    TELL = "tell"
    """It is told: network profile (2.x) or SecurityProfile (1.6)."""
    ORDER = "order"
    """The new network profile is put first (2.x)."""
    RESTART = "restart"
    RETURN = "return"
    """It must come in by the new way."""


class State(StrEnum):
    """Where an upgrade is."""

    UNDER_WAY = "under_way"
    DONE = "done"
    FAILED = "failed"
    GIVEN_UP = "given_up"


class Upgrade(Struct, frozen=True, kw_only=True):
    """An upgrade as it is kept."""

    station_id: StationId
    target: int
    url: str
    slot: int | None
    """None until it is chosen among those that are free."""
    interface: str
    organisation: str = ""
    anchor_id: UUID | None
    step: Step
    state: State
    why: str = ""
    command_id: CommandId | None = None
    epoch: int = 0
    begun_at: datetime
    begun_by: str
    reason: str
    moved_at: datetime


class Situation(Struct, frozen=True, kw_only=True):
    """How the charger stands."""

    protocol: str
    profile: int
    """What it must show; a first connection by the higher way has raised it."""
    is_connected: bool
    epoch: int
    """Counts its connections."""
    connected_at: datetime | None
    root_installed: bool
    """It has the root that it must trust, as it says or has accepted; also when there is none to give."""
    has_certificate: bool
    """It has one from us that is in use and valid."""
    slots: str = ""
    """NetworkConfigurationPriority, as it told."""


def steps(protocol: str, target: int) -> tuple[Step, ...]:
    """Return the steps for a charger; 1.6 connects anew by itself, and is restarted only when it asks for it."""
    certificate = (Step.NAME, Step.CERTIFICATE) if target >= CERTIFICATE_PROFILE else ()
    last = (
        (Step.TELL, Step.RETURN)
        if protocol == "ocpp1.6"
        else (Step.READ, Step.TELL, Step.ORDER, Step.RESTART, Step.RETURN)
    )
    return (Step.ROOT, *certificate, *last)


def is_there_already(step: Step, situation: Situation) -> bool:
    """Return whether a step has nothing left to do."""
    match step:
        case Step.ROOT:
            return situation.root_installed
        case Step.CERTIFICATE | Step.NAME:
            return situation.has_certificate
        case Step.READ:
            return bool(slots_in(situation.slots))
        case _:
            return False


def after(step: Step | None, upgrade: Upgrade, situation: Situation) -> Step:
    """Return the step that follows `step` (None: the first) and has something to do."""
    whole = steps(situation.protocol, upgrade.target)
    rest = whole[whole.index(step) + 1 :] if step in whole else () if step else whole
    return next((one for one in rest if not is_there_already(one, situation)), Step.RETURN)


def why_stuck(upgrade: Upgrade, situation: Situation, now: datetime) -> str:
    """Return why an upgrade that waits has failed; empty while it may still come."""
    waited = now - upgrade.moved_at
    if upgrade.step is Step.CERTIFICATE and waited > PATIENCE:
        return "no certificate came about"
    if upgrade.step is Step.RETURN:
        settled = situation.connected_at is not None and now - situation.connected_at > COMING_BACK
        if situation.is_connected and situation.epoch > upgrade.epoch and settled:
            return "it came back the old way"
        if waited > PATIENCE:
            return "it has not come by the new way"
    return ""


def free_slot(slots: str) -> int:
    """Return a slot for a network profile that is not in use, given NetworkConfigurationPriority."""
    used = slots_in(slots)
    return next((slot for slot in range(1, SLOTS) if slot not in used), SLOTS)


def slots_in(slots: str) -> list[int]:
    """Return the slots in a NetworkConfigurationPriority."""
    return [int(part) for part in slots.replace(" ", "").split(",") if part.isdigit()]


def order(slot: int, slots: str) -> str:
    """Return NetworkConfigurationPriority with the new slot first and those that work behind it."""
    return ",".join(str(one) for one in [slot, *(used for used in slots_in(slots) if used != slot)])
