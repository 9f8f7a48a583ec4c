"""D09: the charger and cars do not understand each other, more often than is usual here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics import codes
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import ShareCusum, SharePlan
from laddverk.diagnostics.model import Evidence, Family, Input, OutcomeClass, Severity, Signal
from laddverk.diagnostics.observations import EventSeen, Observation, OutcomeSeen, StateSeen
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SHARE_USUAL: Final = 0.01  # of attempts end so at ordinary chargers
WORDS: Final = ("slac", "v2g", "plc", "cx011", "cx012", "cx014", "cx023")
"""What stands in codes of the handshake, whoever writes them, where no file knows the code."""
NEAR: Final = timedelta(minutes=2)  # before an attempt is counted, or after it has ended
COMPLAINTS_MAX: Final = 12
VOTERS_MAX: Final = 8
ONE_USER_MAX: Final = 0.7  # of the failures: a single car is no fault of the outlet
OTHERS_MIN: Final = 2
KEY_CHARS: Final = 12
MAKES_MAX: Final = 8
MAKE_CHARS: Final = 12
MOSTLY: Final = 0.8  # of failures from one make


class Handshake(Detector, kw_only=True, omit_defaults=True):
    """D08 for one cause: a Bernoulli CUSUM over attempts with a code of communication with the car."""

    ABOUT: ClassVar = About(
        id="D09",
        title=N_("Charger and cars do not understand each other"),
        family=Family.EV_COMMUNICATION,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("Share of attempts with codes of the handshake, whether or not some energy came: Bernoulli CUSUM "
                   "against the larger of 12 percent and 3 times its own, limit 6, one vote for each user and day; at "
                   "least two and 30 percent of the failures are of others than the one who fails most"),
        needs=(Input.SESSIONS, Input.ERROR_CODES),
        action=N_("Soft reset when idle; look for a newer firmware; see which cars fail"),
        runbook="handshake",
    )  # fmt: skip
    HEARS: ClassVar = (OutcomeSeen, StateSeen, EventSeen)
    PLAN: ClassVar = SharePlan(risen_min=0.12, limit=6.0)

    share: ShareCusum = field(default_factory=ShareCusum)
    day: int = 0
    voted: tuple[str, ...] = ()
    users: dict[str, int] = field(default_factory=dict)
    """Failures of this rise by user or car."""
    makes: dict[str, int] = field(default_factory=dict)
    """Failures of this rise by the make of the car, where it is known."""
    fails: int = 0
    complained: tuple[datetime, ...] = ()
    """When the outlet last complained of the talk with a car."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in how an attempt went."""
        if isinstance(seen, StateSeen | EventSeen):
            self._complains(seen, scene)
        if not isinstance(seen, OutcomeSeen):
            return ()
        failed = any(is_handshake(code, scene) for code in seen.error_codes) or any(
            (seen.began_at - at) <= NEAR and (at - seen.at) <= NEAR for at in self.complained
        )
        if seen.outcome is OutcomeClass.EXCLUDED or not (failed or seen.energy_wh):
            return ()  # failed for another reason, or never tried: says nothing of the handshake
        if not self._votes(seen, failed):
            return ()
        self.share.hear(failed, seen.at, SHARE_USUAL, self.PLAN)
        if not self.share.score:
            self.users, self.makes, self.fails = {}, {}, 0
            return self.clear_it(seen.at, Evidence(text=N_("Cars are understood again"), at=seen.at))
        if not failed:
            return ()
        self._note(seen)
        most = max(self.users.values())
        several = most <= ONE_USER_MAX * self.fails and self.fails - most >= OTHERS_MIN
        return self._risen(seen) if several and self.share.is_risen(self.PLAN) else ()

    def _complains(self, seen: StateSeen | EventSeen, scene: Scene) -> None:
        """Note when it complained: outcomes of OCPP 2.x name no codes, which come as events of their own."""
        if isinstance(seen, StateSeen):
            said = codes.decoded(
                scene.vendor, scene.model, seen.error_code, seen.vendor_error_code, seen.vendor_id, seen.info
            )
        elif seen.cleared:
            return
        else:
            said = codes.decoded_event(
                scene.vendor, scene.model, seen.component, seen.variable, seen.tech_code, seen.tech_info, seen.value
            )
        if any(code.family is Family.EV_COMMUNICATION for code in said):
            self.complained = (*self.complained, seen.at)[-COMPLAINTS_MAX:]

    def _votes(self, seen: OutcomeSeen, failed: bool) -> bool:
        """Return whether it counts: a user who fails has one vote a day, so that trying again proves nothing."""
        day, key = seen.at.toordinal(), (seen.car_key or seen.token_key)[:KEY_CHARS]
        if day != self.day:
            self.day, self.voted = day, ()
        if not failed or not key:
            return True
        if key in self.voted:
            return False
        self.voted = (*self.voted, key)[-VOTERS_MAX:]
        return True

    def _note(self, seen: OutcomeSeen) -> None:
        self.fails += 1
        key = (seen.car_key or seen.token_key)[:KEY_CHARS] or f"?{self.fails % VOTERS_MAX}"
        if key in self.users or len(self.users) < VOTERS_MAX:
            self.users[key] = self.users.get(key, 0) + 1
        make = seen.car_make[:MAKE_CHARS]
        if make and (make in self.makes or len(self.makes) < MAKES_MAX):
            self.makes[make] = self.makes.get(make, 0) + 1

    def _risen(self, seen: OutcomeSeen) -> Sequence[Signal]:
        own = self.share.own_share(SHARE_USUAL, self.PLAN)
        evidence = [
            Evidence(
                text=N_(
                    "%(fails)s attempts of %(users)s users failed in talking to the car; usual are %(usual_percent)s"
                ),
                values={"fails": self.fails, "users": len(self.users), "usual_percent": round(100 * own, 1)},
                at=seen.at,
            )
        ]
        make, most = max(self.makes.items(), key=lambda item: item[1], default=("", 0))
        if most > 2 and most >= MOSTLY * self.fails:
            evidence.append(Evidence(text=N_("Mostly cars of one make: %(make)s"), values={"make": make}))
        return self.raise_it(seen.at, *evidence, since=self.share.since, confidence=0.8)


def is_handshake(code: str, scene: Scene) -> bool:
    """Return whether a code that a charger wrote is about the talk with the car."""
    said = codes.decoded(scene.vendor, scene.model, None, code)
    return any(one.family is Family.EV_COMMUNICATION for one in said) or any(word in code.casefold() for word in WORDS)
