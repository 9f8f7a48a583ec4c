"""Who gets what and why, and what is wrong, in words: decisions of load management are data until they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.allocating import explaining
from laddverk.energy.allocating.model import Grant, Reason, ReasonCode
from laddverk.energy.circuits.decisions import Alarm, Share
from laddverk.energy.circuits.loads import Key
from laddverk.platform.formats import number
from laddverk.platform.languages import gettext_for, marked

OTHER: Final = {
    "away": marked("No contact: the most that it may draw is kept for it."),
    "ignores": marked("It does not do as it is told: all that it can draw is kept for it."),
    "unproven": marked("It has not shown yet that it obeys: until then it gets the least that charges."),
}
"""Reasons of the loop itself, beside those of the allocator."""
ALARMS: Final = {
    "ignores": marked("Outlet %(name)s does not do as it is told. All that it can draw is kept for it."),
    "wrong_rotation": marked("Outlet %(name)s lies on other phases than the circuits say."),
    "meter_lost": marked("The meter of %(name)s is silent. The highest other load that was seen or entered counts."),
    "meter_wrong": marked("The meter of %(name)s shows what cannot be. The highest other load seen or entered counts."),
    "overload": marked("%(phase)s of %(name)s carries %(value)s A, more than %(limit)s A."),
    "cannot_hold": marked(
        "%(phase)s of %(name)s could come to %(value)s A of %(limit)s A, even when every car that obeys is paused."
    ),
}


class Given(Struct, frozen=True):
    """What an outlet gets, and why, in words."""

    limit_a: float
    why: str


def given(share: Share, circuits: Mapping[str, str], language: str, zone: str, now: datetime) -> Given:
    """Return a decision in words. `circuits` has the names by the circuits' ids as text.

    An instant that was foreseen and is over is left out: decisions are kept only when they change.
    """
    code = str(share.reason.get("code", ""))
    if code in {each.value for each in ReasonCode}:
        reason = msgspec.convert(share.reason, Reason)
        if reason.until is not None and reason.until <= now:
            reason = replace(reason, until=None)
        why = explaining.sentence(Grant(key="", limit_a=share.limit_a, reason=reason), circuits, language, zone)
    else:
        why = gettext_for(language)(OTHER[code]) if code in OTHER else code
    return Given(share.limit_a, why)


def alarm(found: Alarm, circuits: Mapping[str, str], outlets: Mapping[Key, str], language: str) -> str:
    """Return what is wrong, in words."""
    called = dict(circuits) | {f"{key[0]}:{key[1]}": name for key, name in outlets.items()}
    if found.kind not in ALARMS:
        return found.kind
    return gettext_for(language)(ALARMS[found.kind]) % {
        "name": called.get(found.key, "–"),
        "phase": f"L{found.phase}",
        "value": number(found.value_a, 0, language),
        "limit": number(found.limit_a, 0, language),
    }
