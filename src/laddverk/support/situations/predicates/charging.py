"""While a charge runs, and just after: no energy, held back, slow, cut short, full. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from laddverk.diagnostics.model import Evidence
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.situations.model import Facts, Match, SessionFacts, Value

NO_ENERGY_AFTER: Final = timedelta(minutes=3)
ENERGY_MIN_WH: Final = 50  # less is noise of a meter: the car has taken nothing
CAR_PAUSED_AFTER: Final = timedelta(minutes=2)
ENDED_LATELY: Final = timedelta(hours=2)
UNTIL_THE_END: Final = timedelta(minutes=1)  # as near as meters tell when the current stopped
SLOW_AFTER: Final = timedelta(minutes=3)
SLOW_SHARE: Final = 0.6  # of what this outlet usually gives at this stage; less than that drivers notice
FULL_SOC_PERCENT: Final = 80  # above it every fast charge slows down: the car's own curve
COLD_SOC_PERCENT: Final = 60
ONE_PHASE: Final = 1
DISCONNECTED: Final = "EVDisconnected"
WANTED: Final = frozenset(
    {"Local", "Remote", "StoppedByEV", "SOCLimitReached", "TimeLimitReached", "EnergyLimitReached",
     "LocalOutOfCredit", "Timeout", "MasterPass", "ReqEnergyTransferRejected", "CostLimitReached", ""}
)  # fmt: skip
"""Reasons that somebody, or the car, meant. Others cut a charge short."""
CUT: Final = {
    "EmergencyStop": "emergency",
    "PowerLoss": "power",
    "PowerQuality": "power",
    "Reboot": "restart",
    "HardReset": "restart",
    "SoftReset": "restart",
    "ImmediateReset": "restart",
    "GroundFault": "safety",
    "OvercurrentFault": "safety",
    "DeAuthorized": "refused",
    DISCONNECTED: "disconnected",
}


def _running(facts: Facts) -> SessionFacts | None:
    session = facts.session
    return session if session is not None and session.is_drivers and session.ended_at is None else None


def no_energy(facts: Facts) -> Match | None:
    """The charge has begun, and for three minutes the car has taken nothing, though the charger offers current."""
    session = _running(facts)
    if session is None or session.energy_wh >= ENERGY_MIN_WH or session.state == "suspended_evse":
        return None
    if session.limit_a == 0 or facts.now < session.started_at + NO_ENERGY_AFTER:
        return None
    lasted_s = round((facts.now - session.started_at).total_seconds())
    seen = [Evidence(text=N_("It has lasted %(lasted_s)s and given no energy."), values={"lasted_s": lasted_s})]
    if session.state == "suspended_ev":
        seen.append(Evidence(text=N_("The charger says that the car takes no current."), at=session.state_since))
    return Match(values={"lasted_s": lasted_s}, evidence=tuple(seen))


def held_back(facts: Facts) -> Match | None:
    """The charger, or our sharing of the current, holds the charge back for now."""
    session = _running(facts)
    if session is None or (session.state != "suspended_evse" and session.limit_a != 0):
        return None
    if session.limit_a == 0:
        return Match(
            variant="until" if session.limit_until else "",
            values={"until_at": session.limit_until},
            evidence=(Evidence(text=N_("The current is shared, and this outlet waits for its turn.")),),
        )
    seen = Evidence(text=N_("The charger says that it holds back itself."), at=session.state_since)
    return Match(variant="charger", evidence=(seen,))


def car_paused(facts: Facts) -> Match | None:
    """The car has taken energy, and now takes none: it is full, or waits for a timer of its own."""
    session = _running(facts)
    if session is None or session.state != "suspended_ev" or session.energy_wh < ENERGY_MIN_WH:
        return None
    since = session.state_since or session.charging_ended_at
    if since is not None and facts.now < since + CAR_PAUSED_AFTER:
        return None
    seen = Evidence(
        text=N_("The car has taken %(energy_wh)s and takes none now."),
        values={"energy_wh": session.energy_wh},
        at=since,
    )
    return Match(
        variant="fee" if session.has_idle_fee else "", values={"energy_wh": session.energy_wh}, evidence=(seen,)
    )


def slow(facts: Facts) -> Match | None:
    """It charges, and clearly slower than this outlet usually does; the variant says why."""
    session = _running(facts)
    if session is None or session.power_w is None or session.power_w <= 0 or session.usual_power_w is None:
        return None
    if facts.now < session.started_at + SLOW_AFTER or session.power_w >= session.usual_power_w * SLOW_SHARE:
        return None
    seen = Evidence(
        text=N_("It charges at %(power_w)s; this outlet usually gives %(usual_w)s."),
        values={"power_w": session.power_w, "usual_w": session.usual_power_w},
    )
    variant = _why_slow(facts, session)
    values: dict[str, Value] = {
        "power_w": session.power_w,
        "usual_w": session.usual_power_w,
        "limit_a": session.limit_a,
    }
    return Match(variant=variant, values=values, evidence=(seen,))


def _why_slow(facts: Facts, session: SessionFacts) -> str:
    if session.limit_a is not None:
        return "shared"
    if facts.outlet is not None and facts.outlet.is_direct_current and session.soc_percent is not None:
        if session.soc_percent >= FULL_SOC_PERCENT:
            return "nearly_full"
        return "cold" if session.soc_percent < COLD_SOC_PERCENT else ""
    return "one_phase" if session.phases_used == ONE_PHASE and session.phases_offered > ONE_PHASE else ""


def stopped_early(facts: Facts) -> Match | None:
    """The charge ended in a way that nobody wanted; the variant says how."""
    session = facts.session
    if session is None or not session.is_drivers or session.ended_at is None:
        return None
    if facts.now > session.ended_at + ENDED_LATELY:
        return None
    if session.stopped_by_us:
        variant = "paid_for" if session.stopped_by_us in ("spent", "wallet_stopped", "reserve_ends") else ""
    elif session.stop_reason in WANTED or _taken_out_when_done(session):
        return None
    else:
        variant = CUT.get(session.stop_reason, "")
    seen = Evidence(
        text=N_("The charger ended it and said: %(reason)s."), values={"reason": session.stop_reason or "—"},
        at=session.ended_at,
    )  # fmt: skip
    return Match(variant=variant, values={"energy_wh": session.energy_wh}, evidence=(seen,))


def _taken_out_when_done(session: SessionFacts) -> bool:
    """Whether the cable came out of a car that had taken what it wanted, or nothing: that ends most charges."""
    if session.stop_reason != DISCONNECTED:
        return False
    done_at = session.charging_ended_at or session.ended_at
    assert session.ended_at is not None, "it is over"
    assert done_at is not None
    return session.energy_wh < ENERGY_MIN_WH or done_at < session.ended_at - UNTIL_THE_END


def stopped_by_fault(facts: Facts) -> Match | None:
    """The charge was cut short, and the outlet still says that it is broken."""
    seen = stopped_early(facts)
    if seen is None or seen.variant or facts.outlet is None or facts.outlet.status != "faulted":
        return None
    return seen


def ended_without_energy(facts: Facts) -> Match | None:
    """The charge is over and gave nothing: it costs nothing, and what was paid comes back."""
    session = facts.session
    if session is None or not session.is_drivers or session.ended_at is None:
        return None
    if session.energy_wh >= ENERGY_MIN_WH or facts.now > session.ended_at + ENDED_LATELY:
        return None
    paid = facts.payment is not None and facts.payment.reserved_minor + facts.payment.captured_minor > 0
    seen = Evidence(text=N_("The charge is over and gave no energy."), at=session.ended_at)
    return Match(variant="paid" if paid else "", evidence=(seen,))


def charging_well(facts: Facts) -> Match | None:
    """It charges as it should."""
    session = _running(facts)
    if session is None or not session.power_w or session.state not in ("charging", "ev_connected"):
        return None
    seen = Evidence(text=N_("It charges at %(power_w)s."), values={"power_w": session.power_w})
    return Match(values={"power_w": session.power_w, "energy_wh": session.energy_wh}, evidence=(seen,))


def just_begun(facts: Facts) -> Match | None:
    """The charge has begun, and the car and the charger are still agreeing."""
    session = _running(facts)
    if session is None or session.power_w or facts.now >= session.started_at + NO_ENERGY_AFTER:
        return None
    return Match(evidence=(Evidence(text=N_("The charge has just begun."), at=session.started_at),))


PREDICATES: Final = (
    no_energy,
    held_back,
    car_paused,
    slow,
    stopped_early,
    stopped_by_fault,
    ended_without_energy,
    charging_well,
    just_begun,
)
