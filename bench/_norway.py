"""Home charging sessions of twelve Norwegian housing sites (Sørensen et al., Data in Brief 2024, CC BY), as published.

Times are local. The data hold no power of chargers: here a user's is the smallest usual one-phase charger (16 or 32 A)
that all of that user's sessions fit into. Phases are given by user in turn, as an electrician would.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
FILE = DATA / "sessions" / "norway_12_sites.csv.gz"
ZONE = ZoneInfo("Europe/Oslo")
POWERS_W = (3_680.0, 7_360.0)
"""One phase, 16 and 32 A."""
TOLERANCE = 1.05  # of a session's mean power: times are rounded to minutes


class Session(Struct, frozen=True, kw_only=True):
    """One session as it was."""

    site: str
    user: str
    key: str
    began_at: datetime
    ended_at: datetime
    energy_wh: int
    power_w: float = POWERS_W[0]
    phase: int = 0


def read(site: str | None = None, path: Path = FILE) -> list[Session]:
    """Return all sessions (of one site) that have a time and an energy, by beginning."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter=";", quotechar='"'))[1:]
    found = [session for row in rows if (site is None or row[0] == site) and (session := _session(row)) is not None]
    return sorted(_with_chargers(found), key=lambda session: (session.began_at, session.key))


def _session(row: Sequence[str]) -> Session | None:
    try:
        began, ended = (datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC) for text in row[3:5])
        energy_wh = round(float(row[6].replace(",", ".")) * 1000)
    except (ValueError, IndexError):
        return None
    if ended <= began or energy_wh <= 0:
        return None
    return Session(site=row[0], user=row[1], key=row[2], began_at=began, ended_at=ended, energy_wh=energy_wh)


def _with_chargers(sessions: Sequence[Session]) -> list[Session]:
    most_w: dict[str, float] = defaultdict(float)
    for each in sessions:
        hours = (each.ended_at - each.began_at).total_seconds() / 3600
        if hours > 0.25:
            most_w[each.user] = max(most_w[each.user], each.energy_wh / hours)
    phase_of = {user: number % 3 for number, user in enumerate(sorted({each.user for each in sessions}))}
    return [
        Session(
            site=each.site, user=each.user, key=each.key, began_at=each.began_at, ended_at=each.ended_at,
            energy_wh=each.energy_wh, phase=phase_of[each.user],
            power_w=next((p for p in POWERS_W if most_w[each.user] <= p * TOLERANCE), POWERS_W[-1]),
        )
        for each in sessions
    ]  # fmt: skip
