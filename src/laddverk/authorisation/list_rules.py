"""Decisions about local lists: what is sent next, and what an answer means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from laddverk.authorisation.model import Difference, Keeper, ListState, Scope
from laddverk.ocpp.commands import AnyCommand, ListEntry, ReadLocalListVersion, SendLocalList
from laddverk.stations.model import CommandState

TAG_LENGTH_MAX_16: Final = 20
TAG_LENGTH_MAX_2X: Final = 36
LENGTH_MAX: Final = 5_000  # of a list in a station that does not say; entries of 2.x are about 150 bytes in its flash
LENGTH_MAX_16: Final = 500
PER_MESSAGE_MAX: Final = 50  # for one that does not say; about 8 kB, and many 1.6 boxes read 10 kB at most
PER_MESSAGE_MOST: Final = 500  # whatever it says: an outgoing frame stays below 100 kB
ASK_AGAIN_AFTER: Final = timedelta(hours=24)  # a station may lose its list, and nobody tells
RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
GIVEN_UP_FOR: Final = timedelta(hours=12)  # after the last retry: people see it meanwhile
VERSION_MAX: Final = 2**31 - 2

TOKEN_TYPES: Final = {
    "rfid": "ISO14443",
    "emaid": "eMAID",
    "mac": "MacAddress",
    "central": "Central",
    "keycode": "KeyCode",
}
"""What 2.x calls our kinds of tokens."""


def token_type(kind: str) -> str:
    """Return what 2.x calls a kind of token."""
    return TOKEN_TYPES.get(kind, "Central")


def length_max(keeper: Keeper) -> int:
    """Return how many tokens may be in the list of a station."""
    if keeper.scope is Scope.OFF:
        return 0
    usual = LENGTH_MAX_16 if keeper.is_16 else LENGTH_MAX
    return min(keeper.length_max or usual, LENGTH_MAX)


def per_message_max(keeper: Keeper) -> int:
    """Return how many tokens one message may hold."""
    return max(1, min(keeper.per_message_max or PER_MESSAGE_MAX, PER_MESSAGE_MOST))


def tag_length_max(keeper: Keeper) -> int:
    """Return how long a tag may be that is sent to a station: longer ones are never sent (1.6: 20 characters)."""
    return TAG_LENGTH_MAX_16 if keeper.is_16 else TAG_LENGTH_MAX_2X


def is_to_be_asked(keeper: Keeper, now: datetime) -> bool:
    """Return whether something may be sent about the list now: connected, nothing under way, no pause."""
    if keeper.retired or not keeper.connected or keeper.command_id is not None:
        return False
    if keeper.state is ListState.UNSUPPORTED:
        return False
    return keeper.next_try_at is None or keeper.next_try_at <= now


def next_command(keeper: Keeper, differences: Sequence[Difference]) -> AnyCommand | None:
    """Return what to send next: the question for an unknown version, then what is different; None at the end.

    A list that begins anew holds its first part in a Full update, and the rest follows in differential ones. An
    empty list in a station that never had one is left alone.
    """
    if keeper.known_at is None:
        return None if keeper.scope is Scope.OFF and keeper.version == 0 else ReadLocalListVersion()
    is_needed = bool(differences) or (keeper.needs_full and keeper.version > 0)
    if not is_needed:
        return None
    version = keeper.version + 1 if keeper.version < VERSION_MAX else 1
    return SendLocalList(version=version, is_full=keeper.needs_full, entries=tuple(map(_entry, differences)))


def _entry(difference: Difference) -> ListEntry:
    if difference.is_gone:
        return ListEntry(token_uid=difference.token_uid, token_type=difference.token_type)
    return ListEntry(
        token_uid=difference.token_uid,
        token_type=difference.token_type,
        authorisation="Accepted",
        valid_until=difference.valid_until,
        group_token=difference.group_code,
    )


class Change(Struct, frozen=True, kw_only=True):
    """What an outcome changes in what we believe of a list. What is unset stays."""

    state: ListState
    word: str
    version: int | UnsetType = UNSET
    known_at: datetime | UnsetType | None = UNSET
    needs_full: bool | UnsetType = UNSET
    tries: int = 0
    next_try_at: datetime | None = None
    takes_entries: bool = False
    """The station now has the entries that were sent."""
    goes_on: bool = False
    """Look at once for what is to be sent next."""


def version_told(keeper: Keeper, state: CommandState, word: str, detail: dict[str, Any], now: datetime) -> Change:
    """Return what the answer to GetLocalListVersion changes."""
    version = detail.get("version")
    if state is CommandState.CONFIRMED and isinstance(version, int):
        needs_full = keeper.needs_full or version != keeper.version
        return Change(
            state=ListState.WAITING, word=word, version=version, known_at=now, needs_full=needs_full,
            tries=keeper.tries, goes_on=True,
        )  # fmt: skip
    if state is CommandState.REFUSED:
        return Change(state=ListState.UNSUPPORTED, word=word)
    return _again(keeper, state, word, now)


def list_taken(keeper: Keeper, command: SendLocalList, state: CommandState, word: str, now: datetime) -> Change:
    """Return what the answer to SendLocalList changes.

    VersionMismatch and no answer at all leave unknown what the station has: it is asked, and begins anew if need be.
    """
    if state is CommandState.CONFIRMED:
        return Change(
            state=ListState.WAITING, word=word, version=command.version, known_at=now, needs_full=False,
            takes_entries=True, goes_on=True,
        )  # fmt: skip
    if state is CommandState.REFUSED and word in ("NotSupported", "NotImplemented"):
        return Change(state=ListState.UNSUPPORTED, word=word)
    if state is CommandState.EXPIRED:
        return _again(keeper, state, word, now)
    is_first = word == "VersionMismatch" and keeper.tries == 0
    again = _again(keeper, state, word, now)
    return Change(
        state=again.state,
        word=word,
        known_at=None,
        needs_full=True,
        tries=again.tries,
        next_try_at=None if is_first else again.next_try_at,
        goes_on=is_first,
    )


def _again(keeper: Keeper, state: CommandState, word: str, now: datetime) -> Change:
    """Return a pause that grows; one that never was sent costs no try."""
    if state is CommandState.EXPIRED:
        return Change(state=ListState.WAITING, word=word, tries=keeper.tries, known_at=keeper.known_at)
    tries = keeper.tries + 1
    if tries > len(RETRIES):
        return Change(state=ListState.FAILED, word=word, tries=tries, next_try_at=now + GIVEN_UP_FOR)
    return Change(state=ListState.WAITING, word=word, tries=tries, next_try_at=now + RETRIES[tries - 1])
