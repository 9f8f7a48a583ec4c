"""What can be done with lists, reservations and what chargers remember: the use cases of this room."""

from __future__ import annotations

from laddverk.authorisation.customers import record_parts
from laddverk.authorisation.customers import request as request_customer
from laddverk.authorisation.lists import begin_again, choose, clear_caches, plan_all, set_cache_hours, sync
from laddverk.authorisation.offline import decide as decide_offline
from laddverk.authorisation.recording import record_presence
from laddverk.authorisation.reserving import cancel, record_releases, record_uses, reserve, reserved_token

__all__ = [
    "begin_again",
    "cancel",
    "choose",
    "clear_caches",
    "decide_offline",
    "plan_all",
    "record_parts",
    "record_presence",
    "record_releases",
    "record_uses",
    "request_customer",
    "reserve",
    "reserved_token",
    "set_cache_hours",
    "sync",
]
