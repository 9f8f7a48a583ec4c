"""Real public sessions through the same detectors: which rows of sessions without energy are found, and how soon.

A row is four or more sessions in a row at one connector that gave less than 0.1 kWh, by at least two users; where the
data name no users, as those of Dundee, over at least two hours. That is how open data show an outlet that looks fine
and does not charge (or does not measure); nobody confirmed these on site. Findings outside of any row are counted as
false, though some of them are outlets at which only a part of the sessions fails.

Beside the detectors: codes of status alone, which see nothing here, and a fixed rule as many networks have it (seven
of the last ten sessions without energy).
Usage: make bench-real-sessions [ARGS="FILE.csv.gz…"], or LADDVERK_REAL_SESSIONS=FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import cast
from uuid import UUID

from msgspec import Struct

from bench._dundee import RealSession, read
from laddverk.diagnostics.detectors.base import Detector, EvseScene, Scene
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.hearing import Heard
from laddverk.diagnostics.memory import Kinds
from laddverk.diagnostics.model import OutcomeClass, Turn
from laddverk.diagnostics.observations import Metered, Observation, OutcomeSeen, SessionBegan, SessionOver
from laddverk.diagnostics.outcomes.model import SessionTold
from laddverk.diagnostics.outcomes.rules import NO_ENERGY_WH, judged
from laddverk.diagnostics.outcomes.service import SHARE_USUAL, SHARE_WEIGHT, SHARE_WITHIN
from laddverk.kernel.ids import StationId

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "shared" / "data" / "sessions"
FILES = "dundee_*.csv.gz"
WATCHING = ("D07", "D08", "D25")
"""Those that live on sessions alone; the others need what this data does not hold."""
RUN = 4
Outlet = tuple[str, int]
"""A charger's name and the number of its connector."""
UNKNOWN_USERS_FOR = timedelta(hours=2)
AIM_FALSE = 0.5
AIM_SESSIONS = 5
WINDOW, WINDOW_EMPTY = 10, 7
NOBODY = UUID(int=0)


class Row(Struct, frozen=True, kw_only=True):
    """Sessions without energy, one after the other, at one connector."""

    outlet: Outlet
    first: int
    """The place of its first session among those of the connector."""
    last: int
    days: float


class Alarm(Struct, frozen=True, kw_only=True):
    """Something was raised at the end of that session of the connector."""

    outlet: Outlet
    place: int
    who: str


class Score(Struct, frozen=True, kw_only=True):
    """How one way of looking did."""

    name: str
    found: int
    rows: int
    delays: list[int]
    """For each row that was found: sessions from its first to the alarm, both counted."""
    false: int
    per_1000: float


def outlets(sessions: Iterable[RealSession]) -> dict[Outlet, list[RealSession]]:
    """Return the sessions of each connector, in the order in which they ended."""
    return {
        outlet: sorted(here, key=lambda one: (one.ended_at, one.key))
        for outlet, here in groupby(sorted(sessions), key=lambda one: (one.charger, one.connector))
    }


def rows_of(outlet: Outlet, sessions: Sequence[RealSession]) -> list[Row]:
    """Return the rows of four and more sessions without energy by several users."""
    found: list[Row] = []
    for empty, members in groupby(enumerate(sessions), key=lambda one: one[1].energy_wh < NO_ENERGY_WH):
        here = list(members)
        if not empty or len(here) < RUN:
            continue
        users = {session.user for _, session in here}
        lasted = here[-1][1].ended_at - here[0][1].began_at
        if len(users - {""}) >= 2 or ("" in users and lasted >= UNKNOWN_USERS_FOR):
            found.append(Row(outlet=outlet, first=here[0][0], last=here[-1][0], days=lasted.total_seconds() / 86_400))
    return found


class ModelShares:
    """How often attempts fail at each model, as it is known at a time: counted and drawn as the product does."""

    def __init__(self) -> None:
        self._within: dict[str, deque[tuple[datetime, bool]]] = defaultdict(deque)
        self._failed: Counter[str] = Counter()

    def hear(self, model: str, outcome: OutcomeSeen) -> None:
        """Count an attempt."""
        if outcome.outcome in (OutcomeClass.EXCLUDED, OutcomeClass.NO_AUTH):
            return
        failed = outcome.outcome is not OutcomeClass.OK
        self._within[model].append((outcome.at, failed))
        self._failed[model] += failed

    def of(self, model: str, now: datetime) -> float:
        """Return the share of failures of a model in the time before `now`."""
        within = self._within[model]
        while within and within[0][0] < now - SHARE_WITHIN:
            self._failed[model] -= within.popleft()[1]
        return (self._failed[model] + SHARE_USUAL * SHARE_WEIGHT) / (len(within) + SHARE_WEIGHT)


