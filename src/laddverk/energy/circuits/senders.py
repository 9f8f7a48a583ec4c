"""Limits from outside as a whole: what one sender says now replaces what it said before; people may take one away.

All raise `NotAllowed` and `NotFound` as `circuits.service` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits import editing, service, store
from laddverk.energy.circuits.model import CircuitId, CircuitsChanged, LimitFrom, Signal
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Invalid, NotFound, TooMany
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction


async def said(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: UUID, source: LimitFrom, prefix: str,
    given: Sequence[Signal], now: datetime,
) -> bool:  # fmt: skip
    """Keep what a sender says now of a circuit, in the place of all that it said before; return whether it differs.

    `given` all have keys that begin with `prefix`, which names the sender. What is over stays for the history. Raises
    `Invalid` and `TooMany` as for a single signal; then nothing is changed.
    """
    tree = await service.seen(tx, actor, site_id)
    circuit = editing.circuit_in(tree, circuit_id)
    if any(one.circuit_id != circuit_id or one.source is not source for one in given):
        raise Invalid("These limits are of another circuit.", field="limits")
    for one in given:
        service.checked_signal(one, circuit, now)
    before = {one.key: one for one in await store.of_sender(tx, circuit_id, source, prefix, now)}
    after = {one.key: one for one in given}
    others = await store.count_signals(tx, site_id, now) - len(before)
    if others + len(after) > service.SIGNALS_MAX:
        raise TooMany("A site has at most %(max)s signals that are not over.", max=service.SIGNALS_MAX)
    gone = before.keys() - after.keys()
    changed = [one for one in after.values() if not _is_same(before.get(one.key), one, now)]
    for key in sorted(gone):
        if before[key].starts_at < now:  # what has begun stays for the history, and ends now
            ended = replace(before[key], ends_at=now)
            await store.keep_signal(tx, site_id, ended, actor.name or actor.kind, now)
        else:
            await store.drop_signal(tx, site_id, circuit_id, source, key)
    for one in changed:
        await store.keep_signal(tx, site_id, one, actor.name or actor.kind, now)
    if not gone and not changed:
        return False
    detail = {
        "circuit": circuit.name, "source": source, "said": len(changed), "ended": len(gone),
        "limits": [[one.starts_at.isoformat(), one.ends_at.isoformat(), *one.limit_a] for one in changed[:20]],
    }  # fmt: skip
    await audit.write(tx, actor, "circuits.signalled", "site", site_id, at=now, detail=detail)
    await outbox.publish(tx, [CircuitsChanged(site_id=site_id, version=tree.version)])
    return True


def _is_same(before: Signal | None, after: Signal, now: datetime) -> bool:
    """Return whether nothing changes by it: when one that holds began does not matter any more."""
    if before is None or (before.ends_at, before.limit_a, before.note) != (after.ends_at, after.limit_a, after.note):
        return False
    return before.starts_at == after.starts_at or (before.starts_at <= now and after.starts_at <= now)


async def take(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: CircuitId, source: LimitFrom, key: str, now: datetime,
    *, reason: str,
) -> None:  # fmt: skip
    """Let a limit hold no more, until it is put back or its sender says something else. Raises `NotFound`."""
    why = service.checked_reason(reason)
    tree = await service.seen(tx, actor, site_id)
    if not await store.take_signal(tx, site_id, circuit_id, source, key, now, actor.name or actor.kind):
        raise NotFound("There is no such signal.")
    detail = {"circuit_id": str(circuit_id), "source": source, "key": key}
    await audit.write(tx, actor, "circuits.signal_taken", "site", site_id, at=now, reason=why, detail=detail)
    await outbox.publish(tx, [CircuitsChanged(site_id=site_id, version=tree.version)])


async def put_back(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: CircuitId, source: LimitFrom, key: str, now: datetime
) -> None:
    """Let a limit that was taken away hold again. Raises `NotFound`."""
    tree = await service.seen(tx, actor, site_id)
    if not await store.put_back_signal(tx, site_id, circuit_id, source, key, now):
        raise NotFound("There is no such signal.")
    detail = {"circuit_id": str(circuit_id), "source": source, "key": key}
    await audit.write(tx, actor, "circuits.signal_put_back", "site", site_id, at=now, detail=detail)
    await outbox.publish(tx, [CircuitsChanged(site_id=site_id, version=tree.version)])
