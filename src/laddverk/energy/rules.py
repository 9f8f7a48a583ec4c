"""What limits may be set, and in which words a charger takes them. All pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.energy.model import (
    CURRENT_MIN_A,
    LIMIT_A_MAX,
    PHASES_DEFAULT,
    VOLTAGE_V,
    Allowed,
    Checked,
    Feed,
    Note,
    Wish,
)
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule

UNIT_WORDS: Final = {
    "current": RateUnit.AMPERE,
    "a": RateUnit.AMPERE,
    "power": RateUnit.WATT,
    "w": RateUnit.WATT,
}
"""The words of `ChargingScheduleAllowedChargingRateUnit` (1.6: `Current,Power`, quirk 70) and `RateUnit` (2.x)."""
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
WHOLE_STATION: Final = frozenset({Purpose.STATION_MAX, Purpose.EXTERNAL, Purpose.LOCAL_GENERATION})
"""Purposes whose limit is of the charger as a whole; 2.x allows external constraints for an EVSE as well."""


DYNAMIC_WORDS: Final = ("supportsdynamicprofiles", "supportsfeature[dynamicprofiles]")  # both are in the field


def allowed(variables: Mapping[str, str | None], only: str | None = None, level: int | None = None) -> Allowed:
    """Return what a station allows, from its configuration keys (1.6) or variables (2.x), by their lower-case names.

    `only` is the one unit (A or W), and `level` the highest stack level, that its model or the station itself is known
    to take, whatever it says (quirk 70).
    """
    said = variables.get("chargingscheduleallowedchargingrateunit") or variables.get("rateunit") or ""
    units = {UNIT_WORDS[word] for part in said.split(",") if (word := part.strip().lower()) in UNIT_WORDS}
    return Allowed(
        units=frozenset({RateUnit(only)} if only else units or RateUnit),
        stack_max=level
        if level is not None
        else _number(variables.get("chargeprofilemaxstacklevel") or variables.get("profilestacklevel")),
        periods_max=_number(variables.get("chargingschedulemaxperiods") or variables.get("periodsperschedule")),
        profiles_max=_number(variables.get("maxchargingprofilesinstalled") or variables.get("entries")),
        dynamic=any((variables.get(word) or "").strip().lower() == "true" for word in DYNAMIC_WORDS),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() and len(text) < 10 else None


def profile_of(wish: Wish, now: datetime, *, running: str | None = None, number: int | None = None) -> Profile:
    """Return the profile that a constant limit makes. A TxProfile belongs to the session `running`, by both its names.

    It is absolute and begins now, so that a clock that is a little behind holds it at once; or it recurs; or it is
    dynamic.
    """
    starts_at = wish.starts_at or now
    duration_s = max(1, round((wish.until - starts_at).total_seconds())) if wish.until else None
    is_tx = wish.purpose is Purpose.TX
    recurs = wish.recurrency is not None
    kind = ProfileKind.DYNAMIC if wish.is_dynamic else ProfileKind.RECURRING if recurs else ProfileKind.ABSOLUTE
    return Profile(
        id=0,
        stack_level=wish.stack_level,
        purpose=wish.purpose,
        kind=kind,
        recurrency=wish.recurrency,
        schedules=(
            Schedule(
                unit=wish.unit,
                periods=(Period(limit=wish.limit, phases=wish.phases),),
                starts_at=None if wish.is_dynamic else starts_at,
                duration_s=wish.lasts_s if recurs else None if wish.is_dynamic else duration_s,
            ),
        ),
        valid_from=wish.starts_at if wish.is_dynamic else None,
        valid_until=wish.until,
        transaction_key=running if is_tx else None,
        transaction_number=number if is_tx else None,
        update_every_s=wish.asks_every_s if wish.is_dynamic else None,
    )


def changed_limit(profile: Profile, limit_a: float, feed: Feed) -> float:
    """Return amperes for each phase as the limit of a dynamic profile of ours: in its unit, never more, 0 below 6 A."""
    schedule = profile.schedules[0]
    period = schedule.periods[0]
    if feed.phases and limit_a < CURRENT_MIN_A - 1e-9:
        return 0.0
    return int(to_unit(limit_a, RateUnit.AMPERE, schedule.unit, period, feed) * 10 + 1e-6) / 10


def profile_to_start_with(limit: float, unit: RateUnit) -> Profile:
    """Return the profile that a session shall start with: it counts from its start, and names no transaction yet."""
    return Profile(
        id=0,
        purpose=Purpose.TX,
        kind=ProfileKind.RELATIVE,
        schedules=(Schedule(unit=unit, periods=(Period(limit=limit),)),),
    )


def checked(
    profile: Profile,
    evse_number: int,
    feed: Feed,
    allows: Allowed,
    *,
    is_16: bool,
    now: datetime,
    for_a_start: bool = False,
) -> Checked:
    """Return `profile` as this charger may be sent it. Raises `Invalid` for one that no charger could obey.

    A limit below 6 A becomes 0; the unit becomes one that the charger takes; nothing is ever raised by it. Only a
    profile `for_a_start` is of a session that has no name yet.
    """
    _require_named(profile, for_a_start=for_a_start)
    _require_sound(profile, evse_number, allows, now)
    schedules = tuple(_converted(schedule, feed, allows) for schedule in profile.schedules)
    snapped = tuple(_snapped(schedule, feed) for schedule in schedules)
    notes = [
        (Note.CONVERTED, [one.unit for one in schedules] != [one.unit for one in profile.schedules]),
        (Note.PAUSED, snapped != schedules),
        (Note.ROUNDED, is_16 and any(_loses(limit) for limit in _limits(snapped))),
    ]
    return Checked(replace(profile, schedules=snapped), tuple(note for note, holds in notes if holds))


def _require_named(profile: Profile, *, for_a_start: bool) -> None:
    is_tx, is_named = profile.purpose is Purpose.TX, profile.transaction_key is not None
    if (not is_tx or is_named) if for_a_start else is_tx != is_named:
        raise Invalid(
            "A profile of a session needs a session that runs, and no other profile has one.", field="purpose"
        )


def _require_sound(profile: Profile, evse_number: int, allows: Allowed, now: datetime) -> None:
    purpose = profile.purpose
    if purpose is Purpose.TX and evse_number == 0:
        raise Invalid("A profile of a session belongs to one outlet.", field="evse_number")
    if purpose is Purpose.STATION_MAX and evse_number != 0:
        raise Invalid("A limit of the whole charger cannot be set for one outlet.", field="evse_number")
    if purpose is Purpose.STATION_MAX and profile.kind is ProfileKind.RELATIVE:
        raise Invalid("A limit of the whole charger cannot count from the start of a session.", field="kind")
    if allows.stack_max is not None and profile.stack_level > allows.stack_max:
        raise Invalid(
            "The charger takes stack levels up to %(max)s.", field="stack_level", max=allows.stack_max
        )  # fmt: skip
    if purpose is Purpose.EXTERNAL:
        raise Invalid("Limits from outside are set by others: the charger tells of them.", field="purpose")
    if profile.valid_until is not None and profile.valid_until <= now:
        raise Invalid("The limit would be over before it begins.", field="until", remedy="Choose a later time.")
    if (profile.kind is ProfileKind.RECURRING) != (profile.recurrency is not None):
        raise Invalid("A recurring profile is daily or weekly, and no other one is.", field="recurrency")
    if not profile.schedules:
        raise Invalid("A profile needs a schedule.", field="schedules")
    for schedule in profile.schedules:
        _require_schedule(schedule, profile, allows)


def _require_schedule(schedule: Schedule, profile: Profile, allows: Allowed) -> None:
    starts = [period.start_s for period in schedule.periods]
    if not starts or starts[0] != 0 or sorted(set(starts)) != starts:
        raise Invalid("The first period begins at 0, and each later one after the one before.", field="periods")
    if allows.periods_max is not None and len(starts) > allows.periods_max:
        raise Invalid("The charger takes up to %(max)s periods.", field="periods", max=allows.periods_max)
    if profile.kind is ProfileKind.RECURRING and schedule.starts_at is None:
        raise Invalid("A recurring profile needs a time from which it counts.", field="starts_at")
    most = LIMIT_A_MAX if schedule.unit is RateUnit.AMPERE else LIMIT_A_MAX * VOLTAGE_V * PHASES_DEFAULT
    for limit in _limits([schedule]):
        if not 0 <= limit <= most:
            raise Invalid("A limit must be from 0 to %(max)s.", field="limit", max=round(most))
    if any(one.limit is None and one.setpoint is None and one.discharge_limit is None for one in schedule.periods):
        raise Invalid("Each period needs a limit.", field="limit")


def _limits(schedules: Iterable[Schedule]) -> list[float]:
    return [
        limit
        for schedule in schedules
        for period in schedule.periods
        for limit in (period.limit, period.limit_l2, period.limit_l3)
        if limit is not None
    ]


def _loses(limit: float) -> bool:
    return int(limit * 10 + 1e-9) / 10 != limit


# Units.


def phases_of(period: Period, feed: Feed) -> int:
    """Return over how many phases a limit counts: those of the period, but never more than the outlet has."""
    if feed.phases == 0:
        return 1
    return max(1, min(period.phases or PHASES_DEFAULT, feed.phases))


def to_unit(limit: float, unit: RateUnit, wanted: RateUnit, period: Period, feed: Feed) -> float:
    """Return the limit of a period in the wanted unit: watts are volts times phases times amperes."""
    if unit is wanted:
        return limit
    factor = feed.volts * phases_of(period, feed)
    return limit * factor if wanted is RateUnit.WATT else limit / factor


def _converted(schedule: Schedule, feed: Feed, allows: Allowed) -> Schedule:
    """Return the schedule in a unit that the charger takes; where it has to be converted, rounded down."""
    if schedule.unit in allows.units:
        return schedule
    wanted = next(iter(sorted(allows.units)))
    return replace(
        schedule,
        unit=wanted,
        periods=tuple(_period_in(period, schedule.unit, wanted, feed) for period in schedule.periods),
        min_rate=None,
    )


def _period_in(period: Period, unit: RateUnit, wanted: RateUnit, feed: Feed) -> Period:
    def moved(limit: float | None) -> float | None:
        if limit is None:
            return None
        exact = to_unit(limit, unit, wanted, period, feed)
        return int(exact * 10 + 1e-6) / 10  # down to a tenth: never more than was allowed

    return replace(period, limit=moved(period.limit), limit_l2=moved(period.limit_l2), limit_l3=moved(period.limit_l3))


def _snapped(schedule: Schedule, feed: Feed) -> Schedule:
    """Return the schedule with every AC limit that no car can charge with as 0. DC has no such floor."""
    if feed.phases == 0:
        return schedule
    return replace(schedule, periods=tuple(_paused(period, schedule.unit, feed) for period in schedule.periods))


def _paused(period: Period, unit: RateUnit, feed: Feed) -> Period:
    def snapped(limit: float | None) -> float | None:
        if limit is None or limit == 0:
            return limit
        amperes = to_unit(limit, unit, RateUnit.AMPERE, period, feed)
        return 0.0 if amperes < CURRENT_MIN_A - 1e-9 else limit

    return replace(
        period, limit=snapped(period.limit), limit_l2=snapped(period.limit_l2), limit_l3=snapped(period.limit_l3)
    )


# What a car plans.


def plan_start(said: datetime | None, received_at: datetime) -> datetime:
    """Return when a car's plan begins: as the charger said, unless its clock is not near ours; then when it came."""
    return said if said is not None and abs(said - received_at) <= PLAN_START_NEAR else received_at


def departure(said: datetime | None, received_at: datetime) -> datetime | None:
    """Return when a car leaves, if that can be: a clock that is years off says nothing about tomorrow morning."""
    return said if said is not None and received_at - PLAN_START_NEAR <= said <= received_at + STAYS_MAX else None


STAYS_MAX: Final = timedelta(days=60)  # parked at an airport
PLAN_START_NEAR: Final = timedelta(days=1)  # a plan is for a charge of tonight


def fits(plan: Schedule, limit_a: Sequence[float | None], feed: Feed) -> bool:
    """Return whether every period of a car's plan stays within what is allowed at its start, with 5 % for rounding."""
    for period, allowed_a in zip(plan.periods, limit_a, strict=False):
        if allowed_a is None or period.limit is None:
            continue
        amperes = to_unit(period.limit, plan.unit, RateUnit.AMPERE, period, feed)
        if amperes > allowed_a * PLAN_TOLERANCE:
            return False
    return True


PLAN_TOLERANCE: Final = 1.05  # a car plans in whole amperes or in watts at its own voltage
