"""The condition of a charger's parts. Healthy as made; faults wear it, weather and use show it. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MODULES: Final = 4  # power modules in the DC chargers of the town: enough to lose them one by one


class OutletParts(Struct):
    """What belongs to one outlet. Shares are chances between 0 and 1."""

    contact_factor: float = 1.0
    """Resistance of the contacts, compared with new ones."""
    contactor_fails: float = 0.0
    """Share of starts at which the contactor does not close."""
    leaks_w: float = 0.0
    """Power that flows through a welded relay while nobody charges."""
    earth_trips: float = 0.0
    """Trips of the residual current device in each hour that current flows."""
    isolation_fails: float = 0.0
    """Share of starts at which the check of the isolation fails (DC)."""
    handshake_fails: float = 0.0
    """Share of starts at which car and charger do not understand each other."""
    handshake_cars: tuple[int, ...] = ()
    """Sizes of batteries (Wh) whose makers alone are concerned; empty: all."""
    lock_fails: float = 0.0
    meter_gain: float = 1.0
    meter_counts: bool = True
    phases_lost: int = 0
    stays_finishing: float = 0.0
    """Share of departures after which the outlet does not notice that the cable is out."""
    never_ends: float = 0.0
    """Share of departures after which the transaction goes on."""
    pilot_drops: float = 0.0
    """Interruptions of the pilot signal in each hour that current flows."""
    stuck_limit_a: float | None = None
    """A limit of the charger's own that nobody set."""
    delivers: bool = True
    """False: everything looks right, and no energy flows."""
    silent: float = 0.0
    """Share of its troubles that the charger does not report."""


class StationParts(Struct):
    """What belongs to the whole charger."""

    airflow: float = 1.0
    """Of fans and filters, compared with new ones."""
    modules: int = MODULES
    """Power modules that work (DC)."""
    reader_misses: float = 0.0
    """Share of cards that the reader does not see."""
    reader_garbles: float = 0.0
    """Share of cards of which it reads a wrong number."""
    drops_per_day: float = 0.0
    drop_minutes: tuple[float, float] = (1.0, 4.0)
    reboots_per_day: float = 0.0
    clock_off_s: float = 0.0
    supply_ohm: float = 0.02
    """From the transformer to the charger."""
    mains_v: float = 230.0
    visible: bool = True
    """False: the screen is dark or the bay is blocked, and drivers pass by."""
    link: bool = True
    """False: there is no link at all."""