def observed(session: RealSession) -> list[Observation]:
    """Return what the network would have observed of a session: its start, its meter, its end, and how it went."""
    told = SessionTold(
        session_id=NOBODY, transaction_key=session.key, evse_number=session.connector, started_at=session.began_at,
        ended_at=session.ended_at, energy_wh=session.energy_wh, person=session.user, token=session.user or "a card",
        charged=session.energy_wh > 0,
    )  # fmt: skip
    began, ended, number = session.began_at, session.ended_at, session.connector
    how, _why = judged(told, (), None, dc=session.is_dc)
    return [
        SessionBegan(at=began, received_at=began, evse_number=number, session_key=session.key,
                     token_key=session.user, register_wh=0),
        Metered(at=ended, received_at=ended, evse_number=number, session_key=session.key, energy_wh=session.energy_wh),
        SessionOver(at=ended, received_at=ended, evse_number=number, session_key=session.key,
                    register_wh=session.energy_wh),
        OutcomeSeen(at=ended, received_at=ended, evse_number=number, outcome=how, began_at=began,
                    energy_wh=session.energy_wh, token_key=session.user),
    ]  # fmt: skip


class Listening:
    """The detectors of one connector, and what they hold against it."""

    def __init__(self, outlet: Outlet, kinds: Sequence[type[Detector]]) -> None:
        self._outlet = outlet
        self._station = Heard(Kinds(tuple(kinds)), None, Scene(station_id=StationId(NOBODY)))
        self._place = -1
        self._standing: set[str] = set()

    def hear(self, session: RealSession, fail_share: float) -> Iterator[Alarm]:
        """Yield what is newly raised; what is raised again while it stands is no second alarm."""
        self._place += 1
        evse = EvseScene(evse_number=session.connector, power_type="dc" if session.is_dc else "ac3")
        self._station.scene = Scene(
            station_id=StationId(NOBODY), model=session.model, evses={session.connector: evse}, fail_share=fail_share
        )
        for each in observed(session):
            self._station.hear(each, each.received_at)
        for signal in self._station.signals:
            if signal.turn is Turn.CLEARED:
                self._standing.discard(signal.detector)
            elif signal.detector not in self._standing:
                self._standing.add(signal.detector)
                yield Alarm(outlet=self._outlet, place=self._place, who=signal.detector)
        self._station.signals.clear()


def heard(sessions: Sequence[RealSession], kinds: Sequence[type[Detector]]) -> list[Alarm]:
    """Return what the detectors raised while all sessions ended one after the other."""
    listening: dict[Outlet, Listening] = {}
    shares = ModelShares()
    alarms: list[Alarm] = []
    for session in sorted(sessions, key=lambda one: (one.ended_at, one.key)):
        outlet = (session.charger, session.connector)
        here = listening.setdefault(outlet, Listening(outlet, kinds))
        alarms += here.hear(session, shares.of(session.model, session.ended_at))
        shares.hear(session.model, cast("OutcomeSeen", observed(session)[-1]))
    return alarms


def fixed_rule(outlet: Outlet, sessions: Sequence[RealSession]) -> list[Alarm]:
    """Return when seven of the last ten sessions were without energy, and had not been just before."""
    alarms: list[Alarm] = []
    before = False
    for place in range(len(sessions)):
        last = sessions[max(0, place + 1 - WINDOW) : place + 1]
        now = len(last) == WINDOW and sum(one.energy_wh < NO_ENERGY_WH for one in last) >= WINDOW_EMPTY
        if now and not before:
            alarms.append(Alarm(outlet=outlet, place=place, who="fixed rule"))
        before = now
    return alarms


