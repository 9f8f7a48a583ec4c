"""Recorders: facts about sessions, a whole window at a time, inside the transaction of the gateway.

Two paths. A start, an end, a token, and anything that is late or odd folds its session anew from all that is known
(`refold`). Readings and states of running sessions that come in order, which are nearly all messages there are, only
add a row and touch a few columns: three statements for a window, however many chargers are in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import SessionId, StationId
from laddverk.ocpp.answers import AuthorisationAnswer, StartAnswer
from laddverk.ocpp.facts import Fact, SessionEnded, SessionFact, SessionStarted, SessionUpdated, TokenPresented
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import finding, payers, store, telling
from laddverk.sessions.model import Detail, Kind, OpenRow, StoredEvent
from laddverk.sessions.payers import Judged, Presented
from laddverk.sessions.refold import refold
from laddverk.sessions.tidy import bigint, int32, json_text, tidy, token

NUMBERLESS: Final = StartAnswer()
"""Answer about a session that we do not have: our number for it is 0, which no session has."""

TokenFact = SessionStarted | SessionUpdated | SessionEnded


async def record_tokens(tx: Transaction, facts: Sequence[TokenPresented]) -> list[AuthorisationAnswer]:
    """Judge tokens that were shown, keep what was said of them, and return it."""
    if not facts:
        return []
    presented = [Presented(fact.station_id, token(fact.token_uid) or "", fact.at) for fact in facts]
    found = await payers.judged(tx, presented, _now(facts))
    await store.insert_authorisations(
        tx, [_shown(fact, shown, judged) for fact, shown, judged in zip(facts, presented, found, strict=True)]
    )
    return [judged.answer for judged in found]


def _shown(fact: TokenPresented, shown: Presented, judged: Judged) -> store.Shown:
    return store.Shown(
        _shown_id(fact.station_id, shown.token_uid or "", fact.received_at),
        fact.station_id,
        fact.at,
        fact.received_at,
        shown.token_uid,
        judged.payer.driver_id,
        judged.answer.authorisation.value,
        judged.reason,
    )


def _shown_id(station_id: StationId, token_uid: str, received_at: datetime) -> UUID:
    """Return the id of a showing: the same however often it is recorded."""
    content = f"{station_id} {token_uid} {received_at.isoformat()}"
    return UUID(bytes=hashlib.blake2b(content.encode(), digest_size=16).digest())


async def refuse_token(
    tx: Transaction, station_id: StationId, uid: str, received_at: datetime, status: str, reason: str
) -> None:
    """Say of a token that was shown that its contract was no good: the charger was told `status`."""
    tidied = token(uid) or ""
    shown_id = _shown_id(station_id, tidied, received_at)
    await store.refuse_authorisation(tx, station_id, shown_id, tidied, status, reason)


async def record_starts(tx: Transaction, facts: Sequence[SessionStarted]) -> list[StartAnswer]:
    """Record starts; return our number for each session and what we say of its token."""
    if not facts:
        return []
    keys = [finding.start_key(fact) for fact in facts]
    judged = await _judged(tx, facts, keys)
    events = [
        _event(Kind.STARTED, fact, key, _started_detail(fact, judged.get(number)))
        for number, (fact, key) in enumerate(zip(facts, keys, strict=True))
    ]
    rows = await _kept(tx, events, {})
    money = await telling.told(tx, rows.values(), _now(facts))
    return [
        _answer(rows.get((fact.station_id, key)), judged.get(number), money)
        for number, (fact, key) in enumerate(zip(facts, keys, strict=True))
    ]


async def record_updates(tx: Transaction, facts: Sequence[SessionUpdated]) -> list[StartAnswer]:
    """Record updates; return our number for each session, and what we say of a token that came along."""
    if not facts:
        return []
    found = await finding.found(tx, facts)
    named = [(number, fact, key) for number, fact in enumerate(facts) if (key := finding.key_of(fact, found))]
    answers = [NUMBERLESS for _ in facts]
    judged = await _judged(tx, [fact for _, fact, _ in named], [key for *_, key in named])
    events = [
        _event(Kind.UPDATED, fact, key, _updated_detail(fact, judged.get(place)))
        for place, (_, fact, key) in enumerate(named)
    ]
    known = {(row.station_id, row.transaction_key): row for row in found.rows}
    light, heavy = _parted(events, known)
    rows = await _kept(tx, heavy, known)
    await _touched(tx, light, known)
    # The price while it runs goes with readings, or by the clock: an update without them tells no more than a token's.
    money = await telling.told(tx, [rows[event.station_id, event.transaction_key] for event in heavy], _now(facts))
    for place, (number, fact, key) in enumerate(named):
        answers[number] = _answer(rows.get((fact.station_id, key)), judged.get(place), money)
    return answers


async def record_ends(tx: Transaction, facts: Sequence[SessionEnded]) -> list[StartAnswer]:
    """Record ends. One that belongs to no session we know is kept as an orphan, and answered like any other (law 1)."""
    if not facts:
        return []
    found = await finding.found(tx, facts)
    keys = [finding.end_key(fact, found) for fact in facts]
    judged = await _judged(tx, facts, keys)
    named = [(fact, key) for fact, key in zip(facts, keys, strict=True) if key is not None]
    events = [_event(Kind.ENDED, fact, key, _ended_detail(fact)) for fact, key in named]
    orphans = [fact for fact, key in zip(facts, keys, strict=True) if key is None]
    await store.insert_orphans(tx, [_orphan(fact) for fact in orphans])
    await outbox.publish(tx, finding.foreign(orphans, found))
    rows = await _kept(tx, events, {(row.station_id, row.transaction_key): row for row in found.rows})
    money = await telling.told(tx, rows.values(), _now(facts))
    return [
        _answer(rows.get((fact.station_id, key)) if key else None, judged.get(number), money)
        for number, (fact, key) in enumerate(zip(facts, keys, strict=True))
    ]


def _now(facts: Sequence[Fact]) -> datetime:
    return max(fact.received_at for fact in facts)


async def _judged(tx: Transaction, facts: Sequence[TokenFact], keys: Sequence[str | None]) -> dict[int, Judged]:
    """Judge the tokens (and remoteStartIds) of facts; by their position, where there is one."""
    wanted = [
        (number, _presented(fact, keys[number]))
        for number, fact in enumerate(facts)
        if fact.token_uid or _remote(fact) is not None
    ]
    found = await payers.judged(tx, [shown for _, shown in wanted], _now(facts)) if wanted else []
    return {number: judged for (number, _), judged in zip(wanted, found, strict=True)}


def _presented(fact: TokenFact, key: str | None) -> Presented:
    stops = isinstance(fact, SessionEnded)
    return Presented(fact.station_id, token(fact.token_uid) or "", fact.at, _remote(fact), key, stops)


def _remote(fact: TokenFact) -> int | None:
    return None if isinstance(fact, SessionEnded) else int32(fact.remote_start_id)


def _event(kind: Kind, fact: SessionFact, key: str, detail: Detail) -> StoredEvent:
    """The message as it is kept. Its key holds what the charger said of the time, for some count from zero again
    after a restart (quirk 81), and nothing of ours, which may differ from copy to copy.
    """
    said = f"@{fact.said_at.timestamp():.3f}" if fact.said_at else ""
    content_key = f"{kind.value} {tidy(fact.content_key)}{said}"
    return StoredEvent(fact.station_id, key, content_key, kind, fact.at, fact.received_at, fact.said_at, detail)


def _started_detail(fact: SessionStarted, judged: Judged | None) -> Detail:
    return Detail(
        evse_number=int32(fact.evse_number),
        connector_number=int32(fact.connector_number),
        offline=fact.offline,
        token_uid=token(fact.token_uid),
        payer=judged.payer if judged else None,
        register_wh=bigint(fact.register_wh),
        remote_start_id=int32(fact.remote_start_id),
        reservation_id=int32(fact.reservation_id),
        charging_state=fact.charging_state,
        trigger=tidy(fact.trigger) or None,
        flags=tuple(tidy(flag) for flag in fact.flags),
    )


def _updated_detail(fact: SessionUpdated, judged: Judged | None) -> Detail:
    return Detail(
        evse_number=int32(fact.evse_number),
        connector_number=int32(fact.connector_number),
        offline=fact.offline,
        token_uid=token(fact.token_uid),
        payer=judged.payer if judged else None,
        remote_start_id=int32(fact.remote_start_id),
        charging_state=fact.charging_state,
        trigger=tidy(fact.trigger) or None,
        flags=tuple(tidy(flag) for flag in fact.flags),
    )


def _ended_detail(fact: SessionEnded) -> Detail:
    return Detail(
        evse_number=int32(fact.evse_number),
        connector_number=int32(fact.connector_number),
        offline=fact.offline,
        token_uid=token(fact.token_uid),
        register_wh=bigint(fact.register_wh),
        reason=tidy(fact.reason),
        flags=tuple(tidy(flag) for flag in fact.flags),
    )


def _parted(
    events: Sequence[StoredEvent], known: Mapping[finding.Key, OpenRow]
) -> tuple[list[StoredEvent], list[StoredEvent]]:
    """Part updates into those of running sessions that are touched lightly, and those of sessions that need a fold."""
    odd: set[finding.Key] = set()
    for event in events:
        key = (event.station_id, event.transaction_key)
        row = known.get(key)
        if row is None or _is_odd(event, row):
            odd.add(key)
    light = [event for event in events if (event.station_id, event.transaction_key) not in odd]
    return light, [event for event in events if (event.station_id, event.transaction_key) in odd]


def _is_odd(event: StoredEvent, row: OpenRow) -> bool:
    """Whether an update may change more of its session than the charging state."""
    said = event.detail
    return (
        row.ended_at is not None
        or said.payer is not None
        or event.at < row.started_at
        or said.evse_number not in (None, row.evse_number)
        or said.connector_number not in (None, row.connector_number)
    )


async def _touched(tx: Transaction, events: Sequence[StoredEvent], known: Mapping[finding.Key, OpenRow]) -> None:
    """Keep light updates, and write the newest charging state of each session if it changed."""
    if not events:
        return
    await store.insert_events(tx, events)
    states: dict[SessionId, tuple[str, datetime]] = {}
    for event in sorted(events, key=lambda event: event.at):
        row = known[event.station_id, event.transaction_key]
        state = event.detail.charging_state
        before = states[row.id][0] if row.id in states else row.charging_state
        is_news = row.state_at is None or event.at >= row.state_at
        if state is not None and is_news and state != before:
            states[row.id] = (state, event.at)
    await store.touch_states(tx, [(session_id, state, at) for session_id, (state, at) in states.items()])


async def _kept(
    tx: Transaction, events: Sequence[StoredEvent], known: Mapping[finding.Key, OpenRow]
) -> dict[finding.Key, OpenRow]:
    """Keep `events`, make rows for sessions heard of for the first time, fold all, and return their rows by key.

    `known` are rows that exist already; they are returned too.
    """
    if not events:
        return dict(known)
    first = {(event.station_id, event.transaction_key): event for event in reversed(events)}
    created = await _created(tx, [event for key, event in first.items() if key not in known])
    await store.insert_events(tx, events)
    rows = await store.locked_by_keys(tx, first)
    await refold(tx, rows, created)
    return {**known, **{(row.station_id, row.transaction_key): row for row in rows}}


async def _created(tx: Transaction, first: Sequence[StoredEvent]) -> frozenset[SessionId]:
    if not first:
        return frozenset()
    new = [
        store.NewSession(
            event.station_id, event.transaction_key, event.detail.evse_number or 0, event.at, event.received_at
        )
        for event in first
    ]
    return frozenset(await store.insert_sessions(tx, new))


def _answer(row: OpenRow | None, judged: Judged | None, money: Mapping[SessionId, StartAnswer]) -> StartAnswer:
    if row is None and judged is None:
        return NUMBERLESS
    return telling.with_money(StartAnswer(row.number if row else 0, judged.answer if judged else None), row, money)


def _orphan(fact: SessionEnded) -> store.Orphan:
    ref = fact.transaction_key or (str(fact.transaction_number) if fact.transaction_number else fact.content_key)
    said_at = fact.said_at or fact.at  # what the charger said is the same in every copy
    return store.Orphan(fact.station_id, int32(fact.evse_number), tidy(ref), said_at, fact.received_at, json_text(fact))
