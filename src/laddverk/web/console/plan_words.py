"""What staff read of plans, subscriptions and accounts."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked

STATES: Final = {
    "coming": ("wait", marked("Begins soon")),
    "trial": ("wait", marked("On trial")),
    "active": ("done", marked("Active")),
    "paused": ("off", marked("Paused")),
    "cancelled": ("wait", marked("Cancelled, still going")),
    "ended": ("off", marked("Ended")),
}
AUDIENCES: Final = {"private": marked("Private drivers"), "company": marked("Companies and associations")}
KINDS: Final = {"family": marked("Family"), "company": marked("Company or association")}