def scored(name: str, rows: Sequence[Row], alarms: Sequence[Alarm], connector_days: float) -> Score:
    """Return which rows were found while they lasted, after how many sessions, and what was said beside them."""
    at: dict[Outlet, list[int]] = defaultdict(list)
    for alarm in alarms:
        at[alarm.outlet].append(alarm.place)
    delays = [
        min(hits) - row.first + 1
        for row in rows
        if (hits := [place for place in at[row.outlet] if row.first <= place <= row.last])
    ]
    false = sum(
        not any(row.outlet == alarm.outlet and row.first <= alarm.place <= row.last for row in rows) for alarm in alarms
    )
    return Score(
        name=name, found=len(delays), rows=len(rows), delays=delays, false=false,
        per_1000=1_000 * false / connector_days if connector_days else 0.0,
    )  # fmt: skip


def connector_days_of(by_outlet: dict[Outlet, list[RealSession]]) -> float:
    """Return for how long all connectors were seen: from the first session of each to the end of its last."""
    return sum(
        (here[-1].ended_at - min(one.began_at for one in here)).total_seconds() / 86_400 for here in by_outlet.values()
    )


def measure(sessions: Sequence[RealSession], kinds: Sequence[type[Detector]]) -> tuple[list[Row], list[Score], float]:
    """Return the rows there are, how each way of looking did, and over how many connector-days."""
    by_outlet = outlets(sessions)
    days = connector_days_of(by_outlet)
    rows = [row for outlet, here in by_outlet.items() for row in rows_of(outlet, here)]
    alarms = heard(sessions, kinds)
    fixed = [alarm for outlet, here in by_outlet.items() for alarm in fixed_rule(outlet, here)]
    scores = [
        scored("detectors together", rows, _as_one(alarms), days),
        *(
            scored(f"  {kind.ABOUT.id} alone", rows, [one for one in alarms if one.who == kind.ABOUT.id], days)
            for kind in kinds
        ),
        scored("fixed rule, 7 of 10", rows, fixed, days),
        scored("status codes only", rows, [], days),
    ]
    return rows, scores, days


def _as_one(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return the alarms as an inbox shows them: those of one connector within one session of each other are one."""
    kept: list[Alarm] = []
    for alarm in sorted(alarms, key=lambda one: (one.outlet, one.place)):
        if not kept or kept[-1].outlet != alarm.outlet or alarm.place - kept[-1].place > 1:
            kept.append(alarm)
    return kept


def table(rows: Sequence[Row], scores: Sequence[Score], sessions: int, unusable: int, days: float) -> str:
    """Return what is printed for people."""
    longest = max((row.last - row.first + 1 for row in rows), default=0)
    lines = [
        f"{sessions:,} sessions ({unusable:,} rows could not be used), {days:,.0f} connector-days, "
        f"{len(rows)} rows of {RUN} or more sessions without energy, the longest of {longest}",
        "",
        f"{'':24}{'found':>9}{'median delay':>14}{'worst':>7}{'false':>7}{'per 1,000 connector-days':>26}",
    ]
    for score in scores:
        delay = f"{median(score.delays):.0f} sessions" if score.delays else "-"
        worst = str(max(score.delays)) if score.delays else "-"
        lines.append(
            f"{score.name:24}{f'{score.found}/{score.rows}':>9}{delay:>14}{worst:>7}{score.false:>7}"
            f"{score.per_1000:>26.2f}"
        )
    lines.append(f"{'aim':24}{'all':>9}{f'{AIM_SESSIONS} sessions':>14}{'':>14}{AIM_FALSE:>26.2f}")
    return "\n".join(lines)


def main() -> None:
    """Replay the files and print how it went; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    folder = Path(os.environ.get("LADDVERK_REAL_SESSIONS", DATA))
    files = parser.parse_args().files or sorted(folder.glob(FILES))
    if not files or not all(file.exists() for file in files):
        print(f"Skipped: no real sessions ({FILES}) in {folder}; name files, or set LADDVERK_REAL_SESSIONS.")
        print(json.dumps({"skipped": True}))
        return
    sessions, unusable = read(files)
    kinds = [kind for kind in DETECTORS if kind.ABOUT.id in WATCHING]
    rows, scores, days = measure(sessions, kinds)
    print(table(rows, scores, len(sessions), unusable, days))
    if not any(session.user for session in sessions):
        print("\nThese files name no users: a row counts when it lasted for two hours or more.")
    print(
        json.dumps(
            {
                "sessions": len(sessions), "connector_days": round(days), "rows": len(rows),
                "scores": {
                    score.name.strip(): {"found": score.found, "false": score.false,
                                         "per_1000_connector_days": round(score.per_1000, 3),
                                         "median_delay_sessions": median(score.delays) if score.delays else None}
                    for score in scores
                },
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
