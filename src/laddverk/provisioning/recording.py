"""The recorders of this room: parts of reports, monitors, events and streams. Each may be given its facts again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.ocpp.answers import StreamAnswer
from laddverk.ocpp.facts import EventNotified, Fact, Monitor
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.provisioning import rules
from laddverk.provisioning.store import commands as commands_store
from laddverk.provisioning.store import inventories, streams
from laddverk.provisioning.store import monitoring as store
from laddverk.provisioning.store import templates as templates_store
from laddverk.stations import rules as stations_rules
from laddverk.stations import service as stations
from laddverk.stations.model import Deed
from laddverk.stations.service import variables as station_variables

PARTS_MAX: Final = 5_000  # of one report; a variable in each of them would be more than any charger has
UNASKED_MAX: Final = 200  # reports of one station that nobody asked for
MONITORS_MAX: Final = 2_000  # of one station: several on each variable that can be watched
STREAMS_MAX: Final = 20  # open at one station: each tells some times a minute
WORD_LENGTH_MAX: Final = 150
TEXT_LENGTH_MAX: Final = 500
VALUE_LENGTH_MAX: Final = 2_500
INT_MAX: Final = 2**31 - 1
SAID_AFTER_START: Final = "provisioning.after_start"


async def record_boots(tx: Transaction, boots: Sequence[facts.Booted]) -> None:
    """After a start, values that waited for it hold, and templates may want to know how the charger is set."""
    station_ids = sorted({boot.station_id for boot in boots})
    waited = await station_variables.start_ends_wait(tx, station_ids)
    watched = set(station_ids) if await templates_store.any_checks_at_start(tx) else set(waited)
    await enqueue(
        tx,
        [
            NewJob(SAID_AFTER_START, {"station_id": str(one), "waited": msgspec.to_builtins(waited.get(one, []))})
            for one in sorted(watched)
        ],
    )


async def record_statuses(tx: Transaction, statuses: Sequence[facts.StatusReported]) -> None:
    """An EVSE that is available again shows that it has restarted (B12): the whole station did not boot."""
    back = [status for status in statuses if status.evse_number and status.status is facts.Status.AVAILABLE]
    if not back:
        return
    asked = await commands_store.open_evse_resets(tx, sorted({status.station_id for status in back}))
    deeds = [
        Deed(station_id=one.station_id, kind="reset", at=one.received_at, match={"evse_number": one.evse_number})
        for one in back
        if commands_store.EvseReset(one.station_id, one.evse_number) in asked
    ]
    await stations.confirm(tx, deeds, _latest(statuses))


async def record_inventories(tx: Transaction, reports: Sequence[facts.VariablesReported]) -> None:
    """Count the parts of reports as they come; the last one confirms a request for a custom report."""
    await _add_parts(tx, "variables", [(report, len(report.variables)) for report in reports])
    await stations.confirm(tx, _ends(reports, "request_custom_report"), _latest(reports))


async def record_monitors(tx: Transaction, reports: Sequence[facts.MonitorsReported]) -> None:
    """Keep the monitors that chargers tell of. Those that are not in a complete report of all of them are gone."""
    newest: dict[tuple[StationId, int], store.KeptMonitor] = {}
    for report in sorted(reports, key=lambda report: report.received_at):
        for monitor in report.monitors:
            kept = store.KeptMonitor(report.station_id, bounded_monitor(monitor), report.received_at)
            newest[report.station_id, monitor.monitor_id] = kept
    await store.keep_monitors(tx, [newest[key] for key in sorted(newest)], MONITORS_MAX)
    await _add_parts(tx, "monitors", [(report, len(report.monitors)) for report in reports])
    numbered = [(report.station_id, report.request_id) for report in reports if report.request_id is not None]
    for whole in await inventories.whole(tx, numbered):
        await store.drop_untold(tx, whole.station_id, whole.requested_at)
    await stations.confirm(tx, _ends(reports, "request_monitoring_report"), _latest(reports))


async def _add_parts(
    tx: Transaction, kind: str, reports: Sequence[tuple[facts.VariablesReported | facts.MonitorsReported, int]]
) -> None:
    parts = [
        inventories.Part(
            report.station_id,
            report.request_id,
            min(report.seq, INT_MAX),
            not report.more_follows,
            items,
            report.received_at,
        )
        for report, items in reports
        if report.request_id is not None
    ]
    if parts:
        await inventories.add_parts(tx, kind, parts, PARTS_MAX, UNASKED_MAX)


def _ends(reports: Sequence[facts.VariablesReported | facts.MonitorsReported], kind: str) -> list[Deed]:
    return [
        Deed(
            station_id=report.station_id, kind=kind, at=report.received_at, match={"request_id": report.request_id}
        )
        for report in reports
        if report.request_id is not None and not report.more_follows
    ]  # fmt: skip


async def record_events(tx: Transaction, events: Sequence[EventNotified]) -> None:
    """Keep what monitors noticed, once; make alarms of what alerts; and take over the values that events tell.

    An event that says no severity has that of its monitor, as it is known by then.
    """
    asked = [(one.station_id, one.monitor_id) for one in events if one.monitor_id is not None]
    known = await store.severities(tx, asked) if asked else {}
    kept: dict[tuple[StationId, datetime, str], store.KeptEvent] = {}
    for event in map(_bounded_event, events):
        severity = event.severity
        if severity is None and event.monitor_id is not None:
            severity = known.get((event.station_id, event.monitor_id))
        content_key = rules.event_key(event)
        kept.setdefault(
            (event.station_id, event.at, content_key),
            store.KeptEvent(event, content_key, severity, rules.alarm_key(event)),
        )
    alerted = await store.keep_events(tx, [kept[key] for key in sorted(kept)])
    raised = sorted({one for one in alerted if one.alarm_key is not None})
    if raised:
        await store.retell_alarms(tx, raised)
    told = [(event.station_id, [rules.value_told(event)], event.received_at) for event in events]
    await station_variables.keep_known(tx, told, station_variables.Source("event"))


def _bounded_event(event: EventNotified) -> EventNotified:
    value = "" if stations_rules.is_secret(event.variable) else event.value[:VALUE_LENGTH_MAX]
    return msgspec.structs.replace(
        event,
        trigger=event.trigger[:WORD_LENGTH_MAX],
        component=event.component[:WORD_LENGTH_MAX],
        variable=event.variable[:WORD_LENGTH_MAX],
        value=value,
        notification=event.notification[:WORD_LENGTH_MAX],
        tech_code=event.tech_code[:WORD_LENGTH_MAX] if event.tech_code else None,
        tech_info=event.tech_info[:TEXT_LENGTH_MAX] if event.tech_info else None,
        transaction_key=event.transaction_key[:WORD_LENGTH_MAX] if event.transaction_key else None,
    )


def bounded_monitor(monitor: Monitor) -> Monitor:
    """Return a monitor with its words cut to what an index and a screen can hold."""
    return msgspec.structs.replace(
        monitor,
        component=monitor.component[:WORD_LENGTH_MAX],
        variable=monitor.variable[:WORD_LENGTH_MAX],
        kind=monitor.kind[:WORD_LENGTH_MAX],
        notification=monitor.notification[:WORD_LENGTH_MAX],
    )


async def record_opened_streams(tx: Transaction, opened: Sequence[facts.StreamOpened]) -> list[StreamAnswer]:
    """Let chargers stream, up to `STREAMS_MAX` streams each; one that is open is taken again with what it now says."""
    known = await streams.open_now(tx, sorted({one.station_id for one in opened}))
    answers: list[StreamAnswer] = []
    for one in opened:
        others = sum(station_id == one.station_id for station_id, stream_id in known if stream_id != one.stream_id)
        free = others < STREAMS_MAX
        if free:
            known.add((one.station_id, one.stream_id))
            await streams.open_stream(tx, bounded_stream(one))
        answers.append(StreamAnswer(accepted=free))
    return answers


def bounded_stream(opened: facts.StreamOpened) -> facts.StreamOpened:
    """Return an opened stream with numbers that the database can hold."""
    return msgspec.structs.replace(
        opened, interval_s=_within_int(opened.interval_s), values_max=_within_int(opened.values_max)
    )


def _within_int(number: int | None) -> int | None:
    return None if number is None else min(number, INT_MAX)


async def record_closed_streams(tx: Transaction, closed: Sequence[facts.StreamClosed]) -> None:
    """Note that streams ended."""
    for one in closed:
        await streams.close_stream(tx, one.station_id, one.stream_id, one.at)


async def record_stream_values(tx: Transaction, received: Sequence[facts.StreamReceived]) -> None:
    """Keep the values of streams that are open; those of another stream stay in the journal only."""
    bounded = [
        msgspec.structs.replace(
            one,
            pending=min(one.pending, INT_MAX),
            values=tuple(msgspec.structs.replace(value, value=value.value[:VALUE_LENGTH_MAX]) for value in one.values),
        )
        for one in received
    ]
    await streams.keep_values(tx, bounded)


def _latest(received: Sequence[Fact]) -> datetime:
    return max(fact.received_at for fact in received)


def job_station(payload: dict[str, Any]) -> StationId:
    """Return the station that a job of this room is about."""
    return StationId(UUID(payload["station_id"]))
