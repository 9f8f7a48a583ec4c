"""What people do with incidents: take them, mend, close with a cause, call them false, ask for quiet. All audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.diagnostics.incidents import service, store
from laddverk.diagnostics.incidents.model import (
    OVER,
    ByKind,
    Cause,
    Closing,
    Incident,
    IncidentChanged,
    IncidentClosed,
    QuietSpan,
    State,
    TimelineEvent,
)
from laddverk.diagnostics.model import IncidentId
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

NOTE_MAX: Final = 2000
REASON_MIN: Final = 3
BULK_MAX: Final = 200
COST_MAX_MINOR: Final = 100_000_000  # a million: more is a typing mistake
QUIET_MAX: Final = timedelta(days=90)  # what lasts longer is not quiet but forgotten


class Deed(StrEnum):
    """What somebody does with an incident that stays open."""

    ACKNOWLEDGE = "acknowledge"
    WORK = "work"
    MENDED = "mended"
    NOTE = "note"


WORDS: Final = {
    Deed.ACKNOWLEDGE: N_("%(who)s has seen it"),
    Deed.WORK: N_("%(who)s works on it"),
    Deed.MENDED: N_("%(who)s says that it is mended; it is watched whether it stays away"),
    Deed.NOTE: N_("%(who)s writes"),
}
CLOSED: Final = N_("%(who)s closed it: %(cause)s")
CALLED_FALSE: Final = N_("%(who)s looked: nothing was wrong")
REOPENED: Final = N_("%(who)s opened it again")


class NewClosing(Struct, frozen=True, kw_only=True):
    """What somebody says who closes an incident."""

    cause: str
    part: str = ""
    cost_minor: int = 0
    currency: str = ""
    note: str = ""


class NewQuiet(Struct, frozen=True, kw_only=True):
    """A silence or maintenance window that somebody asks for."""

    kind: str
    site_id: SiteId | None = None
    station_id: StationId | None = None
    evse_number: int | None = None
    family: str = ""
    detector: str = ""
    from_at: datetime
    until_at: datetime
    reason: str


def checked_deed(text: str) -> Deed:
    """Return what is to be done. Raises `Invalid`."""
    try:
        return Deed(text)
    except ValueError:
        raise Invalid(
            "This is nothing that can be done with an incident.",
            field="what",
            remedy="Use acknowledge, work, mended or note.",
        ) from None


async def do(
    tx: Transaction,
    actor: Actor,
    incident_id: IncidentId,
    deed: Deed,
    note: str,
    now: datetime,
    hints: Hints | None = None,
) -> None:
    """Take an incident, begin to work on it, say that it is mended, or write a note.

    Raises `NotFound`, `NotAllowed`, `Conflict` when it is over, `Invalid` for a note that is missing or too long.
    """
    incident = await _workable(tx, actor, incident_id)
    if deed is Deed.NOTE and not note.strip():
        raise Invalid("Write something.", field="note")
    await _saved(tx, done(incident, deed, actor.name, now), now, hints)
    await _told(tx, actor, incident_id, WORDS[deed], now, _checked_note(note))
    await audit.write(tx, actor, f"incident.{deed.value}", "incident", incident_id, at=now, reason=note[:200])


def done(incident: Incident, deed: Deed, who: str, now: datetime) -> Incident:
    """Return `incident` after `deed`. Pure."""
    taken = incident.acknowledged_at or now
    if deed is Deed.ACKNOWLEDGE:
        state = State.ACKNOWLEDGED if incident.state in (State.NEW, State.HELD) else incident.state
        return replace(
            incident, state=state, acknowledged_at=taken, owner_name=incident.owner_name or who,
            raised_at=incident.raised_at or now,
        )  # fmt: skip
    if deed is Deed.WORK:
        return replace(
            incident, state=State.IN_WORK, acknowledged_at=taken, owner_name=who, verifying_at=None,
            raised_at=incident.raised_at or now,
        )  # fmt: skip
    if deed is Deed.MENDED:
        return replace(
            incident, state=State.VERIFYING, acknowledged_at=taken, owner_name=incident.owner_name or who,
            verifying_at=now, raised_at=incident.raised_at or now,
        )  # fmt: skip
    return incident


async def acknowledge_all(
    tx: Transaction, actor: Actor, incidents: Sequence[IncidentId], now: datetime, hints: Hints | None = None
) -> int:
    """Acknowledge several incidents; those that are over, or taken, are left as they are. Return how many were new."""
    if len(incidents) > BULK_MAX:
        raise Invalid("At most %(max)s at once.", field="incident", max=BULK_MAX)
    count = 0
    for each in dict.fromkeys(incidents):
        try:
            incident = await _workable(tx, actor, each)
        except (Conflict, NotFound):
            continue
        if incident.acknowledged_at is None:
            await do(tx, actor, each, Deed.ACKNOWLEDGE, "", now, hints)
            count += 1
    return count


async def close(
    tx: Transaction,
    actor: Actor,
    incident_id: IncidentId,
    given: NewClosing,
    now: datetime,
    hints: Hints | None = None,
) -> None:
    """Close an incident with its confirmed cause, or as false when nothing was wrong.

    The cause says whether its detectors were of use. Raises `Invalid` (fields cause, cost, part, note), `Conflict`.
    """
    incident = await _workable(tx, actor, incident_id)
    cause = checked_cause(given.cause)
    if not 0 <= given.cost_minor <= COST_MAX_MINOR:
        raise Invalid("The cost cannot be that.", field="cost")
    is_false = cause is Cause.NO_FAULT
    note = _checked_note(given.note)
    if is_false and len(note) < REASON_MIN:
        raise Invalid("Say what you looked at.", field="note")
    state = State.FALSE if is_false else State.CLOSED
    after = replace(
        incident, state=state, closed_at=now, acknowledged_at=incident.acknowledged_at or now,
        owner_name=incident.owner_name or actor.name,
    )  # fmt: skip
    closing = Closing(
        incident_id=incident_id, at=now, by_name=actor.name, cause=cause, useful=not is_false, part=given.part[:200],
        cost_minor=given.cost_minor, currency=given.currency, note=note,
        detectors=await store.detectors_of(tx, incident_id),
    )  # fmt: skip
    await store.write_closings(tx, [closing])
    text = CALLED_FALSE if is_false else CLOSED
    await _told(tx, actor, incident_id, text, now, note, cause=cause.value)
    await _saved(tx, after, now, hints)
    await outbox.publish(tx, [IncidentClosed(incident_id=incident_id, at=now, state=state, cause=cause.value)])
    detail = {"cause": cause.value, "part": given.part[:200], "cost_minor": given.cost_minor}
    await audit.write(tx, actor, "incident.closed", "incident", incident_id, at=now, reason=note[:200], detail=detail)


async def reopen(
    tx: Transaction, actor: Actor, incident_id: IncidentId, note: str, now: datetime, hints: Hints | None = None
) -> None:
    """Open an incident again that was closed by mistake. Raises `Conflict` when it is not closed."""
    incident = await _seen(tx, actor, incident_id)
    if incident.state not in (State.CLOSED, State.FALSE):
        raise Conflict("It is not closed.")
    after = replace(
        incident, state=State.IN_WORK, closed_at=None, verifying_at=None, owner_name=actor.name, acknowledged_at=now
    )  # fmt: skip
    await _saved(tx, after, now, hints)
    await _told(tx, actor, incident_id, REOPENED, now, _checked_note(note))
    await audit.write(tx, actor, "incident.reopened", "incident", incident_id, at=now, reason=note[:200])


QUIET_INSERT: Final = """
INSERT INTO quiet_span (id, kind, site_id, station_id, evse_number, family, detector, from_at, until_at, reason, author,
                        created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
QUIET_END: Final = "UPDATE quiet_span SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND until_at > $2"
QUIET_ONE: Final = "SELECT * FROM quiet_span WHERE id = $1 FOR UPDATE"
SITE_OF: Final = "SELECT site_id FROM station WHERE id = $1 AND retired_at IS NULL"
SITE_IS: Final = "SELECT EXISTS (SELECT FROM site WHERE id = $1 AND retired_at IS NULL)"


async def ask_quiet(tx: Transaction, actor: Actor, given: NewQuiet, now: datetime, hints: Hints | None = None) -> UUID:
    """Begin a silence or a maintenance window. It ends by itself; safety is told all the same.

    Raises `Invalid` (fields reason, until, from, kind) and `NotFound` for a place that may not be seen.
    """
    actor.require(Permission.STATIONS_WRITE)
    if given.kind not in ("silence", "maintenance"):
        raise Invalid("Choose a silence or a maintenance window.", field="kind")
    if len(given.reason.strip()) < REASON_MIN:
        raise Invalid("Say why, in a few words.", field="reason")
    if given.until_at <= max(now, given.from_at):
        raise Invalid("The end must lie ahead, and after the beginning.", field="until")
    if given.until_at - given.from_at > QUIET_MAX:
        raise Invalid("At most %(days)s days.", field="until", days=QUIET_MAX.days)
    site_id = await _checked_place(tx, actor, given)
    identity = new_id()
    await tx.execute(
        QUIET_INSERT, identity, given.kind, site_id if given.station_id is None else None, given.station_id,
        given.evse_number, given.family, given.detector, given.from_at, given.until_at, given.reason.strip()[:500],
        actor.name, now,
    )  # fmt: skip
    detail = {"kind": given.kind, "until": given.until_at.isoformat(), "family": given.family}
    await audit.write(
        tx, actor, "quiet.begun", "quiet_span", identity, at=now, reason=given.reason.strip()[:200], detail=detail
    )
    await service.attend(tx, now, hints)
    return identity


async def end_quiet(tx: Transaction, actor: Actor, span_id: UUID, now: datetime, hints: Hints | None = None) -> None:
    """End a silence or maintenance window before its time. Raises `NotFound`, `Conflict` when it is over."""
    actor.require(Permission.STATIONS_WRITE)
    span = await tx.fetch_one(QuietSpan, QUIET_ONE, span_id)
    if span is None:
        raise NotFound("There is no such quiet time.")
    if actor.site_ids is not None:
        site = span.site_id or (await tx.value(SITE_OF, span.station_id) if span.station_id else None)
        if site not in actor.site_ids:
            raise NotFound("There is no such quiet time.")
    if not await tx.execute(QUIET_END, span_id, now):
        raise Conflict("It is over already.")
    await audit.write(tx, actor, "quiet.ended", "quiet_span", span_id, at=now)
    await service.attend(tx, now, hints)


async def _checked_place(tx: Transaction, actor: Actor, given: NewQuiet) -> SiteId | None:
    if given.station_id is not None:
        site = await tx.value(SITE_OF, given.station_id)
        if site is None or (actor.site_ids is not None and site not in actor.site_ids):
            raise NotFound("There is no such charger.", field="station")
        return SiteId(site)
    if given.site_id is not None:
        actor.require_site(given.site_id)
        if not await tx.value(SITE_IS, given.site_id):
            raise NotFound("There is no such site.", field="site")
        return given.site_id
    actor.require_everywhere()
    return None


async def _seen(tx: Transaction, actor: Actor, incident_id: IncidentId) -> Incident:
    actor.require(Permission.COMMANDS_SEND)
    await store.lock(tx)
    incident = await store.incident(tx, incident_id)
    if incident is None or (actor.site_ids is not None and not actor.site_ids & set(incident.sites)):
        raise NotFound("There is no such incident.")
    return incident


async def _workable(tx: Transaction, actor: Actor, incident_id: IncidentId) -> Incident:
    incident = await _seen(tx, actor, incident_id)
    if incident.state in OVER:
        raise Conflict("It is over.", remedy="Open it again first.")
    return incident


async def _saved(tx: Transaction, incident: Incident, now: datetime, hints: Hints | None) -> None:
    await store.save(tx, [replace(incident, changed_at=now)])
    if incident.state not in OVER:
        await outbox.publish(tx, [IncidentChanged(incident_id=incident.id, at=now)])
    if hints is not None:
        tx.after_commit(lambda: hints.publish([service.TOPIC, "now", f"incident:{incident.id}"]))


async def _told(
    tx: Transaction, actor: Actor, incident_id: IncidentId, text: str, now: datetime, note: str = "", **params: object
) -> None:
    by = ByKind.RULE if actor.kind == "rule" else ByKind.PERSON
    event = TimelineEvent(
        incident_id=incident_id, at=now, by_kind=by, by_name=actor.name, text=text,
        params={"who": actor.name, **params}, note=note,
    )  # fmt: skip
    await store.write_events(tx, [event])


def checked_cause(text: str) -> Cause:
    """Return the cause that a person chose. Raises `Invalid` naming the field cause."""
    try:
        cause = Cause(text)
    except ValueError:
        cause = Cause.RECOVERED
    if cause is Cause.RECOVERED:
        raise Invalid("Choose what it was: that is how the detectors learn.", field="cause")
    return cause


def _checked_note(note: str) -> str:
    if len(note) > NOTE_MAX or "\x00" in note:
        raise Invalid("The note is too long.", field="note", remedy="Write at most 2,000 characters.")
    return note.strip()
