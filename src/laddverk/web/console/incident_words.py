"""What the console calls incidents: families, severities, states, causes, and evidence as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from laddverk.diagnostics.alerting.wording import FAMILIES as FAMILIES
from laddverk.diagnostics.incidents import advice, words
from laddverk.diagnostics.model import Evidence
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.web.console.words import Words

SEVERITIES: Final[dict[int, tuple[str, str]]] = {
    0: ("broken", marked("Danger")),
    1: ("broken", marked("Cannot charge")),
    2: ("wait", marked("Charges worse")),
    3: ("info", marked("To plan")),
    4: ("plain", marked("To know")),
}

STATES: Final[Words] = {
    "held": ("plain", marked("Held back")),
    "new": ("broken", marked("New")),
    "acknowledged": ("wait", marked("Acknowledged")),
    "in_work": ("wait", marked("In work")),
    "verifying": ("info", marked("Being verified")),
    "closed": ("done", marked("Solved")),
    "false": ("off", marked("Nothing was wrong")),
    "merged": ("off", marked("Part of a larger one")),
}

HIDDEN: Final = {
    "maintenance": marked("Maintenance"),
    "silence": marked("Silenced"),
    "outage": marked("We stood still ourselves"),
    "parent": marked("Covered by a larger problem"),
    "muted": marked("Its detector is of little use"),
    "false": marked("Called false within the week"),
}

SCOPES: Final = {
    "charger": marked("A charger"),
    "site": marked("A site"),
    "carrier": marked("A carrier"),
    "network": marked("The network between"),
    "backend": marked("Our side, or a partner"),
    "firmware": marked("A firmware version"),
    "vehicle": marked("A car"),
}

CHANNELS: Final = {
    "email": marked("by mail"),
    "sms": marked("by text message"),
    "webhook": marked("a program"),
    "push": marked("by notification"),
}

WHATS: Final = {
    "opened": marked("told"),
    "escalated": marked("still open"),
    "closed": marked("over"),
    "test": marked("a test"),
}

CAUSES: Final = {
    "link": marked("Router, switch or network cable"),
    "sim_or_antenna": marked("SIM or antenna"),
    "site_network": marked("The site's network"),
    "power_cut": marked("Power cut"),
    "site_electrics": marked("The site's electrics"),
    "board": marked("Controller board"),
    "firmware": marked("Firmware"),
    "settings": marked("A setting"),
    "cable_or_plug": marked("Cable or plug"),
    "lock": marked("Lock"),
    "contactor": marked("Contactor"),
    "residual_current": marked("Residual current device or isolation"),
    "meter": marked("Meter"),
    "power_module": marked("Power module"),
    "cooling": marked("Fan, filter or cooling"),
    "reader": marked("Card reader"),
    "terminal": marked("Payment terminal"),
    "screen": marked("Screen"),
    "damage": marked("Damage or vandalism"),
    "blocked": marked("The place was blocked"),
    "vehicle": marked("The car"),
    "partner": marked("A roaming or payment partner"),
    "ours": marked("Our own mistake"),
    "other": marked("Something else"),
    "no_fault": marked("Nothing was wrong"),
    "recovered": marked("Went away by itself"),
}
CLOSING_CAUSES: Final = tuple(key for key in CAUSES if key not in ("no_fault", "recovered"))

NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "family": FAMILIES,
    "before": FAMILIES,
    "cause": CAUSES,
    "kind": words.REPORT_KINDS,
}
"""Places of texts whose values are words of ours."""


def told(text: str, params: Mapping[str, Any], language: str, zone: str) -> str:
    """Return a marked text in the reader's language with its places filled in; whole as it is when they do not fit.

    The end of a place's name says its unit: `_s`, `_wh`, `_w`, `_a`, `_c`, `_v`, `_percent`, `_at`.
    """
    translated = gettext_for(language)
    shown = {name: _shown(name, value, language, zone) for name, value in params.items()}
    try:
        said = translated(text) % shown
        return said.replace("\u00a0% %", "\u00a0%").replace(
            "\u00a0%\u00a0%", "\u00a0%"
        )  # a text may bring its own sign
    except (KeyError, TypeError, ValueError):
        return translated(text)


def sentence(evidence: Evidence, language: str, zone: str) -> str:
    """Return one sentence of evidence."""
    return told(evidence.text, evidence.values, language, zone)


def _shown(name: str, value: Any, language: str, zone: str) -> str:
    if value is None:
        return "–"
    if name == "detector":
        return f"{value} ({gettext_for(language)(advice.title_of(str(value)))})"
    if name == "channels" and isinstance(value, str):
        return ", ".join(gettext_for(language)(CHANNELS.get(each, each)) for each in value.split(", "))
    if name in NAMED and isinstance(value, str):
        return gettext_for(language)(NAMED[name].get(value, value))
    if name.endswith("_at") and isinstance(value, str):
        try:
            return formats.local_datetime(datetime.fromisoformat(value), zone, language=language)
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _measured(name, value, language)


UNITS: Final = {"_a": ("A", 1), "_c": ("°C", 0), "_v": ("V", 0), "_ms": ("ms", 0), "_percent": ("%", 0)}


def _measured(name: str, value: float, language: str) -> str:
    if name.endswith("_wh"):
        return formats.energy_kwh(value, language=language)
    if name.endswith("_w"):
        return formats.power_kw(value, language=language)
    for ending, (unit, digits) in UNITS.items():
        if name.endswith(ending):
            return formats.number(value, digits, language) + "\u00a0" + unit
    if name.endswith("_s"):
        return formats.duration(value, language)
    digits = 0 if float(value).is_integer() else 2
    return formats.number(value, digits, language)
