"""How one session went (study of diagnostics, section 5.2). Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.outcomes.model import SessionTold, Why

NO_ENERGY_WH: Final = 100  # less than this is nothing: what contactors and pre-charge cost
LITTLE_WH: Final = 500
EARLY: Final = timedelta(minutes=2)
START_WITHIN_AC: Final = timedelta(seconds=180)
START_WITHIN_DC: Final = timedelta(seconds=90)
CHANGED_MIND_WITHIN: Final = timedelta(seconds=60)
FULL_PERCENT: Final = 95.0
OWN_LIMIT_A: Final = 1.0  # below this a limit is no current; IEC 61851 knows none under 6 A

BY_USER: Final = frozenset({"Local", "Remote", "EVDisconnected", "StoppedByEV", "MasterPass"})
"""Reasons that say that the driver, or we for them, ended it."""

USUAL: Final = BY_USER | {
    "", "EnergyLimitReached", "TimeLimitReached", "SOCLimitReached", "CostLimitReached", "LocalOutOfCredit", "Other",
}  # fmt: skip

CUT: Final = "Other"
"""What chargers say of an end that has no word, and of one that nobody wanted: with a fault beside it, it is that."""

NOT_ALLOWED: Final = frozenset({"DeAuthorized"})

Judged = tuple[OutcomeClass, tuple[str, ...]]
"""The class, and what decided it."""


def judged(session: SessionTold, codes: tuple[str, ...], limit_a: float | None, *, dc: bool) -> Judged:
    """Return how a session went. `codes`: what the outlet complained of meanwhile; `limit_a`: our lowest limit."""
    if session.technician:
        return OutcomeClass.EXCLUDED, (Why.TECHNICIAN,)
    if session.energy_wh < NO_ENERGY_WH:
        return _without_energy(session, codes, limit_a, dc=dc)
    short = session.ended_at - session.started_at < EARLY or session.energy_wh < LITTLE_WH
    unusual = session.stop_reason not in USUAL or (session.stop_reason == CUT and bool(codes))
    if short and (codes or unusual):
        if session.soc_start is not None and session.soc_start >= FULL_PERCENT:
            return OutcomeClass.EXCLUDED, (Why.FULL,)
        return OutcomeClass.EARLY_ABORT, (Why.LITTLE_ENERGY, *_because(codes, unusual=unusual))
    if unusual:
        return OutcomeClass.ABNORMAL_END, _because(codes, unusual=unusual)
    return OutcomeClass.OK, ()


def _without_energy(session: SessionTold, codes: tuple[str, ...], limit_a: float | None, *, dc: bool) -> Judged:
    lasted = session.ended_at - session.started_at
    if not session.accepted or session.stop_reason in NOT_ALLOWED:
        return OutcomeClass.AUTH_FAIL, (Why.REFUSED,)
    if not session.token:
        return OutcomeClass.NO_AUTH, (Why.NO_TOKEN,)
    if session.soc_start is not None and session.soc_start >= FULL_PERCENT:
        return OutcomeClass.EXCLUDED, (Why.FULL,)
    if limit_a is not None and limit_a < OWN_LIMIT_A:
        return OutcomeClass.EXCLUDED, (Why.OWN_LIMIT,)
    if lasted < CHANGED_MIND_WITHIN and session.stop_reason in BY_USER and not codes:
        return OutcomeClass.EXCLUDED, (Why.CHANGED_MIND,)
    because = _because(codes, unusual=session.stop_reason not in USUAL)
    if not session.charged and lasted >= (START_WITHIN_DC if dc else START_WITHIN_AC):
        return OutcomeClass.PLUG_NO_START, (Why.NEVER_CHARGED, *because)
    return OutcomeClass.ZERO_ENERGY, (Why.NO_ENERGY, *because)


def _because(codes: tuple[str, ...], *, unusual: bool) -> tuple[str, ...]:
    return (*((Why.FAULT,) if codes else ()), *((Why.STOP_REASON,) if unusual else ()))
