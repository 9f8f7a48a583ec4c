"""Any PBX that can tell of its calls by a webhook: newCall, answer and hangup, as JSON or as a form.

The form is the one that PBXs already speak to help desks: `event`, `direction`, `from`, `to`, `callId`, `user`,
`cause`. Nothing is steered by it: the PBX has its own menu and queue. We keep the log, find out who calls, and have
the case open when somebody answers. Calls that we make from the PBX are logged too.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Invalid

BODY_MAX: Final = 16_384


class What(StrEnum):
    """What a PBX tells."""

    RINGS = "newCall"
    ANSWERED = "answer"
    ENDED = "hangup"


class Told(Struct, frozen=True, kw_only=True):
    """One event."""

    what: What
    reference: str
    is_incoming: bool = True
    phone: str = ""
    """The other's, E.164; '' where it is withheld."""
    our_number: str = ""
    who: str = ""
    """Of ours: who answered, or calls."""


def told_in(fields: dict[str, str], country: str = "46") -> Told:
    """Return what a PBX says. Raises `Invalid` for what cannot be understood."""
    try:
        what = What(fields.get("event", ""))
    except ValueError:
        raise Invalid("This event is not known.", field="event") from None
    reference = fields.get("callId") or fields.get("call_id", "")
    if not reference or len(reference) > 100:
        raise Invalid("Every call needs a callId of its own.", field="callId")
    is_incoming = fields.get("direction", "in") in ("in", "incoming")
    theirs, ours = ("from", "to") if is_incoming else ("to", "from")
    return Told(
        what=what, reference=reference, is_incoming=is_incoming, phone=number_in(fields.get(theirs, ""), country),
        our_number=number_in(fields.get(ours, ""), country),
        who=(fields.get("user") or fields.get("answeringNumber", ""))[:100],
    )  # fmt: skip


def number_in(text: str, country: str = "46") -> str:
    """Return a number in E.164 out of the ways PBXs write it; '' for none."""
    digits = re.sub(r"[^0-9+]", "", text[:40])
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = f"+{country}{digits[1:]}"
    elif digits and not digits.startswith("+"):
        digits = "+" + digits
    return digits if re.fullmatch(r"\+[1-9][0-9]{6,14}", digits) else ""


def fields_in(body: bytes, media_type: str, form: dict[str, str]) -> dict[str, str]:
    """Return the fields of a webhook: of its JSON, else of its form. Raises `Invalid` for what is neither."""
    if "json" not in media_type:
        return form
    if len(body) > BODY_MAX:
        raise Invalid("The message is too long.", field="event")
    try:
        given = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("The message cannot be read.", field="event") from None
    return {
        name: str(value[0] if isinstance(value, list) and value else value).replace("\x00", "")
        for name, value in given.items()
    }  # fmt: skip
