"""Leading a charger to a higher security profile: each step a command, or something to wait for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.certificates import rules_upgrade, store_roots, store_upgrades
from laddverk.certificates.rules_upgrade import CERTIFICATE_PROFILE, Situation, State, Step, Upgrade
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem
from laddverk.ocpp import commands
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import Variable
from laddverk.ocpp.tolerance import storable
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState
from laddverk.stations.service.registry import writable_station

UPGRADER: Final = rule("security profile upgrade")
URL_MAX: Final = 512
INTERFACE_MAX: Final = 20
SLOT_MAX: Final = 99
REASON_MIN: Final = 3
REASON_MAX: Final = 200
WAIT: Final = timedelta(hours=1)  # for a charger without contact, at each step
LOOKED_AT: Final = 200  # upgrades in one look
NAME_16: Final = ("", "CpoName")
NAME_2X: Final = ("SecurityCtrlr", "OrganizationName")
"""Where a charger keeps the operator's name for its requests."""
REBOOT: Final = "RebootRequired"


class Plan(Struct, frozen=True, kw_only=True):
    """What staff decide about an upgrade."""

    target: int
    url: str
    anchor_id: UUID | None = None
    """The root that the charger must trust; None when it trusts our server already."""
    slot: int | None = None
    interface: str = "Wired0"
    organisation: str = ""
    """The operator's name, as it must stand in a certificate request."""


async def begin(
    tx: Transaction, actor: Actor, station_id: StationId, plan: Plan, now: datetime, *, reason: str
) -> Upgrade:
    """Begin to raise the security profile of a charger. Needs stations:write and commands:send.

    Raises `NotFound`, `Invalid`, or `Conflict` while one is under way or when there is nothing to raise.
    """
    actor.require(Permission.STATIONS_WRITE)
    actor.require(Permission.COMMANDS_SEND)
    before = await store_upgrades.locked(tx, station_id)
    await writable_station(tx, actor, station_id)
    if before is not None and before.state is State.UNDER_WAY:
        raise Conflict("An upgrade is under way already.", remedy="Wait for its end, or give it up.")
    situation = await _situation(tx, station_id, plan.anchor_id, now)
    _check(plan, situation, reason)
    await _check_root(tx, plan.anchor_id)
    upgrade = Upgrade(
        station_id=station_id,
        target=plan.target,
        url=plan.url.strip().rstrip("/"),
        slot=plan.slot,
        interface=plan.interface,
        organisation=plan.organisation,
        anchor_id=plan.anchor_id,
        step=Step.ROOT,
        state=State.UNDER_WAY,
        begun_at=now,
        begun_by=actor.name or actor.kind,
        reason=reason.strip(),
        moved_at=now,
    )
    detail = {"from": situation.profile, "to": plan.target, "url": upgrade.url}
    await audit.write(tx, actor, "profile_upgrade.begun", "station", station_id, at=now, reason=reason, detail=detail)
    return await _go_on(tx, upgrade, None, situation, now)


def _check(plan: Plan, situation: Situation, reason: str) -> None:
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX or "\x00" in reason:
        raise Invalid("Say in a few words why.", field="reason")
    if plan.target not in (2, CERTIFICATE_PROFILE) or plan.target <= situation.profile:
        raise Invalid("Choose a higher profile than it has.", field="target")
    if not situation.protocol:
        raise Conflict("It has never connected, so that its OCPP version is not known.")
    address = urlsplit(plan.url.strip())
    if address.scheme != "wss" or not address.hostname or len(plan.url) > URL_MAX or not plan.url.isprintable():
        raise Invalid("This is no address with TLS.", field="url", remedy="It begins with wss://.")
    if address.username or address.password:
        raise Invalid("An address must not hold a password.", field="url")
    if plan.slot is not None and not 0 <= plan.slot <= SLOT_MAX:
        raise Invalid("A slot has a number from 0 to 99.", field="slot")
    if not plan.interface.isalnum() or len(plan.interface) > INTERFACE_MAX:
        raise Invalid("This interface is not known here.", field="interface")


