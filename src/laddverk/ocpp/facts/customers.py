"""Facts of customer information (block N): what a charger remembers of somebody, in parts."""

from __future__ import annotations

from laddverk.ocpp.facts.base import Fact


class CustomerDataReported(Fact, frozen=True, kw_only=True):
    """One part of what a charger knows of a customer. The parts are joined in the order of their numbers."""

    request_id: int
    part_number: int
    data: str
    more_follows: bool = False
