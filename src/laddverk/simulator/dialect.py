"""What both versions of OCPP have in common for a charger: how an instant is written, and what a dialect can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Raw, Struct

from laddverk.ocpp.structs import Message
from laddverk.simulator.charger import Charger
from laddverk.simulator.model import Item, Verdict

Orders = dict[str, tuple[type[Message], "Carrier"]]
"""What a charger can be asked, by the name of the call: the Struct of the request, and who carries it out."""

Carrier = Callable[[Charger, Any, datetime], Message]
"""Carries out one command of the network: the charger, the request, the instant; returns the answer."""


class Dialect(Struct, frozen=True):
    """One version of OCPP, from the charger's side."""

    said: Callable[[Charger, Item], tuple[str, Message] | None]
    """The call that says an item; None when this version has no words for it."""
    verdict: Callable[[Item, Raw], Verdict]
    """What the network's answer to an item means."""
    orders: Orders
    """The commands this charger understands."""


def written(at: datetime) -> str:
    """Return an instant as OCPP writes it: UTC with Z, and milliseconds only when there are any."""
    utc = at.astimezone(UTC)
    text = utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds")
    return text.replace("+00:00", "Z")


PHASE_NAMES: Final = ("L1", "L2", "L3")
