"""What one ability of a charger brings: its orders, what can be triggered, its settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from laddverk.simulator.model import Setting

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

Carrier = Callable[["Charger", Any, datetime], dict[str, Any]]
"""Carries out a command: the charger, the request (a Message of its version), the instant. Returns the fields of the
answer as they go over the wire, which serve all versions that have the action."""

Orders = dict[str, Carrier]
"""`ORDERS_16`, `ORDERS_2X`: by action, who carries it out."""

Triggers = dict[str, Callable[["Charger", int | None, datetime], bool]]
"""`TRIGGERS`: by the name of a message that can be asked for, what says it; False when it cannot be said now."""

Settings = Callable[[], list[Setting]]
"""`settings_16`, `settings_2x`: the configuration keys or variables that come with the ability."""
