"""Distributed energy resources (functional block R, 2.1): controls, alarms, starts and stops."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from laddverk.ocpp import commands, facts
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import DerControl, Fact
from laddverk.ocpp.translate.block import Outcomes, Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, said, stamp, stamp_at, whole

PLACES: Final = {
    "EnterService": "enterService",
    "FreqDroop": "freqDroop",
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limitMaxDischarge",
}
"""The field that holds the settings of a control; those of all others are a curve."""
REPORTED: Final = (
    ("enter_service", "enter_service", "EnterService"),
    ("fixed_pf_absorb", "fixed_pf", "FixedPFAbsorb"),
    ("fixed_pf_inject", "fixed_pf", "FixedPFInject"),
    ("fixed_var", "fixed_var", "FixedVar"),
    ("freq_droop", "freq_droop", "FreqDroop"),
    ("gradient", "gradient", "Gradients"),
    ("limit_max_discharge", "limit_max_discharge", "LimitMaxDischarge"),
)
"""Where a report has the controls of each kind: the list, the settings in an item, and the kind."""


def reported_21(message: Any, origin: Origin) -> list[Fact]:
    """Return the controls of one part of a report, each as one thing whatever its kind."""
    found = [_control(each, each.curve, str(each.curve_type)) for each in message.curve or ()]
    for many, one, control in REPORTED:
        found += [_control(each, getattr(each, one), control) for each in getattr(message, many) or ()]
    return [
        facts.DerControlsReported(
            **stamp(origin),
            request_id=whole(message.request_id) or 0,
            controls=tuple(found),
            more_follows=bool(message.tbc),
        )
    ]


def _control(item: Any, settings: Any, control: str) -> DerControl:
    return DerControl(
        id=said(item.id) or "",
        control=control,
        is_default=bool(getattr(item, "is_default", True)),
        is_superseded=bool(getattr(item, "is_superseded", False)),
        body=msgspec.to_builtins(settings) or {},
    )


def alarmed_21(message: Any, origin: Origin) -> list[Fact]:
    """Return that the grid left its bounds, or is back."""
    return [
        facts.DerAlarmed(
            **stamp_at(origin, message.timestamp),
            control=str(message.control_type),
            fault=str(message.grid_event_fault) if message.grid_event_fault else None,
            ended=bool(message.alarm_ended),
            info=said(message.extra_info),
        )
    ]


def switched_21(message: Any, origin: Origin) -> list[Fact]:
    """Return that a control for a time began or ended."""
    return [
        facts.DerSwitched(
            **stamp_at(origin, message.timestamp),
            control_id=said(message.control_id) or "",
            started=bool(message.started),
            superseded_ids=tuple(message.superseded_ids or ()),
        )
    ]


def set_21(command: commands.SetDerControl) -> tuple[str, dict[str, Any]]:
    """Return SetDERControl. Raises `Untranslatable` for settings that were not given."""
    control = command.control
    if not control.body:
        raise Untranslatable("A control needs its settings.")
    return "SetDERControl", {
        "isDefault": control.is_default,
        "controlId": control.id,
        "controlType": control.control,
        PLACES.get(control.control, "curve"): control.body,
    }


def read_21(command: commands.ReadDerControls) -> tuple[str, dict[str, Any]]:
    """Return GetDERControl."""
    return "GetDERControl", {
        "requestId": command.request_id,
        "isDefault": command.is_default,
        "controlType": command.control,
        "controlId": command.control_id,
    }


def clear_21(command: commands.ClearDerControls) -> tuple[str, dict[str, Any]]:
    """Return ClearDERControl."""
    return "ClearDERControl", {
        "isDefault": command.is_default,
        "controlType": command.control,
        "controlId": command.control_id,
    }


def _outcome(response: Any, good: Verdict, gone: Verdict) -> CommandOutcome:
    word = str(response.status or "")
    verdict = {"Accepted": good, "NotFound": gone}.get(word, Verdict.REFUSED)
    superseded = getattr(response, "superseded_ids", None)
    info = response.status_info
    detail: dict[str, Any] = {"superseded_ids": list(superseded)} if superseded else {}
    if info is not None:
        detail["reason"] = info.reason_code
    return CommandOutcome(verdict=verdict, word=word, detail=detail)


def _set(_command: commands.Command, response: Any) -> CommandOutcome:
    return _outcome(response, Verdict.DONE, Verdict.REFUSED)


def _read(_command: commands.Command, response: Any) -> CommandOutcome:
    """Nothing found: the reading is complete with its answer."""
    return _outcome(response, Verdict.ACCEPTED, Verdict.DONE)


def _cleared(_command: commands.Command, response: Any) -> CommandOutcome:
    """It was not there: what was wanted."""
    return _outcome(response, Verdict.DONE, Verdict.DONE)


READERS_2X: Final[Readers] = {
    "ReportDERControl": reported_21,
    "NotifyDERAlarm": alarmed_21,
    "NotifyDERStartStop": switched_21,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.SetDerControl: set_21,
    commands.ReadDerControls: read_21,
    commands.ClearDerControls: clear_21,
}
OUTCOMES: Final[Outcomes] = {
    commands.SetDerControl: _set,
    commands.ReadDerControls: _read,
    commands.ClearDerControls: _cleared,
}
