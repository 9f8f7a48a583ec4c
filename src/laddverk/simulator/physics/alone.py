"""What a worn charger does by itself in a living fleet: its relays leak, it restarts, its link goes."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final

from laddverk.simulator.physics.box import Box

SECONDS_PER_DAY: Final = 86_400.0
SECONDS_PER_HOUR: Final = 3_600.0
REBOOT_S: Final = 90.0  # away after a restart
GONE_S: Final = 3_600.0  # a dead link is tried again after this, in vain


def away_s(box: Box, seconds: float, at: datetime, random: Random) -> float:
    """Let `seconds` pass for what the whole charger suffers from; return for how long its link is to be cut, or 0."""
    station = box.station
    box.leak(seconds / SECONDS_PER_HOUR)
    if random.random() < seconds / SECONDS_PER_HOUR:
        box.tell_idle(at)
    if not station.link:
        return GONE_S
    if random.random() < station.reboots_per_day * seconds / SECONDS_PER_DAY:
        box.restart("Watchdog")
        return REBOOT_S
    if random.random() < station.drops_per_day * seconds / SECONDS_PER_DAY:
        return random.uniform(*station.drop_minutes) * 60
    return 0.0
