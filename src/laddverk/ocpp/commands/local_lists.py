"""Commands of local lists and the authorization cache (blocks C and D): who may charge while nobody can be asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from laddverk.ocpp.commands.base import Command


class ListEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One token in a local list; without an `authorisation` it is taken off the list."""

    token_uid: str
    token_type: str = "ISO14443"  # noqa: S105 - a kind of token, not a secret
    authorisation: str | None = None
    """Accepted, Blocked, Expired or Invalid; None takes the token off the list."""
    valid_until: datetime | None = None
    group_token: str = ""


class SendLocalList(Command, frozen=True, kw_only=True, tag="send_local_list"):
    """SendLocalList: the whole list, or what is different from the one that the charger has."""

    SEND_WITHIN = timedelta(minutes=5)  # later it is planned anew, from what holds then

    version: int
    """1 or more: what the charger shall call the list afterwards."""
    is_full: bool
    entries: tuple[ListEntry, ...] = ()


class ReadLocalListVersion(Command, frozen=True, kw_only=True, tag="read_local_list_version"):
    """GetLocalListVersion. The outcome's `detail["version"]`: 0 is an empty list, -1 none at all (1.6)."""

    SEND_WITHIN = timedelta(minutes=5)


class ClearCache(Command, frozen=True, kw_only=True, tag="clear_cache"):
    """ClearCache: forget every token that was remembered from an answer of ours."""

    SEND_WITHIN = timedelta(hours=24)  # a card that was blocked while the charger was away must not be remembered


AnyLocalList = SendLocalList | ReadLocalListVersion | ClearCache
