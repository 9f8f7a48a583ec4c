"""A car that fails everywhere says nothing of the charger at which it fails once more."""

from __future__ import annotations

from msgspec.structs import replace

from laddverk.diagnostics.detectors.failures import SilentNoEnergy
from laddverk.diagnostics.hearing import Heard
from laddverk.diagnostics.memory import Kinds
from laddverk.diagnostics.model import OutcomeClass
from tests.unit.diagnostics.playing import DC, HOUR, outcome


def test_its_failures_are_not_heard_and_those_of_others_are() -> None:
    for bad, raised in ((frozenset[str](), True), (frozenset({"odd"}), False)):
        station = Heard(Kinds((SilentNoEnergy,)), None, replace(DC, bad_cars=bad))
        for number, token in enumerate(["odd", "a", "odd", "b", "odd"]):
            failed = outcome(number * HOUR, OutcomeClass.ZERO_ENERGY, token)
            station.hear(failed, failed.received_at)
        assert bool(station.signals) is raised
