"""What a grant says of itself: one sentence with the limit, what holds it there, and until when.

The sentences are kept for circuits and classes in all languages; the reason stays data until somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.energy.allocating.model import Grant, ReasonCode
from laddverk.platform.formats import HOME_ZONE, local_time, number
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SENTENCES: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.ALL_IT_TAKES: N_("%(limit)s A: all that the outlet and the car take."),
    ReasonCode.PLANNED: N_("%(limit)s A because the plan charges the rest at a better time."),
    ReasonCode.CIRCUIT_FULL: N_("%(limit)s A because %(phase)s of %(branch)s is full."),
    ReasonCode.NO_ROOM: N_("Waits because %(phase)s of %(branch)s has no room for it."),
    ReasonCode.TURN_OF_OTHERS: N_("Waits because %(phase)s of %(branch)s is full and it is the turn of others."),
    ReasonCode.RANKED_BELOW: N_("Waits because %(phase)s of %(branch)s is full with outlets of higher priority."),
    ReasonCode.RESTING: N_("Rests: it was switched off a moment ago."),
    ReasonCode.TAKES_NOTHING: N_("Paused: its car took nothing, and others need the current."),
    ReasonCode.PAUSED_BY_PLAN: N_("Waits because the plan charges it at a better time."),
}
UNTIL: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.CIRCUIT_FULL: N_("%(limit)s A because %(phase)s of %(branch)s is full until %(time)s."),
    ReasonCode.NO_ROOM: N_("Waits because %(phase)s of %(branch)s has no room for it until %(time)s."),
    ReasonCode.TURN_OF_OTHERS: N_(
        "Waits because %(phase)s of %(branch)s is full and it is the turn of others until about %(time)s."
    ),
    ReasonCode.RANKED_BELOW: N_(
        "Waits because %(phase)s of %(branch)s is full with outlets of higher priority until about %(time)s."
    ),
    ReasonCode.RESTING: N_("Rests until %(time)s: it was switched off a moment ago."),
    ReasonCode.TAKES_NOTHING: N_(
        "Paused: its car took nothing, and others need the current. It is asked again at %(time)s."
    ),
}
"""Where it is known when this will change."""
PARTS_DIGITS: Final = 2  # at most: a quarter is 0.25
WEIGHED: Final = N_("It has %(weight)s of the %(weights)s parts that are shared there.")


def sentence(grant: Grant, branches: Mapping[str, str], language: str, zone: str = HOME_ZONE) -> str:
    """Return why a grant is what it is, in words. `branches` has the names of circuits by their keys."""
    _ = gettext_for(language)
    reason = grant.reason
    text = UNTIL.get(reason.code) if reason.until is not None else None
    digits = 0 if float(grant.limit_a).is_integer() else 1
    said = _(text or SENTENCES[reason.code]) % {
        "limit": number(grant.limit_a, digits, language),
        "phase": f"L{reason.phase}",
        "branch": branches.get(reason.branch or "", reason.branch or ""),
        "time": local_time(reason.until, zone, language=language) if reason.until is not None else "",
    }
    if not reason.weights:
        return said
    shared = {"weight": parts(reason.weight, language), "weights": parts(reason.weights, language)}
    return f"{said} {_(WEIGHED) % shared}"


def parts(weight: float, language: str) -> str:
    """Return a share of what is scarce in words, with as many decimals as it was given, two at most."""
    digits = next((each for each in range(PARTS_DIGITS) if round(weight, each) == weight), PARTS_DIGITS)
    return number(weight, digits, language)
