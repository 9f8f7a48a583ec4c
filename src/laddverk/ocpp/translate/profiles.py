"""Charging profiles and schedules between the vocabulary and the wire: one form of 1.6, one of 2.x."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from laddverk.ocpp import times
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts.smart_charging import (
    Period,
    Profile,
    ProfileKind,
    Purpose,
    RateUnit,
    Schedule,
    ScheduleUpdate,
)
from laddverk.ocpp.translate.origin import said, whole

PERIODS_MAX: Final = 1024  # what 2.x allows in one schedule
SECONDS_MAX: Final = 400 * 86_400  # more than a year is no schedule
STACK_MAX: Final = 1_000_000
PURPOSES_16: Final = {
    Purpose.STATION_MAX: "ChargePointMaxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.TX: "TxProfile",
}
FROM_16: Final = {word: purpose for purpose, word in PURPOSES_16.items()}
KINDS_16: Final = frozenset({ProfileKind.ABSOLUTE, ProfileKind.RECURRING, ProfileKind.RELATIVE})
OWN_FIELDS: Final = frozenset({
    "start_period", "limit", "limit_l2", "limit_l3", "number_phases", "discharge_limit", "setpoint",
})  # fmt: skip
"""The fields of a period that have a name in the vocabulary; the others travel in `rest`."""

Word = TypeVar("Word", bound=StrEnum)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def purpose_16(purpose: Purpose) -> str:
    """Return the word of 1.6. Raises `Untranslatable` for a purpose that it does not have."""
    if purpose not in PURPOSES_16:
        raise Untranslatable(f"OCPP 1.6 has no profiles for {purpose.value}.")
    return PURPOSES_16[purpose]


# To the wire.


def written_16(profile: Profile) -> dict[str, Any]:
    """Return a profile as 1.6 has it: one schedule, limits with one decimal, the transaction by its number."""
    if len(profile.schedules) != 1 or profile.kind not in KINDS_16:
        raise Untranslatable("OCPP 1.6 has one schedule in a profile, and no dynamic one.")
    schedule = profile.schedules[0]
    return given({
        "chargingProfileId": profile.id,
        "transactionId": profile.transaction_number,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": purpose_16(profile.purpose),
        "chargingProfileKind": profile.kind.value,
        "recurrencyKind": profile.recurrency,
        "validFrom": _time(profile.valid_from),
        "validTo": _time(profile.valid_until),
        "chargingSchedule": given({
            "duration": schedule.duration_s,
            "startSchedule": _time(schedule.starts_at),
            "chargingRateUnit": schedule.unit.value,
            "chargingSchedulePeriod": [
                given({"startPeriod": one.start_s, "limit": _tenths(one.limit), "numberPhases": one.phases})
                for one in schedule.periods
            ],
            "minChargingRate": schedule.min_rate,
        }),
    })  # fmt: skip


def written_2x(profile: Profile) -> dict[str, Any]:
    """Return a profile as 2.x has it; the fields of 2.1 only where they are used."""
    return given({
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose.value,
        "chargingProfileKind": profile.kind.value,
        "recurrencyKind": profile.recurrency,
        "validFrom": _time(profile.valid_from),
        "validTo": _time(profile.valid_until),
        "transactionId": profile.transaction_key,
        "maxOfflineDuration": profile.offline_max_s,
        "invalidAfterOfflineDuration": profile.void_after_offline,
        "dynUpdateInterval": profile.update_every_s,
        "dynUpdateTime": _time(profile.updated_at),
        "chargingSchedule": [_schedule_2x(schedule) for schedule in profile.schedules],
    })  # fmt: skip


def _schedule_2x(schedule: Schedule) -> dict[str, Any]:
    return given({
        "id": schedule.id,
        "startSchedule": _time(schedule.starts_at),
        "duration": schedule.duration_s,
        "chargingRateUnit": schedule.unit.value,
        "minChargingRate": schedule.min_rate,
        "chargingSchedulePeriod": [_period_2x(one) for one in schedule.periods],
    })  # fmt: skip


def _period_2x(period: Period) -> dict[str, Any]:
    return {**(period.rest or {}), **given({
        "startPeriod": period.start_s,
        "limit": period.limit,
        "limit_L2": period.limit_l2,
        "limit_L3": period.limit_l3,
        "numberPhases": period.phases,
        "dischargeLimit": period.discharge_limit,
        "setpoint": period.setpoint,
    })}  # fmt: skip


def update_fields(update: ScheduleUpdate) -> dict[str, Any]:
    """Return a new dynamic limit as 2.1 has it."""
    return given({
        "limit": update.limit,
        "limit_L2": update.limit_l2,
        "limit_L3": update.limit_l3,
        "dischargeLimit": update.discharge_limit,
        "setpoint": update.setpoint,
    })  # fmt: skip


def _time(at: datetime | None) -> str | None:
    return times.written(at) if at else None


def _tenths(limit: float | None) -> float:
    """Return a limit with one decimal, rounded down: a limit is never raised by writing it."""
    if limit is None:
        raise Untranslatable("OCPP 1.6 needs a limit in each period.")
    return int(limit * 10 + 1e-9) / 10


# From the wire.


def read(message: Any) -> Profile | None:
    """Return a profile that a charger reports; None when its purpose, kind or schedules cannot be understood."""
    purpose = _word(Purpose, message.charging_profile_purpose)
    kind = _word(ProfileKind, message.charging_profile_kind)
    schedules = tuple(filter(None, map(read_schedule, message.charging_schedule or ())))
    number = whole(message.id)
    if purpose is None or kind is None or not schedules or number is None:
        return None
    return Profile(
        id=number,
        stack_level=whole(message.stack_level, 0, STACK_MAX) or 0,
        purpose=purpose,
        kind=kind,
        schedules=schedules,
        recurrency=str(message.recurrency_kind) if message.recurrency_kind else None,
        valid_from=_read_time(message.valid_from),
        valid_until=_read_time(message.valid_to),
        transaction_key=said(message.transaction_id),
        offline_max_s=whole(getattr(message, "max_offline_duration", None), 0, SECONDS_MAX),
        void_after_offline=getattr(message, "invalid_after_offline_duration", None),
        update_every_s=whole(getattr(message, "dyn_update_interval", None), 0, SECONDS_MAX),
        updated_at=_read_time(getattr(message, "dyn_update_time", None)),
    )


def read_schedule(message: Any) -> Schedule | None:
    """Return a schedule of any version; None when its unit or its periods cannot be understood.

    A fractional start (quirk 78) was made whole by the decoder; periods are put in order.
    """
    unit = _word(RateUnit, message.charging_rate_unit)
    periods = tuple(filter(None, map(_read_period, (message.charging_schedule_period or ())[:PERIODS_MAX])))
    if unit is None or not periods:
        return None
    return Schedule(
        id=whole(getattr(message, "id", 1)) or 1,
        unit=unit,
        periods=tuple(sorted(periods, key=lambda one: one.start_s)),
        starts_at=_read_time(getattr(message, "start_schedule", None)),
        duration_s=whole(message.duration, 0, SECONDS_MAX),
        min_rate=_number(getattr(message, "min_charging_rate", None)),
    )


def _read_period(message: Any) -> Period | None:
    start_s = whole(message.start_period, 0, SECONDS_MAX)
    if start_s is None:
        return None
    others = {
        field.encode_name: msgspec.to_builtins(value)
        for field in msgspec.structs.fields(message)
        if field.name not in OWN_FIELDS and (value := getattr(message, field.name)) is not None
    }
    return Period(
        start_s=start_s,
        limit=_limit(message.limit),
        limit_l2=_number(getattr(message, "limit_l2", None)),
        limit_l3=_number(getattr(message, "limit_l3", None)),
        phases=whole(message.number_phases, 1, 3),
        discharge_limit=_number(getattr(message, "discharge_limit", None)),
        setpoint=_number(getattr(message, "setpoint", None)),
        rest=others or None,
    )


def _limit(number: object) -> float | None:
    """Return a limit; a negative one is none (quirk 69)."""
    found = _number(number)
    return None if found is None or found < 0 else found


def _number(number: object) -> float | None:
    return float(number) if isinstance(number, int | float) and not isinstance(number, bool) else None


def _word(kind: type[Word], word: object) -> Word | None:
    try:
        return kind(str(word))
    except ValueError:
        return None


def _read_time(text: str | None) -> datetime | None:
    return times.parsed(text)[0] if text else None
