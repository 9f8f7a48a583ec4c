"""The API's current: charging profiles of all purposes, and what they add up to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.energy import composite as composites
from laddverk.energy import queries, store
from laddverk.energy import service as energy
from laddverk.energy.model import COMPOSITE_S_MAX, PERIODS_MAX, Feed, Note, Step
from laddverk.energy.rules import DAY_S
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, shown
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule, ScheduleUpdate
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking, station_id_of

PROFILE_DIGITS_MAX: Final = 9  # numbers of profiles count from 1 at each charger
SCHEDULES_MAX: Final = 3  # what OCPP 2.x allows in one profile
Instant = Annotated[datetime, Meta(tz=True)]
Reason = Annotated[str, Meta(max_length=200)]


class Reading(Struct, frozen=True):
    """The profiles of a station: ours with what became of each, and what it says it has that is none of ours."""

    profiles: list[queries.ProfileRow]
    others: list[queries.ReportedRow]
    read_at: datetime | None


class PeriodWanted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """So many seconds after the schedule begins, this holds."""

    start_s: Annotated[int, Meta(ge=0, le=COMPOSITE_S_MAX)] = 0
    limit: float | None = None
    phases: Annotated[int, Meta(ge=1, le=3)] | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None


class ScheduleWanted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits over time. Without `starts_at` it counts from when the profile is valid, or from now."""

    unit: RateUnit = RateUnit.AMPERE
    periods: Annotated[list[PeriodWanted], Meta(min_length=1, max_length=PERIODS_MAX)]
    starts_at: Instant | None = None
    duration_s: Annotated[int, Meta(ge=1, le=COMPOSITE_S_MAX)] | None = None

    def schedule(self, number: int) -> Schedule:
        """Return it in the words of the house."""
        periods = tuple(
            Period(
                start_s=one.start_s, limit=one.limit, phases=one.phases, discharge_limit=one.discharge_limit,
                setpoint=one.setpoint,
            )
            for one in self.periods
        )  # fmt: skip
        return Schedule(
            id=number, unit=self.unit, periods=periods, starts_at=self.starts_at, duration_s=self.duration_s
        )


class ProfileWanted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A profile for an outlet, or (EVSE 0) for the whole charger. One of a session is that of who charges there."""

    evse_number: int = 0
    purpose: Purpose = Purpose.TX_DEFAULT
    kind: ProfileKind = ProfileKind.ABSOLUTE
    stack_level: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    recurrency: str | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    update_every_s: Annotated[int, Meta(ge=1, le=86_400)] | None = None
    schedules: Annotated[list[ScheduleWanted], Meta(min_length=1, max_length=SCHEDULES_MAX)]
    reason: Reason = ""


class ProfileSent(Struct, frozen=True):
    """A profile on its way: its number in the charger, the command, and what was changed for the charger."""

    profile_id: int
    command_id: str
    notes: list[Note]


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Which profiles are to go; nothing is all of them."""

    profile_id: int | None = None
    evse_number: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None
    reason: Reason = ""


class Command(Struct, frozen=True):
    """A command that was queued: its outcome stands at `/commands/{id}`."""

    command_id: str


class Allowed(Struct, frozen=True):
    """From an instant on so many amperes per phase may flow; null is no limit."""

    at: datetime
    limit_a: float | None
    because_of: Purpose | None = None


class CompositeShown(Struct, frozen=True):
    """What all profiles of an outlet allow together, by our reckoning and as the charger last said."""

    evse_number: int
    ours: list[Allowed]
    charger_says: list[Allowed]
    charger_said_at: datetime | None
    differs_at: list[datetime]


class CompositeWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """For which outlet a charger is asked what its profiles add up to, and for how long."""

    evse_number: int = 0
    duration_s: Annotated[int, Meta(ge=1, le=COMPOSITE_S_MAX)] = DAY_S


class NewLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """The new value of a dynamic profile, in its own unit."""

    limit: float
    reason: Reason = ""


