"""What one charger alone cannot show: D10, D30, D32 (`cohorts`, every ten minutes), D33 to D35 (load management)."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.detectors.base import About, Scope
from laddverk.diagnostics.model import Family, Input, Severity
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

BAD_CAR: Final = About(
    id="D10",
    title=N_("One car fails everywhere"),
    family=Family.VEHICLE,
    severity=Severity.INFO,
    scope=Scope.STATION,
    formula=N_("A car or token fails at three or more chargers, in 60 percent or more of its visits of 30 days, where "
               "less than 30 percent of all others fail"),
    needs=(Input.TOKENS, Input.SESSIONS),
    action=N_("Tell support, who can help the driver. Nothing is wrong with the chargers"),
    runbook="bad-car",
)  # fmt: skip

FIRMWARE: Final = About(
    id="D30",
    title=N_("A firmware version does worse"),
    family=Family.FIRMWARE,
    severity=Severity.DEGRADED,
    scope=Scope.STATION,
    formula=N_("Failed attempts, or findings that software can cause, under a version against those before it: the "
               "chance that the rate is more than 1.5 times as high (Gamma-Poisson) is above 95 percent, at three "
               "chargers or more, and above 90 percent without the worst of them"),
    needs=(Input.BOOT, Input.SESSIONS),
    action=N_("Halt the campaign; roll back where it is worst; tell the maker"),
    runbook="firmware-regression",
)  # fmt: skip

DEMAND: Final = About(
    id="D32",
    title=N_("Nobody comes, though people should"),
    family=Family.DEMAND,
    severity=Severity.DEGRADED,
    scope=Scope.EVSE,
    formula=N_("Expected attempts by hour of the week, from its own eight weeks before and its neighbours, since "
               "anybody last tried while it is free: that nobody comes has a chance below 1 in 10,000 (Poisson)"),
    needs=(Input.STATUS, Input.SESSIONS),
    action=N_("Trigger a status; ask a driver or the host: blocked bay, dark screen, a sign that is gone"),
    runbook="demand",
)  # fmt: skip

DISOBEYS: Final = About(
    id="D33",
    title=N_("Ignores its limit"),
    family=Family.LIMIT,
    severity=Severity.SAFETY,
    scope=Scope.EVSE,
    formula=N_("Load management measured more current than any limit allows that may still be in the charger, or more "
               "than a limit 50 seconds after the charger had said yes to it; over when it has obeyed for 3 minutes"),
    needs=(Input.CURRENT,),
    action=N_("Ask for its composite schedule; restart it; until it obeys its neighbours charge with less"),
    runbook="ignores-limit",
)  # fmt: skip

SITE_METER: Final = About(
    id="D34",
    title=N_("The meter of a site is silent or wrong"),
    family=Family.METER,
    severity=Severity.DEGRADED,
    scope=Scope.STATION,
    formula=N_("A meter that a circuit counts on says nothing for 2 minutes, the same to the last digit for an hour, "
               "more than three times the fuse for a minute, or current towards the grid for 15 minutes where nothing "
               "gives any; over when all meters of the site are well"),
    needs=(),
    action=N_("Look at the meter, its power and network, and at its clamps. Until it is well cars get less"),
    runbook="site-meter",
)  # fmt: skip

WRONG_PHASE: Final = About(
    id="D35",
    title=N_("Lies on another phase than entered"),
    family=Family.CONFIGURATION,
    severity=Severity.DEGRADED,
    scope=Scope.EVSE,
    formula=N_("Five or more steps of at least 4 A of a car that charges on one phase, while no other outlet changed: "
               "by the median at least 60 percent of them show in the site's meter on another phase than the entered "
               "one, at most 30 percent on any other; over when entry and steps agree"),
    needs=(Input.CURRENT,),
    action=N_("Look at the steps on the page of load, and enter the order of phases as measured, or let it be rewired. "
              "Until then its current counts on all phases"),
    runbook="wrong-phase",
)  # fmt: skip

FLEET: Final = (BAD_CAR, FIRMWARE, DEMAND, DISOBEYS, SITE_METER, WRONG_PHASE)
