"""What stands on a case's timeline when something was done. English, marked for translation."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

OPENED: Final = N_("%(who)s opened the case")
OPENED_BY_DRIVER: Final = N_("The driver opened the case")
RECEIPT: Final = N_("A receipt was sent to %(email)s")
TAKEN: Final = N_("%(who)s takes the case")
GIVEN: Final = N_("%(who)s gives the case to %(name)s")
FREED: Final = N_("%(who)s gives the case back: nobody has it")
CLOSED: Final = N_("%(who)s closed the case: %(outcome)s")
REOPENED: Final = N_("%(who)s opened the case again")
LINKED: Final = N_("%(who)s says what it is about")
PRIORITY: Final = N_("%(who)s changed how urgent it is")
WAITS: Final = N_("It waits for problem number %(number)s")
JOINED: Final = N_("It speaks of problem number %(number)s")
INCIDENT_CLOSED: Final = N_("Problem number %(number)s is over")
INCIDENT_FALSE: Final = N_("Somebody looked at problem number %(number)s: nothing was wrong")
DRIVER_TOLD: Final = N_("The driver is told that it works again: %(email)s")
