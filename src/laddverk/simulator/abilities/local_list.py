"""The tokens that a charger knows by itself: its list, its cache, and whom it trusts while nobody can be asked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from laddverk.ocpp import times
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.model import Setting

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

LIST_MAX: Final = 500
MESSAGE_MAX: Final = 50
CACHE_MAX: Final = 100


class Entry(Struct, frozen=True):
    """What the network said of a token."""

    accepted: bool
    valid_until: datetime | None = None
    group: str = ""


class KnownTokens:
    """What one charger knows of tokens."""

    __slots__ = ("cache", "entries", "version")

    def __init__(self) -> None:
        self.version = 0
        self.entries: dict[str, Entry] = {}
        self.cache: dict[str, Entry] = {}


def trusts(charger: Charger, token: str, at: datetime) -> bool:
    """Return whether a token that cannot be asked about may charge: by the list, the cache, or because all may."""
    known = charger.of(KnownTokens)
    entry = known.entries.get(token.upper()) or known.cache.get(token.upper())
    if entry is not None:
        is_on = _is_on(charger, "", "LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline")
        return is_on and entry.accepted and (entry.valid_until is None or entry.valid_until > at)
    return _is_on(charger, "", "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled")


def judged(charger: Charger, token: str, at: datetime, *, accepted: bool) -> None:
    """Remember what the network said of a token; the oldest is forgotten first."""
    del at
    if not _is_on(charger, "", "AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled"):
        return
    cache = charger.of(KnownTokens).cache
    cache.pop(token.upper(), None)
    cache[token.upper()] = Entry(accepted)
    while len(cache) > CACHE_MAX:
        del cache[next(iter(cache))]


def _is_on(charger: Charger, component_16: str, key: str, component: str, variable: str) -> bool:
    found = charger.configuration.one(component_16, key) or charger.configuration.one(component, variable)
    return found is not None and found.value.lower() == "true"


def _send_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    entries = {
        item.id_tag.upper(): None
        if item.id_tag_info is None
        else _entry(item.id_tag_info.status, item.id_tag_info.expiry_date, item.id_tag_info.parent_id_tag)
        for item in asked.local_authorization_list or []
    }
    return {"status": _taken(charger, asked.list_version, asked.update_type, entries)}


def _send_2x(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    entries: dict[str, Entry | None] = {}
    for item in asked.local_authorization_list or []:
        info = item.id_token_info
        group = info.group_id_token.id_token if info is not None and info.group_id_token else None
        entries[item.id_token.id_token.upper()] = (
            None if info is None else _entry(info.status, info.cache_expiry_date_time, group)
        )
    return {"status": _taken(charger, asked.version_number, asked.update_type, entries)}


def _entry(status: str, until: str | None, group: str | None) -> Entry:
    return Entry(status == "Accepted", times.parsed(until)[0] if until else None, group or "")


def _taken(charger: Charger, version: int, update_type: str, entries: dict[str, Entry | None]) -> str:
    """Take a list as hardware does: whole or not at all, and a difference only on top of an older version."""
    known = charger.of(KnownTokens)
    if update_type == "Differential" and version <= known.version:
        return "VersionMismatch"
    kept = {} if update_type == "Full" else dict(known.entries)
    for token, entry in entries.items():
        if entry is None:
            kept.pop(token, None)
        else:
            kept[token] = entry
    if len(kept) > LIST_MAX or len(entries) > MESSAGE_MAX:
        return "Failed"
    known.entries, known.version = kept, version
    return "Accepted"


def _version_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del asked, at
    return {"listVersion": charger.of(KnownTokens).version}


def _version_2x(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del asked, at
    return {"versionNumber": charger.of(KnownTokens).version}


def _clear_cache(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del asked, at
    if not _is_on(charger, "", "AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled"):
        return {"status": "Rejected"}
    charger.of(KnownTokens).cache.clear()
    return {"status": "Accepted"}


def settings_16() -> list[Setting]:
    """Return the keys that decide whom a charger trusts."""
    return [
        Setting("", "AllowOfflineTxForUnknownId", "true", data_type="boolean"),
        Setting("", "AuthorizationCacheEnabled", "true", data_type="boolean"),
        Setting("", "LocalAuthListEnabled", "true", data_type="boolean"),
        Setting("", "LocalAuthListMaxLength", str(LIST_MAX), writable=False, data_type="integer"),
        Setting("", "SendLocalListMaxLength", str(MESSAGE_MAX), writable=False, data_type="integer"),
    ]


def settings_2x() -> list[Setting]:
    """Return the variables that decide whom a charger trusts."""
    return [
        Setting("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true", data_type="boolean"),
        Setting("AuthCtrlr", "LocalPreAuthorize", "false", data_type="boolean"),
        Setting("AuthCtrlr", "MasterPassGroupId", ""),
        Setting("AuthCacheCtrlr", "Enabled", "true", data_type="boolean"),
        Setting("LocalAuthListCtrlr", "Enabled", "true", data_type="boolean"),
        Setting("LocalAuthListCtrlr", "Entries", "0", writable=False, data_type="integer"),
        Setting("LocalAuthListCtrlr", "ItemsPerMessage", str(MESSAGE_MAX), writable=False, data_type="integer"),
    ]


ORDERS_16: Final[Orders] = {
    "SendLocalList": _send_16,
    "GetLocalListVersion": _version_16,
    "ClearCache": _clear_cache,
}
ORDERS_2X: Final[Orders] = {
    "SendLocalList": _send_2x,
    "GetLocalListVersion": _version_2x,
    "ClearCache": _clear_cache,
}
