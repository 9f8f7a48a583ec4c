"""D12: a card reader that nobody's card has reached for longer than chance explains.

Who wants to use a card and is not heard by the reader never begins: what is seen of them is a cable that is plugged in
and taken out again. So these visits count too, as visits without a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log1p
from typing import ClassVar, Final

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import shrunken_share
from laddverk.diagnostics.model import Evidence, Family, Input, OutcomeClass, Severity, Signal
from laddverk.diagnostics.observations import Observation, OutcomeSeen, SessionBegan, TokenSeen
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

LIMIT: Final = 9.0  # nats: one chance in 8,000 that a reader which works stands unused so long
LOCAL_SHARE_MIN: Final = 0.2  # where fewer use cards, their absence says nothing
LOCAL_SHARE_MAX: Final = 0.9  # two strangers with an app are no proof, however used the reader was
BEGINNINGS_MIN: Final = 20
WINDOW: Final = 200.0  # sessions: drivers move from cards to apps over months, and the own share with them
PRIOR_SHARE: Final = 0.5
PRIOR_BEGINNINGS: Final = 10.0
TOKENS_MAX: Final = 8
COUNT_MAX: Final = 100_000
KEY_CHARS: Final = 12  # of a digest: enough to tell the last eight apart
SAME_VISIT_S: Final = 3_600.0  # who plugs in again within the hour may be the same person


class DeadReader(Detector, kw_only=True, omit_defaults=True):
    """Counts how surprising it is that all sessions begin without a card."""

    ABOUT: ClassVar = About(
        id="D12",
        title=N_("The card reader seems dead"),
        family=Family.READER,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=N_("Sum of -ln(1 - own share of starts by card) over starts without one, one vote for each token and "
                   "day, and over people who plugged in and left without any, one vote an hour, since a card was last "
                   "read; more than 9 after at least 20 known starts"),
        needs=(Input.TOKENS, Input.SESSIONS),
        better_with=(Input.STATUS,),
        action=N_("Tell drivers to use the app; soft reset once when idle; then replace the reader"),
        runbook="card-reader",
    )  # fmt: skip
    HEARS: ClassVar = (TokenSeen, SessionBegan, OutcomeSeen)

    local: float = 0.0
    beginnings: float = 0.0
    score: float = 0.0
    without: int = 0
    """Visits since a card was last read: starts, and people who left."""
    left: int = 0
    """People who plugged in and left since then, and nothing was read."""
    left_at: datetime | None = None
    """When the last of them left."""
    last_read_at: datetime | None = None
    day: int = 0
    voted: tuple[str, ...] = ()
    """Who has voted on `day`."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in a card that was read, a start without one, or somebody who left without one."""
        del scene
        if isinstance(seen, TokenSeen):
            return self._read(seen.at) if seen.local else ()
        if isinstance(seen, OutcomeSeen):
            return self._left(seen)
        if not isinstance(seen, SessionBegan) or seen.offline:
            return ()
        if seen.local:
            self._learn(1.0)
            return self._read(seen.at)
        return self._without(seen.at) if self._votes(seen) else ()

    def _read(self, at: datetime) -> Sequence[Signal]:
        self.score, self.without, self.left, self.left_at = 0.0, 0, 0, None
        self.last_read_at = max(self.last_read_at or at, at)
        return self.clear_it(at, Evidence(text=N_("A card was read"), at=at))

    def _left(self, seen: OutcomeSeen) -> Sequence[Signal]:
        """Outcomes are made out later: who plugged in before a card was last read says nothing of what came after."""
        if seen.outcome is not OutcomeClass.NO_AUTH or (self.last_read_at and seen.began_at <= self.last_read_at):
            return ()
        again = self.left_at is not None and abs((seen.at - self.left_at).total_seconds()) < SAME_VISIT_S
        self.left_at = max(self.left_at or seen.at, seen.at)
        if again:
            return ()
        self.left = min(self.left + 1, COUNT_MAX)
        return self._without(seen.at)

    def _without(self, at: datetime) -> Sequence[Signal]:
        share = shrunken_share(self.local, self.beginnings, PRIOR_SHARE, PRIOR_BEGINNINGS)
        if self.score < LIMIT / 2:
            self._learn(0.0)  # afterwards it stands still: the fault must not become normal
        if self.beginnings < BEGINNINGS_MIN or share < LOCAL_SHARE_MIN:
            return ()
        self.score = min(self.score - log1p(-min(share, LOCAL_SHARE_MAX)), 2 * LIMIT)
        self.without = min(self.without + 1, COUNT_MAX)
        return self._told(at, share) if self.score > LIMIT else ()

    def _told(self, at: datetime, share: float) -> Sequence[Signal]:
        said = [
            Evidence(
                text=N_("%(starts)s visits in a row without a card; usually %(share_percent)s of starts are by card"),
                values={"starts": self.without, "share_percent": round(100 * share)}, at=at,
            )
        ]  # fmt: skip
        if self.left:
            text = N_("%(left)s times somebody plugged in and left, and no card was read")
            said.append(Evidence(text=text, values={"left": self.left}, at=at))
        return self.raise_it(at, *said, since=self.last_read_at, confidence=0.8)

    def _votes(self, began: SessionBegan) -> bool:
        """Return whether this start counts: one vote for each token and day; who is not named has one each time."""
        day, key = began.at.toordinal(), began.token_key[:KEY_CHARS]
        if day != self.day:
            self.day, self.voted = day, ()
        if not key:
            return True
        if key in self.voted:
            return False
        self.voted = (*self.voted, key)[-TOKENS_MAX:]
        return True

    def _learn(self, local: float) -> None:
        fades = 1 - 1 / WINDOW
        self.local = self.local * fades + local
        self.beginnings = self.beginnings * fades + 1
