"""The three tariffs of the demo: at home and at work, in public by time of day, and fast charging."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff

WORKING_DAYS: Final = (0, 1, 2, 3, 4)
DAYTIME: Final = Restriction(weekdays=WORKING_DAYS, from_time="06:00", to_time="22:00")

TARIFFS: Final[dict[str, tuple[str, Tariff]]] = {
    "public": (
        "Publik laddning",
        Tariff(
            components=(
                Component(dimension=Dimension.ENERGY, price=Decimal("4.90"), when=DAYTIME),
                Component(dimension=Dimension.ENERGY, price=Decimal("3.90")),
                Component(dimension=Dimension.SESSION, price=Decimal("3.00")),
                Component(
                    dimension=Dimension.IDLE,
                    price=Decimal("0.50"),
                    when=Restriction(from_time="08:00", to_time="22:00"),
                ),
            ),
            idle_grace_minutes=15,
            idle_max=Decimal(60),
        ),
    ),
    "home": ("Hemma och på jobbet", Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("2.49")),))),
    "fast": (
        "Snabbladdning",
        Tariff(
            components=(
                Component(dimension=Dimension.ENERGY, price=Decimal("6.40")),
                Component(dimension=Dimension.IDLE, price=Decimal("2.00")),
            ),
            idle_grace_minutes=10,
            idle_max=Decimal(200),
        ),
    ),
}
"""Name and prices by the key that sites use. The one for homes holds in the whole network where nothing else is
chosen: it may stand at every power (AFIR article 5)."""
