"""What tariffs are made of: components and when they apply, the charge that is priced, and the explanation."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId, TariffId, TariffVersionId


class Dimension(StrEnum):
    """What a price component counts."""

    ENERGY = "energy"
    """Per kWh."""
    CHARGING = "charging"
    """Per minute, from the start until energy stopped flowing for good."""
    IDLE = "idle"
    """Per minute that the car stays after that and after the grace time."""
    SESSION = "session"
    """Once, when energy was delivered."""


class Restriction(Struct, frozen=True, kw_only=True):
    """When a component applies, in the local time of the site. Everything given must hold."""

    weekdays: tuple[int, ...] = ()
    """0 is Monday; empty means every day. A window past midnight belongs, after midnight, to the new day."""
    from_time: str | None = None
    """HH:MM, inclusive. With `to_time` earlier than or equal to it the window wraps midnight."""
    to_time: str | None = None
    """HH:MM, exclusive; 00:00 is midnight at the end of the day."""
    valid_from: date | None = None
    """Inclusive."""
    valid_until: date | None = None
    """Exclusive."""


class Component(Struct, frozen=True, kw_only=True):
    """One price of one dimension. Of several that apply at an instant, the first in the tariff counts (OCPI rule)."""

    dimension: Dimension
    price: Decimal
    """Major units including VAT, per kWh, per minute or per session."""
    when: Restriction = Restriction()


class Tariff(Struct, frozen=True, kw_only=True):
    """One version of a price list."""

    currency: str = "SEK"
    vat_percent: Decimal = Decimal(25)
    components: tuple[Component, ...] = ()
    idle_grace_minutes: int = 0
    """How long a car may stay after charging before idle time costs."""
    idle_max: Decimal | None = None
    """The most that idle time of one session may cost, including VAT; None is no limit."""
    free: bool = False
    """Charging costs nothing, and is meant to. A tariff without components that is not free is a mistake."""


class TariffVersion(Struct, frozen=True):
    """A version of a tariff as it is kept. Never changed."""

    id: TariffVersionId
    tariff_id: TariffId
    name: str
    number: int
    body: Tariff
    created_at: datetime

    @property
    def tariff(self) -> Tariff:
        """The prices."""
        return self.body


class Charge(Struct, frozen=True, kw_only=True):
    """What was used. `readings` are (instant, Wh since the start), in any order; energy flows evenly between them."""

    started_at: datetime
    ended_at: datetime
    charging_ended_at: datetime | None
    readings: tuple[tuple[datetime, int], ...]
    energy_wh: int
    timezone: str


class PriceLine(Struct, frozen=True, kw_only=True):
    """One part of a price, so that every öre is explained."""

    dimension: Dimension
    from_at: datetime
    to_at: datetime
    quantity: Decimal
    """kWh, minutes (four decimals) or 1."""
    unit: str
    """`kWh`, `min` or `session`."""
    unit_price: Decimal
    amount_minor: int
    """Including VAT, rounded once from the exact quantity."""
    energy_wh: int = 0
    seconds: int = 0
    window: str = ""
    """The restriction in short: `Mon-Fri 06:00-22:00`; '' when the price always applies."""
    capped: bool = False
    """The amount was cut to `idle_max`."""


class Priced(Struct, frozen=True, kw_only=True):
    """A price, with the VAT it contains and its explanation."""

    amount_minor: int
    vat_minor: int
    vat_percent: Decimal
    currency: str
    lines: tuple[PriceLine, ...]


class Choice(Struct, frozen=True):
    """Where a tariff applies."""

    id: UUID
    tariff_id: TariffId
    site_id: UUID | None
    station_id: StationId | None
    driver_group: str | None


class Severity(StrEnum):
    """How bad a finding of `lint` is."""

    ERROR = "error"
    """May not be used."""
    WARNING = "warning"


class Finding(Struct, frozen=True):
    """What is wrong or odd about a tariff, in words (an English msgid with its params)."""

    severity: Severity
    code: str
    message: str
    params: dict[str, str] = {}
