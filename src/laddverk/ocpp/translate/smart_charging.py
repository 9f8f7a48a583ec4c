"""Smart charging (functional block K): profiles, schedules, needs and limits, in the words of 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.ocpp import commands, facts, times
from laddverk.ocpp.answers import Answer, DynamicLimitAnswer, NeedsAnswer, PlanAnswer
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.facts import Composite, Fact, Schedule
from laddverk.ocpp.facts.smart_charging import energy_in_wh
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import profiles
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.origin import Origin, place, said, stamp, stamp_at, whole

PROFILES_MAX: Final = 100  # of one report part; the frame's size allows more, a charger has a dozen
NO_LIMIT: Final = -1.0


def reported_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return the profiles of one part of a report. What cannot be understood of a profile is left out and flagged."""
    evse, oddity = place(message.evse_id)
    found = [profiles.read(each) for each in (message.charging_profile or ())[:PROFILES_MAX]]
    odd = "a profile that cannot be understood" if None in found else None
    return [
        facts.ProfilesReported(
            **stamp(origin, oddity, odd),
            request_id=whole(message.request_id) or 0,
            source=said(message.charging_limit_source) or facts.CSO,
            evse_number=evse,
            profiles=tuple(each for each in found if each is not None),
            more_follows=bool(message.tbc),
        )
    ]


def limited_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return a limit that somebody else has set."""
    evse, oddity = place(message.evse_id or 0)
    limit = message.charging_limit
    return [
        facts.LimitReported(
            **stamp(origin, oddity),
            source=said(limit.charging_limit_source) or "Other",
            evse_number=evse,
            grid_critical=limit.is_grid_critical,
            local_generation=getattr(limit, "is_local_generation", None),
            schedules=tuple(filter(None, map(profiles.read_schedule, message.charging_schedule or ()))),
        )
    ]


def cleared_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return that a limit of somebody else is gone."""
    evse, oddity = place(message.evse_id or 0)
    source = said(message.charging_limit_source) or "Other"
    return [facts.LimitCleared(**stamp(origin, oddity), source=source, evse_number=evse)]


def needs_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return what a car said that it needs, AC or DC, in the words of either edition of ISO 15118."""
    evse, oddity = place(message.evse_id)
    needs = message.charging_needs
    departure_at, odd_time = times.parsed(needs.departure_time) if needs.departure_time else (None, None)
    return [
        facts.NeedsReported(
            **stamp_at(origin, getattr(message, "timestamp", None)) if getattr(message, "timestamp", None)
            else stamp(origin, oddity, odd_time),
            evse_number=evse,
            transfer=str(needs.requested_energy_transfer),
            departure_at=departure_at,
            schedule_tuples_max=whole(message.max_schedule_tuples, 0, profiles.PERIODS_MAX),
            control_mode=getattr(needs, "control_mode", None),
            detail=msgspec.to_builtins(needs),
            **_wanted(needs),
        )
    ]  # fmt: skip


def _wanted(needs: Any) -> dict[str, Any]:
    """Return how much, and how fast, a car wants."""
    ac, dc = needs.ac_charging_parameters, needs.dc_charging_parameters
    v2x = getattr(needs, "v2x_charging_parameters", None)
    if ac is not None:
        return {
            "energy_wh": energy_in_wh(ac.energy_amount),
            "current_min_a": ac.ev_min_current,
            "current_max_a": ac.ev_max_current,
        }
    if dc is not None:
        return {
            "energy_wh": energy_in_wh(dc.energy_amount),
            "current_max_a": dc.ev_max_current,
            "power_max_w": energy_in_wh(dc.ev_max_power),
            "soc_percent": whole(dc.state_of_charge, 0, 100),
            "soc_full_percent": whole(dc.full_so_c, 0, 100),
        }
    if v2x is not None:
        return {
            "energy_wh": energy_in_wh(v2x.ev_target_energy_request),
            "current_max_a": v2x.max_charge_current,
            "power_max_w": energy_in_wh(v2x.max_charge_power),
            "soc_full_percent": whole(v2x.target_so_c, 0, 100),
        }
    return {}


def planned_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return how a car means to charge."""
    evse, oddity = place(message.evse_id)
    starts_at, odd_time = times.parsed(message.time_base)
    schedule = profiles.read_schedule(message.charging_schedule)
    if schedule is None:
        schedule = Schedule(periods=())
    return [
        facts.EvScheduleReported(
            **stamp(origin, oddity, odd_time),
            evse_number=evse,
            starts_at=starts_at,
            schedule=schedule,
            selected_id=whole(getattr(message, "selected_charging_schedule_id", None), 0),
        )
    ]


