"""What stands on an incident's timeline when a rule or the machine did something. English, marked for translation."""

from __future__ import annotations

from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

SEEN: Final = N_("%(detector)s sees it: %(family)s")
OPENED: Final = N_("It has lasted long enough to be told")
OPENED_AT_ONCE: Final = N_("It is told at once: somebody may get hurt")
CAME_BACK: Final = N_("It came back within a week of being closed")
SEEN_AGAIN: Final = N_("It is seen again")
JOINED: Final = N_("%(detector)s sees it too: %(family)s")
FAMILY_KNOWN: Final = N_("The cause is more likely %(family)s than %(before)s")
WORSE: Final = N_("It is worse than it was")
QUIET: Final = N_("Nothing of it is seen any more; it is watched whether it stays away")
RECOVERED: Final = N_("It went away by itself and stayed away, and nobody had taken it")
MERGED: Final = N_("It is part of a larger problem, number %(number)s")
ABSORBED: Final = N_("Problem number %(number)s turned out to be part of this one")
HIDDEN: Final = {
    "maintenance": N_("Maintenance: nobody is told"),
    "silence": N_("Silenced: nobody is told"),
    "outage": N_("We stood still ourselves: it waits whether it comes back"),
    "parent": N_("A larger problem covers it"),
    "muted": N_("Its detector was of no use lately: nobody is told"),
    "false": N_("The same was called false within the week: nobody is told"),
}
UNHIDDEN: Final = N_("People are told again")
REPORTED: Final = N_("A driver reports: %(kind)s")
BY_DRIVERS: Final = N_("%(people)s drivers report that something is wrong")
CHARGES_AGAIN: Final = N_("%(charges)s charges have gone well since the last report")
REPORT_KINDS: Final = {
    "no_start": N_("Charging does not start"),
    "stops": N_("Charging stops too early"),
    "slow": N_("It charges slowly"),
    "cable": N_("The cable or plug is stuck or damaged"),
    "screen": N_("The screen or card reader does not work"),
    "payment": N_("Paying does not work"),
    "blocked": N_("The place is blocked"),
    "danger": N_("It looks dangerous: hot, smoking, broken open"),
    "other": N_("Something else"),
}
