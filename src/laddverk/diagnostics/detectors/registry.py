"""All detectors that hear one station at a time, in the order of their numbers."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.detectors.base import Detector
from laddverk.diagnostics.detectors.link import Flapping, HalfOpen, Offline
from laddverk.diagnostics.detectors.restarts import RebootLoop

DETECTORS: Final[tuple[type[Detector], ...]] = (
    Offline,
    Flapping,
    HalfOpen,
    RebootLoop,
)
