"""The tabs above every page of one charger, in their order."""

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


TABS: Final = (
    StationTab("overview", marked("Overview"), ""),
    StationTab("commands", marked("Remote control"), "/commands"),
    StationTab("frames", marked("Frames"), "/frames", raw=True),
    StationTab("configuration", marked("Configuration"), "/configuration"),
    StationTab("monitoring", marked("Monitoring"), "/monitoring"),
    StationTab("ways", marked("Ways of its own"), "/ways"),
    StationTab("proof", marked("Key and profile"), "/proof"),
    StationTab("access", marked("Access"), "/access"),
    StationTab("security", marked("Security"), "/security"),
    StationTab("software", marked("Software"), "/software"),
    StationTab("display", marked("Display"), "/display"),
    StationTab("current", marked("Current"), "/current"),
    StationTab("edit", marked("Settings"), "/edit", Permission.STATIONS_WRITE),
)
