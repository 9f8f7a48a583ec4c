"""Smart charging: profiles that really limit the current, composite schedules, what a DC car needs.

The limit is computed here in a way of its own, second by second where it matters: the house computes the same with its
edges (`energy.composite`), and a test holds the two against each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.ocpp import times
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit
from laddverk.ocpp.translate import profiles as wire
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.car import VOLTAGE_V
from laddverk.simulator.model import Outlet, Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

PROFILES_MAX: Final = 20
STACK_MAX: Final = 10
STEP_S: Final = 60  # a composite schedule is looked at in minutes, as a small charger does
DAYS: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
GRID: Final = (Purpose.EXTERNAL, Purpose.STATION_MAX)
OWN: Final = (Purpose.PRIORITY, Purpose.TX, Purpose.TX_DEFAULT)
STAYS: Final = timedelta(hours=8)  # a car that says when it leaves


class Installed(Struct, frozen=True):
    """A profile in the charger: where, and since when."""

    profile: Profile
    evse: int
    since: datetime


class Profiles:
    """What one charger has."""

    __slots__ = ("asked_at", "by_id", "ignores_updates", "needs_told", "priority", "refuses_dynamic", "to_start_with")

    def __init__(self) -> None:
        self.by_id: dict[int, Installed] = {}
        self.to_start_with: dict[int, Profile] = {}
        """By outlet: the profile that a start from afar brought, until the session begins."""
        self.priority: set[str] = set()
        """Transactions that charge by their priority profile."""
        self.needs_told: set[str] = set()
        self.asked_at: dict[int, datetime] = {}
        """By profile: when the network was last asked for its dynamic limit."""
        self.refuses_dynamic = False
        """It says that it takes dynamic profiles, and does not."""
        self.ignores_updates = False
        """It says yes to another limit of a dynamic profile, or asks for it, and goes on as before."""


# What may flow.


def limit_a(charger: Charger, outlet: Outlet | None, at: datetime) -> float | None:
    """Return the amperes per phase that all profiles leave to an outlet (None: to the whole charger) at an instant."""
    known = charger.of(Profiles)
    found: dict[Purpose, list[tuple[tuple[int, int, datetime, int], float]]] = {}
    for one in known.by_id.values():
        if one.evse not in (0, outlet.number if outlet else 0):
            continue
        amperes = _amperes(charger, one, outlet, at)
        if amperes is not None:
            rank = (one.profile.stack_level, one.evse, one.since, one.profile.id)
            found.setdefault(one.profile.purpose, []).append((rank, amperes))
    highest = {purpose: max(each)[1] for purpose, each in found.items()}
    bounds = [highest[purpose] for purpose in GRID if purpose in highest]
    whole = {purpose: [each for each in found.get(purpose, ()) if each[0][1] == 0] for purpose in GRID}
    bounds += [max(each)[1] for each in whole.values() if each]
    if bounds:
        bounds = [min(bounds) + highest.get(Purpose.LOCAL_GENERATION, 0.0)]
    if outlet is not None:
        bounds += [highest[purpose] for purpose in OWN if purpose in highest][:1]
    return min(bounds, default=None)


def _amperes(charger: Charger, one: Installed, outlet: Outlet | None, at: datetime) -> float | None:
    profile, charging = one.profile, outlet.charging if outlet else None
    if (profile.valid_from and at < profile.valid_from) or (profile.valid_until and at >= profile.valid_until):
        return None
    if profile.purpose is Purpose.TX and (charging is None or not _is_of(profile, charging)):
        return None
    if profile.purpose is Purpose.PRIORITY and (charging is None or charging.key not in charger.of(Profiles).priority):
        return None
    schedule = profile.schedules[0]
    begun = schedule.starts_at or profile.valid_from or one.since
    if profile.kind is ProfileKind.DYNAMIC:
        begun = profile.updated_at or one.since  # its duration counts from its last change (K28.FR.13)
    if profile.kind is ProfileKind.RELATIVE:
        if charging is None:
            return None
        begun = charging.started_at
    elif profile.kind is ProfileKind.RECURRING:
        cycle = DAYS[profile.recurrency or "Daily"]
        begun += cycle * ((at - begun) // cycle)
    gone_s = (at - begun).total_seconds()
    if gone_s < 0 or (schedule.duration_s is not None and gone_s >= schedule.duration_s):
        return None
    periods = [period for period in schedule.periods if period.start_s <= gone_s]
    if not periods or periods[-1].limit is None:
        return None
    return _in_amperes(periods[-1], schedule.unit, outlet)


def _is_of(profile: Profile, charging: Any) -> bool:
    if profile.transaction_key is not None:
        return bool(profile.transaction_key == charging.key)
    return profile.transaction_number is None or profile.transaction_number == charging.number


def _in_amperes(period: Period, unit: RateUnit, outlet: Outlet | None) -> float:
    assert period.limit is not None
    if unit is RateUnit.AMPERE:
        return period.limit
    return period.limit / _watts_per_ampere(outlet, period.phases or 3)


def _watts_per_ampere(outlet: Outlet | None, phases: int = 3) -> float:
    """Return what one ampere is in watts; of DC that of full power at full current."""
    if outlet is None:
        return VOLTAGE_V * phases
    supply = outlet.supply
    if supply.phases == 0:
        return supply.power_max_w / supply.current_max_a
    return VOLTAGE_V * min(phases, supply.phases)


def pass_time(charger: Charger, at: datetime) -> None:
    """Hold every outlet to its limit; a DC car that begins to charge says what it needs."""
    known = charger.of(Profiles)
    for outlet in charger.outlets.values():
        if outlet.number in known.to_start_with:
            _take_to_start_with(charger, outlet, at)
        outlet.limit_a = limit_a(charger, outlet, at) if known.by_id else None
        charging = outlet.charging
        if charging is not None and outlet.car is not None and charging.key not in known.needs_told:
            known.needs_told.add(charging.key)
            if outlet.supply.phases == 0 and charger.online and not charger.hardware.protocol.is_16:
                charger.say(Told(at=at, action="NotifyEVChargingNeeds", fields=_needs(outlet, at)))


def of_a_start(message: Any) -> Profile | None:
    """Return the profile that a start from afar brings; None for one that no session can have."""
    profile = _read_16(message) if hasattr(message, "charging_profile_id") else wire.read(message)
    return profile if profile is not None and profile.purpose is Purpose.TX else None


def start_with(charger: Charger, number: int, profile: Profile, at: datetime) -> None:
    """Hold the session that begins at an outlet to this profile, now or when the cable comes."""
    charger.of(Profiles).to_start_with[number] = profile
    pass_time(charger, at)


def _take_to_start_with(charger: Charger, outlet: Outlet, at: datetime) -> None:
    known = charger.of(Profiles)
    if outlet.charging is not None:
        profile = replace(known.to_start_with.pop(outlet.number), transaction_key=outlet.charging.key)
        known.by_id[profile.id] = Installed(profile, outlet.number, at)
    elif outlet.token is None:  # nobody came
        del known.to_start_with[outlet.number]


def _needs(outlet: Outlet, at: datetime) -> dict[str, Any]:
    car = outlet.car
    assert car is not None
    return {
        "evseId": outlet.number,
        "maxScheduleTuples": 12,
        "chargingNeeds": {
            "requestedEnergyTransfer": "DC",
            "departureTime": times.written(at + STAYS),
            "dcChargingParameters": {
                "evMaxCurrent": 300,
                "evMaxVoltage": 450,
                "energyAmount": round(car.missing_wh),
                "evMaxPower": car.dc_max_w,
                "stateOfCharge": round(car.share * 100),
                "fullSoC": 100,
            },
        },
    }


# Orders.


def _set_2x(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    profile = wire.read(asked.charging_profile)
    return {"status": _install(charger, asked.evse_id, profile, at)}


def _set_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    profile = _read_16(asked.cs_charging_profiles)
    return {"status": _install(charger, asked.connector_id, profile, at)}


def _read_16(said: Any) -> Profile | None:
    schedule = wire.read_schedule(said.charging_schedule)
    if schedule is None:
        return None
    return Profile(
        id=said.charging_profile_id,
        stack_level=said.stack_level,
        purpose=wire.FROM_16[said.charging_profile_purpose],
        kind=ProfileKind(said.charging_profile_kind),
        schedules=(schedule,),
        recurrency=said.recurrency_kind,
        valid_from=times.parsed(said.valid_from)[0],
        valid_until=times.parsed(said.valid_to)[0],
        transaction_number=said.transaction_id,
    )


def _install(charger: Charger, evse: int, profile: Profile | None, at: datetime) -> str:
    """Take a profile in the place of one with the same number or place; say no to what cannot be."""
    known = charger.of(Profiles)
    if profile is None or (evse and evse not in charger.outlets) or profile.stack_level > STACK_MAX:
        return "Rejected"
    if profile.purpose is Purpose.TX:
        outlet = charger.outlets.get(evse)
        if outlet is None or outlet.charging is None or not _is_of(profile, outlet.charging):
            return "Rejected"
    if profile.purpose is Purpose.STATION_MAX and evse:
        return "Rejected"
    if profile.kind is ProfileKind.DYNAMIC and (known.refuses_dynamic or not _takes_dynamic(charger, profile)):
        return "Rejected"
    place = (evse, profile.purpose, profile.stack_level)
    for number, one in list(known.by_id.items()):
        if number == profile.id or (one.evse, one.profile.purpose, one.profile.stack_level) == place:
            del known.by_id[number]
    if len(known.by_id) >= PROFILES_MAX:
        return "Rejected"
    known.by_id[profile.id] = Installed(profile, evse, at)
    pass_time(charger, at)
    return "Accepted"


def _takes_dynamic(charger: Charger, profile: Profile) -> bool:
    """Return whether a dynamic profile can be (K01.FR.121, K28.FR.01): one period, in a charger that takes them."""
    said = charger.configuration.one("SmartChargingCtrlr", "SupportsDynamicProfiles")
    return (
        said is not None
        and said.value == "true"
        and len(profile.schedules) == 1
        and len(profile.schedules[0].periods) == 1
    )


def _clear(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    criteria = getattr(asked, "charging_profile_criteria", None)
    if criteria is None and hasattr(asked, "connector_id"):
        number, evse, purpose = asked.id, asked.connector_id, wire.FROM_16.get(asked.charging_profile_purpose)
        level = asked.stack_level
    else:
        number = asked.charging_profile_id
        evse = criteria.evse_id if criteria else None
        purpose = Purpose(criteria.charging_profile_purpose) if criteria and criteria.charging_profile_purpose else None
        level = criteria.stack_level if criteria else None
    known = charger.of(Profiles)
    meant = [each for each, one in known.by_id.items() if _fits(one, each, number, evse, purpose, level)]
    for each in meant:
        del known.by_id[each]
    pass_time(charger, at)
    return {"status": "Accepted" if meant else "Unknown"}


def _fits(
    one: Installed, each: int, number: int | None, evse: int | None, purpose: Purpose | None, level: int | None
) -> bool:
    return (
        number in (None, each)
        and evse in (None, one.evse)
        and purpose in (None, one.profile.purpose)
        and level in (None, one.profile.stack_level)
    )


def _get(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    wanted = asked.charging_profile
    purpose = Purpose(wanted.charging_profile_purpose) if wanted.charging_profile_purpose else None
    ids = wanted.charging_profile_id or [None]
    if wanted.charging_limit_source and "CSO" not in wanted.charging_limit_source:
        return {"status": "NoProfiles"}
    found = [
        one
        for each, one in charger.of(Profiles).by_id.items()
        if any(_fits(one, each, number, asked.evse_id, purpose, wanted.stack_level) for number in ids)
    ]
    for place, one in enumerate(found, start=1):
        fields = {
            "requestId": asked.request_id,
            "chargingLimitSource": "CSO",
            "evseId": one.evse,
            "chargingProfile": [wire.written_2x(one.profile)],
            "tbc": place < len(found),
        }
        charger.say(Told(at=at, action="ReportChargingProfiles", fields=fields))
    return {"status": "Accepted" if found else "NoProfiles"}


def _composite(charger: Charger, evse: int, duration_s: int, unit: str | None, at: datetime) -> dict[str, Any] | None:
    """Return a composite schedule as both families have it, from now on; None for an outlet that is not there."""
    if evse and evse not in charger.outlets:
        return None
    outlet = charger.outlets.get(evse)
    factor = _watts_per_ampere(outlet) if unit == "W" else 1.0
    most = outlet.supply.current_max_a if outlet else sum(one.supply.current_max_a for one in charger.outlets.values())
    periods: list[dict[str, Any]] = []
    for second in range(0, max(1, duration_s), STEP_S):
        limit = limit_a(charger, outlet, at + timedelta(seconds=second))
        value = round((most if limit is None else min(limit, most)) * factor, 1)
        if not periods or periods[-1]["limit"] != value:
            periods.append({"startPeriod": second, "limit": value})
    return {"duration": duration_s, "chargingRateUnit": unit or "A", "chargingSchedulePeriod": periods}


def _composite_2x(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    found = _composite(charger, asked.evse_id, asked.duration, asked.charging_rate_unit, at)
    if found is None:
        return {"status": "Rejected"}
    return {"status": "Accepted", "schedule": {**found, "evseId": asked.evse_id, "scheduleStart": times.written(at)}}


def _composite_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    found = _composite(charger, asked.connector_id, asked.duration, asked.charging_rate_unit, at)
    if found is None:
        return {"status": "Rejected"}
    start = times.written(at)
    schedule = {**found, "startSchedule": start}
    return {
        "status": "Accepted", "connectorId": asked.connector_id, "scheduleStart": start, "chargingSchedule": schedule,
    }  # fmt: skip


def _priority(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    known = charger.of(Profiles)
    charging = charger.found(key=asked.transaction_id)
    if charging is None:
        return {"status": "Rejected"}
    if not any(one.profile.purpose is Purpose.PRIORITY for one in known.by_id.values()):
        return {"status": "NoProfile"}
    (known.priority.add if asked.activate else known.priority.discard)(charging.key)
    pass_time(charger, at)
    fields = {"transactionId": charging.key, "activated": asked.activate}
    charger.say(Told(at=at, action="NotifyPriorityCharging", fields=fields))
    return {"status": "Accepted"}


def _allowed(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    return {"status": "Accepted" if charger.found(key=asked.transaction_id) else "Rejected"}


def _signal(_charger: Charger, _asked: Any, _at: datetime) -> dict[str, Any]:
    """Nothing in this charger follows the grid's frequency."""
    return {"status": "Rejected"}


