"""What self-healing may do next: a ladder for each family of faults, and the guards that hold on every rung. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.remedies.model import Action, Decision, Network, Patient, Rung, Step, Stop, Wait, Why
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

TOGETHER: Final = timedelta(minutes=15)  # steps within this span count as one wave: see `SITE_MAX`, `FLEET_SHARE_MAX`
SITE_MAX: Final = 3  # more chargers of a site at once are the site, not the chargers
FLEET_SHARE_MAX: Final = 0.05  # more of the fleet at once is the network, or us
RESETS_DAY_MAX: Final = 2
RESETS_WEEK_MAX: Final = 3
SOFT_MAX: Final = 1  # of one incident: what a second one would cure, the first one did
UNLOCK_MAX: Final = 2
BACK_OFF: Final = (timedelta(minutes=15), timedelta(hours=2))  # after the first and the second step; then it stops
SETTLE: Final = timedelta(minutes=3)  # after a step whose outcome is known: the charger says what it is now
QUEUE_QUIET: Final = timedelta(minutes=2)  # a charger that tells what it had kept is left to tell all of it
LOOK_AGAIN: Final = timedelta(minutes=2)
PATIENCE: Final = timedelta(hours=24)  # a step that could not be taken for so long is not waited for: somebody goes

HANDS_OFF: Final = frozenset({
    Family.GROUND_FAULT, Family.CONTACTOR, Family.CONTACT_HEAT, Family.OVERCURRENT, Family.PHYSICAL_DAMAGE,
    Family.SECURITY,
})  # fmt: skip
"""Where starting again could put somebody on a live part, or wipe out the traces of an attack: never a reset."""

DANGER_ALLOWS: Final = frozenset({Action.ASK_STATE, Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER})
"""What may be done to a charger with anything dangerous at any of its outlets: nothing puts it back into service."""

LADDERS: Final[Mapping[Family, tuple[Action, ...]]] = {
    Family.STUCK_STATE: (
        Action.ASK_STATE, Action.MAKE_OPERATIVE, Action.STOP_SESSION, Action.UNLOCK, Action.RESET_SOFT,
        Action.RESET_HARD, Action.WORK_ORDER,
    ),
    Family.NO_ENERGY: (
        Action.ASK_STATE, Action.RESET_SOFT, Action.RESET_HARD, Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER,
    ),
    Family.EV_COMMUNICATION: (Action.ASK_STATE, Action.RESET_SOFT, Action.WORK_ORDER),
    Family.CONTROLLER: (Action.ASK_STATE, Action.RESET_SOFT, Action.RESET_HARD, Action.WORK_ORDER),
    Family.POWER_ELECTRONICS: (Action.ASK_STATE, Action.RESET_SOFT, Action.WORK_ORDER),
    Family.READER: (Action.ASK_STATE, Action.RESET_SOFT, Action.WORK_ORDER),
    Family.AUTHORISATION: (Action.CLEAR_CACHE, Action.SEND_LIST),
    Family.CONNECTOR_LOCK: (Action.ASK_STATE, Action.UNLOCK, Action.WORK_ORDER),
    Family.CONFIGURATION: (Action.APPLY_TEMPLATE,),
    Family.CLOCK: (Action.ASK_STATE, Action.RESET_SOFT),
    Family.LIMIT: (Action.CLEAR_LIMIT,),
    Family.METER: (Action.ASK_STATE, Action.RESET_SOFT, Action.WORK_ORDER),
    Family.GROUND_FAULT: (Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER),
    Family.CONTACTOR: (Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER),
    Family.CONTACT_HEAT: (Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER),
    Family.OVERCURRENT: (Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER),
    Family.PHYSICAL_DAMAGE: (Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER),
    Family.CONNECTIVITY: (Action.WORK_ORDER,),
    Family.PHASE: (Action.WORK_ORDER,),
    Family.COOLING: (Action.WORK_ORDER,),
    Family.SUPPLY: (Action.WORK_ORDER,),
}  # fmt: skip
"""What is tried for a family, in this order. Families without a ladder are for people alone."""

DISTURBS: Final = frozenset({Action.UNLOCK, Action.APPLY_TEMPLATE})
"""What somebody who charges would notice, short of a reset: a cable let go, settings that some take by restarting."""

SEVERE_ONLY: Final = frozenset({Action.RESET_HARD, Action.TAKE_OUT_OF_SERVICE})
"""Steps that cost more than a charger that limps: only where it cannot charge, or is dangerous."""


def next_step(patient: Patient, network: Network, now: datetime) -> Decision:
    """Return what self-healing does for this incident now, with its reason.

    The first guard that speaks decides. A `Step` is safe at this moment only: whoever carries it out asks again in the
    transaction that queues its command.
    """
    for guard in (_switches, _under_way, _wave):
        held = guard(patient, network, now)
        if held is not None:
            return held
    waiting: Wait | None = None
    for action in _left(patient):
        held = _guard_of(action, patient, now)
        if held is None and (waiting is None or action is Action.WORK_ORDER):
            return Step(action=action, why=_reason(action), dry=_is_dry(network, now))
        if isinstance(held, Wait):
            if now < patient.opened_at + PATIENCE:
                return held
            waiting = waiting or held
    if waiting is not None:
        return waiting
    return Stop(why=Why(text=N_("All that may be tried from here has been tried.")))


def _is_dry(network: Network, now: datetime) -> bool:
    return network.dry_until is not None and now < network.dry_until


def _switches(patient: Patient, network: Network, now: datetime) -> Decision | None:
    del now
    if network.switched_off:
        return Stop(why=Why(text=N_("Self-healing is switched off.")))
    if network.model_excluded:
        return Stop(why=Why(text=N_("Chargers of model %(model)s are left alone."), values={"model": patient.model}))
    if patient.family not in LADDERS:
        return Stop(why=Why(text=N_("Nothing that is done from here helps against this.")))
    return None


def _under_way(patient: Patient, network: Network, now: datetime) -> Decision | None:
    """One step at a time, with growing pauses."""
    del network
    if not patient.attempts:
        return None
    last = patient.attempts[-1]
    if last.is_open:
        return Wait(until=now + LOOK_AGAIN, why=Why(text=N_("What became of the last step is not known yet.")))
    pause = _back_off(patient) if last.action.is_reset else SETTLE
    if now < last.at + pause:
        return Wait(until=last.at + pause, why=Why(text=N_("The charger is given time after the last step.")))
    return None


def _back_off(patient: Patient) -> timedelta:
    resets = sum(1 for attempt in patient.attempts if attempt.action.is_reset)
    return BACK_OFF[min(resets, len(BACK_OFF)) - 1]


def _wave(patient: Patient, network: Network, now: datetime) -> Decision | None:
    """Many at once are not ill: something that they share is."""
    del patient
    if network.reached_of_site >= SITE_MAX:
        return Wait(
            until=now + TOGETHER,
            why=Why(text=N_("%(chargers)s chargers of this site at once: it is the site."),
                    values={"chargers": network.reached_of_site}),
        )  # fmt: skip
    if network.reached_of_fleet >= max(1, int(network.stations * FLEET_SHARE_MAX)):
        return Wait(
            until=now + TOGETHER,
            why=Why(text=N_("%(chargers)s chargers of the fleet at once: it is the network."),
                    values={"chargers": network.reached_of_fleet}),
        )  # fmt: skip
    return None


def _left(patient: Patient) -> Iterator[Action]:
    """Yield the steps of the ladder that are still to be tried, and may be."""
    for action in LADDERS[patient.family]:
        times = sum(1 for attempt in patient.attempts if attempt.action is action)
        allowed = UNLOCK_MAX if action is Action.UNLOCK else 1
        if times < allowed and action not in patient.forbidden and _fits(action, patient):
            yield action


def _fits(action: Action, patient: Patient) -> bool:
    """Whether the step makes sense, and is allowed for ever, for this fault."""
    is_dangerous = patient.is_safety or patient.severity is Severity.SAFETY or patient.family in HANDS_OFF
    if is_dangerous and action not in DANGER_ALLOWS:
        return False
    if action is Action.STOP_SESSION and not patient.zombie_session:
        return False
    if action is Action.UNLOCK and patient.evse_number == 0:
        return False
    return not (action in SEVERE_ONLY and patient.severity > Severity.DOWN)


def _guard_of(action: Action, patient: Patient, now: datetime) -> Wait | Stop | None:
    """Return why the step may not be taken now; None when it may. `Stop` means: this one never, look at the next."""
    if action is Action.WORK_ORDER:
        return None
    if not patient.connected:
        return _later(now, N_("The charger is not connected."))
    if action.rung >= Rung.STOP_OR_UNLOCK and patient.last_queued_at and now < patient.last_queued_at + QUEUE_QUIET:
        return _later(now, N_("The charger is still telling what it kept while it was offline."))
    if action.rung >= Rung.STOP_OR_UNLOCK and patient.in_hand:
        return _later(now, N_("Somebody is at work on this charger, or its firmware is being changed."))
    if action in DISTURBS and patient.sessions_open:
        return _later(now, N_("A session runs on this charger."))
    return _guard_of_reset(patient, now) if action.is_reset else None


def _guard_of_reset(patient: Patient, now: datetime) -> Wait | Stop | None:
    if patient.sessions_open:
        return _later(now, N_("A session runs on this charger."))
    if patient.starts_pending:
        return _later(now, N_("Somebody is about to charge here."))
    if sum(1 for at in patient.resets if at > now - timedelta(days=7)) >= RESETS_WEEK_MAX:
        return Stop(why=Why(text=N_("It was started again three times within a week.")))
    if sum(1 for at in patient.resets if at > now - timedelta(days=1)) >= RESETS_DAY_MAX:
        return _later(now, N_("It was started again twice within a day."))
    if patient.busy_hour and patient.severity > Severity.DOWN:
        return _later(now, N_("People usually come at this hour, and the charger still charges."))
    return None


def _later(now: datetime, text: str) -> Wait:
    return Wait(until=now + LOOK_AGAIN, why=Why(text=text))


def _reason(action: Action) -> Why:
    return Why(text=_REASONS[action.rung])


_REASONS: Final[Mapping[Rung, str]] = {
    Rung.REFRESH: N_("The charger is asked what it is: what we believe may be old."),
    Rung.HARMLESS: N_("A step that cannot hurt, and that cures this more often than not."),
    Rung.STOP_OR_UNLOCK: N_("What holds the outlet is let go."),
    Rung.RESET_SOFT: N_("The smaller steps did not help, and nobody charges: it is started again."),
    Rung.RESET_HARD: N_("Starting its program again did not help, and nobody charges: it is switched off and on."),
    Rung.OUT_OF_SERVICE: N_("Drivers should not be sent to it, or could be hurt."),
    Rung.WORK_ORDER: N_("Somebody must go there."),
}
