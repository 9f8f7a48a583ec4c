"""The door of the room: everything others call, each in one transaction that the caller owns."""

from __future__ import annotations

from laddverk.sessions.metering import record_samples
from laddverk.sessions.no_shows import NoShow, record_no_shows
from laddverk.sessions.pricing import price_closed
from laddverk.sessions.recording import record_ends, record_starts, record_tokens, record_updates, refuse_token
from laddverk.sessions.reserved import keep_reserved
from laddverk.sessions.reviewing import approve, assign_tariff, resolve_orphan, write_off
from laddverk.sessions.starting import (
    begin_start,
    by_access_token,
    by_start_request,
    cancel_start,
    expire_starts,
    give_up_unpaid,
    prepare_start,
    request_stop,
)
from laddverk.sessions.superseding import close_overtaken
from laddverk.sessions.waiting import move_start, wait_more

__all__ = [
    "NoShow",
    "approve",
    "assign_tariff",
    "begin_start",
    "by_access_token",
    "by_start_request",
    "cancel_start",
    "close_overtaken",
    "expire_starts",
    "give_up_unpaid",
    "keep_reserved",
    "move_start",
    "prepare_start",
    "price_closed",
    "record_ends",
    "record_no_shows",
    "record_samples",
    "record_starts",
    "record_tokens",
    "record_updates",
    "refuse_token",
    "request_stop",
    "resolve_orphan",
    "wait_more",
    "write_off",
]
