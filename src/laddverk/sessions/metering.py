"""The recorder of meter readings: the hot path of the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.kernel.ids import SessionId, StationId
from laddverk.ocpp.answers import CostAnswer
from laddverk.ocpp.facts import EnergySampled
from laddverk.platform.database import Transaction
from laddverk.sessions import finding, store, telling
from laddverk.sessions.model import OpenRow
from laddverk.sessions.refold import refold
from laddverk.sessions.store import NewSample, Touch
from laddverk.sessions.tidy import bigint, int32, json_text, power, real, tidy

ENERGY: Final = 0  # places in `NewSample.values`
POWER: Final = 2
SOC: Final = 9

SampleKey = tuple[StationId, str, datetime, str, int]


async def record_samples(tx: Transaction, facts: Sequence[EnergySampled]) -> list[CostAnswer | None]:
    """Keep readings, and bring the sessions they belong to up to date; return what these cost, where that is shown.

    Readings in order only touch their session. One that is late, the first after a start without a register, or a
    register that fell lets the session be folded anew.
    """
    if not facts:
        return []
    given = await finding.found(tx, facts)
    samples: dict[SampleKey, NewSample] = {}
    of_session: dict[SessionId, list[NewSample]] = {}
    rows: dict[SessionId, OpenRow] = {}
    homeless: set[tuple[StationId, int, datetime]] = set()
    for fact in facts:
        row = finding.row_of(fact, given)
        sample = _new_sample(fact, row)
        key = (sample.station_id, sample.transaction_key, sample.at, sample.context, sample.evse_number)
        samples[key] = _merged(samples[key], sample) if key in samples else sample
        if row is not None:
            rows[row.id] = row
            of_session.setdefault(row.id, []).append(sample)
        elif not sample.transaction_key and sample.evse_number:
            homeless.add((sample.station_id, sample.evse_number, sample.at))
    await store.insert_samples(tx, list(samples.values()))
    touches = {session_id: touched(rows[session_id], its) for session_id, its in of_session.items()}
    await store.touch(tx, [touch for touch in touches.values() if touch is not None])
    odd = {session_id for session_id, touch in touches.items() if touch is None}
    odd.update(await store.over_at(tx, homeless))
    await refold(tx, await store.locked_by_ids(tx, odd))
    now = max(fact.received_at for fact in facts)
    return await telling.told_by_readings(tx, facts, [finding.row_of(fact, given) for fact in facts], now)


def _new_sample(fact: EnergySampled, row: OpenRow | None) -> NewSample:
    """The row to keep. A reading that names no session of this station is kept under none: EVSE and time tell."""
    named = fact.transaction_key or (row is not None and row.number == fact.transaction_number)
    key = (row.transaction_key if row else tidy(fact.transaction_key or "")) if named else ""
    evse_number = int32(fact.evse_number) or (row.evse_number if row else 0)
    return NewSample(
        fact.station_id,
        evse_number,
        fact.at,
        tidy(fact.context),
        key,
        fact.said_at,
        fact.received_at,
        _values(fact),
    )


def _values(fact: EnergySampled) -> tuple[Any, ...]:
    sample = fact.sample
    return (
        bigint(sample.energy_wh),
        bigint(sample.energy_export_wh),
        power(sample.power_w),
        real(sample.current_l1_a),
        real(sample.current_l2_a),
        real(sample.current_l3_a),
        real(sample.voltage_l1_v),
        real(sample.voltage_l2_v),
        real(sample.voltage_l3_v),
        real(sample.soc_percent),
        real(sample.temperature_c),
        real(sample.offered_a),
        json_text(sample.rest) if sample.rest else None,
    )


def _merged(one: NewSample, other: NewSample) -> NewSample:
    """Two rows of one instant as one: the greater of each value, as the database does with rows that come later."""
    values = tuple(
        max((value for value in pair if value is not None), default=None)
        for pair in zip(one.values, other.values, strict=True)
    )
    first = min(one, other, key=lambda sample: sample.received_at)
    return NewSample(
        first.station_id,
        first.evse_number,
        first.at,
        first.context,
        first.transaction_key,
        first.said_at,
        first.received_at,
        values,
    )


def touched(row: OpenRow, samples: Sequence[NewSample]) -> Touch | None:
    """Return what `samples` make of a running session, or None when only a fold can tell. Pure.

    What is added step by step here is what the fold finds for readings that come in order.
    """
    ordered = sorted(samples, key=lambda sample: sample.at)
    if row.ended_at is not None or row.register_end_wh is None or ordered[0].at < (row.sampled_at or row.started_at):
        return None
    register_wh = row.register_end_wh
    for sample in ordered:
        shown = sample.values[ENERGY]
        if shown is not None and shown < register_wh:
            return None
        register_wh = shown if shown is not None else register_wh
    energy_wh = row.energy_wh + register_wh - row.register_end_wh
    soc = _last(ordered, SOC)
    return Touch(
        row.id, energy_wh, register_wh, _last(ordered, POWER), None if soc is None else round(soc), ordered[-1].at
    )


def _last(ordered: Sequence[NewSample], place: int) -> Any:
    return next((sample.values[place] for sample in reversed(ordered) if sample.values[place] is not None), None)
