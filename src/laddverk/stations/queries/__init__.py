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
    count_stations,
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
from laddverk.stations.queries.places import SiteRow, Sticker, site, sites, stickers

__all__ = [
    "CommandRow",
    "ConditionCount",
    "ConnectorRow",
    "KnockRow",
    "Outlet",
    "QuarantineRow",
    "ReportRow",
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
    "count_quarantined",
    "count_stations",
    "knocks",
    "like_text",
    "protocols",
    "quarantined",
    "reports",
    "site",
    "sites",
    "station",
    "stations",
    "stickers",
    "troubled",
    "variables",
]
