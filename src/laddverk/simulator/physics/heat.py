"""How hot contacts and cabinets become: towards a balance of what heats and what cools. Pure.

A contact gains temperature with the square of its current and its resistance; a cabinet with the power that goes
through it, less what its fans carry away.
"""

from __future__ import annotations

import math
from typing import Final

CONTACT_RISE_K: Final = 22.0  # of a new contact at its full current
CONTACT_INERTIA_S: Final = 900.0
CABINET_RISE_K: Final = 14.0  # of a DC cabinet at full power with clean filters
CABINET_INERTIA_S: Final = 1800.0
DERATES_AT_C: Final = 90.0
STOPS_AT_C: Final = 105.0
CABINET_DERATES_AT_C: Final = 62.0
CABINET_STOPS_AT_C: Final = 72.0


def contact_balance_c(ambient_c: float, load: float, factor: float) -> float:
    """Return what a contact tends to at `load` (share of its rated current) and with `factor` times the resistance."""
    return ambient_c + CONTACT_RISE_K * load * load * factor


def cabinet_balance_c(ambient_c: float, load: float, airflow: float) -> float:
    """Return what a cabinet tends to at `load` (share of its rated power) with that share of its airflow."""
    return ambient_c + 3.0 + CABINET_RISE_K * load / max(airflow, 0.05)


def towards(now_c: float, balance_c: float, seconds: float, inertia_s: float) -> float:
    """Return the temperature after `seconds` on the way to `balance_c`."""
    return balance_c + (now_c - balance_c) * math.exp(-seconds / inertia_s)
