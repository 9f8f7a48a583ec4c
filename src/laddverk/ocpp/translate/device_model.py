"""Components and variables of 2.x as OCPP people write them: `Connector[x]@1.2` and `Name[instance]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from laddverk.ocpp.commands.provisioning import Selected

COMPONENT: Final = re.compile(
    r"(?P<name>[^\[\]@]*)(?:\[(?P<instance>[^\[\]]*)\])?(?:@(?P<evse>\d{1,5})(?:\.(?P<connector>\d{1,5}))?)?"
)


def component_name(component: Any) -> str:
    """Return a ComponentType as people write it; empty for one that a tolerant reading has left out."""
    name = getattr(component, "name", None)
    if not isinstance(name, str):
        return ""
    text = name + (f"[{component.instance}]" if component.instance else "")
    if component.evse is None:
        return text
    connector = component.evse.connector_id
    return f"{text}@{component.evse.id}" + (f".{connector}" if connector is not None else "")


def variable_name(variable: Any) -> str:
    """Return a VariableType as people write it; empty for one that a tolerant reading has left out."""
    name = getattr(variable, "name", None)
    if not isinstance(name, str):
        return ""
    return name + (f"[{variable.instance}]" if variable.instance else "")


def named(text: str) -> dict[str, Any]:
    """Return `Name[instance]@evse.connector` as the fields of a component or variable."""
    match = COMPONENT.fullmatch(text)
    if match is None:
        return {"name": text}
    fields: dict[str, Any] = {"name": match["name"]}
    if match["instance"]:
        fields["instance"] = match["instance"]
    if match["evse"]:
        fields["evse"] = {"id": int(match["evse"])}
        if match["connector"]:
            fields["evse"]["connectorId"] = int(match["connector"])
    return fields


def addressed(component: str, variable: str, attribute: str = "Actual") -> dict[str, Any]:
    """Return the fields that name one attribute; the actual value is meant where none is named."""
    fields: dict[str, Any] = {"component": named(component), "variable": named(variable)}
    return fields if attribute == "Actual" else {**fields, "attributeType": attribute}


def selection(selected: Sequence[Selected]) -> list[dict[str, Any]] | None:
    """Return the componentVariable of a report; a component without a variable means all that it has."""
    return [
        {"component": named(one.component), **({"variable": named(one.variable)} if one.variable else {})}
        for one in selected
    ] or None
