"""The faults: what each wears and how fast, what it ends in, and which causes are right. Seeded through their box.

`wear` is told how far the fault has come, from 0 (it begins) to 1 (the hard failure, or the worst it will be). The
families of causes are words of the network's taxonomy of faults; several groups mean several faults at once, each of
which must be found.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.ocpp.facts import Status
from laddverk.simulator.physics import complaints
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.complaints import Complaint
from laddverk.simulator.physics.condition import MODULES

Wear = Callable[[Box, float], None]
Ending = Callable[[Box, datetime], None]


class Shape(StrEnum):
    """How a fault comes."""

    GRADUAL = "gradual"
    """Worse every day, until it fails."""
    SUDDEN = "sudden"
    """From one moment to the next."""
    INTERMITTENT = "intermittent"
    """Now and then, and gone in between."""
    DOUBLE = "two at once"


class Mode(Struct, frozen=True, kw_only=True):
    """One fault mode."""

    name: str
    title: str
    shape: Shape
    causes: tuple[tuple[str, ...], ...]
    days: float
    """From the beginning to the hard failure; of what is not gradual, the time within which it should be found."""
    wear: Wear
    ends: Ending | None = None
    power: str = "ac"
    """ac or dc."""
    stations: int = 1
    """How many are concerned: of one site, or of one firmware."""
    by_firmware: bool = False
    by_restart: bool = False
    """The power fails for a moment when it begins: before a restart nothing shows of it, to nobody."""


def parts(**worn: Callable[[float], object]) -> Wear:
    """Return what wears these parts of every outlet, each as a function of how far the fault has come."""

    def wear(box: Box, far: float) -> None:
        for of_outlet in box.parts.values():
            for name, value in worn.items():
                setattr(of_outlet, name, value(far))

    return wear


def station(**worn: Callable[[float], object]) -> Wear:
    """Return what wears these parts of the whole charger."""

    def wear(box: Box, far: float) -> None:
        for name, value in worn.items():
            setattr(box.station, name, value(far))

    return wear


def both(*wears: Wear) -> Wear:
    """Return what does all of `wears`."""

    def wear(box: Box, far: float) -> None:
        for one in wears:
            one(box, far)

    return wear


def breaks(what: Complaint) -> Ending:
    """Return the end in which every outlet is Faulted and says why."""

    def ends(box: Box, now: datetime) -> None:
        for number in box.outlets:
            box.mends_at.pop(number, None)
            complaints.fail(box, number, what, box.time(now))

    return ends


def silences(box: Box, _: datetime) -> None:
    """Take the link away for good."""
    box.station.link = False


def shuts(box: Box, now: datetime) -> None:
    """Take the outlets out of service, though nobody asked for it."""
    for outlet in box.outlets.values():
        box.end(outlet.number, box.time(now), "Other")
        outlet.operative = False
        box._turn(outlet, Status.UNAVAILABLE, box.time(now))


def _rising(to: float, start: float = 0.0) -> Callable[[float], float]:
    return lambda far: start + (to - start) * far


def _always(value: object) -> Callable[[float], object]:
    return lambda _: value


def _loses_clock(box: Box, _: float) -> None:
    box.clock_lost_at_restart = True
    box.station.reboots_per_day = 0.5


NO_ENERGY: Final = ("no_energy", "contactor", "meter", "power_electronics")
HEAT_ENDS: Final = breaks(complaints.CABLE_HOT)

GRADUAL: Final = (
    Mode(
        name="contact_heating", title="Contacts of the plug corrode and run hot", shape=Shape.GRADUAL,
        causes=(("contact_heat",),), days=20, wear=parts(contact_factor=_rising(3.6, 1.0)), ends=HEAT_ENDS,
    ),
    Mode(
        name="contact_heating_dc", title="Pins of a fast charger's cable run hot", shape=Shape.GRADUAL, power="dc",
        causes=(("contact_heat",),), days=20, wear=parts(contact_factor=_rising(4.5, 1.0)), ends=HEAT_ENDS,
    ),
    Mode(
        name="cooling_clog", title="Filters of a fast charger clog", shape=Shape.GRADUAL, power="dc",
        causes=(("cooling",),), days=22, wear=station(airflow=lambda far: 1 - 0.82 * far),
        ends=breaks(complaints.HOT),
    ),
    Mode(
        name="contactor_wear", title="The contactor closes less and less often", shape=Shape.GRADUAL,
        causes=(("contactor", "no_energy"),), days=20,
        wear=parts(contactor_fails=_rising(0.7, 0.05), silent=_always(0.4)), ends=breaks(complaints.CONTACTOR),
    ),
    Mode(
        name="earth_leakage", title="An old residual current device trips, in wet weather first", shape=Shape.GRADUAL,
        causes=(("ground_fault",),), days=20, wear=parts(earth_trips=_rising(0.5, 0.02)),
        ends=breaks(complaints.EARTH),
    ),
    Mode(
        name="isolation_ageing", title="The isolation of a fast charger's cable ages", shape=Shape.GRADUAL, power="dc",
        causes=(("ground_fault",),), days=20, wear=parts(isolation_fails=_rising(0.6, 0.03)),
        ends=breaks(complaints.ISOLATION),
    ),
    Mode(
        name="handshake_ageing", title="Fast charger and cars understand each other less and less",
        shape=Shape.GRADUAL, power="dc", causes=(("ev_communication",),), days=20,
        wear=parts(handshake_fails=_rising(0.6, 0.03), silent=_always(0.3)), ends=breaks(complaints.HANDSHAKE),
    ),
    Mode(
        name="pilot_wear", title="The pilot contact is interrupted while cars charge", shape=Shape.GRADUAL,
        causes=(("ev_communication",),), days=20, wear=parts(pilot_drops=_rising(0.6, 0.03)),
        ends=breaks(complaints.PILOT),
    ),
    Mode(
        name="lock_wear", title="The lock of the socket closes less and less often", shape=Shape.GRADUAL,
        causes=(("connector_lock",),), days=20, wear=parts(lock_fails=_rising(0.7, 0.03), silent=_always(0.2)),
        ends=breaks(complaints.LOCK),
    ),
    Mode(
        name="meter_drift", title="The meter counts ever less of what flows", shape=Shape.GRADUAL,
        causes=(("meter",),), days=24, wear=parts(meter_gain=_rising(0.85, 1.0)), ends=breaks(complaints.METER),
    ),
    Mode(
        name="modem_dying", title="The modem loses its link more and more often", shape=Shape.GRADUAL,
        causes=(("connectivity",),), days=18, wear=station(drops_per_day=_rising(30.0, 1.0)),
        ends=silences,
    ),
    Mode(
        name="memory_leak", title="The controller runs out of memory and restarts", shape=Shape.GRADUAL,
        causes=(("controller", "firmware"),), days=18, wear=station(reboots_per_day=_rising(12.0, 0.3)),
        ends=breaks(complaints.INTERNAL),
    ),
    Mode(
        name="clock_drift", title="The clock goes ever more wrong", shape=Shape.GRADUAL, causes=(("clock",),), days=18,
        wear=station(clock_off_s=lambda far: 900.0 * far * far),
    ),
    Mode(
        name="supply_sag", title="A joint in the supply of a site gets worse", shape=Shape.GRADUAL, stations=3,
        causes=(("supply",),), days=20, wear=station(supply_ohm=_rising(1.3, 0.02), mains_v=_rising(222.0, 230.0)),
        ends=breaks(complaints.UNDER_VOLTAGE),
    ),
    Mode(
        name="module_decay", title="Power modules fail one after another", shape=Shape.GRADUAL, power="dc",
        causes=(("power_electronics",),), days=20,
        wear=station(modules=lambda far: max(1, MODULES - int(far * MODULES + 0.75))),
        ends=breaks(complaints.MODULE),
    ),
    Mode(
        name="reader_fading", title="The card reader misreads cards", shape=Shape.GRADUAL,
        causes=(("reader", "authorisation"),), days=18,
        wear=station(reader_garbles=_rising(0.8, 0.05)), ends=breaks(complaints.READER),
    ),
)  # fmt: skip

SUDDEN: Final = (
    Mode(
        name="silent_no_energy", title="Everything looks right, and no energy flows", shape=Shape.SUDDEN,
        causes=(NO_ENERGY,), days=4, wear=parts(delivers=_always(False)),
    ),
    Mode(
        name="module_loss", title="Half the power modules are gone", shape=Shape.SUDDEN, power="dc",
        causes=(("power_electronics",),), days=5, wear=station(modules=_always(MODULES // 2)),
    ),
    Mode(
        name="relay_welded", title="A relay is welded: power leaks while nobody charges", shape=Shape.SUDDEN,
        causes=(("contactor", "meter"),), days=2, wear=parts(leaks_w=_always(60.0)),
    ),
    Mode(
        name="meter_stuck", title="Current flows and the meter stands still", shape=Shape.SUDDEN,
        causes=(("meter", "no_energy"),), days=3, wear=parts(meter_counts=_always(False)),
    ),
    Mode(
        name="phase_loss", title="One phase is gone", shape=Shape.SUDDEN, causes=(("phase",),), days=5,
        wear=parts(phases_lost=_always(1)),
    ),
    Mode(
        name="reader_dead", title="The card reader sees no card", shape=Shape.SUDDEN, causes=(("reader",),), days=6,
        wear=station(reader_misses=_always(1.0)),
    ),
    Mode(
        name="clock_lost", title="The battery of the clock is empty: each start begins in the year 2000",
        shape=Shape.SUDDEN, causes=(("clock",),), days=6, wear=_loses_clock, by_restart=True,
    ),
    Mode(
        name="stuck_limit", title="A forgotten limit of the charger's own holds it to 4 A", shape=Shape.SUDDEN,
        causes=(("limit",),), days=4, wear=parts(stuck_limit_a=_always(4.0)),
    ),
    Mode(
        name="cable_cut", title="The cable is cut", shape=Shape.SUDDEN, power="dc", causes=(("physical_damage",),),
        days=1, wear=parts(), ends=breaks(complaints.CUT),
    ),
    Mode(
        name="emergency_stop", title="Somebody has pressed the emergency stop", shape=Shape.SUDDEN,
        causes=(("physical_damage",),), days=1, wear=parts(), ends=breaks(complaints.EMERGENCY),
    ),
    Mode(
        name="dark_screen", title="The screen is dark and nobody stays, though the outlet is available",
        shape=Shape.SUDDEN, causes=(("demand",),), days=8, wear=station(visible=_always(False)),
    ),
    Mode(
        name="modem_dead", title="The modem is dead", shape=Shape.SUDDEN, causes=(("connectivity",),), days=1,
        wear=station(link=_always(False)),
    ),
    Mode(
        name="shut_by_itself", title="The outlet takes itself out of service", shape=Shape.SUDDEN,
        causes=(("stuck_state",),), days=1, wear=parts(), ends=shuts,
    ),
    Mode(
        name="firmware_regression", title="A new firmware fails at every third start", shape=Shape.SUDDEN, power="dc",
        stations=4, by_firmware=True, causes=(("firmware", "ev_communication"),), days=10,
        wear=parts(handshake_fails=_always(0.35)),
    ),
)  # fmt: skip

INTERMITTENT: Final = (
    Mode(
        name="stuck_finishing", title="The outlet does not notice that the cable is out", shape=Shape.INTERMITTENT,
        causes=(("stuck_state",),), days=8, wear=parts(stays_finishing=_always(0.3)),
    ),
    Mode(
        name="eternal_session", title="Transactions go on when the car has left", shape=Shape.INTERMITTENT,
        causes=(("stuck_state",),), days=8, wear=parts(never_ends=_always(0.3)),
    ),
    Mode(
        name="loose_antenna", title="A loose antenna: the link comes and goes", shape=Shape.INTERMITTENT,
        causes=(("connectivity",),), days=6, wear=station(drops_per_day=_always(14.0)),
    ),
    Mode(
        name="water_ingress", title="Water in the cabinet: earth faults in rain", shape=Shape.INTERMITTENT,
        causes=(("ground_fault",),), days=10, wear=parts(earth_trips=_always(0.35)),
    ),
    Mode(
        name="some_cars_fail", title="The cars of one maker cannot charge at one charger", shape=Shape.INTERMITTENT,
        power="dc", causes=(("ev_communication",),), days=12,
        wear=parts(handshake_fails=_always(0.9), handshake_cars=_always((77_000,))),
    ),
)  # fmt: skip

DOUBLE: Final = (
    Mode(
        name="heat_and_modem", title="Hot contacts, and a link that comes and goes", shape=Shape.DOUBLE,
        causes=(("contact_heat",), ("connectivity",)), days=20, ends=HEAT_ENDS,
        wear=both(parts(contact_factor=_rising(3.6, 1.0)), station(drops_per_day=_rising(20.0, 2.0))),
    ),
    Mode(
        name="lock_and_phase", title="A worn lock, and a phase that is gone", shape=Shape.DOUBLE,
        causes=(("connector_lock",), ("phase",)), days=20, ends=breaks(complaints.LOCK),
        wear=parts(lock_fails=_rising(0.6, 0.03), phases_lost=_always(1)),
    ),
)  # fmt: skip

MODES: Final[dict[str, Mode]] = {mode.name: mode for mode in (*GRADUAL, *SUDDEN, *INTERMITTENT, *DOUBLE)}
"""All fault modes by name."""
