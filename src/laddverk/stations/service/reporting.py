"""Reports: what chargers said that no room acts on yet; kept once, within limits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Fact
from laddverk.platform.database import Transaction
from laddverk.stations.model import Report
from laddverk.stations.store import reports as store

SAME_REPORT_WITHIN: Final = timedelta(minutes=1)  # "Uploading" forty times in a minute is kept once (quirk 74)
REPORT_BYTES_MAX: Final = 20_000  # of one report; the journal has the whole frame
TIMES: Final = frozenset({"type", "station_id", "at", "received_at", "said_at"})
"""Fields of every fact that a report keeps in columns of its own."""


def said(fact: Fact) -> dict[str, Any]:
    """Return what a fact says, without its times and station."""
    return {name: value for name, value in msgspec.to_builtins(fact).items() if name not in TIMES}


def report_of(fact: Fact, kind: str, payload: dict[str, Any]) -> Report:
    """Return what is kept of a fact: `payload`, or only its size when it is too large."""
    size = len(msgspec.json.encode(payload))
    return Report(
        station_id=fact.station_id,
        received_at=fact.received_at,
        said_at=fact.said_at,
        kind=kind,
        payload=payload if size <= REPORT_BYTES_MAX else {"too_large_bytes": size},
    )


async def keep(tx: Transaction, reports: Sequence[Report], same_within: timedelta = SAME_REPORT_WITHIN) -> None:
    """Keep each report once, however often it is recorded, and repetitions of one within `same_within` once."""
    kept: dict[UUID, Report] = {}
    last: dict[tuple[StationId, str, bytes], datetime] = {}
    for report in sorted(reports, key=lambda report: report.received_at):
        content = (report.station_id, report.kind, msgspec.json.encode(report.payload, order="deterministic"))
        before = last.get(content)
        if before is None or report.received_at - before >= same_within:
            last[content] = report.received_at
            kept[_report_id(report, content[2])] = report
    if kept:
        await store.keep_reports(tx, list(kept.items()), same_within)


def _report_id(report: Report, content: bytes) -> UUID:
    """Return an id that the same report always gets: 48 bits of its time, so that ids sort by it, then a digest."""
    at = report.said_at or report.received_at
    digest = hashlib.blake2b(
        b"\x00".join([report.station_id.bytes, report.kind.encode(), at.isoformat().encode(), content]),
        digest_size=10,
    ).digest()
    value = int.from_bytes(max(0, int(at.timestamp() * 1000)).to_bytes(6, "big") + digest)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62))
