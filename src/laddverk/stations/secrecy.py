"""Where messages hold secrets: what may not be kept in a command, in an answer, in the journal. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from laddverk.stations.rules import is_secret

WRITES: Final = frozenset({"ChangeConfiguration", "SetVariables", "SetNetworkProfile", "DataTransfer"})
"""Calls that set something. Others may name a secret, to ask for it; chargers do not tell (A00.FR.205)."""
SECRET_FIELDS: Final = frozenset({"basicauthpassword", "apnpassword", "password", "authorizationkey"})
NAMING_FIELDS: Final = ("key", "name")
VALUE_FIELDS: Final = ("value", "attributeValue")
HIDDEN: Final = "(not kept)"
NAMES_A_SECRET: Final = re.compile("authorizationkey|basicauthpassword|apnpassword", re.IGNORECASE)
DEPTH_MAX: Final = 100  # deeper frames are refused before they are understood; Python would not mask them either


def holds_a_secret(action: str, payload: Mapping[str, Any]) -> bool:
    """Return whether a call would write a secret, wherever in its payload that stands."""
    return action in WRITES and any(_is_secret_object(item) for item in _objects(payload))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object within a parsed value. Depth is bounded by the decoder of what came in."""
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _objects(item)


def _is_secret_object(item: Mapping[str, Any]) -> bool:
    if any(isinstance(item.get(name), str) and is_secret(item[name]) for name in NAMING_FIELDS):
        return True
    return any(name.lower() in SECRET_FIELDS and bool(value) for name, value in item.items())


def masked(value: Any, *, within_secret: bool = False) -> Any:
    """Return an answer with the values of secret keys and variables taken out, however deep in their report."""
    if isinstance(value, list):
        return [masked(item, within_secret=within_secret) for item in value]
    if not isinstance(value, Mapping):
        return value
    variable = value.get("variable")
    names = [value.get("key"), variable.get("name") if isinstance(variable, Mapping) else None]
    hide = within_secret or any(isinstance(name, str) and is_secret(name) for name in names)
    return {
        key: HIDDEN
        if (hide and key in VALUE_FIELDS and item) or key.lower() in SECRET_FIELDS
        else masked(item, within_secret=hide)
        for key, item in value.items()
    }


def journalled(frame: str) -> str:
    """Return what the journal keeps of a frame that a charger sent: all of it, but for the values of secret keys.

    One that names a secret and cannot be read is not kept at all: nobody can say where in it the secret stands.
    """
    if not NAMES_A_SECRET.search(frame):
        return frame
    try:
        parsed = json.loads(frame)
    except (ValueError, RecursionError):
        return HIDDEN
    if _depth(parsed) > DEPTH_MAX:
        return HIDDEN
    kept = masked(parsed)
    return frame if kept == parsed else json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _depth(value: Any) -> int:
    """Return how deep a parsed value is nested, counted without recursion."""
    depth, level = 0, [value]
    while level and depth <= DEPTH_MAX:
        depth += 1
        level = [
            item
            for one in level
            if isinstance(one, Mapping | list)
            for item in (one.values() if isinstance(one, Mapping) else one)
        ]
    return depth
