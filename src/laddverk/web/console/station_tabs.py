"""The tabs above every page of one charger: a row of groups, and under it the tabs of the group one is in."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.platform.languages import marked


class StationTab(Struct, frozen=True):
    """One tab: its key, its word, where it leads to after the address of the station, and who sees it."""

    key: str
    word: str
    path: str
    permission: Permission = Permission.STATIONS_READ
    raw: bool = False
    """Shows what chargers said as they said it: only for those who may see that."""


class TabGroup(Struct, frozen=True):
    """Tabs that belong together. A group of one tab is called as that tab."""

    word: str
    tabs: tuple[StationTab, ...]


GROUPS: Final = (
    TabGroup("", (StationTab("overview", marked("Overview"), ""),)),
    TabGroup("", (StationTab("diagnosis", marked("Diagnosis"), "/diagnosis"),)),
    TabGroup(
        marked("Control"),
        (
            StationTab("commands", marked("Remote control"), "/commands"),
            StationTab("current", marked("Current"), "/current"),
            StationTab("display", marked("Display"), "/display"),
            StationTab("access", marked("Access"), "/access"),
        ),
    ),
    TabGroup(
        marked("Configuration"),
        (
            StationTab("configuration", marked("Values"), "/configuration"),
            StationTab("monitoring", marked("Monitoring"), "/monitoring"),
            StationTab("ways", marked("Ways of its own"), "/ways"),
        ),
    ),
    TabGroup("", (StationTab("software", marked("Software"), "/software"),)),
    TabGroup(
        marked("Security"),
        (
            StationTab("proof", marked("Key and profile"), "/proof"),
            StationTab("security", marked("Certificates and events"), "/security"),
        ),
    ),
    TabGroup("", (StationTab("frames", marked("Frames"), "/frames", raw=True),)),
    TabGroup("", (StationTab("edit", marked("Settings"), "/edit", Permission.STATIONS_WRITE),)),
)
