"""Which step a trouble has, and what holds it back. Pure."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.remedies import rules as remedies
from laddverk.support.situations.model import Facts, Situation, Step
from laddverk.support.stepping.model import Guards, Trouble

SWITCHED_OFF: Final = "self-healing is switched off"
EXCLUDED: Final = "chargers of this model are left alone"
IN_WORK: Final = "somebody works on it"
TOO_MANY: Final = "many chargers of the site at once"
CHARGING: Final = "somebody charges there"
DANGER: Final = "something dangerous is known of it"


def held_back(step: Step, situation: Situation, guards: Guards) -> str:
    """Return why a step is not taken; '' where it may be. Pure."""
    if situation.is_danger and step is not Step.OUT_OF_SERVICE:
        return DANGER
    if guards.in_work or guards.person_works:
        return IN_WORK
    if step in (Step.EXTEND, Step.TELL_OWNER):
        return ""
    if guards.switched_off:
        return SWITCHED_OFF
    if guards.excluded:
        return EXCLUDED
    if guards.at_site >= remedies.SITE_MAX:
        return TOO_MANY
    if step is Step.UNLOCK and guards.charging:
        return CHARGING
    return ""


def due_step(trouble: Trouble, situation: Situation, facts: Facts) -> Step:
    """Return the step that a trouble has now; NOTHING where it has none, or it is too early. Pure."""
    step, session = situation.step, facts.session
    fits = {
        Step.EXTEND: trouble.what == "start",
        Step.UNLOCK: trouble.what == "over",
        Step.OUT_OF_SERVICE: trouble.what == "danger",
        Step.TELL_OWNER: trouble.what == "stands" and session is not None and session.charging_ended_at is not None,
    }
    return step if fits.get(step, False) else Step.NOTHING
