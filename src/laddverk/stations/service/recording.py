"""The recorders of what stations say of themselves. Each takes a whole window of facts and may be given it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.ocpp.answers import BootAnswer
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.quirks import Registry
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.stations.model import ConnectorFaulted, Deed
from laddverk.stations.service.commanding import confirm, confirm_by_new_states
from laddverk.stations.service.quirks import HEARTBEAT_INTERVAL_S, boot_answers
from laddverk.stations.service.registry import add_found_connectors
from laddverk.stations.service.reporting import keep, report_of, said
from laddverk.stations.service.variables import keep_variables
from laddverk.stations.store import connections, timeline
from laddverk.stations.store import reports as store
from laddverk.stations.store.timeline import Place, StateReport

WORD_LENGTH_MAX: Final = 100  # error codes have at most 50 characters in any version; the frame keeps the rest
INFO_LENGTH_MAX: Final = 1000
NEVER: Final = datetime.min.replace(tzinfo=UTC)
PLACE_NUMBER_MAX: Final = 1000  # larger EVSE and connector numbers are a fault, not a charger


async def record_boots(
    tx: Transaction,
    boots: Sequence[facts.Booted],
    interval_s: int = HEARTBEAT_INTERVAL_S,
    known: Registry | None = None,
) -> list[BootAnswer]:
    """Record that chargers started. Those that nobody holds back are accepted: only registered ones get this far.

    They are asked for a heartbeat about every `interval_s`, or as often as the station's or its model's setting says.

    Confirms resets and triggered boots. A running session stays open: the charger may go on with it (quirk 16).
    """
    newest: dict[StationId, facts.Booted] = {}
    for boot in sorted(boots, key=lambda boot: (boot.received_at, boot.firmware, boot.reason)):
        newest[boot.station_id] = _bounded_boot(boot)
    stations = sorted(newest)
    await store.booted(tx, [newest[station_id] for station_id in stations])
    await keep(tx, [report_of(boot, "BootNotification", said(boot)) for boot in boots])
    deeds = [_deed(boot, "reset") for boot in newest.values()]
    deeds += [_deed(boot, "trigger", message="BootNotification") for boot in newest.values()]
    await confirm(tx, deeds, _latest(boots))
    return await boot_answers(tx, boots, interval_s, known)


def _bounded_boot(boot: facts.Booted) -> facts.Booted:
    """Return the boot with its words cut to what a screen can show; serials may be far over the standard (quirk 50)."""
    return msgspec.structs.replace(
        boot,
        vendor=boot.vendor[:WORD_LENGTH_MAX],
        model=boot.model[:WORD_LENGTH_MAX],
        serial=boot.serial[:WORD_LENGTH_MAX],
        firmware=boot.firmware[:WORD_LENGTH_MAX],
        reason=boot.reason[:WORD_LENGTH_MAX],
    )


async def record_heartbeats(tx: Transaction, heartbeats: Sequence[facts.HeartbeatReceived]) -> None:
    """Record that chargers are alive."""
    await connections.seen(tx, [(heartbeat.station_id, heartbeat.received_at) for heartbeat in heartbeats])
    deeds = [_deed(heartbeat, "trigger", message="Heartbeat") for heartbeat in heartbeats]
    await confirm(tx, deeds, _latest(heartbeats))


async def record_statuses(tx: Transaction, statuses: Sequence[facts.StatusReported]) -> None:
    """Add states to the timelines of connectors, EVSEs and stations; connectors show the newest.

    The timeline follows from the set of reports alone: late, repeated and shuffled ones give the same intervals. A
    connector that nobody entered is created and marked so (quirk 67). Publishes `ConnectorFaulted` when a newest
    state has turned into a fault, and confirms commands that the states show to be carried out.
    """
    plausible = [status for status in statuses if _is_place(status)]
    await keep(tx, [report_of(status, "flag", said(status)) for status in statuses if not _is_place(status)])
    earliest: dict[tuple[Place, datetime, str], StateReport] = {}
    for report in map(_state_of, plausible):
        key = (report.place, report.started_at, report.content_key)
        if key not in earliest or report.received_at < earliest[key].received_at:
            earliest[key] = report
    if not earliest:
        return
    touched = await timeline.insert(tx, [earliest[key] for key in sorted(earliest)])
    if touched:
        await timeline.relink(tx, touched)
        await _mirror(tx, touched)
    await _confirm_by_status(tx, plausible)


def _is_place(status: facts.StatusReported) -> bool:
    return 0 <= status.evse_number <= PLACE_NUMBER_MAX and 0 <= status.connector_number <= PLACE_NUMBER_MAX


def _state_of(status: facts.StatusReported) -> StateReport:
    evse, connector = status.evse_number, status.connector_number
    words = (
        status.status.value,
        _cut(status.error_code, WORD_LENGTH_MAX),
        _cut(status.vendor_error_code, WORD_LENGTH_MAX),
        _cut(status.info, INFO_LENGTH_MAX),
    )
    return StateReport(
        place=Place(status.station_id, evse, connector if evse else 0),
        started_at=status.at,
        content_key=hashlib.blake2b(msgspec.json.encode(words), digest_size=8).hexdigest(),
        status=status.status,
        error_code=words[1],
        vendor_error_code=words[2],
        info=words[3],
        said_at=status.said_at,
        received_at=status.received_at,
    )


async def _mirror(tx: Transaction, touched: Sequence[timeline.Touched]) -> None:
    places = sorted({Place(one.station_id, one.evse_number, one.connector_number) for one in touched})
    shown = await timeline.mirror(tx, places)
    known = {mirrored.place for mirrored in shown}
    unknown = [place for place in places if place not in known and place.connector_number > 0]
    if unknown and await add_found_connectors(tx, unknown):
        shown += await timeline.mirror(tx, unknown)
    changed = {(Place(one.station_id, one.evse_number, one.connector_number), one.started_at) for one in touched}
    await outbox.publish(
        tx,
        [
            ConnectorFaulted(
                station_id=one.station_id,
                evse_number=one.evse_number,
                connector_number=one.connector_number,
                error_code=one.error_code,
                at=one.status_since,
            )
            for one in shown
            if one.status is facts.Status.FAULTED and (one.place, one.status_since) in changed
        ],
    )


async def _confirm_by_status(tx: Transaction, statuses: Sequence[facts.StatusReported]) -> None:
    now = _latest(statuses)
    stations = sorted({status.station_id for status in statuses})
    await confirm_by_new_states(tx, stations, now)
    latest: dict[StationId, facts.StatusReported] = {}
    for status in statuses:
        if status.station_id not in latest or status.received_at > latest[status.station_id].received_at:
            latest[status.station_id] = status
    deeds = [_deed(status, "trigger", message="StatusNotification") for status in latest.values()]
    deeds += [_deed(status, "reset", evse_number=status.evse_number) for status in statuses if _is_back(status)]
    await confirm(tx, deeds, now)


def _is_back(status: facts.StatusReported) -> bool:
    """Return whether an EVSE says that it works: after its own reset no boot comes, but this (B11, B12)."""
    return status.evse_number > 0 and status.status not in (facts.Status.UNAVAILABLE, facts.Status.FAULTED)


async def record_variables(tx: Transaction, reports: Sequence[facts.VariablesReported]) -> None:
    """Keep what chargers told of their configuration. The last part of a report confirms the request for it."""
    await keep_variables(tx, [(report.station_id, report.variables, report.received_at) for report in reports])
    complete = [report for report in reports if report.request_id is not None and not report.more_follows]
    deeds = [_deed(report, "request_report", request_id=report.request_id) for report in complete]
    await confirm(tx, deeds, _latest(reports))


async def record_others(tx: Transaction, others: Sequence[facts.OtherReported]) -> None:
    """Keep what no room acts on yet; a message that was asked for confirms that command."""
    await keep(tx, [report_of(other, other.action[:WORD_LENGTH_MAX], other.payload) for other in others])
    await confirm(tx, [_deed(other, "trigger", message=other.action) for other in others], _latest(others))


def _cut(text: str | None, length_max: int) -> str | None:
    return text[:length_max] if text else None


def _latest(received: Sequence[Fact]) -> datetime:
    return max((fact.received_at for fact in received), default=NEVER)


def _deed(fact: Fact, kind: str, **match: Any) -> Deed:
    return Deed(station_id=fact.station_id, kind=kind, at=fact.received_at, match=match)
