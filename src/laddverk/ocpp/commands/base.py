"""The base of all commands, and what becomes of one."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from msgspec import Struct

from laddverk.ocpp.facts.provisioning import Variable

SEND_WITHIN_MOST: Final = timedelta(minutes=10)  # a mobile link that is away comes back within minutes or hours


class Command(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all commands. The tag is stored as `command.kind`."""

    SEND_WITHIN: ClassVar[timedelta] = SEND_WITHIN_MOST
    """How long it is worth sending, when nobody says otherwise."""
    CONFIRM_WITHIN: ClassVar[timedelta | None] = None
    """How long after "accepted" the charger's deed may take that confirms it; None where the answer ends it."""


class Verdict(StrEnum):
    """What the charger's answer means, whatever the version's own word."""

    ACCEPTED = "accepted"
    """It will try. What it does next confirms it, where `CONFIRMED_BY` names a fact."""
    DONE = "done"
    """The answer itself is the result (a value read, a value written)."""
    REFUSED = "refused"
    FAILED = "failed"
    """An error answer, or one that cannot be understood."""


class CommandOutcome(Struct, frozen=True, kw_only=True):
    """What a charger answered to a command."""

    verdict: Verdict
    word: str
    """The charger's own word: Accepted, Rejected, NotSupported, RebootRequired, Scheduled …"""
    detail: dict[str, Any] = {}
    variables: tuple[Variable, ...] = ()
    """What was read, for the station's variables."""
