"""The outlet itself: danger, emergency stop, cables that do not come loose, no contact, taken, out of order. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.diagnostics.model import Evidence, Family, Severity
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.situations.model import Complaint, Facts, Match, OutletFacts, SessionFacts
from laddverk.support.situations.predicates.charging import ENERGY_MIN_WH

HEAT: Final = frozenset({Family.CONTACT_HEAT, Family.COOLING})
FINISHING_TOO_LONG: Final = timedelta(minutes=3)
OFFLINE_AFTER: Final = timedelta(seconds=60)  # a charger that changes network is back sooner
UNUSABLE: Final = frozenset({"faulted", "unavailable"})
STANDS_AFTER: Final = timedelta(minutes=10)  # a car pauses for a moment; who is done so long stands in the way
DONE_STATES: Final = frozenset({"suspended_ev", "idle"})
TAKEN: Final = frozenset({"charging", "suspended_ev", "suspended_evse", "finishing", "occupied"})


def safety(facts: Facts) -> Match | None:
    """The charger has cut itself off for safety: leakage to earth, heat, damage. Nothing is tried again from afar."""
    outlet = facts.outlet
    if outlet is None or outlet.severity is not Severity.SAFETY or outlet.is_stopped_by_hand:
        return None
    worst = outlet.families[0] if outlet.families else Family.OTHER
    variant = "earth" if worst is Family.GROUND_FAULT else "heat" if worst in HEAT else ""
    return Match(variant=variant, evidence=(_codes(outlet),))


def emergency_stop(facts: Facts) -> Match | None:
    """Somebody has pressed the emergency stop; people use it to end a charge."""
    outlet = facts.outlet
    if outlet is None or not outlet.is_stopped_by_hand:
        return None
    return Match(evidence=(_codes(outlet),))


def emergency_stop_let_go(facts: Facts) -> Match | None:
    """The emergency stop was pressed and is out again: the outlet says that it can be used. Many want a restart."""
    outlet = facts.outlet
    if outlet is None or not outlet.is_let_go or (facts.session is not None and facts.session.ended_at is None):
        return None
    return Match(evidence=(_codes(outlet),))


def cable_while_charging(facts: Facts) -> Match | None:
    """The cable does not come loose because the charge is still running."""
    session = facts.session
    if facts.complaint is not Complaint.CABLE or session is None or not session.is_drivers:
        return None
    if session.ended_at is not None:
        return None
    return Match(evidence=(Evidence(text=N_("The charge is still running."), at=session.started_at),))


def cable_stuck_at_charger(facts: Facts) -> Match | None:
    """The charge is over, and the charger still holds the cable: its lock says so, or the driver.

    That it waits for the cable alone says nothing: so looks every outlet whose driver is away, and to let go of their
    cable would be to give it to whoever passes.
    """
    outlet, session = facts.outlet, facts.session
    if outlet is None or outlet.is_tethered or (session is not None and session.ended_at is None):
        return None
    lock_failed = Family.CONNECTOR_LOCK in outlet.families
    said = facts.complaint is Complaint.CABLE and not outlet.is_unlocked
    lingers = outlet.status == "finishing" and facts.now >= outlet.status_since + FINISHING_TOO_LONG
    if not lock_failed and not said:
        return None
    seen = [Evidence(text=N_("The driver says that the cable does not come loose."))] if said else []
    if lock_failed:
        seen.append(_codes(outlet))
    if lingers:
        seen.append(Evidence(text=N_("The outlet still waits for the cable to be taken out."), at=outlet.status_since))
    return Match(evidence=tuple(seen))


def cable_stuck_in_car(facts: Facts) -> Match | None:
    """The charge is over and the charger holds nothing: it is the car that holds the cable."""
    outlet, session = facts.outlet, facts.session
    if facts.complaint is not Complaint.CABLE or outlet is None:
        return None
    if session is not None and session.ended_at is None:
        return None
    if not outlet.is_tethered and not outlet.is_unlocked:
        return None
    text = N_("The cable is the charger's own.") if outlet.is_tethered else N_("The charger has let go of the cable.")
    return Match(evidence=(Evidence(text=text),))


def offline(facts: Facts) -> Match | None:
    """We have no contact with the charger."""
    outlet = facts.outlet
    if outlet is None or outlet.is_connected:
        return None
    since = outlet.connected_changed_at
    if since is not None and facts.now < since + OFFLINE_AFTER:
        return None
    running = facts.session is not None and facts.session.is_drivers and facts.session.ended_at is None
    return Match(
        variant="charging" if running else "", evidence=(Evidence(text=N_("No contact with the charger."), at=since),)
    )


def out_of_order(facts: Facts) -> Match | None:
    """The outlet says that it is broken, or has been taken out of service; `known` where a problem is open on it."""
    outlet = facts.outlet
    if outlet is None or not outlet.is_connected or outlet.status not in UNUSABLE:
        return None
    variant = "closed" if outlet.status == "unavailable" else "known" if outlet.incident_number else ""
    return Match(variant=variant, values={"number": outlet.incident_number}, evidence=(_codes(outlet),))


def taken(facts: Facts) -> Match | None:
    """Somebody else's car stands there; `done` when its charge is over, or it has long taken no more."""
    outlet, session = facts.outlet, facts.session
    if outlet is None or outlet.status not in TAKEN or session is None or session.is_drivers:
        return None
    done_at = done_since(session)
    is_done = done_at is not None and (session.ended_at is not None or facts.now >= done_at + STANDS_AFTER)
    since = done_at if is_done else session.started_at
    text = N_("The car there is done.") if is_done else N_("Another car is charging there.")
    return Match(variant="done" if is_done else "", evidence=(Evidence(text=text, at=since),))


