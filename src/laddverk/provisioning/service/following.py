"""What follows when a command has its outcome, and when a charger has started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import (
    AdjustStream,
    ClearMonitors,
    NewValue,
    RequestReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    WriteVariable,
    WriteVariables,
)
from laddverk.ocpp.facts import Monitor, StreamOpened, Variable
from laddverk.platform.database import Transaction
from laddverk.provisioning import rules
from laddverk.provisioning.recording import MONITORS_MAX, STREAMS_MAX, bounded_monitor, bounded_stream
from laddverk.provisioning.service.asking import read_variables, request_monitors
from laddverk.provisioning.store import commands as commands_store
from laddverk.provisioning.store import inventories, templates
from laddverk.provisioning.store import monitoring as store
from laddverk.provisioning.store import streams as streams_store
from laddverk.provisioning.store.commands import FinishedCommand
from laddverk.stations.service import variables as station_variables

FOLLOWED: Final = frozenset({
    "write_variable", "write_variables", "read_variables", "request_report", "request_custom_report",
    "request_monitoring_report", "set_network_profile", "set_monitors", "clear_monitors", "set_monitoring_base",
    "set_monitoring_level", "adjust_stream", "read_streams",
})  # fmt: skip
"""The commands whose outcome this room acts on."""
CONFIRMED: Final = "confirmed"
REBOOT: Final = "RebootRequired"
READ_WITHIN: Final = timedelta(hours=1)  # after a start: later the next start will do
ALL_KEYS: Final = rule("the answer did not hold all keys")
AFTER_START: Final = rule("the charger has started")
AFTER_BASE: Final = rule("the set of monitors has changed")


async def follow_commands(tx: Transaction, command_ids: Sequence[UUID], now: datetime) -> None:
    """Take over what commands have done: values, profiles, monitors, streams. May be called again for the same."""
    for done in await commands_store.finished(tx, command_ids):
        if done.state == CONFIRMED:
            await _follow(tx, done, now)


async def _follow(tx: Transaction, done: FinishedCommand, now: datetime) -> None:
    match done.kind:
        case "write_variable" | "write_variables":
            await _written(tx, done, now)
        case "read_variables" | "request_report" | "request_custom_report" | "request_monitoring_report":
            await _reported(tx, done, now)
        case "set_network_profile":
            await commands_store.keep_profile(tx, done, now)
        case _:
            await _monitoring_changed(tx, done, now)


async def _written(tx: Transaction, done: FinishedCommand, now: datetime) -> None:
    """Keep the values that the charger took; those that need a start wait for it."""
    at = done.answered_at or now
    taken, waiting = _taken(done)
    source = station_variables.Source("command", done.requested_by, done.id)
    kept = [_as_variable(value, value.value) for value in taken]
    await station_variables.keep_variables(tx, [(done.station_id, kept, at)], source)
    await station_variables.await_start(
        tx, done.station_id, [(_as_variable(value, None), value.value) for value in waiting], at
    )


def _taken(done: FinishedCommand) -> tuple[list[NewValue], list[NewValue]]:
    """Return the values that hold now, and those that hold from the next start."""
    if isinstance(done.command, WriteVariable):
        own = done.command
        value = NewValue(component=own.component, variable=own.variable, attribute=own.attribute, value=own.value)
        return ([], [value]) if done.outcome == REBOOT else ([value], [])
    if not isinstance(done.command, WriteVariables):
        return [], []
    status = {
        (one["component"].lower(), one["variable"].lower(), one["attribute"].lower()): one["status"]
        for one in done.detail.get("results", [])
    }
    values = done.command.values
    return (
        [value for value in values if status.get(rules.key_of(value)) == "Accepted"],
        [value for value in values if status.get(rules.key_of(value)) == REBOOT],
    )


def _as_variable(value: NewValue, present: str | None) -> Variable:
    return Variable(
        component=value.component, variable=value.variable, attribute=value.attribute, value=present, mutability=""
    )


async def _reported(tx: Transaction, done: FinishedCommand, now: datetime) -> None:
    """Of an answer that was itself the whole report: note it, and ask by name for keys that it should have held."""
    at = done.answered_at or now
    told = await commands_store.keys_told(tx, done.station_id)
    now_told = [key.variable for key in told if key.reported_at >= at]
    is_answer = bool(now_told) or done.outcome == "EmptyResultSet"
    if not is_answer:
        return
    await inventories.answered(tx, done.id, len(now_told), at)
    asked_for_all = isinstance(done.command, RequestReport) or not getattr(done.command, "variables", ())
    if not asked_for_all or not now_told:
        return
    said = await commands_store.saying(tx, done.station_id, ("GetConfigurationMaxKeys",))
    limit = said.get("GetConfigurationMaxKeys") or ""
    max_keys = int(limit) if limit.isdecimal() and len(limit) < 6 else None
    missing = rules.keys_to_ask(now_told, (key.variable for key in told), max_keys)
    if missing:
        names = [Variable(variable=key) for key in missing]
        await _try_read(tx, ALL_KEYS, done.station_id, names, now)


async def _monitoring_changed(tx: Transaction, done: FinishedCommand, now: datetime) -> None:
    at = done.answered_at or now
    match done.command:
        case SetMonitors():
            await _monitors_set(tx, done, at)
        case ClearMonitors():
            gone = [one["monitor_id"] for one in done.detail.get("results", []) if one["status"] != "Rejected"]
            await store.drop_monitors(tx, done.station_id, gone, at)
        case SetMonitoringBase(base=base):
            await store.set_base(tx, done.station_id, base, at)
            await request_monitors(tx, AFTER_BASE, done.station_id, now)
        case SetMonitoringLevel(severity=severity):
            await store.set_level(tx, done.station_id, severity, at)
        case AdjustStream(stream_id=stream_id, interval_s=interval_s, values_max=values_max):
            await streams_store.adjust_stream(tx, done.station_id, stream_id, interval_s, values_max)
        case _ if done.kind == "read_streams":
            await _streams_read(tx, done.station_id, done.detail.get("streams", []), at)


async def _monitors_set(tx: Transaction, done: FinishedCommand, at: datetime) -> None:
    """Keep the monitors that got a number. The answer names them by variable, kind and severity, in any order."""
    assert isinstance(done.command, SetMonitors), "only its outcome comes here"
    waiting = list(done.command.monitors)
    kept: dict[int, store.KeptMonitor] = {}
    for result in done.detail.get("results", []):
        mine = next(
            (
                one
                for one in waiting
                if (one.component.lower(), one.variable.lower(), one.kind, one.severity)
                == (result["component"].lower(), result["variable"].lower(), result["kind"], result["severity"])
            ),
            None,
        )
        if mine is None:
            continue
        waiting.remove(mine)
        number = result.get("monitor_id", mine.monitor_id)
        if result["status"] == "Accepted" and number is not None:
            monitor = Monitor(
                monitor_id=number,
                component=mine.component,
                variable=mine.variable,
                kind=mine.kind,
                value=mine.value,
                severity=mine.severity,
                transaction=mine.transaction,
            )
            kept[number] = store.KeptMonitor(done.station_id, bounded_monitor(monitor), at, done.requested_by)
    await store.keep_monitors(tx, [kept[number] for number in sorted(kept)], MONITORS_MAX)


async def _streams_read(
    tx: Transaction, station_id: StationId, streams: Sequence[dict[str, Any]], at: datetime
) -> None:
    """Take the charger's word for which streams are open: those that we did not know are, others are not."""
    for one in streams[:STREAMS_MAX]:
        opened = StreamOpened(
            station_id=station_id,
            at=at,
            received_at=at,
            stream_id=one["stream_id"],
            monitor_id=one["monitor_id"],
            interval_s=one.get("interval_s"),
            values_max=one.get("values_max"),
        )
        await streams_store.keep_open_stream(tx, bounded_stream(opened))
    await streams_store.close_others(tx, station_id, [one["stream_id"] for one in streams], at)


async def follow_start(tx: Transaction, station_id: StationId, waited: Sequence[Variable], now: datetime) -> None:
    """After a start, read what waited for it, and what templates want to be compared with."""
    wanted = {(one.component, one.variable, one.attribute): one for one in waited}
    (traits,) = await commands_store.traits(tx, [station_id]) or (None,)
    if traits is None:
        return
    for template in await templates.live(tx):
        if template.checks_at_start and rules.is_meant_for(template, traits):
            for value in template.wanted:
                wanted[value.component, value.variable, value.attribute] = _as_variable(value, None)
    if wanted:
        await _try_read(tx, AFTER_START, station_id, list(wanted.values()), now)


async def _try_read(
    tx: Transaction, actor: Actor, station_id: StationId, variables: Sequence[Variable], now: datetime
) -> None:
    """Read variables of our own accord; where too much waits already, or the station is retired, it is left."""
    try:
        async with tx.savepoint():
            await read_variables(tx, actor, station_id, variables, now, expires_at=now + READ_WITHIN)
    except Problem:
        return