ORDERS_16: Final[Orders] = {
    "SetChargingProfile": _set_16,
    "ClearChargingProfile": _clear,
    "GetCompositeSchedule": _composite_16,
}
ORDERS_2X: Final[Orders] = {
    "SetChargingProfile": _set_2x,
    "ClearChargingProfile": _clear,
    "GetChargingProfiles": _get,
    "GetCompositeSchedule": _composite_2x,
    "UsePriorityCharging": _priority,
    "NotifyAllowedEnergyTransfer": _allowed,
    "AFRRSignal": _signal,
}


def settings_16() -> list[Setting]:
    """Return the keys of the profile SmartCharging."""
    return [
        Setting("", "ChargeProfileMaxStackLevel", str(STACK_MAX), False, "integer"),
        Setting("", "ChargingScheduleAllowedChargingRateUnit", "Current,Power", False),
        Setting("", "ChargingScheduleMaxPeriods", "24", False, "integer"),
        Setting("", "MaxChargingProfilesInstalled", str(PROFILES_MAX), False, "integer"),
    ]


def settings_2x() -> list[Setting]:
    """Return the variables of SmartChargingCtrlr."""
    return [
        Setting("SmartChargingCtrlr", "Available", "true", False, "boolean"),
        Setting("SmartChargingCtrlr", "Enabled", "true", True, "boolean"),
        Setting("SmartChargingCtrlr", "ProfileStackLevel", str(STACK_MAX), False, "integer"),
        Setting("SmartChargingCtrlr", "RateUnit", "A,W", False),
        Setting("SmartChargingCtrlr", "PeriodsPerSchedule", "24", False, "integer"),
    ]