def done_since(session: SessionFacts) -> datetime | None:
    """Return since when a car that stands there is done: it has charged, and takes no more. None while it may go on."""
    if session.ended_at is not None:
        return session.ended_at
    return session.state_since if session.state in DONE_STATES and session.energy_wh >= ENERGY_MIN_WH else None


def reserved(facts: Facts) -> Match | None:
    """The outlet is kept for somebody else."""
    outlet = facts.outlet
    if outlet is None or not outlet.is_reserved:
        return None
    return Match(evidence=(Evidence(text=N_("The outlet is reserved."), at=outlet.status_since),))


def known_problem(facts: Facts) -> Match | None:
    """A problem is open on the outlet, though it says that it is well."""
    outlet = facts.outlet
    if outlet is None or outlet.incident_number is None:
        return None
    seen = Evidence(text=N_("Problem %(number)s is open here."), values={"number": outlet.incident_number})
    return Match(values={"number": outlet.incident_number}, evidence=(seen,))


def outlet_well(facts: Facts) -> Match | None:
    """The outlet is free, in contact, and nothing is known against it. No answer to who asks about something else."""
    outlet = facts.outlet
    if (
        outlet is None
        or facts.complaint is not Complaint.NONE
        or not outlet.is_connected
        or outlet.status != "available"
    ):
        return None
    return Match(evidence=(Evidence(text=N_("The outlet is free and in contact."), at=outlet.status_since),))


def nothing_seen(_facts: Facts) -> Match | None:
    """Always: where nothing else holds, a person looks."""
    return Match()


def _codes(outlet: OutletFacts) -> Evidence:
    if not outlet.codes:
        return Evidence(
            text=N_("The outlet says: %(status)s."), values={"status": outlet.status}, at=outlet.status_since
        )
    return Evidence(
        text=N_("The charger reports %(codes)s."), values={"codes": ", ".join(outlet.codes)}, at=outlet.status_since
    )


PREDICATES: Final = (
    safety,
    emergency_stop,
    emergency_stop_let_go,
    cable_while_charging,
    cable_stuck_at_charger,
    cable_stuck_in_car,
    offline,
    out_of_order,
    taken,
    reserved,
    known_problem,
    outlet_well,
    nothing_seen,
)
