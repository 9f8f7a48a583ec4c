"""What diagnosis does in the background: detectors hear, attempts are made out, what is old is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from laddverk.diagnostics import drifting, listening, watching
from laddverk.diagnostics import store_watch as store
from laddverk.diagnostics.incidents import service as incidents
from laddverk.diagnostics.outcomes import service as outcomes
from laddverk.diagnostics.outcomes import store as outcomes_store
from laddverk.diagnostics.outcomes.makes import makes_in
from laddverk.diagnostics.remedies import proving
from laddverk.diagnostics.remedies import service as remedies
from laddverk.diagnostics.scenes import Scenery
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.platform.outbox import decoded
from laddverk.sessions.model import SessionClosed, StartFailed
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished, IdentityShared, StationOffline, StationOnline

log = structlog.get_logger()

WATCH: Final = "diagnostics.watch"
LOST_KEPT: Final = timedelta(days=90)  # that messages were dropped is said for a day, and kept for a quarter
ATTEND_EVERY: Final = timedelta(seconds=30)
"""How often incidents look at findings that can wait; what is dangerous they see at once."""

EVERY: Final = (
    Every(WATCH, timedelta(seconds=5)),
    Every("diagnostics.bound", timedelta(minutes=1)),
    Every("diagnostics.attempts", timedelta(seconds=10)),
    Every("diagnostics.drift", timedelta(minutes=1)),
    Every("diagnostics.shares", timedelta(hours=1)),
    Every("diagnostics.attend", timedelta(minutes=1)),
    Every("diagnostics.heal", timedelta(seconds=30)),
    Every("diagnostics.prove", timedelta(minutes=10)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""
    return _watching(house) | _listening(house) | _making_out(house) | _healing(house)


def _watching(house: House) -> dict[str, Handler]:
    scenery = Scenery(house.settings.heartbeat_interval_s, quirks.registry_of(house.settings.quirks_dir))
    attended_at: datetime | None = None
    watcher = watching.Watcher(house.secrets.charger_pepper, scenery)

    async def watch(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Let the detectors hear; by hand (`thorough`) also what could wait."""
        nonlocal attended_at
        now, thorough = house.clock(), any(one.get("thorough") for one in payloads)
        turn = await watcher.turn(tx, now, thorough=thorough)
        rested = attended_at is None or not timedelta(0) <= now - attended_at < ATTEND_EVERY
        if turn.signals and (rested or turn.is_grave or thorough):
            await incidents.attend(tx, now, house.hints)
            attended_at = now
        if turn.told:
            tx.after_commit(lambda: house.hints.publish([f"station:{one}" for one in turn.told]))
        if turn.more:
            await enqueue(tx, [NewJob(WATCH, {})])

    async def bound(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Drop what nobody took, and say so."""
        dropped = await store.bounded(tx, watching.INBOX_MAX, house.clock())
        if dropped:
            log.error("diagnostics.observations_dropped", dropped=dropped)
        await store.forget(tx, house.clock() - LOST_KEPT)

    async def attend(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Time alone may make an incident, escalate it or end a silence; not while the past is still being told."""
        if not await store.alone(tx):
            return
        await incidents.attend(tx, house.clock(), house.hints)

    return {WATCH: watch, "diagnostics.bound": bound, "diagnostics.attend": attend}


def _listening(house: House) -> dict[str, Handler]:
    async def linked(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.opened(tx, [decoded(StationOnline, payload) for payload in payloads])

    async def unlinked(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.closed(tx, [decoded(StationOffline, payload) for payload in payloads])

    async def identity_shared(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.shared(tx, [decoded(IdentityShared, payload) for payload in payloads])

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        events = [decoded(CommandFinished, payload) for payload in payloads]
        await listening.finished(tx, events)
        await remedies.follow(tx, [event.command_id for event in events], house.clock())

    async def drift(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Tell how stations stand to their templates; not while their memories are being written."""
        if await store.alone(tx):
            await drifting.observe(tx, house.clock())

    return {
        "diagnostics.drift": drift,
        "diagnostics.linked": linked,
        "diagnostics.unlinked": unlinked,
        "diagnostics.identity_shared": identity_shared,
        "diagnostics.command_finished": command_finished,
    }


def _healing(house: House) -> dict[str, Handler]:
    known = quirks.registry_of(house.settings.quirks_dir)

    async def heal(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Take the next step for what may be mended from here; not while the past is still being told."""
        if await store.alone(tx) and await remedies.heal(tx, known, house.clock()):
            tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC, "now", "incidents"]))

    async def prove(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """See what helped."""
        await proving.prove(tx, house.clock())

    return {"diagnostics.heal": heal, "diagnostics.prove": prove}


def _making_out(house: House) -> dict[str, Handler]:
    makes = makes_in(house.settings.state_dir)

    async def session_closed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """A session ended, or is known better: how it went is made out at the next turn."""
        closed = [decoded(SessionClosed, payload).session_id for payload in payloads]
        await outcomes_store.look_now(tx, closed, house.clock())

    async def attempts(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Make out how attempts went where things have settled."""
        if await outcomes.make_out(tx, house.secrets.charger_pepper, makes, house.clock()):
            await enqueue(tx, [NewJob("diagnostics.attempts", {})])

    async def shares(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Count how each model fares, and forget what is too old for any report."""
        now = house.clock()
        await outcomes_store.forget(tx, now - outcomes.KEPT)
        since = now - outcomes.SHARE_WITHIN
        await outcomes_store.count_shares(tx, since, outcomes.SHARE_USUAL, outcomes.SHARE_WEIGHT, now)

    async def start_failed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """A wish to charge came to nothing: that was an attempt too."""
        ids = [decoded(StartFailed, payload).start_request_id for payload in payloads]
        await outcomes_store.look_for_starts(tx, ids, house.clock())

    return {
        "diagnostics.session_closed": session_closed,
        "diagnostics.start_failed": start_failed,
        "diagnostics.attempts": attempts,
        "diagnostics.shares": shares,
    }
