"""Where calls of tools hold secrets: what may not be kept in a command, and what is taken out of an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from laddverk.stations.rules import is_secret

WRITES: Final = frozenset({"ChangeConfiguration", "SetVariables", "SetNetworkProfile", "DataTransfer"})
"""Calls that set something. Others may name a secret, to ask for it; chargers do not tell (A00.FR.205)."""
SECRET_FIELDS: Final = frozenset({"basicauthpassword", "apnpassword", "password", "authorizationkey"})
NAMING_FIELDS: Final = ("key", "name")
VALUE_FIELDS: Final = ("value", "attributeValue")
HIDDEN: Final = "(not kept)"


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


def masked(value: Any) -> Any:
    """Return an answer with the values of secret keys and variables taken out."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    variable = value.get("variable")
    names = [value.get("key"), variable.get("name") if isinstance(variable, Mapping) else None]
    hide = any(isinstance(name, str) and is_secret(name) for name in names)
    return {
        key: HIDDEN if (hide and key in VALUE_FIELDS and item) or key.lower() in SECRET_FIELDS else masked(item)
        for key, item in value.items()
    }