async def _check_root(tx: Transaction, anchor_id: UUID | None) -> None:
    anchor = await store_roots.anchor(tx, anchor_id) if anchor_id is not None else None
    if anchor_id is not None and (anchor is None or anchor.use is not Use.CSMS_ROOT):
        raise NotFound("There is no such root.", field="root")


async def retry(tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str) -> Upgrade:
    """Try again from the first step that is not done. Needs stations:write and commands:send."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require(Permission.COMMANDS_SEND)
    upgrade = await store_upgrades.locked(tx, station_id)
    await writable_station(tx, actor, station_id)
    if upgrade is None or upgrade.state is not State.FAILED:
        raise Conflict("There is nothing to try again.")
    await audit.write(tx, actor, "profile_upgrade.retried", "station", station_id, at=now, reason=reason)
    situation = await _situation(tx, station_id, upgrade.anchor_id, now)
    return await _go_on(tx, upgrade, None, situation, now)


async def give_up(tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str) -> None:
    """Leave the charger with the profile that it has; only this one opens the door again. Needs stations:write."""
    upgrade = await store_upgrades.locked(tx, station_id)
    await writable_station(tx, actor, station_id)
    if upgrade is None or upgrade.state not in (State.UNDER_WAY, State.FAILED):
        raise Conflict("There is no upgrade to give up.")
    situation = await _situation(tx, station_id, None, now)
    await stations.set_profile(tx, actor, station_id, situation.profile, now, reason=reason)
    await audit.write(tx, actor, "profile_upgrade.given_up", "station", station_id, at=now, reason=reason)
    await store_upgrades.save(tx, msgspec.structs.replace(upgrade, state=State.GIVEN_UP, moved_at=now))


async def command_finished(tx: Transaction, finished: CommandFinished, now: datetime) -> bool:
    """Go on when a step's command has its outcome; return whether another command was queued."""
    upgrade = await store_upgrades.locked(tx, finished.station_id)
    if upgrade is None or upgrade.state is not State.UNDER_WAY or upgrade.command_id != finished.command_id:
        return False
    situation = await _situation(tx, finished.station_id, upgrade.anchor_id, now)
    if situation.profile >= upgrade.target:
        await _end(tx, upgrade, State.DONE, "", now)
        return False
    if finished.state is not CommandState.CONFIRMED and upgrade.step is not Step.NAME:
        await _end(tx, upgrade, State.FAILED, finished.word or finished.state.value, now)
        return False
    if upgrade.step is Step.CERTIFICATE and not situation.has_certificate:
        return False  # the request has come; the certificate is on its way
    if upgrade.step is Step.TELL and finished.word == REBOOT and situation.protocol == "ocpp1.6":
        went = await _carry_out(tx, upgrade, Step.RESTART, situation, now)
    else:
        went = await _go_on(tx, upgrade, upgrade.step, situation, now)
    return went.command_id is not None


async def look(tx: Transaction, station_id: StationId, now: datetime) -> bool:
    """See whether what an upgrade waits for has come, or will not; return whether anything moved."""
    upgrade = await store_upgrades.locked(tx, station_id)
    if upgrade is None or upgrade.state is not State.UNDER_WAY:
        return False
    situation = await _situation(tx, station_id, upgrade.anchor_id, now)
    if situation.profile >= upgrade.target:
        await _end(tx, upgrade, State.DONE, "", now)
        return True
    if upgrade.step is Step.CERTIFICATE and situation.has_certificate:
        await _go_on(tx, upgrade, Step.CERTIFICATE, situation, now)
        return True
    stuck = rules_upgrade.why_stuck(upgrade, situation, now)
    if stuck:
        await _end(tx, upgrade, State.FAILED, stuck, now)
    return bool(stuck)


