"""What a message says: one sentence that a person understands at night, in their language. Pure."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.alerting.model import What
from laddverk.diagnostics.incidents import advice
from laddverk.diagnostics.incidents.queries import IncidentRow
from laddverk.kernel.ids import shown
from laddverk.notices.push.model import Words
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, ngettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

FAMILIES: Final = {
    "connectivity": N_("No contact"),
    "controller": N_("The charger's computer"),
    "firmware": N_("Firmware"),
    "configuration": N_("Settings that differ"),
    "clock": N_("The clock"),
    "supply": N_("Power from the grid"),
    "ground_fault": N_("Earth fault"),
    "overcurrent": N_("Overcurrent"),
    "contactor": N_("Contactor"),
    "connector_lock": N_("The lock of the cable"),
    "contact_heat": N_("Hot plug or cable"),
    "cooling": N_("Cooling"),
    "power_electronics": N_("Less power than promised"),
    "phase": N_("A phase is missing"),
    "meter": N_("The meter"),
    "ev_communication": N_("Talking with the car"),
    "reader": N_("The reader"),
    "authorisation": N_("Permission to charge"),
    "payment": N_("Payment"),
    "stuck_state": N_("Stuck in a state"),
    "limit": N_("A forgotten limit"),
    "physical_damage": N_("Damage"),
    "security": N_("Security"),
    "vehicle": N_("A car that fails everywhere"),
    "demand": N_("Nobody comes"),
    "no_energy": N_("Does not charge"),
    "other": N_("Something else"),
}
TESTED: Final = N_("This is a test. Nothing is wrong.")
DANGER: Final = N_("DANGER")


class Message(Struct, frozen=True):
    """What is said of an incident."""

    title: str
    """What and where."""
    since: str
    action: str
    what: What
    is_danger: bool = False


def message_of(row: IncidentRow, what: What, language: str, zone: str) -> Message:
    """Return what is said of an incident in `language`."""
    _ = gettext_for(language)
    return Message(
        title=f"{_(FAMILIES.get(row.family, row.family))}: {place_of(row, language)}",
        since=formats.local_datetime(row.since, zone, language=language),
        action=_(advice.action_of(row)),
        what=what,
        is_danger=row.severity == 0,
    )


def place_of(row: IncidentRow, language: str) -> str:
    """Return where an incident is."""
    _, ngettext = gettext_for(language), ngettext_for(language)
    if row.station_name:
        outlet = ", " + _("outlet %(number)s") % {"number": row.evse_number} if row.evse_number else ""
        return row.station_name + outlet
    chargers = ngettext("%(num)d charger", "%(num)d chargers", len(row.stations)) % {"num": len(row.stations)}
    return f"{row.site_name}, {chargers}" if row.site_name else chargers


def text_message(message: Message, link: str, language: str) -> str:
    """Return an SMS: what, where, since when, and the address to answer at. Two parts at most with usual names."""
    _ = gettext_for(language)
    head = f"{_(DANGER)} " if message.is_danger else ""
    title = message.title if len(message.title) <= TITLE_MAX else message.title[: TITLE_MAX - 1] + "…"
    since = _("since %(time)s") % {"time": message.since}
    return f"{head}{title}, {since}. {link}"


def notification(message: Message, path: str, tag: str, language: str) -> Words:
    """Return a notification: what and where, since when and what to do; a tap opens the page to answer at."""
    _ = gettext_for(language)
    head = f"{_(DANGER)} " if message.is_danger else ""
    since = _("since %(time)s") % {"time": message.since}
    return Words(title=head + message.title, body=f"{since}. {message.action}", path=path, tag=tag)


TITLE_MAX: Final = 120  # with the address it stays within two parts


def webhook_body(row: IncidentRow, what: What, at: str, link: str) -> dict[str, Any]:
    """Return what a program is told."""
    return {
        "event": f"incident.{what.value}",
        "at": at,
        "incident": {
            "id": shown("inc", row.id), "number": row.number, "scope": row.scope, "family": row.family.value,
            "severity": int(row.severity), "state": row.state.value, "since": row.since.isoformat(),
            "station": shown("sta", row.station_id) if row.station_id else None, "station_name": row.station_name,
            "evse": row.evse_number, "site": shown("sit", row.site_id) if row.site_id else None,
            "site_name": row.site_name, "stations": [shown("sta", each) for each in row.stations],
            "confidence": round(row.confidence, 3), "detectors": list(row.detectors),
            "recommended_action": advice.action_of(row), "cause": row.cause, "link": link,
        },
    }  # fmt: skip
