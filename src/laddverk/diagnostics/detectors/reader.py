"""D12: a card reader that nobody's card has reached for longer than chance explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log1p
from typing import ClassVar, Final

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import shrunken_share
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, SessionBegan, TokenSeen
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

LIMIT: Final = 9.0  # nats: one chance in 8,000 that a reader which works stands unused so long
LOCAL_SHARE_MIN: Final = 0.2  # where fewer use cards, their absence says nothing
LOCAL_SHARE_MAX: Final = 0.9  # two strangers with an app are no proof, however used the reader was
BEGINNINGS_MIN: Final = 20
WINDOW: Final = 200.0  # sessions: drivers move from cards to apps over months, and the own share with them
PRIOR_SHARE: Final = 0.5
PRIOR_BEGINNINGS: Final = 10.0
TOKENS_MAX: Final = 8
KEY_CHARS: Final = 12  # of a digest: enough to tell the last eight apart


class DeadReader(Detector, kw_only=True, omit_defaults=True):
    """Counts how surprising it is that all sessions begin without a card."""

    ABOUT: ClassVar = About(
        id="D12",
        title=N_("The card reader seems dead"),
        family=Family.READER,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=N_("Sum of -ln(1 - own share of starts by card) over starts without one, one vote for each token and "
                   "day, since a card was last read; more than 9 after at least 20 known starts"),
        needs=(Input.TOKENS, Input.SESSIONS),
        action=N_("Tell drivers to use the app; soft reset once when idle; then replace the reader"),
        runbook="card-reader",
    )  # fmt: skip
    HEARS: ClassVar = (TokenSeen, SessionBegan)

    local: float = 0.0
    beginnings: float = 0.0
    score: float = 0.0
    without: int = 0
    """Starts since a card was last read."""
    last_read_at: datetime | None = None
    day: int = 0
    voted: tuple[str, ...] = ()
    """Who has voted on `day`."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in a card that was read, or a start without one."""
        del scene
        if isinstance(seen, TokenSeen):
            return self._read(seen.at) if seen.local else ()
        if not isinstance(seen, SessionBegan) or seen.offline:
            return ()
        if seen.local:
            self._learn(1.0)
            return self._read(seen.at)
        return self._without(seen)

    def _read(self, at: datetime) -> Sequence[Signal]:
        self.score, self.without, self.last_read_at = 0.0, 0, at
        return self.clear_it(at, Evidence(text=N_("A card was read"), at=at))

    def _without(self, began: SessionBegan) -> Sequence[Signal]:
        if not self._votes(began):
            return ()
        share = shrunken_share(self.local, self.beginnings, PRIOR_SHARE, PRIOR_BEGINNINGS)
        if self.score < LIMIT / 2:
            self._learn(0.0)  # afterwards it stands still: the fault must not become normal
        if self.beginnings < BEGINNINGS_MIN or share < LOCAL_SHARE_MIN:
            return ()
        self.score = min(self.score - log1p(-min(share, LOCAL_SHARE_MAX)), 2 * LIMIT)
        self.without += 1
        if self.score <= LIMIT:
            return ()
        said = Evidence(
            text=N_("%(starts)s starts in a row without a card; usually %(share_percent)s of starts are by card"),
            values={"starts": self.without, "share_percent": round(100 * share)}, at=began.at,
        )  # fmt: skip
        return self.raise_it(began.at, said, since=self.last_read_at, confidence=0.8)

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