@get("/stations/{station:str}/profiles", opt=needs(Permission.STATIONS_READ))
async def list_profiles(asked: Asking, station: FromPath[str]) -> Reading:
    """List the charging profiles of a station."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        return Reading(
            await queries.profiles(tx, station_id, asked.now), await queries.foreign(tx, station_id),
            await queries.read_at(tx, station_id),
        )  # fmt: skip


@post("/stations/{station:str}/profiles", opt=needs(Permission.COMMANDS_SEND))
async def set_profile(asked: Asking, station: FromPath[str], data: JSONBody[ProfileWanted]) -> ProfileSent:
    """Set a charging profile. It replaces the one of the same purpose, level and outlet."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        running = await store.running(tx, station_id, data.evse_number) if data.purpose is Purpose.TX else None
        if data.purpose is Purpose.TX and running is None:
            raise Conflict("No session runs at this outlet.", field="evse_number")
        schedules = tuple(one.schedule(number) for number, one in enumerate(data.schedules, start=1))
        profile = Profile(
            id=0, stack_level=data.stack_level, purpose=data.purpose, kind=data.kind,
            schedules=schedules, recurrency=data.recurrency, valid_from=data.valid_from,
            valid_until=data.valid_until, update_every_s=data.update_every_s,
            transaction_key=running.transaction_key if running else None,
            transaction_number=running.number if running else None,
        )  # fmt: skip
        done = await energy.set_profile(
            tx, asked.actor, station_id, data.evse_number, profile, asked.now, reason=data.reason,
            known=quirks.registry_of(asked.house.settings.quirks_dir),
        )  # fmt: skip
    return ProfileSent(done.profile_id, queued(asked, done.command_id).command_id, list(done.notes))


@post("/stations/{station:str}/profiles/clear", opt=needs(Permission.COMMANDS_SEND))
async def clear_profiles(asked: Asking, station: FromPath[str], data: JSONBody[Which]) -> Command:
    """Take charging profiles away."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.clear_profiles(
            tx, asked.actor, station_id, asked.now, profile_id=data.profile_id, evse_number=data.evse_number,
            purpose=data.purpose, stack_level=data.stack_level, reason=data.reason,
        )  # fmt: skip
    return queued(asked, sent)


@post("/stations/{station:str}/profiles/read", opt=needs(Permission.COMMANDS_SEND))
async def read_profiles(asked: Asking, station: FromPath[str]) -> Command:
    """Ask a station (2.x) for all its profiles."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.read_profiles(tx, asked.actor, station_id, asked.now)
    return queued(asked, sent)


@post("/stations/{station:str}/profiles/{profile:str}/limit", opt=needs(Permission.COMMANDS_SEND))
async def update_limit(
    asked: Asking, station: FromPath[str], profile: FromPath[str], data: JSONBody[NewLimit]
) -> Command:
    """Tell a dynamic profile (2.1) its new limit."""
    if not profile.isascii() or not profile.isdigit() or len(profile) > PROFILE_DIGITS_MAX:
        raise NotFound("The charger has no such dynamic profile.", field="profile_id")
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.update_dynamic_limit(
            tx, asked.actor, station_id, int(profile), ScheduleUpdate(limit=data.limit), asked.now, reason=data.reason
        )
    return queued(asked, sent)


@get("/stations/{station:str}/composite", opt=needs(Permission.STATIONS_READ))
async def show_composite(
    asked: Asking, station: FromPath[str], evse: FromQuery[int] = 0, duration_s: FromQuery[int] = DAY_S
) -> CompositeShown:
    """Show what all profiles of an outlet allow together, from now on."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        feed = await store.feed(tx, station_id, evse)
        if feed is None:
            raise NotFound("There is no such outlet.")
        session = await store.running(tx, station_id, evse)
        placed = await store.placed(tx, station_id)
        told = (await queries.composites(tx, station_id)).get(evse)
    running = session.running if session else None
    ours = composites.composite(placed, evse, asked.now, duration_s, feed, running)
    theirs = _told(told, feed)
    until = asked.now + timedelta(seconds=min(max(duration_s, 1), COMPOSITE_S_MAX))
    return CompositeShown(
        evse,
        [Allowed(step.at, step.limit_a, step.why) for step in ours],
        [Allowed(step.at, step.limit_a) for step in theirs],
        told.told_at if told else None,
        composites.differences(ours, theirs, feed, until),
    )


def _told(told: queries.CompositeRow | None, feed: Feed) -> list[Step]:
    if told is None:
        return []
    return composites.told_steps(told.composite.schedule, told.composite.starts_at or told.told_at, feed)


@post("/stations/{station:str}/composite", opt=needs(Permission.COMMANDS_SEND))
async def read_composite(asked: Asking, station: FromPath[str], data: JSONBody[CompositeWanted]) -> Command:
    """Ask a station what its profiles add up to."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await energy.read_composite(
            tx, asked.actor, station_id, data.evse_number, data.duration_s, asked.now,
            known=quirks.registry_of(asked.house.settings.quirks_dir),
        )  # fmt: skip
    return queued(asked, sent)


def queued(asked: Asked, command_id: CommandId) -> Command:
    """Wake the gateway, and return the command as it is shown."""
    asked.house.hints.publish([COMMANDS_TOPIC])
    return Command(shown("cmd", command_id))


HANDLERS: Final = [
    list_profiles,
    set_profile,
    clear_profiles,
    read_profiles,
    update_limit,
    show_composite,
    read_composite,
]
