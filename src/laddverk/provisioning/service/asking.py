"""Asking chargers for reports and values, and writing values: as many messages as it takes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.commands import (
    AnyCommand,
    NewValue,
    ReadVariables,
    RequestCustomReport,
    RequestMonitoringReport,
    RequestReport,
    Selected,
    SetNetworkProfile,
    WriteVariable,
    WriteVariables,
)
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction
from laddverk.provisioning import rules
from laddverk.provisioning.store import commands as store
from laddverk.provisioning.store import inventories
from laddverk.stations import service as stations

REQUEST_ID_MAX: Final = 2**31 - 1
ITEMS_MAX: Final = 500  # read or written in one go: more is what reports are for
BASES: Final = ("FullInventory", "ConfigurationInventory", "SummaryInventory")
CRITERIA: Final = ("Active", "Available", "Enabled", "Problem")
MONITORING_CRITERIA: Final = ("ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring")
WHAT_LENGTH_MAX: Final = 200
URL_LENGTH_MAX: Final = 512  # what 2.0.1 allows
SLOT_MAX: Final = 99
TIMEOUT_MAX_S: Final = 600


def new_request_id() -> int:
    """Return a number for a report that no other open report of a charger has, in all likelihood."""
    return 1 + secrets.randbelow(REQUEST_ID_MAX)


async def request_report(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    now: datetime,
    *,
    base: str = BASES[0],
    reason: str = "",
    expires_at: datetime | None = None,
) -> CommandId:
    """Ask for a base report (1.6: all configuration keys), whose parts are counted as they come.

    Needs commands:send. Raises as `stations.request_command` does, and `Invalid` for an unknown `base`.
    """
    _known("base", base, BASES)
    number = new_request_id()
    command = RequestReport(report=base, request_id=number)
    return await _inventory(
        tx, actor, station_id, command, now, kind="variables", what=base, reason=reason, expires_at=expires_at
    )


async def request_custom_report(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    now: datetime,
    *,
    criteria: Sequence[str] = (),
    selected: Sequence[Selected] = (),
    reason: str = "",
) -> CommandId:
    """Ask for what meets criteria or is named (2.x). Raises as `request_report` does, and `Invalid` for neither."""
    for one in criteria:
        _known("criteria", one, CRITERIA)
    if not criteria and not selected:
        raise Invalid("Choose what the report is to be about.", field="criteria")
    command = RequestCustomReport(
        request_id=new_request_id(), criteria=tuple(criteria), selected=tuple(selected[:ITEMS_MAX])
    )
    what = " ".join([*criteria, *(f"{one.component}.{one.variable}".strip(".") for one in selected)])
    return await _inventory(tx, actor, station_id, command, now, kind="variables", what=what, reason=reason)


async def request_monitors(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    now: datetime,
    *,
    criteria: Sequence[str] = (),
    selected: Sequence[Selected] = (),
    reason: str = "",
) -> CommandId:
    """Ask for the monitors that a charger has (2.x): all, or those of some kinds or variables."""
    for one in criteria:
        _known("criteria", one, MONITORING_CRITERIA)
    command = RequestMonitoringReport(
        request_id=new_request_id(), criteria=tuple(criteria), selected=tuple(selected[:ITEMS_MAX])
    )
    what = " ".join([*criteria, *(f"{one.component}.{one.variable}".strip(".") for one in selected)])
    return await _inventory(tx, actor, station_id, command, now, kind="monitors", what=what, reason=reason)


async def _inventory(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    command: Any,
    now: datetime,
    *,
    kind: str,
    what: str,
    reason: str,
    expires_at: datetime | None = None,
) -> CommandId:
    command_id = await stations.request_command(
        tx, actor, station_id, command, now, reason=reason, expires_at=expires_at
    )
    await inventories.insert(
        tx,
        station_id,
        command.request_id,
        kind,
        what[:WHAT_LENGTH_MAX],
        is_whole=not what,
        command_id=command_id,
        now=now,
    )
    return command_id


async def read_variables(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    variables: Sequence[Variable],
    now: datetime,
    *,
    reason: str = "",
    expires_at: datetime | None = None,
) -> list[CommandId]:
    """Read these variables or keys, in as many messages as the charger's own limit asks for. Needs commands:send."""
    _not_too_many(variables)
    said = await store.saying(tx, station_id, rules.ITEMS_VARIABLES["read"])
    names = [Variable(component=one.component, variable=one.variable, attribute=one.attribute) for one in variables]
    commands = [ReadVariables(variables=chunk) for chunk in rules.chunks(names, rules.items_per_message("read", said))]
    return [
        await stations.request_command(tx, actor, station_id, one, now, reason=reason, expires_at=expires_at)
        for one in commands
    ]


async def write_values(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    values: Sequence[NewValue],
    now: datetime,
    *,
    reason: str = "",
    requested_by: str = "",
    expires_at: datetime | None = None,
) -> list[CommandId]:
    """Write these values: keys of 1.6 one at a time, variables of 2.x as many at once as the charger takes.

    Needs commands:send. Raises as `stations.request_command` does: `Invalid` when one of them is a secret.
    """
    _not_too_many(values)
    keys = [value for value in values if not value.component]
    variables = [value for value in values if value.component]
    said = await store.saying(tx, station_id, rules.ITEMS_VARIABLES["write"]) if variables else {}
    commands: list[AnyCommand] = [WriteVariable(variable=key.variable, value=key.value) for key in keys]
    commands += [
        WriteVariables(values=chunk) for chunk in rules.chunks(variables, rules.items_per_message("write", said))
    ]
    return [
        await stations.request_command(
            tx, actor, station_id, one, now, reason=reason, requested_by=requested_by, expires_at=expires_at
        )
        for one in commands
    ]


def _not_too_many(items: Sequence[object]) -> None:
    if not items or len(items) > ITEMS_MAX:
        raise Invalid("Name at least one setting and at most %(max)s.", field="variables", max=ITEMS_MAX)


async def set_network_profile(
    tx: Transaction, actor: Actor, station_id: StationId, profile: SetNetworkProfile, now: datetime, *, reason: str
) -> CommandId:
    """Write one slot of a charger's ways to us (2.x). Needs commands:send.

    Raises `Invalid` for an address that is none, and for one that holds a password: what we send is kept.
    """
    checked = msgspec.structs.replace(profile, url=profile.url.strip(), apn=(profile.apn or "").strip() or None)
    address = urlsplit(checked.url)
    if address.scheme not in ("ws", "wss") or not address.hostname or len(checked.url) > URL_LENGTH_MAX:
        raise Invalid(
            "This is no address that a charger can call.", field="url", remedy="It begins with wss:// or ws://."
        )
    if address.username or address.password:
        raise Invalid("An address must not hold a password.", field="url")
    for name, value, low, high in (
        ("slot", checked.slot, 0, SLOT_MAX),
        ("security_profile", checked.security_profile, 0, 3),
        ("message_timeout_s", checked.message_timeout_s, 1, TIMEOUT_MAX_S),
    ):
        if not low <= value <= high:
            raise Invalid("This must be between %(low)s and %(high)s.", field=name, low=low, high=high)
    return await stations.request_command(tx, actor, station_id, checked, now, reason=reason)


def _known(field: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise Invalid("%(word)s is not known here.", field=field, word=word[:WHAT_LENGTH_MAX])
