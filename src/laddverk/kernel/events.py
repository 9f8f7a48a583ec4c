"""Events: what one room tells the others after the fact, in the past tense.

An event is a Struct; its class name is its name in the outbox. Rooms define their own events in `model.py`;
`wiring.py` says who listens.
"""

from __future__ import annotations

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Base of all events. Fields must survive JSON: ids, instants, integers, strings, and Structs of these."""
