"""What to do about an incident: the advice of the detector that tells most, or of its family. English, marked."""

from __future__ import annotations

from typing import Final, Protocol

from laddverk.diagnostics.detectors.registry import ABOUTS
from laddverk.diagnostics.model import Family
from laddverk.diagnostics.scope import Blame
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

BY_SCOPE: Final[dict[str, str]] = {
    Blame.SITE: N_("Call the site: look at its router, switch and fuses. Do not send anybody to the single chargers."),
    Blame.CARRIER: N_("Ask the carrier. Nothing at the chargers is to be mended."),
    Blame.NETWORK: N_("Look at the carrier's news and at our own servers. Nothing at the chargers is to be mended."),
    Blame.BACKEND: N_("Look at our own servers, and at the partner who is asked for permission or money."),
    Blame.FIRMWARE: N_("Halt the campaign and compare with the version before; take it back where it can be."),
    Blame.VEHICLE: N_("Tell support: the car or the token fails everywhere. Nothing at the chargers is to be mended."),
}
"""Where the cause is in no single charger, the place to look at counts, whichever detector saw it."""

BY_FAMILY: Final = {
    Family.CONNECTIVITY: N_("Ping it; then look at router, SIM and antenna."),
    Family.PHYSICAL_DAMAGE: N_("Take it out of service and send somebody. Do not restart it."),
    Family.GROUND_FAULT: N_("Take it out of service and send an electrician. Do not restart it."),
    Family.CONNECTOR_LOCK: N_("Release the cable from here, twice at most; then send somebody."),
    Family.READER: N_("Tell drivers to start with the app; restart it once when it is idle."),
    Family.PAYMENT: N_("Look at the payment provider first, then restart the terminal."),
    Family.DEMAND: N_("Ask a driver or the site whether the place is blocked or the screen is dark."),
}
ELSE: Final = N_("Look at its timeline and its last charges, and try a charge from here.")


class Advised(Protocol):
    """What advice looks at."""

    @property
    def scope(self) -> str: ...
    @property
    def family(self) -> Family: ...
    @property
    def main_detector(self) -> str: ...


def action_of(incident: Advised) -> str:
    """Return what to do first, in English."""
    wide = BY_SCOPE.get(incident.scope)
    about = ABOUTS.get(incident.main_detector)
    return wide or (about.action if about else BY_FAMILY.get(incident.family, ELSE))


def runbook_of(incident: Advised) -> str | None:
    """Return the name of the runbook that fits, or None where only drivers spoke."""
    about = ABOUTS.get(incident.main_detector)
    return about.runbook if about else None


def title_of(detector: str) -> str:
    """Return what a detector is called, in English; its number where it is not known."""
    about = ABOUTS.get(detector)
    return about.title if about else detector
