"""What the network is like right now, in one sentence and in lines. Pure: made from counts and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import UUID

from msgspec import Struct

from laddverk.sessions.queries import LiveOutlet
from laddverk.stations.queries import ConditionCount, StationRow

ABLE = ("free", "busy", "partly")
"""Conditions in which at least one outlet can charge."""


OWN_NAME_MAX = 5  # longer names would push the outlets of a line apart


class Standing(Struct, frozen=True):
    """How many chargers there are, and how many of them can charge."""

    all: int
    able: int
    outlets: int
    power_max_w: int


class Trouble(Struct, frozen=True):
    """Chargers of one site that have the same trouble."""

    site_id: UUID
    site_name: str
    condition: str
    stations: Sequence[StationRow]

    @property
    def first(self) -> StationRow:
        """The one that has had it for longest."""
        return min(self.stations, key=lambda row: (row.condition_since is None, row.condition_since))


class SiteLine(Struct, frozen=True):
    """A site with its outlets, as one line."""

    site_id: UUID
    site_name: str
    outlets: Sequence[LiveOutlet]

    @property
    def power_w(self) -> int:
        """What flows at the site now."""
        return sum(outlet.power_w or 0 for outlet in self.outlets if outlet.session_id)

    @property
    def labelled(self) -> list[tuple[str, LiveOutlet]]:
        """The outlets with what they are called in their site's line: `3/2`, or `3` when charger 3 has only one."""
        many = Counter(outlet.station_id for outlet in self.outlets)
        return [(label_of(outlet, many[outlet.station_id] > 1), outlet) for outlet in self.outlets]


def label_of(outlet: LiveOutlet, one_of_many: bool) -> str:
    """Return what an outlet is called where its site is known. Most chargers are named after their site."""
    number = (
        str(outlet.evse_number) if outlet.connector_number == 1 else f"{outlet.evse_number}.{outlet.connector_number}"
    )
    own = outlet.station_name.removeprefix(outlet.site_name).strip(" -·,")
    if not own or len(own) > OWN_NAME_MAX:
        return number
    return f"{own}/{number}" if one_of_many else own


def standing(counts: Mapping[str, ConditionCount]) -> Standing:
    """Return the sums of `counts`."""
    return Standing(
        all=sum(each.stations for each in counts.values()),
        able=sum(counts[each].stations for each in ABLE if each in counts),
        outlets=sum(each.outlets for each in counts.values()),
        power_max_w=sum(each.power_max_w for each in counts.values()),
    )


def grouped(troubled: Sequence[StationRow]) -> list[Trouble]:
    """Return troubles by site and condition: several silent chargers of one site are one trouble (often the router).

    The largest come first, then those that began last.
    """
    ordered = sorted(troubled, key=lambda row: (row.site_name, str(row.site_id), row.condition, row.name))
    found = [
        Trouble(site_id, name, condition, list(rows))
        for (name, site_id, condition), rows in groupby(
            ordered, key=lambda row: (row.site_name, row.site_id, row.condition)
        )
    ]
    return sorted(found, key=lambda trouble: -len(trouble.stations))


def site_lines(outlets: Sequence[LiveOutlet]) -> list[SiteLine]:
    """Return `outlets`, which come in the order of their sites, as one line for each site."""
    return [
        SiteLine(site_id, name, list(rows))
        for (site_id, name), rows in groupby(outlets, key=lambda outlet: (outlet.site_id, outlet.site_name))
    ]
