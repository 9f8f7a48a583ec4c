"""Facts about smart charging (block K), and the words for profiles and schedules, which commands use as well."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact

CSO: Final = "CSO"
"""The limit source of a charging station operator: us."""


class Purpose(StrEnum):
    """What a charging profile is for: the words of 2.x. ChargePointMaxProfile of 1.6 is `STATION_MAX`."""

    EXTERNAL = "ChargingStationExternalConstraints"
    STATION_MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"
    PRIORITY = "PriorityCharging"
    LOCAL_GENERATION = "LocalGeneration"


class ProfileKind(StrEnum):
    """What the times of a schedule count from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"
    """The limit comes by itself, again and again (2.1)."""


class RateUnit(StrEnum):
    """In what a limit is said."""

    AMPERE = "A"
    """Per phase."""
    WATT = "W"
    """In all."""


class Period(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From when on, in seconds since the schedule's start, how much may flow; until the next period."""

    start_s: int = 0
    limit: float | None = None
    """Amperes per phase or watts in all; -1 and None: no limit (quirk 69)."""
    phases: int | None = None
    """How many phases may be used; None is the charger's own, which the standard takes for three."""
    limit_l2: float | None = None
    """Of the second phase where it differs (2.1); so for the third."""
    limit_l3: float | None = None
    discharge_limit: float | None = None
    """The most that may flow back, 0 or negative (2.1)."""
    setpoint: float | None = None
    rest: dict[str, Any] | None = None
    """What 2.1 can say besides, by the names of the wire."""


class Schedule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Limits over time."""

    id: int = 1
    unit: RateUnit = RateUnit.AMPERE
    periods: tuple[Period, ...]
    starts_at: datetime | None = None
    duration_s: int | None = None
    """None: the last period goes on."""
    min_rate: float | None = None


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A charging profile."""

    id: int
    stack_level: int = 0
    purpose: Purpose
    kind: ProfileKind = ProfileKind.ABSOLUTE
    schedules: tuple[Schedule, ...]
    recurrency: str | None = None
    """Daily or Weekly."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    transaction_key: str | None = None
    transaction_number: int | None = None
    """The 1.6 transactionId."""
    offline_max_s: int | None = None
    """How long it holds while the charger has no contact (2.1)."""
    void_after_offline: bool | None = None
    update_every_s: int | None = None
    updated_at: datetime | None = None
    """When a dynamic limit was last told."""


class ScheduleUpdate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new value for the limit of a dynamic profile (2.1)."""

    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None


class Composite(Struct, frozen=True, kw_only=True):
    """What all profiles of an EVSE allow together, as the charger computed it."""

    evse_number: int
    starts_at: datetime | None
    schedule: Schedule


class ProfilesReported(Fact, frozen=True, kw_only=True):
    """A part of the charging profiles that a charger has."""

    request_id: int
    source: str
    evse_number: int
    profiles: tuple[Profile, ...] = ()
    more_follows: bool = False


class LimitReported(Fact, frozen=True, kw_only=True):
    """Somebody else limits the charger: a grid operator, a local energy manager."""

    source: str
    evse_number: int = 0
    grid_critical: bool | None = None
    local_generation: bool | None = None
    schedules: tuple[Schedule, ...] = ()


class LimitCleared(Fact, frozen=True, kw_only=True):
    """A limit of somebody else is gone."""

    source: str
    evse_number: int = 0


class NeedsReported(Fact, frozen=True, kw_only=True):
    """What a car said that it needs (ISO 15118). Needs `NeedsAnswer`."""

    evse_number: int
    transfer: str
    """AC_single_phase, AC_three_phase, DC …"""
    departure_at: datetime | None = None
    energy_wh: int | None = None
    current_min_a: float | None = None
    current_max_a: float | None = None
    power_max_w: int | None = None
    soc_percent: int | None = None
    soc_full_percent: int | None = None
    schedule_tuples_max: int | None = None
    control_mode: str | None = None
    detail: dict[str, Any]
    """The needs as they came, by the names of the wire."""


class EvScheduleReported(Fact, frozen=True, kw_only=True):
    """How a car means to charge. Needs `PlanAnswer`."""

    evse_number: int
    starts_at: datetime | None
    schedule: Schedule
    selected_id: int | None = None


class PriorityReported(Fact, frozen=True, kw_only=True):
    """Somebody at the charger asked for priority, or gave it up (2.1)."""

    transaction_key: str
    active: bool


class DynamicLimitAsked(Fact, frozen=True, kw_only=True):
    """A charger asks for the limit of a dynamic profile (2.1). Needs `DynamicLimitAnswer`."""

    profile_id: int


def energy_in_wh(amount: float | None) -> int | None:
    """Return an energy as whole Wh; None for none, and for what no battery holds."""
    if amount is None or not 0 <= amount < 1e9:
        return None
    return int(Decimal(str(amount)).to_integral_value())
