"""What options, states and assumptions of studies are called. English, marked; translated where it is shown."""

from __future__ import annotations

from typing import Final

from laddverk.planning.expanding.model import Change, Kind, Option, State
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked, ngettext_for

STATES: Final = {
    State.QUEUED: ("wait", marked("Waits")),
    State.RUNNING: ("info", marked("Being played")),
    State.DONE: ("done", marked("Done")),
    State.FAILED: ("broken", marked("Failed")),
    State.CANCELLED: ("off", marked("Stopped")),
}
SWINGS: Final = {
    "effect": marked("Effect of the draws, P10 to P90"),
    "margin": marked("Margin for each kWh, 20 % less or more"),
    "growth": marked("Growth, the least and the most of those that were played"),
    "capex": marked("Investment, 25 % more or less"),
    "opex": marked("Running cost, 25 % more or less"),
    "fee": marked("Income from the fee on idle time, 50 % less or more"),
    "life": marked("Length of life, 30 % less to 50 % more"),
}
ASSUMPTIONS: Final = (
    marked("Cars want the energy that they took. What a full fuse kept from them in the past is not seen here."),
    marked("Drivers take their own outlet if it is free, else any free one of the site; private outlets are not kept."),
    marked("Who finds no free outlet waits for up to half an hour, for each driver a time at random, then leaves."),
    marked("Drivers of tomorrow are like those of the period: they are drawn again from it, with replacement."),
    marked("Each growth meets the same drivers; those beside the one reckoned with are drawn five times at the most."),
    marked("Chargers obey at once and cars take what they are offered up to the most that they were seen to take."),
    marked("Without load management each outlet has a fixed share that the fuse always carries, of 6 A or nothing."),
    marked("Where a site has load management, outlets that hang on no circuit are played as if they were in it."),
    marked("Other load is what stands in the circuits: the most that people typed, at all hours."),
    marked("Sun is an example of southern Sweden, every day of a month alike. What no car takes of it is sold."),
    marked(
        "A battery helps a full fuse and, where the highest hour costs, keeps power below the highest hour so far; "
        "it knows no hour ahead."
    ),
    marked(
        "A fee on idle time is assumed to shorten it by the share above, and is paid for the rest; "
        "nobody has measured it here."
    ),
)


def option(one: Option, language: str) -> str:
    """Return what an option is, in a few words."""
    _, change = gettext_for(language), one.change
    plain = {
        Kind.AS_IS: _("As it is"),
        Kind.ROTATION: _("Look at the phases of each outlet, and connect them in turn"),
        Kind.RULE: _("Load management"),
        Kind.IDLE_FEE: _("A fee on idle time"),
        Kind.PORTS: _outlets(change.ports, language),
        Kind.FUSE: _("A fuse of %(fuse)s A") % {"fuse": _number(change.fuse_a, language)},
        Kind.CONNECTION: _("A new connection of %(fuse)s A") % {"fuse": _number(change.fuse_a, language)},
        Kind.BATTERY: _("A battery of %(energy)s kWh and %(power)s kW")
        % {"energy": _number(change.battery_kwh, language), "power": _number(change.battery_kw, language)},
        Kind.SOLAR: _("Panels of %(power)s kW") % {"power": _number(change.solar_kwp, language)},
        Kind.BOTH: _("%(outlets)s and a fuse of %(fuse)s A")
        % {"outlets": _outlets(change.ports, language), "fuse": _number(change.fuse_a, language)},
    }
    return plain.get(one.kind) or _reference(change, language)


def _reference(change: Change, language: str) -> str:
    _, ngettext = gettext_for(language), ngettext_for(language)
    if change.is_steered is False:
        return _("Without load management: a fixed share for each outlet")
    if change.ports:
        return ngettext("%(num)d outlet less", "%(num)d outlets less", -change.ports) % {"num": -change.ports}
    return _("A smaller fuse: %(fuse)s A") % {"fuse": _number(change.fuse_a, language)}


def _outlets(count: int, language: str) -> str:
    ngettext = ngettext_for(language)
    return ngettext("%(num)d more outlet", "%(num)d more outlets", count) % {"num": count}


def _number(value: float, language: str) -> str:
    return formats.number(value, 0 if value == int(value) else 1, language)
