"""The demo's tariffs: home and work, public by time of day, fast charging, by the exchange, for new drivers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from laddverk.tariffs.model import Component, Dimension, Limit, Reserved, Restriction, Spot, Tariff

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
                Component(
                    dimension=Dimension.CHARGING,
                    price=Decimal("0.25"),
                    when=Restriction(reservation=Reserved.KEPT),
                ),
                Component(
                    dimension=Dimension.SESSION,
                    price=Decimal("20.00"),
                    when=Restriction(reservation=Reserved.EXPIRED),
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
    "spot": (
        "Rörligt elpris",
        Tariff(
            components=(
                Component(
                    dimension=Dimension.ENERGY,
                    price=Decimal(0),
                    spot=Spot(area="SE3", markup=Decimal("0.85"), floor=Decimal("0.50"), ceiling=Decimal(6)),
                ),
                Component(dimension=Dimension.IDLE, price=Decimal("0.50")),
            ),
            idle_grace_minutes=30,
            idle_max=Decimal(60),
            idle_free_from="21:00",
            idle_free_to="07:00",
        ),
    ),
    "welcome": (
        "Välkomstpris med 5 fria kWh",
        Tariff(
            components=(
                Component(dimension=Dimension.ENERGY, price=Decimal("3.90"), when=Restriction(max_wh=30_000)),
                Component(dimension=Dimension.ENERGY, price=Decimal("4.90")),
            ),
            free_wh=5_000,
            max_price=Limit(gross=Decimal(200)),
        ),
    ),
}
"""Name and prices by the key that sites use. The one for homes holds in the whole network where nothing else is
chosen: it may stand at every power (AFIR article 5)."""

CAMPAIGN: Final = (
    "Helgpris",
    Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal("2.90"), when=Restriction(weekdays=(4, 5, 6))),
            Component(dimension=Dimension.ENERGY, price=Decimal("3.90")),
        )
    ),
)
CAMPAIGN_IN: Final = timedelta(days=9)
CAMPAIGN_FOR: Final = timedelta(days=28)
"""It is to come where the public tariff holds: drivers read of it at the outlets."""

GROUPS: Final = {"spot": "Rörligt elpris", "welcome": "Nya förare"}
"""Tariffs that only a driver group has; nobody in the demo's past is in one."""