def prioritised_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return that a session got or lost its priority."""
    key = said(message.transaction_id) or ""
    return [facts.PriorityReported(**stamp(origin), transaction_key=key, active=bool(message.activated))]


def pulled_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return that a charger asks for a dynamic limit."""
    return [facts.DynamicLimitAsked(**stamp(origin), profile_id=whole(message.charging_profile_id) or 0)]


def _needs_answer(
    _protocol: Protocol, _message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    """Without a decision: no, so that the car charges by the profiles that hold anyway."""
    found = first(answers, NeedsAnswer)
    return {"status": found.status if found else "Rejected"}


def _plan_answer(
    _protocol: Protocol, _message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    found = first(answers, PlanAnswer)
    return {"status": "Accepted" if found is None or found.fits else "Rejected"}


def _dynamic_answer(
    _protocol: Protocol, _message: Any, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    found = first(answers, DynamicLimitAnswer)
    if found is None or found.update is None:
        return {"status": "Rejected"}
    return {"status": "Accepted", "scheduleUpdate": profiles.update_fields(found.update)}


# What we say.


def set_16(command: commands.SetProfile) -> tuple[str, dict[str, Any]]:
    """Return SetChargingProfile of 1.6: one schedule, no purpose or kind of a later version."""
    return "SetChargingProfile", {
        "connectorId": command.evse_number,
        "csChargingProfiles": profiles.written_16(command.profile),
    }


def set_2x(command: commands.SetProfile) -> tuple[str, dict[str, Any]]:
    """Return SetChargingProfile of 2.x; what only 2.1 knows stops it for 2.0.1 when its message is made."""
    return "SetChargingProfile", {
        "evseId": command.evse_number,
        "chargingProfile": profiles.written_2x(command.profile),
    }


def clear_16(command: commands.ClearProfiles) -> tuple[str, dict[str, Any]]:
    """Return ClearChargingProfile of 1.6."""
    return "ClearChargingProfile", {
        "id": command.profile_id,
        "connectorId": command.evse_number,
        "chargingProfilePurpose": profiles.purpose_16(command.purpose) if command.purpose else None,
        "stackLevel": command.stack_level,
    }


def clear_2x(command: commands.ClearProfiles) -> tuple[str, dict[str, Any]]:
    """Return ClearChargingProfile of 2.x. With an id nothing else may be given (K10.FR.02)."""
    if command.profile_id is not None:
        return "ClearChargingProfile", {"chargingProfileId": command.profile_id}
    criteria = {
        "evseId": command.evse_number,
        "chargingProfilePurpose": command.purpose.value if command.purpose else None,
        "stackLevel": command.stack_level,
    }
    return "ClearChargingProfile", {"chargingProfileCriteria": profiles.given(criteria) or None}


def read_2x(command: commands.ReadProfiles) -> tuple[str, dict[str, Any]]:
    """Return GetChargingProfiles."""
    criterion = {
        "chargingProfilePurpose": command.purpose.value if command.purpose else None,
        "stackLevel": command.stack_level,
        "chargingProfileId": list(command.profile_ids) or None,
        "chargingLimitSource": list(command.sources) or None,
    }
    return "GetChargingProfiles", {
        "requestId": command.request_id,
        "evseId": command.evse_number,
        "chargingProfile": profiles.given(criterion),
    }


def composite_16(command: commands.ReadComposite) -> tuple[str, dict[str, Any]]:
    """Return GetCompositeSchedule of 1.6."""
    unit = command.unit.value if command.unit else None
    return "GetCompositeSchedule", {
        "connectorId": command.evse_number, "duration": command.duration_s, "chargingRateUnit": unit,
    }  # fmt: skip


def composite_2x(command: commands.ReadComposite) -> tuple[str, dict[str, Any]]:
    """Return GetCompositeSchedule of 2.x."""
    unit = command.unit.value if command.unit else None
    return "GetCompositeSchedule", {
        "evseId": command.evse_number, "duration": command.duration_s, "chargingRateUnit": unit,
    }  # fmt: skip


def update_21(command: commands.UpdateDynamicLimit) -> tuple[str, dict[str, Any]]:
    """Return UpdateDynamicSchedule."""
    return "UpdateDynamicSchedule", {
        "chargingProfileId": command.profile_id, "scheduleUpdate": profiles.update_fields(command.update),
    }  # fmt: skip


def priority_21(command: commands.UsePriority) -> tuple[str, dict[str, Any]]:
    """Return UsePriorityCharging."""
    return "UsePriorityCharging", {"transactionId": command.transaction_key, "activate": command.active}


def transfer_21(command: commands.AllowTransfer) -> tuple[str, dict[str, Any]]:
    """Return NotifyAllowedEnergyTransfer."""
    return "NotifyAllowedEnergyTransfer", {
        "transactionId": command.transaction_key, "allowedEnergyTransfer": list(command.modes),
    }  # fmt: skip


def frequency_21(command: commands.SignalFrequency) -> tuple[str, dict[str, Any]]:
    """Return AFRRSignal."""
    return "AFRRSignal", {"timestamp": times.written(command.at), "signal": command.signal}


# What the answers mean.


def _worded(response: Any, good: Verdict, *others: tuple[str, Verdict]) -> CommandOutcome:
    word = str(response.status or "")
    verdict = good if word == "Accepted" else dict(others).get(word, Verdict.REFUSED)
    info = getattr(response, "status_info", None)
    reason = {"reason": info.reason_code, "additional": info.additional_info} if info else {}
    return CommandOutcome(verdict=verdict, word=word, detail=profiles.given(reason))


def _set(_command: commands.Command, response: Any) -> CommandOutcome:
    return _worded(response, Verdict.DONE)


def _cleared(_command: commands.Command, response: Any) -> CommandOutcome:
    """There was none: nothing is there now, which is what was wanted."""
    return _worded(response, Verdict.DONE, ("Unknown", Verdict.DONE))


def _read(_command: commands.Command, response: Any) -> CommandOutcome:
    return _worded(response, Verdict.ACCEPTED, ("NoProfiles", Verdict.DONE))


def _prioritised(_command: commands.Command, response: Any) -> CommandOutcome:
    return _worded(response, Verdict.ACCEPTED)


def _composed(command: commands.ReadComposite, response: Any) -> CommandOutcome:
    """Return the outcome with the schedule, whichever version's form it has, in `detail["composite"]`."""
    outcome = _worded(response, Verdict.DONE)
    composite = _composite(command, response)
    if outcome.verdict is not Verdict.DONE or composite is None:
        return outcome
    return msgspec.structs.replace(outcome, detail={"composite": msgspec.to_builtins(composite)})


def _composite(command: commands.ReadComposite, response: Any) -> Composite | None:
    found = getattr(response, "schedule", None)
    if found is not None:
        schedule = profiles.read_schedule(found)
        starts_at, evse = found.schedule_start, found.evse_id
    else:
        inner = getattr(response, "charging_schedule", None)
        schedule = profiles.read_schedule(inner) if inner is not None else None
        starts_at, evse = getattr(response, "schedule_start", None), getattr(response, "connector_id", None)
    if schedule is None:
        return None
    at = times.parsed(starts_at)[0] if starts_at else schedule.starts_at
    return Composite(evse_number=place(evse)[0] if evse is not None else command.evse_number, starts_at=at,
                     schedule=schedule)  # fmt: skip


READERS_2X: Final[Readers] = {
    "ReportChargingProfiles": reported_2x,
    "NotifyChargingLimit": limited_2x,
    "ClearedChargingLimit": cleared_2x,
    "NotifyEVChargingNeeds": needs_2x,
    "NotifyEVChargingSchedule": planned_2x,
    "NotifyPriorityCharging": prioritised_2x,
    "PullDynamicScheduleUpdate": pulled_2x,
}
SPEAKERS_16: Final[Speakers] = {
    commands.SetProfile: set_16,
    commands.ClearProfiles: clear_16,
    commands.ReadComposite: composite_16,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.SetProfile: set_2x,
    commands.ClearProfiles: clear_2x,
    commands.ReadProfiles: read_2x,
    commands.ReadComposite: composite_2x,
    commands.UpdateDynamicLimit: update_21,
    commands.UsePriority: priority_21,
    commands.AllowTransfer: transfer_21,
    commands.SignalFrequency: frequency_21,
}
ANSWERERS: Final[Answerers] = {
    "NotifyEVChargingNeeds": _needs_answer,
    "NotifyEVChargingSchedule": _plan_answer,
    "PullDynamicScheduleUpdate": _dynamic_answer,
}
OUTCOMES: Final[Outcomes] = {
    commands.SetProfile: _set,
    commands.ClearProfiles: _cleared,
    commands.ReadProfiles: _read,
    commands.ReadComposite: _composed,
    commands.UpdateDynamicLimit: _set,
    commands.UsePriority: _prioritised,
    commands.AllowTransfer: _set,
    commands.SignalFrequency: _set,
}
