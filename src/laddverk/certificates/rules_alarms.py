"""Which security alarms are worth telling, and when: at once, but never as a flood of mails. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.certificates.store_alarms import Untold

SAME_WITHIN: Final = timedelta(days=1)  # the same thing at one charger is told once a day
QUIET: Final = timedelta(minutes=10)  # after a mail; what is noticed meanwhile comes in one mail together


def waits(last: datetime | None, now: datetime) -> bool:
    """Return whether a mail is so recent that the next alarms are gathered first."""
    return last is not None and now - last < QUIET


def fresh(alarms: Sequence[Untold]) -> list[Untold]:
    """Return the alarms that are worth telling: not told within the day, and of several alike the first."""
    found: dict[tuple[UUID | None, str, str], Untold] = {}
    for alarm in alarms:
        if not alarm.told_lately:
            words = "" if alarm.source == "charger" else alarm.tech_info
            found.setdefault((alarm.station_id, alarm.kind, words), alarm)
    return list(found.values())