async def look_at_all(tx: Transaction, now: datetime) -> bool:
    """Look at every upgrade that waits; return whether anything moved."""
    return any([await look(tx, station_id, now) for station_id in await store_upgrades.waiting(tx, LOOKED_AT)])


async def _situation(tx: Transaction, station_id: StationId, anchor_id: UUID | None, now: datetime) -> Situation:
    found = await store_upgrades.situation(tx, station_id, anchor_id, now)
    if found is None:
        raise NotFound("There is no such station.")
    return found


async def _go_on(tx: Transaction, upgrade: Upgrade, done: Step | None, situation: Situation, now: datetime) -> Upgrade:
    return await _carry_out(tx, upgrade, rules_upgrade.after(done, upgrade, situation), situation, now)


async def _carry_out(tx: Transaction, upgrade: Upgrade, step: Step, situation: Situation, now: datetime) -> Upgrade:
    """Begin a step: queue its command, if it has one."""
    epoch = upgrade.epoch if step is Step.RETURN and upgrade.epoch else situation.epoch
    moved = msgspec.structs.replace(
        upgrade, step=step, state=State.UNDER_WAY, why="", command_id=None, moved_at=now, epoch=epoch
    )
    if step is Step.ORDER and not rules_upgrade.slots_in(situation.slots):
        return await _end(tx, moved, State.FAILED, "it does not tell which network profile it uses", now)
    if step is Step.TELL:
        if moved.slot is None:
            moved = msgspec.structs.replace(moved, slot=rules_upgrade.free_slot(situation.slots))
        await stations.set_profile(tx, UPGRADER, upgrade.station_id, upgrade.target, now, reason=upgrade.reason)
    command = await _command(tx, moved, situation)
    if command is not None:
        try:
            async with tx.savepoint():
                command_id: CommandId = await stations.request_command(
                    tx, UPGRADER, upgrade.station_id, command, now, reason=upgrade.reason, expires_at=now + WAIT
                )
        except Problem as problem:
            return await _end(tx, moved, State.FAILED, str(problem), now)
        moved = msgspec.structs.replace(moved, command_id=command_id)
    await store_upgrades.save(tx, moved)
    return moved


async def _command(tx: Transaction, upgrade: Upgrade, situation: Situation) -> commands.AnyCommand | None:
    match upgrade.step:
        case Step.ROOT:
            anchor = await store_roots.anchor(tx, upgrade.anchor_id) if upgrade.anchor_id else None
            return commands.InstallCertificate(use=Use.CSMS_ROOT, certificate=anchor.pem if anchor else "")
        case Step.NAME:
            component, variable = NAME_16 if situation.protocol == "ocpp1.6" else NAME_2X
            return commands.WriteVariable(component=component, variable=variable, value=upgrade.organisation)
        case Step.CERTIFICATE:
            return commands.AskForRequest()
        case Step.READ:
            asked = Variable(component="OCPPCommCtrlr", variable="NetworkConfigurationPriority")
            return commands.ReadVariables(variables=(asked,))
        case Step.TELL if situation.protocol == "ocpp1.6":
            return commands.WriteVariable(variable="SecurityProfile", value=str(upgrade.target))
        case Step.TELL:
            return commands.SetNetworkProfile(
                slot=upgrade.slot or 0, url=upgrade.url, security_profile=upgrade.target, interface=upgrade.interface
            )
        case Step.ORDER:
            return commands.WriteVariable(
                component="OCPPCommCtrlr",
                variable="NetworkConfigurationPriority",
                value=rules_upgrade.order(upgrade.slot or 0, situation.slots),
            )
        case Step.RESTART:
            return commands.Reset()
        case _:
            return None


async def _end(tx: Transaction, upgrade: Upgrade, state: State, why: str, now: datetime) -> Upgrade:
    ended = msgspec.structs.replace(upgrade, state=state, why=storable(why)[:REASON_MAX], moved_at=now)
    await store_upgrades.save(tx, ended)
    return ended
