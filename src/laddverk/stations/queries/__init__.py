"""What screens read of sites, stations, connectors, commands and knocks. SQL and nothing else; nothing is changed here.

Every function that takes `sites` shows only what stands at one of them; None means all (`Actor.site_ids`).
"""

from laddverk.stations.queries.listing import (
    ConditionCount,
    Outlet,
    StationDetail,
    StationFilter,
    StationRow,
    condition_counts,
    count_lately_silent,
    count_stations,
    found,
    protocols,
    station,
    stations,
    troubled,
)
from laddverk.stations.queries.narrowing import Sites, as_list, like_text
from laddverk.stations.queries.one import (
    CommandRow,
    ConnectorRow,
    ReportRow,
    VariableRow,
    command,
    commands,
    connectors,
    reports,
    variables,
)
from laddverk.stations.queries.outside import (
    KnockRow,
    QuarantineRow,
    count_knocks,
    count_quarantined,
    knocks,
    quarantined,
)
from laddverk.stations.queries.places import SiteName, SiteRow, Sticker, site, site_names, sites, stickers

__all__ = [
    "CommandRow",
    "ConditionCount",
    "ConnectorRow",
    "KnockRow",
    "Outlet",
    "QuarantineRow",
    "ReportRow",
    "SiteName",
    "SiteRow",
    "Sites",
    "StationDetail",
    "StationFilter",
    "StationRow",
    "Sticker",
    "VariableRow",
    "as_list",
    "command",
    "commands",
    "condition_counts",
    "connectors",
    "count_knocks",
    "count_lately_silent",
    "count_quarantined",
    "count_stations",
    "found",
    "knocks",
    "like_text",
    "protocols",
    "quarantined",
    "reports",
    "site",
    "site_names",
    "sites",
    "station",
    "stations",
    "stickers",
    "troubled",
    "variables",
]
