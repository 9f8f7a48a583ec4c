"""Making out how attempts went, station by station, from all that is known; again whenever more becomes known.

The same truth gives the same rows, whatever way it came: what is written is compared with what was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.diagnostics import observing
from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.observations import OutcomeSeen
from laddverk.diagnostics.observing import evse_of
from laddverk.diagnostics.outcomes import cars, store
from laddverk.diagnostics.outcomes.attempts import SETTLES, made_out
from laddverk.diagnostics.outcomes.limits import Order
from laddverk.diagnostics.outcomes.model import Attempt, SessionTold, StartTold, StateTold, TokenTold, Told
from laddverk.diagnostics.outcomes.store import Outcome, Place, SavedOutcome
from laddverk.diagnostics.outcomes.visits import GAP_MAX, Tried, visits
from laddverk.diagnostics.outcomes.visits import place as place_of
from laddverk.diagnostics.resolving import digest, is_yes
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.ocpp.commands.smart_charging import ClearProfiles, SetProfile
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Transaction

STATIONS_MAX: Final = 50  # looked at in one transaction
CONTEXT: Final = timedelta(hours=12)  # before the stretch: cables that were in already, sessions that ran
BEGAN_BEFORE: Final = timedelta(minutes=10)  # what made itself heard may have begun so much earlier
SINCE_MAX: Final = timedelta(days=60)  # a clock that says more is wrong
VISIT_CONTEXT: Final = timedelta(hours=12)
KEPT: Final = timedelta(days=400)  # a year, and what a yearly report needs to be made from
SHARE_WITHIN: Final = timedelta(days=90)
SHARE_USUAL: Final = 0.04  # the middle of five open networks
SHARE_WEIGHT: Final = 50.0  # attempts: a model is believed when it has clearly more
SERVICE_GROUPS: Final = frozenset({"service", "technician", "technicians", "tekniker"})
"""Groups of drivers, in lower case, who test chargers rather than charge."""


async def make_out(tx: Transaction, pepper: bytes, makes: dict[str, str], now: datetime) -> bool:
    """Make out what settled at some stations; return whether there may be more."""
    if not await store.alone(tx):
        return False
    due = await store.due(tx, now, STATIONS_MAX)
    since = {one.station_id: max(one.since, now - SINCE_MAX) - BEGAN_BEFORE for one in due}
    if not since:
        return False
    places = await store.places(tx, list(since))
    told = await _told(tx, since, places, pepper, makes, now)
    unsettled = [station_id for station_id in places if any(now - one.at < SETTLES for one in told[station_id].tokens)]
    await store.look_again(tx, {station_id: since[station_id] for station_id in unsettled}, now + SETTLES)
    made = [_outcome(station_id, attempt) for station_id in places for attempt in made_out(told[station_id])]
    await _written(tx, made, since, places, now)
    return len(due) == STATIONS_MAX


async def _written(
    tx: Transaction, made: Sequence[Outcome], since: dict[StationId, datetime], places: dict[StationId, Place],
    now: datetime,
) -> None:  # fmt: skip
    sessions = [row.session_id for row in made if row.session_id is not None]
    before = {_place(row): row for row in await store.covered(tx, since, sessions)}
    after = {_place(row): row for row in made}
    # A running session has no outcome yet, and keeps none; anything else that is not made out any more is gone.
    await store.delete(tx, [row for key, row in before.items() if key not in after])
    changed = [row for key, row in after.items() if before.get(key) != row]
    await store.save(tx, [_saved(row, places[row.station_id]) for row in changed])
    known = {row.session_id: row.outcome for row in before.values() if row.session_id is not None}
    news = [row for row in changed if _is_news(row, before.get(_place(row)), known)]
    await observing.observe(tx, [(row.station_id, _seen(row, now)) for row in news])
    if changed or before.keys() != after.keys():
        await _visits(tx, sorted({places[station_id].site_id for station_id in places}), min(since.values()))


def _is_news(row: Outcome, was: Outcome | None, known: dict[UUID, OutcomeClass]) -> bool:
    """Whether detectors are to hear of it: it is new, or it was a failure and is none, or the other way round."""
    older = was.outcome if was is not None else known.get(row.session_id) if row.session_id else None
    return older is None or older.is_failure != row.outcome.is_failure


async def _visits(tx: Transaction, site_ids: Sequence[UUID], since: datetime) -> None:
    by_site: dict[UUID, list[store.Visited]] = {}
    for row in await store.of_sites(tx, site_ids, since - VISIT_CONTEXT):
        by_site.setdefault(row.site_id, []).append(row)
    for rows in by_site.values():
        found = visits(map(_tried, rows))
        changed = []
        for row in rows:
            visit = found[place_of(_tried(row))]
            settled = row.began_at < since - GAP_MAX and row.visit_key  # its beginning may lie before what was read
            if not settled and (visit.visit_key, visit.first) != (row.visit_key, row.first_of_visit):
                changed.append(
                    store.SavedVisit(
                        station_id=row.station_id, evse_number=row.evse_number, began_at=row.began_at,
                        attempt_key=row.attempt_key, visit_key=visit.visit_key, first=visit.first,
                    )
                )  # fmt: skip
        await store.save_visits(tx, changed)


def _tried(row: store.Visited) -> Tried:
    return Tried(
        station_id=row.station_id, evse_number=row.evse_number, began_at=row.began_at, attempt_key=row.attempt_key,
        ended_at=row.ended_at, person=row.person,
    )  # fmt: skip


async def _told(
    tx: Transaction, since: dict[StationId, datetime], places: dict[StationId, Place], pepper: bytes,
    makes: dict[str, str], now: datetime,
) -> dict[StationId, Told]:  # fmt: skip
    earlier = {station_id: at - CONTEXT for station_id, at in since.items()}
    sessions = _grouped(await store.told(tx, store.SESSIONS, earlier))
    states = _grouped(await store.told(tx, store.STATES, earlier))
    events = _grouped(await store.told(tx, store.EVENTS, earlier))
    tokens = _grouped(await store.told(tx, store.TOKENS, since))
    starts = _grouped(await store.told(tx, store.STARTS, since))
    orders = _grouped(await store.told(tx, store.ORDERS, earlier))
    found: dict[StationId, Told] = {}
    for station_id, station in places.items():
        known = [_session(row, pepper, makes, now) for row in sessions.get(station_id, ())]
        ended = {row["session_id"] for row in sessions.get(station_id, ()) if row["ended_at"] is not None}
        found[station_id] = Told(
            sessions=tuple(one for one in known if one.session_id in ended),
            running=tuple(one for one in known if one.session_id not in ended),
            states=(
                *(_state(row) for row in states.get(station_id, ())),
                *(_event(row) for row in events.get(station_id, ())),
            ),
            tokens=tuple(_token(row, pepper) for row in tokens.get(station_id, ())),
            starts=tuple(_start(row, pepper) for row in starts.get(station_id, ())),
            orders=tuple(order for row in orders.get(station_id, ()) if (order := _order(row)) is not None),
            dc=station.dc,
            evses=station.evses or (1,),
            since=since[station_id],
            now=now,
        )
    return found


def _grouped(rows: Sequence[Any]) -> dict[StationId, list[Any]]:
    found: dict[StationId, list[Any]] = {}
    for row in rows:
        found.setdefault(row["station_id"], []).append(row)
    return found


def _session(row: Any, pepper: bytes, makes: dict[str, str], now: datetime) -> SessionTold:
    uid = row["token_uid"]
    car = cars.car_of(uid)
    return SessionTold(
        session_id=row["session_id"],
        transaction_key=row["transaction_key"],
        evse_number=row["evse_number"],
        started_at=row["started_at"],
        ended_at=row["ended_at"] or max(now, row["started_at"]),
        energy_wh=row["energy_wh"],
        person=_person(row, pepper),
        token=digest(uid, pepper),
        stop_token=digest(row["stop_token_uid"], pepper),
        car_key=digest(car, pepper),
        car_make=cars.make_of(uid, makes),
        accepted=row["accepted"],
        technician=_is_technician(row),
        stop_reason=row["stop_reason"],
        soc_start=row["soc_start"],
        charged=row["charged"],
    )


def _person(row: Any, pepper: bytes) -> str:
    """Return who it was: the driver behind all their tokens, else the card; nobody for a token made for one start."""
    if row["driver_id"] is not None:
        return digest(f"driver {row['driver_id']}", pepper)
    return "" if row.get("token_kind") == "adhoc" else digest(row["token_uid"], pepper)


def _is_technician(row: Any) -> bool:
    group: str = row["driver_group"]
    return group.strip().lower() in SERVICE_GROUPS


def _state(row: Any) -> StateTold:
    codes = tuple(code for code in (row["error_code"], row["vendor_error_code"]) if code and code != "NoError")
    status = Status(row["status"]) if row["status"] in STATUSES else Status.UNKNOWN
    return StateTold(evse_number=row["evse_number"], at=row["at"], status=status, codes=codes)


STATUSES: Final = frozenset(status.value for status in Status)


def _event(row: Any) -> StateTold:
    return StateTold(evse_number=evse_of(row["component"]), at=row["at"], status=Status.UNKNOWN, codes=(row["code"],))


def _token(row: Any, pepper: bytes) -> TokenTold:
    return TokenTold(
        at=row["at"],
        token=digest(row["token_uid"], pepper),
        person=_person(row, pepper),
        accepted=is_yes(row["status"]),
        technician=_is_technician(row),
    )


def _start(row: Any, pepper: bytes) -> StartTold:
    driver = row["driver_id"]
    return StartTold(
        id=row["id"],
        evse_number=row["evse_number"],
        created_at=row["created_at"],
        cancelled_at=row["cancelled_at"],
        why=row["why"],
        person=digest(f"driver {driver}", pepper) if driver is not None else "",
        token=digest(row["token_uid"], pepper),
    )


def _order(row: Any) -> Order | None:
    try:
        command: Any = msgspec.convert(row["command"], AnyCommand)
    except msgspec.MsgspecError:
        return None  # of another release
    if isinstance(command, SetProfile):
        return Order(at=row["at"], evse_number=command.evse_number, profile=command.profile)
    if isinstance(command, ClearProfiles):
        return Order(at=row["at"], evse_number=command.evse_number or 0, profile=None)
    return None


def _outcome(station_id: StationId, attempt: Attempt) -> Outcome:
    return Outcome(
        station_id=station_id,
        evse_number=attempt.evse_number,
        began_at=attempt.began_at,
        attempt_key=attempt.key,
        ended_at=attempt.ended_at,
        session_id=attempt.session_id,
        outcome=attempt.outcome,
        why=attempt.why,
        energy_wh=attempt.energy_wh,
        token_key=attempt.person,
        car_key=attempt.car_key,
        car_make=attempt.car_make,
        stop_reason=attempt.stop_reason,
        error_codes=attempt.codes,
        limit_a=attempt.limit_a,
    )


def _place(row: Outcome) -> tuple[StationId, int, datetime, str]:
    return row.station_id, row.evse_number, row.began_at, row.attempt_key


def _saved(row: Outcome, station: Place) -> SavedOutcome:
    return SavedOutcome(
        **{name: getattr(row, name) for name in Outcome.__struct_fields__},
        firmware=station.firmware,
        site_id=station.site_id,
        vendor=station.vendor,
        model=station.model,
    )


def _seen(row: Outcome, now: datetime) -> OutcomeSeen:
    return OutcomeSeen(
        at=row.ended_at,
        received_at=now,
        evse_number=row.evse_number,
        outcome=row.outcome,
        began_at=row.began_at,
        energy_wh=row.energy_wh,
        token_key=row.token_key,
        car_key=row.car_key,
        car_make=row.car_make,
        reason=row.stop_reason,
        error_codes=row.error_codes,
        limit_a=row.limit_a,
    )
