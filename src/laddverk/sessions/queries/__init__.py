"""What screens read of charging sessions. SQL and nothing else; nothing is changed here.

Every function that takes `sites` shows only what happened at one of them; None means all (`Actor.site_ids`).
"""

from laddverk.sessions.queries.course import AuthorisationRow, EvidenceRow, SampleRow, authorisations, evidence, samples
from laddverk.sessions.queries.figures import Day, LiveOutlet, Today, between, days, outlets
from laddverk.sessions.queries.listing import (
    SessionDetail,
    SessionFilter,
    SessionRow,
    Totals,
    running,
    session,
    sessions,
    totals,
    totals_of_driver,
)
from laddverk.sessions.queries.meters import MeterRow, meters
from laddverk.sessions.queries.sites import Sites
from laddverk.sessions.queries.unclaimed import OrphanRow, count_orphans, orphans

__all__ = [
    "AuthorisationRow",
    "Day",
    "EvidenceRow",
    "LiveOutlet",
    "MeterRow",
    "OrphanRow",
    "SampleRow",
    "SessionDetail",
    "SessionFilter",
    "SessionRow",
    "Sites",
    "Today",
    "Totals",
    "authorisations",
    "between",
    "count_orphans",
    "days",
    "evidence",
    "meters",
    "orphans",
    "outlets",
    "running",
    "samples",
    "session",
    "sessions",
    "totals",
    "totals_of_driver",
]
