"""All detectors that hear one station at a time, in the order of their numbers."""

from __future__ import annotations

from typing import Final

from laddverk.diagnostics.detectors.base import Detector

DETECTORS: Final[tuple[type[Detector], ...]] = ()
