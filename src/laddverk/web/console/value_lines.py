"""Values as people write them in a form, one on a line: `HeartbeatInterval = 300`, `EVSE@1.Power (MaxSet) = 11000`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from laddverk.kernel.problems import Invalid
from laddverk.ocpp.commands import NewValue

LINES_MAX: Final = 500
SHOWN_MAX: Final = 60  # characters of a faulty line that are told back
KEY: Final = re.compile(r"(?P<variable>[^=]+?)\s*=\s*(?P<value>.*)")
VARIABLE: Final = re.compile(
    r"(?P<component>[^=]+)\.(?P<variable>[^.=\[\]()\s]+(?:\[[^\]=]*\])?)"
    r"(?:\s*\((?P<attribute>Actual|Target|MinSet|MaxSet)\))?\s*=\s*(?P<value>.*)"
)


def read(text: str, *, keys: bool) -> tuple[NewValue, ...]:
    """Return the values in `text`: of configuration keys (1.6), or of `Component.Variable` (2.x).

    Empty lines, and those that begin with #, are left out. Raises `Invalid` that tells the first line at fault.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if len(lines) > LINES_MAX:
        raise Invalid("These are more than %(max)s lines.", field="values", max=LINES_MAX)
    return tuple(_value(number, line, keys=keys) for number, line in lines)


def _value(number: int, line: str, *, keys: bool) -> NewValue:
    match = (KEY if keys else VARIABLE).fullmatch(line)
    if match is None:
        raise Invalid(
            "Line %(number)s cannot be understood: %(line)s",
            field="values",
            remedy="Write Key = value on each line." if keys else "Write Component.Variable = value on each line.",
            number=number,
            line=line[:SHOWN_MAX],
        )
    found = match.groupdict()
    return NewValue(
        component=(found.get("component") or "").strip(),
        variable=found["variable"].strip(),
        attribute=found.get("attribute") or "Actual",
        value=found["value"].strip(),
    )


def written(values: Iterable[NewValue]) -> str:
    """Return `values` as `read` takes them, one on a line."""
    return "\n".join(
        (f"{one.component}." if one.component else "")
        + one.variable
        + (f" ({one.attribute})" if one.attribute != "Actual" else "")
        + f" = {one.value}"
        for one in values
    )
