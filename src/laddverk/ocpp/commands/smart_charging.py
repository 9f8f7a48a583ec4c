"""Commands of smart charging (block K): profiles in, out and read; dynamic limits; priority."""

from __future__ import annotations

from datetime import datetime, timedelta

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.smart_charging import Profile, Purpose, RateUnit, ScheduleUpdate


class SetProfile(Command, frozen=True, kw_only=True, tag="set_profile"):
    """SetChargingProfile. Its answer ends it: what the charger then does is seen in the meter."""

    SEND_WITHIN = timedelta(minutes=2)  # a limit that comes late was meant for another moment

    evse_number: int
    profile: Profile


class ClearProfiles(Command, frozen=True, kw_only=True, tag="clear_profiles"):
    """ClearChargingProfile: one by its id, or all that fit. "Unknown" means that there was none."""

    SEND_WITHIN = timedelta(minutes=2)

    profile_id: int | None = None
    evse_number: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None


class ReadProfiles(Command, frozen=True, kw_only=True, tag="read_profiles"):
    """GetChargingProfiles (2.x). Confirmed when the last part of the report has come."""

    CONFIRM_WITHIN = timedelta(minutes=2)

    request_id: int
    evse_number: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None
    profile_ids: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()


class ReadComposite(Command, frozen=True, kw_only=True, tag="read_composite"):
    """GetCompositeSchedule: what the charger makes of all its profiles. The answer holds it."""

    SEND_WITHIN = timedelta(minutes=2)

    evse_number: int
    duration_s: int
    unit: RateUnit | None = None


class UpdateDynamicLimit(Command, frozen=True, kw_only=True, tag="update_dynamic_limit"):
    """UpdateDynamicSchedule (2.1): a new value for a dynamic profile."""

    SEND_WITHIN = timedelta(seconds=30)

    profile_id: int
    update: ScheduleUpdate


class UsePriority(Command, frozen=True, kw_only=True, tag="use_priority"):
    """UsePriorityCharging (2.1): a session gets, or loses, its priority. Confirmed by NotifyPriorityCharging."""

    SEND_WITHIN = timedelta(minutes=2)
    CONFIRM_WITHIN = timedelta(minutes=1)

    transaction_key: str
    active: bool


class AllowTransfer(Command, frozen=True, kw_only=True, tag="allow_transfer"):
    """NotifyAllowedEnergyTransfer (2.1): in which ways a session may exchange energy with the car."""

    SEND_WITHIN = timedelta(minutes=2)

    transaction_key: str
    modes: tuple[str, ...]


class SignalFrequency(Command, frozen=True, kw_only=True, tag="signal_frequency"):
    """AFRRSignal (2.1): the signal of the grid's automatic frequency restoration reserve."""

    SEND_WITHIN = timedelta(seconds=10)  # the reserve reacts within seconds, or not at all

    at: datetime
    signal: int


AnySmartCharging = (
    SetProfile
    | ClearProfiles
    | ReadProfiles
    | ReadComposite
    | UpdateDynamicLimit
    | UsePriority
    | AllowTransfer
    | SignalFrequency
)
