"""All detectors that hear one station at a time, in the order of their numbers; and what is known of all there are."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.detectors.admission import Admission
from laddverk.diagnostics.detectors.base import About, Detector
from laddverk.diagnostics.detectors.clock import WrongClock
from laddverk.diagnostics.detectors.code_rates import ConnectorLock, ResidualCurrentTrips
from laddverk.diagnostics.detectors.failures import FailingStarts, SilentNoEnergy
from laddverk.diagnostics.detectors.faults import ReportedFault, SafetyCode
from laddverk.diagnostics.detectors.fleet import FLEET
from laddverk.diagnostics.detectors.handshake import Handshake
from laddverk.diagnostics.detectors.heat import CabinetHeat, ContactHeat
from laddverk.diagnostics.detectors.idle_energy import IdleEnergy
from laddverk.diagnostics.detectors.link import Flapping, HalfOpen, Offline
from laddverk.diagnostics.detectors.meter_drift import MeterDrift
from laddverk.diagnostics.detectors.metering import Jitter, StuckMeter
from laddverk.diagnostics.detectors.phases import PhaseLoss
from laddverk.diagnostics.detectors.power import PowerDeficit
from laddverk.diagnostics.detectors.reader import DeadReader
from laddverk.diagnostics.detectors.restarts import RebootLoop
from laddverk.diagnostics.detectors.security import SecurityEvents
from laddverk.diagnostics.detectors.settings import ConfigurationDrift, StuckLimit
from laddverk.diagnostics.detectors.stuck import EternalSession, StuckState
from laddverk.diagnostics.detectors.voltage import SupplyVoltage
from laddverk.diagnostics.detectors.wear import ContactorWear

DETECTORS: Final[tuple[type[Detector], ...]] = (
    Offline,
    Flapping,
    HalfOpen,
    RebootLoop,
    ReportedFault,
    SafetyCode,
    SilentNoEnergy,
    FailingStarts,
    Handshake,
    Admission,
    DeadReader,
    StuckState,
    EternalSession,
    ConnectorLock,
    ContactHeat,
    CabinetHeat,
    PowerDeficit,
    PhaseLoss,
    SupplyVoltage,
    ResidualCurrentTrips,
    IdleEnergy,
    ContactorWear,
    MeterDrift,
    StuckMeter,
    Jitter,
    WrongClock,
    ConfigurationDrift,
    StuckLimit,
    SecurityEvents,
)

ABOUTS: Final[dict[str, About]] = {
    about.id: about for about in sorted((*(kind.ABOUT for kind in DETECTORS), *FLEET), key=lambda about: about.id)
}
"""What people should know of every detector, those that compare chargers with each other among them."""

WATCH_ONLY: Final = frozenset(about.id for about in ABOUTS.values() if about.watch_only)
"""Those whose findings make no incident."""
