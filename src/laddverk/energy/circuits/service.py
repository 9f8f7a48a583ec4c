"""Changing a site's tree: every change is a new version with who and why; the last one can be taken back.

All raise `NotAllowed`, `NotFound` (no such site, or not theirs), what `rules.checked` raises, and `Conflict` when the
tree was changed by somebody else since `version`, which the person was looking at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits import editing, rules, store
from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitsChanged,
    LimitFrom,
    Place,
    Rotation,
    Signal,
    Source,
    SourceId,
    Tree,
    Version,
    Window,
    Wiring,
)
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

REASON_MIN: Final = 3
REASON_MAX: Final = 200
SIGNALS_MAX: Final = 1_000  # of one site that are not over: quarters of an hour for ten days
SIGNAL_KEY_MAX: Final = 100
SIGNAL_AHEAD_MAX: Final = timedelta(days=366)

ADDED: Final = N_("%(name)s was added.")
CHANGED: Final = N_("%(name)s was changed.")
REMOVED: Final = N_("%(name)s was removed; what it fed hangs on what fed it.")
STEPPED: Final = N_("%(name)s changed its place on the board.")
PLACED: Final = N_("%(count)s outlets were hung up.")
TAKEN: Final = N_("%(count)s outlets were taken out.")
MEASURED: Final = N_("An outlet's phases were entered as measured: its first one lies on %(phase)s.")
WIRED: Final = N_("The kind of grid was changed.")
LET_ASK: Final = N_("Drivers may ask to come first.")
LET_NOBODY_ASK: Final = N_("Drivers may no longer ask to come first.")
WINDOWED: Final = N_("The hours with a lower limit of %(name)s were changed.")
SOURCED: Final = N_("The source %(name)s was entered.")
UNSOURCED: Final = N_("A source was removed.")
REPLACED: Final = N_("The whole tree was replaced: %(circuits)s circuits, %(outlets)s outlets.")
UNDONE: Final = N_("Version %(version)s was taken back.")
ASKED_ANEW: Final = N_(
    "Outlets of one phase are to be checked again: between lines, their order of phases names other lines now."
)
"""As migration 0164 says it."""


async def seen(tx: Transaction, actor: Actor, site_id: SiteId) -> Tree:
    """Return a site's tree, locked, for `actor` to change. Needs stations:write."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    found = await store.locked(tx, site_id)
    if found is None:
        raise NotFound("There is no such site.", field="site_id")
    return found


async def change(
    tx: Transaction, actor: Actor, site_id: SiteId, edit: Callable[[Tree], Tree], said: str, now: datetime,
    *, reason: str, version: int | None = None, params: dict[str, str] | None = None,
) -> Tree:  # fmt: skip
    """Make the next version of a tree by `edit`, and return it; what changes nothing makes none.

    `said` and `params` say what was done, for those who read it later.
    """
    before = await seen(tx, actor, site_id)
    why = checked_reason(reason)
    if version is not None and version != before.version:
        raise Conflict(
            "Somebody has changed the tree meanwhile.", remedy="Look at it as it is now, and change it again."
        )
    after = rules.checked(edit(before))
    if after == before:
        return before
    return await _kept(tx, actor, after, before.version, Version(
        version=before.version + 1, made_at=now, made_by=actor.name or actor.kind, change=said, params=params or {},
        reason=why,
    ))  # fmt: skip


def checked_reason(reason: str) -> str:
    """Return why something is done. Raises `Invalid`."""
    why = reason.strip()
    if not REASON_MIN <= len(why) <= REASON_MAX:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    return why


async def _kept(tx: Transaction, actor: Actor, after: Tree, before: int, made: Version) -> Tree:
    tree = replace(after, version=made.version)
    await store.add(tx, tree, made)
    await audit.write(
        tx, actor, "circuits.changed", "site", tree.site_id, at=made.made_at, reason=made.reason,
        detail={"version": made.version, "before": before, "change": made.change, "params": made.params},
    )  # fmt: skip
    await outbox.publish(tx, [CircuitsChanged(site_id=tree.site_id, version=tree.version)])
    return tree


async def put_circuit(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit: Circuit, now: datetime, *, reason: str, version: int | None
) -> Tree:
    """Add a circuit, or change the one with the same id."""
    before = await seen(tx, actor, site_id)
    said = CHANGED if any(one.id == circuit.id for one in before.circuits) else ADDED
    edit = lambda tree: editing.with_circuit(tree, circuit)  # noqa: E731 - one line, used once
    return await change(
        tx, actor, site_id, edit, said, now, reason=reason, version=version, params={"name": circuit.name}
    )


