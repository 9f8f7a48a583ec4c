"""What people decide about uptime: what is excluded, by two of them, and when a site is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NewType
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.diagnostics.uptime.hours import DAY_MINUTES, Opening
from laddverk.diagnostics.uptime.policies import REASONS
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

ExclusionId = NewType("ExclusionId", UUID)

EVIDENCE_MAX: Final = 2_000  # characters: where the letter of the grid company or the police report is kept
WHY_MAX: Final = 200
LONGEST: Final = timedelta(days=366)
OPENINGS_MAX: Final = 28  # four stretches a day


class NewExclusion(Struct, frozen=True, kw_only=True):
    """An outage that shall not count. Without a station: all of the site's; without a number: all of the station's."""

    site_id: UUID
    station_id: UUID | None = None
    evse_number: int | None = None
    from_at: datetime
    until_at: datetime
    reason: str
    evidence: str


INSERT: Final = """
INSERT INTO uptime_exclusion (id, site_id, station_id, evse_number, from_at, until_at, reason, evidence, author_id,
                              author, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
SITE_OF: Final = "SELECT site_id FROM station WHERE id = $1"
IS_SITE: Final = "SELECT count(*) FROM site WHERE id = $1"
HAS_EVSE: Final = "SELECT count(*) FROM connector WHERE station_id = $1 AND evse_number = $2"


async def propose(tx: Transaction, actor: Actor, new: NewExclusion, now: datetime) -> ExclusionId:
    """Propose an exclusion; it counts once another person has approved it. Raises `Invalid`, `NotFound`."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(new.site_id)
    _check(new, now)
    if not await tx.value(IS_SITE, new.site_id):
        raise NotFound("There is no such site.", field="site_id")
    if new.station_id is not None and await tx.value(SITE_OF, new.station_id) != new.site_id:
        raise Invalid("This charger is not at that site.", field="station_id")
    if new.evse_number is not None and not await tx.value(HAS_EVSE, new.station_id, new.evse_number):
        raise Invalid("The charger has no such outlet.", field="evse_number")
    identity = ExclusionId(new_id())
    await tx.execute(
        INSERT, identity, new.site_id, new.station_id, new.evse_number, new.from_at, new.until_at, new.reason,
        new.evidence.strip(), actor.id, actor.name, now,
    )  # fmt: skip
    await audit.write(
        tx, actor, "uptime_exclusion.proposed", "uptime_exclusion", identity, at=now,
        reason=new.evidence.strip()[:WHY_MAX],
        detail={"reason": new.reason, "from": new.from_at.isoformat(), "until": new.until_at.isoformat()},
    )  # fmt: skip
    return identity


def _check(new: NewExclusion, now: datetime) -> None:
    if new.reason not in REASONS:
        raise Invalid("This is no reason to exclude an outage.", field="reason", remedy="Choose one of the list.")
    if new.until_at <= new.from_at:
        raise Invalid("It must end after it begins.", field="until")
    if new.until_at - new.from_at > LONGEST:
        raise Invalid("It cannot be longer than a year.", field="until")
    if new.from_at > now:
        raise Invalid("It has not begun yet.", field="from", remedy="Plan a maintenance window instead.")
    if not 3 <= len(new.evidence.strip()) <= EVIDENCE_MAX:
        raise Invalid(
            "Say what proves it, in 3 to 2,000 characters.", field="evidence",
            remedy="For example the number of the grid company's notice, or where the police report is kept.",
        )  # fmt: skip
    if new.evse_number is not None and new.station_id is None:
        raise Invalid("An outlet needs its charger.", field="station_id")


class _Kept(Struct, frozen=True):
    site_id: UUID
    author_id: UUID | None
    author: str
    state: str


LOCKED: Final = "SELECT site_id, author_id, author, state FROM uptime_exclusion WHERE id = $1 FOR UPDATE"
DECIDE: Final = """
UPDATE uptime_exclusion SET state = $2, decided_by_id = $3, decided_by = $4, decided_at = $5, decided_why = $6
WHERE id = $1
"""


async def decide(tx: Transaction, actor: Actor, identity: UUID, state: str, why: str, now: datetime) -> None:
    """Approve, refuse or withdraw an exclusion. Raises `NotAllowed` when its author would approve it."""
    actor.require(Permission.STATIONS_WRITE)
    kept = await tx.fetch_one(_Kept, LOCKED, identity)
    if kept is None or (actor.site_ids is not None and kept.site_id not in actor.site_ids):
        raise NotFound("There is no such exclusion.")
    allowed = {"proposed": ("approved", "refused", "withdrawn"), "approved": ("withdrawn",)}.get(kept.state, ())
    if state not in allowed:
        raise Conflict("This exclusion has been decided already.", remedy="Look at it again.")
    if state == "approved" and (actor.id is None or actor.id == kept.author_id):
        raise NotAllowed(
            "Whoever proposed an exclusion cannot approve it.", remedy="Ask a colleague: two people stand for it."
        )
    if state != "approved" and not 3 <= len(why.strip()) <= WHY_MAX:
        raise Invalid("Say why, in 3 to 200 characters.", field="why")
    await tx.execute(DECIDE, identity, state, actor.id, actor.name, now, why.strip()[:WHY_MAX])
    await audit.write(
        tx, actor, f"uptime_exclusion.{state}", "uptime_exclusion", identity, at=now, reason=why.strip()[:WHY_MAX]
    )


SET_HOURS: Final = """
INSERT INTO site_hours (site_id, valid_from, openings, author, changed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (site_id, valid_from) DO UPDATE
SET openings = excluded.openings, author = excluded.author, changed_at = excluded.changed_at
"""


async def set_hours(
    tx: Transaction, actor: Actor, site_id: UUID, valid_from: date, openings: Sequence[Opening], now: datetime
) -> None:
    """Let a site have these opening hours from a local day on; none: always open. Raises `Invalid`, `NotFound`."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    if not await tx.value(IS_SITE, site_id):
        raise NotFound("There is no such site.", field="site_id")
    if len(openings) > OPENINGS_MAX:
        raise Invalid("These are too many.", field="openings")
    for one in openings:
        if not (1 <= one.weekday <= 7 and 0 <= one.from_minute < one.until_minute <= DAY_MINUTES):
            raise Invalid(
                "A place opens before it closes, between 00:00 and 24:00.", field="openings",
                remedy="Write hours past midnight as two days: until 24:00, and from 00:00 the day after.",
            )  # fmt: skip
    given = sorted(set(openings))
    await tx.execute(SET_HOURS, site_id, valid_from, msgspec.to_builtins(given), actor.name, now)
    await audit.write(
        tx, actor, "site.hours_changed", "site", site_id, at=now,
        detail={"valid_from": valid_from.isoformat(), "openings": msgspec.to_builtins(given)},
    )  # fmt: skip
