"""Which step a trouble has, and what holds it back. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.diagnostics.remedies import rules as remedies
from laddverk.support.situations.model import Situation, Step, Told
from laddverk.support.stepping.model import Guards, Standing, Trouble
from laddverk.tariffs.model import Charge, Dimension
from laddverk.tariffs.rules import Spots, price

LOOKS_AHEAD: Final = timedelta(hours=24)  # a fee by the clock comes by within a day
SWITCHED_OFF: Final = "self-healing is switched off"
EXCLUDED: Final = "chargers of this model are left alone"
IN_WORK: Final = "somebody works on it"
TOO_MANY: Final = "many chargers of the site at once"
CHARGING: Final = "somebody charges there"
STANDS: Final = "stands"
BLOCKS: Final = "blocks"
DONE: Final = "done"
"""The variant of what is told of a car that stands in the way."""
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


def costs_from(car: Standing, spots: Spots) -> datetime | None:
    """Return the first instant from which it costs to stand there, as the charge will be priced. Pure.

    Grace, free nights and all else that the price knows counts, and so does what a session costs at most. None: not
    within `LOOKS_AHEAD`. Raises `SpotMissing` while the exchange's prices are not known.
    """
    charge = Charge(
        started_at=car.started_at, ended_at=car.done_at + LOOKS_AHEAD, charging_ended_at=car.done_at,
        readings=((car.started_at, 0), (car.done_at, car.energy_wh)), energy_wh=car.energy_wh, timezone=car.timezone,
    )  # fmt: skip
    done, stayed = (price(car.tariff, each, spots) for each in (replace(charge, ended_at=car.done_at), charge))
    if stayed.amount_minor <= done.amount_minor:
        return None
    costing = (line for line in stayed.lines if line.dimension is Dimension.IDLE and line.unit_price > 0)
    return min((line.from_at for line in costing), default=None)


def due_step(trouble: Trouble, told: Told) -> Step:
    """Return the step that a trouble has now; NOTHING where it has none, or it is too early. Pure.

    After a start that was refused the first step is over: what is left is the one that follows it.
    """
    step = told.situation.then if trouble.what == "refused" else told.situation.step
    fits = {
        Step.EXTEND: trouble.what == "start",
        Step.UNLOCK: trouble.what in ("over", "refused"),
        Step.OUT_OF_SERVICE: trouble.what == "danger",
        Step.TELL_OWNER: trouble.what in (STANDS, BLOCKS) and told.match.variant == DONE,
    }
    return step if fits.get(step, False) else Step.NOTHING