async def remove_circuit(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: UUID, now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Remove a circuit; what it fed is fed by what fed it."""
    name = editing.circuit_in(await seen(tx, actor, site_id), circuit_id).name
    return await change(
        tx, actor, site_id, lambda tree: editing.without_circuit(tree, circuit_id), REMOVED, now, reason=reason,
        version=version, params={"name": name},
    )  # fmt: skip


async def step_circuit(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: UUID, by: int, now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Put a circuit before (-1) or after (1) its sibling."""
    name = editing.circuit_in(await seen(tx, actor, site_id), circuit_id).name
    return await change(
        tx, actor, site_id, lambda tree: editing.stepped(tree, circuit_id, by), STEPPED, now, reason=reason,
        version=version, params={"name": name},
    )  # fmt: skip


async def add_window(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: CircuitId, window: Window, now: datetime, *,
    reason: str, version: int | None,
) -> Tree:  # fmt: skip
    """Limit a circuit in the same hours of some days."""
    name = editing.circuit_in(await seen(tx, actor, site_id), circuit_id).name
    return await change(
        tx, actor, site_id, lambda tree: editing.with_window(tree, circuit_id, window), WINDOWED, now, reason=reason,
        version=version, params={"name": name},
    )  # fmt: skip


async def drop_window(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: CircuitId, place: int, now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Take hours with a lower limit away: those at `place` of the circuit's list."""
    name = editing.circuit_in(await seen(tx, actor, site_id), circuit_id).name
    return await change(
        tx, actor, site_id, lambda tree: editing.without_window(tree, circuit_id, place), WINDOWED, now,
        reason=reason, version=version, params={"name": name},
    )  # fmt: skip


async def hang(
    tx: Transaction, actor: Actor, site_id: SiteId, places: Sequence[Place], now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Hang outlets of the site's own stations on circuits; those that hung elsewhere are moved."""
    await seen(tx, actor, site_id)
    ours = await store.stations_of(tx, site_id)
    if any(place.station_id not in ours for place in places):
        raise Invalid("This charger does not stand at the site.", field="outlet")
    return await change(
        tx, actor, site_id, lambda tree: editing.with_places(tree, places), PLACED, now, reason=reason,
        version=version, params={"count": str(len(places))},
    )  # fmt: skip


async def enter_measured(
    tx: Transaction, actor: Actor, site_id: SiteId, key: tuple[UUID, int], phase: int, now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Enter on which phase of the grid (0, 1, 2) the first one of an outlet was measured to lie; it counts as checked.

    The others are taken to follow in turn, as nearly everybody connects them. Raises `NotFound` for one that does not
    hang in the tree.
    """
    present = next((one for one in (await seen(tx, actor, site_id)).places if one.key == key), None)
    if present is None:
        raise NotFound("There is no such outlet.")
    is_same = present.rotation.phases[0] == phase
    rotation = present.rotation if is_same else (Rotation.RST, Rotation.STR, Rotation.TRS)[phase]
    place = replace(present, rotation=rotation, is_rotation_known=True)
    return await change(
        tx, actor, site_id, lambda tree: editing.with_places(tree, [place]), MEASURED, now, reason=reason,
        version=version, params={"phase": f"L{phase + 1}"},
    )  # fmt: skip


async def take_out(
    tx: Transaction, actor: Actor, site_id: SiteId, keys: Collection[tuple[UUID, int]], now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Take outlets out of the tree: nothing steers them then."""
    return await change(
        tx, actor, site_id, lambda tree: editing.without_places(tree, keys), TAKEN, now, reason=reason,
        version=version, params={"count": str(len(keys))},
    )  # fmt: skip


async def wire(
    tx: Transaction, actor: Actor, site_id: SiteId, wiring: Wiring, now: datetime, *, reason: str, version: int | None
) -> Tree:
    """Say what kind of grid the site has."""
    return await change(
        tx, actor, site_id, lambda tree: editing.wired(tree, wiring), WIRED, now, reason=reason, version=version
    )


async def let_ask(
    tx: Transaction, actor: Actor, site_id: SiteId, lets_ask: bool, now: datetime, *, reason: str, version: int | None
) -> Tree:
    """Say whether drivers at a site may ask to come first: their cars are then served a priority class up."""
    said = LET_ASK if lets_ask else LET_NOBODY_ASK
    edit = lambda tree: editing.open_to_asking(tree, lets_ask)  # noqa: E731 - one line, used once
    return await change(tx, actor, site_id, edit, said, now, reason=reason, version=version)


async def put_source(
    tx: Transaction, actor: Actor, site_id: SiteId, source: Source, now: datetime, *, reason: str, version: int | None
) -> Tree:
    """Enter what feeds the site besides the grid, or change it."""
    return await change(
        tx, actor, site_id, lambda tree: editing.with_source(tree, source), SOURCED, now, reason=reason,
        version=version, params={"name": source.name},
    )  # fmt: skip


async def remove_source(
    tx: Transaction, actor: Actor, site_id: SiteId, source_id: SourceId, now: datetime, *, reason: str,
    version: int | None,
) -> Tree:  # fmt: skip
    """Remove a source."""
    return await change(
        tx, actor, site_id, lambda tree: editing.without_source(tree, source_id), UNSOURCED, now, reason=reason,
        version=version,
    )  # fmt: skip


async def replace_tree(
    tx: Transaction, actor: Actor, given: Tree, now: datetime, *, reason: str, version: int | None
) -> Tree:
    """Put another tree in the place of a site's: from a file, or from a program."""
    before = await seen(tx, actor, given.site_id)
    ours = await store.stations_of(tx, given.site_id)
    if any(place.station_id not in ours for place in given.places):
        raise Invalid("This charger does not stand at the site.", field="outlet")
    counts = {"circuits": str(len(given.circuits)), "outlets": str(len(given.places))}
    return await change(
        tx, actor, given.site_id, lambda _tree: replace(given, version=before.version), REPLACED, now, reason=reason,
        version=version, params=counts,
    )  # fmt: skip


async def undo(tx: Transaction, actor: Actor, site_id: SiteId, version: int, now: datetime) -> Tree:
    """Take the last change back, which must be `version`: the tree before it becomes the next version.

    What was undone can be undone in turn. Raises `Conflict` when something else was changed since, or nothing ever.
    """
    before = await seen(tx, actor, site_id)
    if version != before.version or version == 0:
        raise Conflict("This is not the last change any more.", remedy="Look at the tree as it is now.")
    earlier = await store.at_version(tx, site_id, version - 1)
    if earlier is None:
        raise NotFound("There is no such version.")
    return await _kept(tx, actor, earlier, version, Version(
        version=version + 1, made_at=now, made_by=actor.name or actor.kind, change=UNDONE,
        params={"version": str(version)}, undoes=version,
    ))  # fmt: skip


def checked_signal(given: Signal, circuit: Circuit, now: datetime) -> None:
    """Raise `Invalid` for a limit that cannot be, or that is over."""
    if given.source is LimitFrom.SCHEDULE:
        raise Invalid("Hours that people type belong to the circuit.", field="source")
    if not 1 <= len(given.key) <= SIGNAL_KEY_MAX:
        raise Invalid("The key has 1 to 100 characters.", field="key")
    if not now < given.ends_at <= now + SIGNAL_AHEAD_MAX or given.starts_at >= given.ends_at:
        raise Invalid("The end must come after the start, be ahead and within a year.", field="ends_at")
    rules.checked_signal(given, circuit)
    if len(given.note) > SIGNAL_KEY_MAX or not given.note.isprintable() or not given.key.isprintable():
        raise Invalid("This is too long, or holds what cannot be shown.", field="note")


async def signal(tx: Transaction, actor: Actor, site_id: SiteId, given: Signal, now: datetime) -> None:
    """Keep a lower limit between two instants, from the grid operator or a program; the same key replaces it."""
    tree = await seen(tx, actor, site_id)
    circuit = editing.circuit_in(tree, given.circuit_id)
    checked_signal(given, circuit, now)
    if await store.count_signals(tx, site_id, now) >= SIGNALS_MAX:
        raise TooMany("A site has at most %(max)s signals that are not over.", max=SIGNALS_MAX)
    await store.keep_signal(tx, site_id, given, actor.name or actor.kind, now)
    await audit.write(
        tx, actor, "circuits.signalled", "site", site_id, at=now,
        detail={"circuit": circuit.name, "source": given.source, "key": given.key, "limit_a": list(given.limit_a)},
    )  # fmt: skip
    await outbox.publish(tx, [CircuitsChanged(site_id=site_id, version=tree.version)])


async def unsignal(
    tx: Transaction, actor: Actor, site_id: SiteId, circuit_id: UUID, source: LimitFrom, key: str, now: datetime
) -> None:
    """Forget a signal. Raises `NotFound`."""
    tree = await seen(tx, actor, site_id)
    if not await store.drop_signal(tx, site_id, circuit_id, source, key):
        raise NotFound("There is no such signal.")
    detail = {"circuit_id": str(circuit_id), "source": source, "key": key}
    await audit.write(tx, actor, "circuits.signal_ended", "site", site_id, at=now, detail=detail)
    await outbox.publish(tx, [CircuitsChanged(site_id=site_id, version=tree.version)])
