"""Detectors of attempts that fail: a row of them that nobody reports (D07), and a share that rises (D08)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from msgspec import Struct, field

from laddverk.diagnostics.codes import decoded
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.complained import Complained
from laddverk.diagnostics.detectors.last_sessions import SESSION_STATES, LastSessions
from laddverk.diagnostics.detectors.statistics import ShareCusum, SharePlan, elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, OutcomeClass, Severity, Signal
from laddverk.diagnostics.observations import EventSeen, Observation, Observed, OutcomeSeen
from laddverk.platform.languages import marked

KEY_MAX: Final = 16  # characters of a digest that tell users of one outlet apart
FAMILIES_MAX: Final = 6
COUNT_MAX: Final = 100_000
ENERGY_WH: Final = 500  # who got as much was given energy, however it ended

ABOUT_TOKENS: Final = frozenset({OutcomeClass.AUTH_FAIL, OutcomeClass.PAYMENT_FAIL})
"""What D11 looks at: the charger may be well."""
EMPTY: Final = frozenset({OutcomeClass.ZERO_ENERGY, OutcomeClass.PLUG_NO_START})


def counts(outcome: OutcomeClass) -> bool:
    """Return whether an attempt says something of whether the outlet gives energy."""
    return outcome is OutcomeClass.OK or (outcome.is_failure and outcome not in ABOUT_TOKENS)


def is_bad_car(outcome: OutcomeSeen, scene: Scene) -> bool:
    """Return whether a car or token failed that fails everywhere: that says nothing of this charger."""
    return outcome.outcome is not OutcomeClass.OK and not scene.bad_cars.isdisjoint(
        {outcome.car_key, outcome.token_key} - {""}
    )


class Blamed(Struct, omit_defaults=True):
    """Which families of faults the failures spoke of, by the codes and events that came with them."""

    by_family: dict[Family, int] = field(default_factory=dict)

    def hear(self, outcome: OutcomeSeen, scene: Scene, complained: Complained) -> None:
        """Count the families of one failure, each once."""
        by_code = {
            code.family
            for word in outcome.error_codes[:FAMILIES_MAX]
            for code in decoded(scene.vendor, scene.model, word)
            if code.is_known
        }
        for family in sorted(by_code | complained.during(outcome)):
            if family in self.by_family or len(self.by_family) < FAMILIES_MAX:
                self.by_family[family] = min(self.by_family.get(family, 0) + 1, COUNT_MAX)

    def family(self, failures: int) -> Family | None:
        """Return the family that at least half of the failures spoke of; None when there is none."""
        if not self.by_family:
            return None
        family, times = max(self.by_family.items(), key=lambda one: (one[1], one[0]))
        return family if times * 2 >= failures else None


RUN: Final = 4  # finds 26 of 26 and 22 of 22 real outages at 0.35 to 0.41 false alarms in 1,000 connector-days
RUN_USERS: Final = 2
MIXED_RUN: Final = 5  # at public AC outlets, where other failures than "no energy" are often the cars'
MIXED_USERS: Final = 3
WAITING_RUN: Final = 8  # where most cars did not want current: full cars come in rows too
WAITING_USERS: Final = 4
UNKNOWN_USERS_S: Final = 7_200.0  # nobody tries for two hours: where users are unknown, these were several
LONG_S: Final = 3_600.0
"""Nobody stays for an hour without getting energy: it flows, and is not measured."""


class SilentNoEnergy(Detector, kw_only=True, omit_defaults=True):
    """D07: it looks fine, and one after the other does not get any energy."""

    ABOUT: ClassVar[About] = About(
        id="D07",
        title=marked("Looks fine, gives no energy"),
        family=Family.NO_ENERGY,
        severity=Severity.DOWN,
        scope=Scope.EVSE,
        formula=marked(
            "Four attempts without energy in a row by at least two users, or over at least two hours where users are "
            "unknown. Other failures count too; at public AC outlets it then takes five by three users, and eight "
            "by four where most cars say that they want no current, which is less grave. One that succeeds ends "
            "the row. Refused cards and payments, full cars and changes of mind do not count."
        ),
        needs=(Input.SESSIONS, Input.ENERGY),
        better_with=(Input.TOKENS, Input.ERROR_CODES, Input.EVENTS),
        action=marked("If idle, one soft reset. Then try it; if it still fails, take it out of service and go."),
        runbook="silent-no-energy",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (OutcomeSeen, EventSeen, *SESSION_STATES)

    failures: int = 0
    empty: int = 0
    """How many of them gave no energy at all."""
    long: int = 0
    """How many of these lasted for an hour and more, and no reading said that nothing flowed."""
    users: tuple[str, ...] = ()
    unknown: bool = False
    began_at: datetime | None = None
    ended_at: datetime | None = None
    blamed: Blamed | None = None
    waiting: int = 0
    """How many of them ended while the car did not want current."""
    held: int = 0
    """How many of them were offered less than any car may charge with."""
    sessions: LastSessions = field(default_factory=LastSessions)
    complained: Complained = field(default_factory=Complained)

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if isinstance(seen_now, EventSeen):
            self.complained.hear(seen_now, scene)
            return ()
        if not isinstance(seen_now, OutcomeSeen):
            self.sessions.hear(seen_now, self.evse_number)
            return ()
        if not counts(seen_now.outcome) or is_bad_car(seen_now, scene):
            return ()
        if seen_now.outcome is OutcomeClass.OK or seen_now.energy_wh >= ENERGY_WH:
            self._forget()
            return self.clear_it(seen_now.at, Evidence(text=marked("Somebody got energy again."), at=seen_now.at))
        self._count(seen_now, scene)
        if not self._is_long_enough(scene):
            return ()
        waiting = self._mostly_waiting()
        return self.raise_it(
            seen_now.at, *self._evidence(seen_now.at), since=self.began_at, family=self._family(),
            severity=Severity.DEGRADED if waiting else None,
            confidence=0.5 if waiting else 0.95 if self.failures > RUN or len(self.users) > RUN_USERS else 0.8,
        )  # fmt: skip

    def _mostly_waiting(self) -> bool:
        return self.waiting * 2 > self.failures

    def _count(self, outcome: OutcomeSeen, scene: Scene) -> None:
        self.failures = min(self.failures + 1, COUNT_MAX)
        look = self.sessions.of(outcome)
        waited = look is not None and look.waits
        self.waiting = min(self.waiting + waited, COUNT_MAX)
        self.held = min(self.held + (look is not None and look.is_held), COUNT_MAX)
        is_dry = waited or (look is not None and look.flowed is False)
        if outcome.outcome in EMPTY:
            self.empty = min(self.empty + 1, COUNT_MAX)
            if not is_dry and elapsed_s(outcome.began_at, outcome.at) >= LONG_S:
                self.long = min(self.long + 1, COUNT_MAX)
        user = outcome.token_key[:KEY_MAX]
        if not user:
            self.unknown = True
        elif user not in self.users and len(self.users) < WAITING_USERS:
            self.users = (*self.users, user)
        self.began_at = min(self.began_at or outcome.began_at, outcome.began_at)
        self.ended_at = max(self.ended_at or outcome.at, outcome.at)
        self.blamed = self.blamed or Blamed()
        self.blamed.hear(outcome, scene, self.complained)

    def _is_long_enough(self, scene: Scene) -> bool:
        mild = scene.evse(self.evse_number).public and scene.evse(self.evse_number).power_type != "dc"
        if self._mostly_waiting():
            return self.failures >= WAITING_RUN and self._are_users(WAITING_USERS)
        if self.empty < self.failures and mild:
            return self.failures >= MIXED_RUN and self._are_users(MIXED_USERS)
        return self.failures >= RUN and self._are_users(RUN_USERS)

    def _are_users(self, needed: int) -> bool:
        if self.ended_at is None:
            return False
        return len(self.users) >= needed or (
            self.unknown and elapsed_s(self.began_at, self.ended_at) >= UNKNOWN_USERS_S
        )

    def _family(self) -> Family | None:
        if self.held * 2 > self.failures:
            return Family.LIMIT
        if self.long * 2 > self.failures:
            return Family.METER
        return self.blamed.family(self.failures) if self.blamed else None

    def _evidence(self, at: datetime) -> Sequence[Evidence]:
        values: dict[str, str | int | float | None] = {
            "sessions": self.failures,
            "users": len(self.users),
            "since_at": self.began_at.isoformat() if self.began_at else None,
        }
        if self.unknown:
            text = marked("%(sessions)s attempts in a row since %(since_at)s gave no energy.")
        elif len(self.users) >= MIXED_USERS:
            text = marked("%(sessions)s attempts in a row by %(users)s or more users gave no energy.")
        else:
            text = marked("%(sessions)s attempts in a row by %(users)s users gave no energy.")
        found = [Evidence(text=text, values=values, at=at)]
        if self.long:
            stayed = marked("%(long)s of them stayed for an hour and more: energy may flow and not be measured.")
            found.append(Evidence(text=stayed, values={"long": self.long}, at=at))
        return found

    def _forget(self) -> None:
        self.failures = self.empty = self.long = self.waiting = self.held = 0
        self.users, self.unknown, self.blamed = (), False, None
        self.began_at = self.ended_at = None


STARTS: Final = SharePlan(prior_tries=40, times=3, risen_min=0.22, limit=8, own_min=0.04)
VOTERS_MAX: Final = 24  # of one day at one outlet
SAME_VISIT_S: Final = 900.0
WELL_IN_A_ROW: Final = 12
DAY_S: Final = 86_400.0


class FailingStarts(Detector, kw_only=True, omit_defaults=True):
    """D08: some still charge, but more fail than is usual here."""

    ABOUT: ClassVar[About] = About(
        id="D08",
        title=marked("More attempts fail than usual"),
        family=Family.NO_ENERGY,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=marked(
            "Bernoulli CUSUM (limit 8) of failed attempts, one vote a user and day: own share, drawn towards that of "
            "its model and at least 4 percent, against three times that and at least 22 percent. Attempts whose car "
            "wanted no current do not vote. Twelve good ones in a row clear it."
        ),
        needs=(Input.SESSIONS, Input.ENERGY),
        better_with=(Input.TOKENS, Input.ERROR_CODES, Input.EVENTS),
        action=marked("Look which codes and cars the failures share: handshake, lock, module or one bad car."),
        runbook="failing-starts",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (OutcomeSeen, EventSeen, *SESSION_STATES)

    share: ShareCusum | None = None
    day: int = 0
    voters: tuple[str, ...] = ()
    nobody_at: datetime | None = None
    """When somebody unknown last tried."""
    well: int = 0
    failed: int = 0
    """Votes that failed since the score left nought."""
    voted: int = 0
    blamed: Blamed | None = None
    sessions: LastSessions = field(default_factory=LastSessions)
    complained: Complained = field(default_factory=Complained)

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if isinstance(seen_now, EventSeen):
            self.complained.hear(seen_now, scene)
            return ()
        if not isinstance(seen_now, OutcomeSeen):
            self.sessions.hear(seen_now, self.evse_number)
            return ()
        look = self.sessions.of(seen_now)
        if not counts(seen_now.outcome) or is_bad_car(seen_now, scene) or (look is not None and look.waits):
            return ()
        if not self._votes(seen_now):
            return ()
        is_failed = seen_now.outcome is not OutcomeClass.OK
        share = self.share = self.share or ShareCusum()
        share.hear(is_failed, seen_now.at, scene.fail_share, STARTS)
        self.well = 0 if is_failed else min(self.well + 1, COUNT_MAX)
        if self.raised and self.well >= WELL_IN_A_ROW:
            self._forget()
            good = Evidence(
                text=marked("%(sessions)s attempts in a row went well."), values={"sessions": WELL_IN_A_ROW}
            )
            return self.clear_it(seen_now.at, good)
        if not share.score:
            self.failed, self.voted, self.blamed = 0, 0, None
            return ()
        self.voted = min(self.voted + 1, COUNT_MAX)
        if not is_failed:
            return ()
        self.failed = min(self.failed + 1, COUNT_MAX)
        self.blamed = self.blamed or Blamed()
        self.blamed.hear(seen_now, scene, self.complained)
        return self._raised(seen_now.at, share, scene) if share.is_risen(STARTS) else ()

    def _raised(self, at: datetime, share: ShareCusum, scene: Scene) -> Sequence[Signal]:
        family = self.blamed.family(self.failed) if self.blamed else None
        votes = Evidence(
            text=marked("%(failed)s of %(attempts)s users failed; usual here are %(usual_percent)s."),
            values={
                "failed": self.failed,
                "attempts": self.voted,
                "usual_percent": round(100 * share.own_share(scene.fail_share, STARTS), 1),
            },
            at=at,
        )
        return self.raise_it(at, votes, since=share.since, family=family, confidence=0.8 if family else 0.5)

    def _votes(self, outcome: OutcomeSeen) -> bool:
        """Return whether it is the first attempt of that user on that day; of nobody known: of that visit."""
        user = outcome.token_key[:KEY_MAX]
        if not user:
            before, self.nobody_at = self.nobody_at, max(self.nobody_at or outcome.at, outcome.at)
            return before is None or abs((outcome.at - before).total_seconds()) > SAME_VISIT_S
        day = outcome.at.toordinal()
        if day != self.day:
            self.day, self.voters = day, ()
        if user in self.voters:
            return False
        self.voters = (*self.voters, user)[-VOTERS_MAX:]
        return True

    def _forget(self) -> None:
        self.share = ShareCusum(fails=self.share.fails, tries=self.share.tries) if self.share else None
        self.failed = self.voted = self.well = 0
        self.blamed = None
