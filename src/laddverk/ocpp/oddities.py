"""What was bent in a message, sorted into kinds that can be counted: the kind, the place, and one example.

Flags are sentences for one message; they hold values that change each time. A kind is the same for all of them, so
that a station's page can say "this charger sends numbers as text" once, with how often.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

PLACE_LENGTH_MAX: Final = 150
EXAMPLE_LENGTH_MAX: Final = 300
OTHER: Final = "other"
REMEMBERED_MAX: Final = 4_096  # flags sorted before: a charger that is odd is so in every message
INDEX: Final = re.compile(r"\[\d+\]")
PATH: Final = re.compile(r"(?P<path>payload|[A-Za-z][\w.\[\]-]*): (?P<what>.*)", re.DOTALL)

KINDS: Final[Sequence[tuple[str, re.Pattern[str]]]] = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        # How a value was written, from `tolerance`.
        ("unknown_property", r"unknown property (?P<name>.*)"),
        ("object_in_list", r"an object within a list"),
        ("single_for_list", r"a single value instead of a list"),
        ("bad_characters", r"characters that no text may hold were replaced"),
        ("number_as_text", r".* instead of a number"),
        ("not_text", r".* instead of text"),
        ("truth_as_text", r".* instead of true or false"),
        ("spelling", r".* in an odd spelling"),
        ("not_whole", r".* is not whole"),
        ("custom_data", r"customData without a vendorId"),
        ("repeated_name", r"repeated: .*"),
        ("not_usable", r"ignored: .*"),
        # Which rules were broken, from `validation`.
        ("missing", r"is missing"),
        ("empty_list", r"is empty"),
        ("too_many", r"has \d+ items, \d+ are allowed"),
        ("too_long", r"has \d+ characters, \d+ are allowed"),
        ("unknown_word", r"unknown word .*"),
        ("out_of_bounds", r".* is out of the standard's bounds"),
        # The frame around it, from `repair` and `frames`.
        ("bad_string", r"control characters or bad escapes in a string"),
        ("stray_comma", r"stray comma"),
        ("not_a_number", r"NaN or Infinity read as nothing"),
        ("cut_short", r"closing brackets were missing"),
        ("malformed", r"not understood: .*"),
        ("long_id", r"the unique id has \d+ characters"),
        ("wrong_frame", r"called, but it is only sent|sent without waiting for an answer"),
        ("refused_answer", r"refused our answer: .*"),
        # The time, from `times`.
        ("no_time", r"no time was given"),
        ("odd_time", r"the time(?: .*)? cannot be read"),
        ("no_zone", r"the time has no zone.*"),
        ("clock_future", r"the clock says .*, which is to come; the time of receipt counts"),
        ("clock_unset", r"the clock says .*; the time of receipt counts"),
        ("clock_unset", r"the time is out of range; the time of receipt counts"),
        ("clock_ahead", r"the clock is \d+ s ahead.*"),
        # What the message means, from `translate` and the rooms.
        ("odd_place", r".* is no number of an EVSE or connector"),
        ("odd_transaction", r"transactionId .* names no session"),
        ("unknown_event", r"unknown eventType .*"),
        ("identity_shared", r".* addresses connect in turn.*"),
    )
)
"""Each kind with the words of its flags; the first that fits counts."""

ALL_KINDS: Final = tuple(dict.fromkeys([*(kind for kind, _ in KINDS), OTHER]))


class Oddity(Struct, frozen=True, order=True):
    """A kind of thing a station bends, where, and one example of it."""

    kind: str
    place: str
    """The action and the path within its payload: `MeterValues.meterValue[].sampledValue`; may be empty."""
    example: str


@lru_cache(maxsize=REMEMBERED_MAX)
def sorted_out(action: str, flag: str) -> Oddity:
    """Return what kind of oddity a flag of a message of `action` tells of. Never raises; the unknown is `other`."""
    path, kind, name = "", OTHER, ""
    match = PATH.fullmatch(flag)
    for text, where in ((match["what"], match["path"]), (flag, "")) if match else ((flag, ""),):
        found = _kind_of(text)
        if found is not None:
            kind, name = found
            path = "" if where == "payload" else where
            break
    if kind == "not_usable":
        inner = PATH.fullmatch(flag.removeprefix("ignored: "))
        path = inner["path"] if inner else ""
    place = ".".join(filter(None, (action, INDEX.sub("[]", path), name)))
    return Oddity(kind, place[:PLACE_LENGTH_MAX], flag[:EXAMPLE_LENGTH_MAX])


def _kind_of(text: str) -> tuple[str, str] | None:
    for kind, pattern in KINDS:
        match = pattern.fullmatch(text)
        if match:
            name = match.groupdict().get("name")
            return kind, name.strip("'\"") if name else ""
    return None
