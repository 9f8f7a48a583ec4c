"""What tariffs are made of: components and when they apply, the charge that is priced, and the explanation."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import StationId, TariffId, TariffVersionId
from laddverk.kernel.money import VatTotal


class Dimension(StrEnum):
    """What a price component counts."""

    ENERGY = "energy"
    """Per kWh."""
    CHARGING = "charging"
    """Per minute, from the start until energy stopped flowing for good."""
    IDLE = "idle"
    """Per minute that the car stays after that and after the grace time."""
    SESSION = "session"
    """Once for each such component that comes to apply, when energy was delivered."""
    MINIMUM = "minimum"
    """Only in explanations: what is added to reach the lowest price of a session."""
    MAXIMUM = "maximum"
    """Only in explanations: what is taken off beyond the highest price of a session."""


COUNTED: Final = (Dimension.ENERGY, Dimension.CHARGING, Dimension.IDLE, Dimension.SESSION)
"""What a component may price. In OCPI: ENERGY, TIME, PARKING_TIME, FLAT."""


class Reserved(StrEnum):
    """Which part of a reservation a component prices (OCPI ReservationRestrictionType)."""

    KEPT = "reservation"
    """From when the reservation was made until the car came, or it ended."""
    EXPIRED = "reservation_expires"
    """The same, of a reservation that nobody came for; its time counts instead of that of `KEPT`."""


class Restriction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a component applies, in the local time of the site. Everything given must hold.

    What starts a range is inclusive, what ends it exclusive, as in OCPI.
    """

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
    min_wh: int | None = None
    """Energy delivered so far in the session."""
    max_wh: int | None = None
    min_power_w: int | None = None
    """Power at the instant: as measured, else the mean between two readings."""
    max_power_w: int | None = None
    min_current_a: Decimal | None = None
    """Sum over the phases: as measured, else the power over 230 V."""
    max_current_a: Decimal | None = None
    min_duration_s: int | None = None
    """Since the session (or the reservation) began."""
    max_duration_s: int | None = None
    reservation: Reserved | None = None
    """The component prices a reservation, not the session."""


class Spot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A price per kWh that follows the exchange: its price × factor, with VAT where the tariff has it, + markup."""

    area: str
    """The bidding zone: SE1 to SE4, NO1, DK2, FI …"""
    markup: Decimal = Decimal(0)
    """Per kWh, as the tariff's other prices with or without VAT."""
    factor: Decimal = Decimal(1)
    """1.05 adds five percent for losses. It does not count the markup."""
    floor: Decimal | None = None
    """The lowest price per kWh, markup and VAT included; it also holds where the exchange pays for consumption."""
    ceiling: Decimal | None = None


class Component(Struct, frozen=True, kw_only=True):
    """One price of one dimension. Of several that apply at an instant, the first in the tariff counts (OCPI rule)."""

    dimension: Dimension
    price: Decimal
    """Major units, per kWh, per minute (or hour) or per session. With `spot` it is not used."""
    when: Restriction = Restriction()
    per_hour: bool = False
    """The price of time is per hour: OCPI has it so, and a sixtieth of it may not be a decimal number."""
    step: int = 0
    """Billed in blocks of so many Wh or seconds, the last one in full (OCPI step_size); 0 is exact."""
    vat_percent: Decimal | None = None
    """None is that of the tariff."""
    spot: Spot | None = None

    @property
    def per_minute(self) -> Decimal:
        """The price of a minute, cut at 28 digits where it has no end."""
        return self.price / 60 if self.per_hour else self.price

    @property
    def is_by_clock(self) -> bool:
        """Whether it depends on the clock and the calendar alone, or on nothing."""
        when = self.when
        return when == Restriction(
            weekdays=when.weekdays,
            from_time=when.from_time,
            to_time=when.to_time,
            valid_from=when.valid_from,
            valid_until=when.valid_until,
        )

    @property
    def is_plain(self) -> bool:
        """Whether it is a price by time of day, day and date alone."""
        plain = Component(
            dimension=self.dimension,
            price=self.price,
            when=self.when,
            per_hour=self.per_hour,
            vat_percent=self.vat_percent,
        )
        return plain == self and self.is_by_clock


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The least or the most that a session costs, in major units. Both hold by themselves (OCPI min_price)."""

    net: Decimal | None = None
    gross: Decimal | None = None


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
    tax_included: bool = True
    """Prices are with VAT, as consumers must see them. Without it they are net, and VAT comes on top of the sum."""
    min_price: Limit | None = None
    """The least that a session costs in which energy was delivered."""
    max_price: Limit | None = None
    free_wh: int = 0
    """So much energy at the start of every session costs nothing."""
    idle_free_from: str | None = None
    """The night rule: from this time of day (HH:MM) until the other nobody need move a car, and idling is free."""
    idle_free_to: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it holds nothing but prices by time of day, day and date: what every reader of tariffs knows."""
        plain = Tariff(
            currency=self.currency,
            vat_percent=self.vat_percent,
            components=self.components,
            idle_grace_minutes=self.idle_grace_minutes,
            idle_max=self.idle_max,
            free=self.free,
        )
        return plain == self and all(component.is_plain for component in self.components)

    @property
    def asks_power(self) -> bool:
        """Whether a price depends on the power or the current: then what was measured of it is wanted."""
        return any(
            value is not None
            for when in (component.when for component in self.components)
            for value in (when.min_power_w, when.max_power_w, when.min_current_a, when.max_current_a)
        )

    @property
    def has_rates(self) -> bool:
        """Whether its prices are at several VAT rates."""
        return len({self.vat_percent, *(self.rate_of(component) for component in self.components)}) > 1

    def rate_of(self, component: Component) -> Decimal:
        """Return the VAT of one of its prices, in percent."""
        return self.vat_percent if component.vat_percent is None else component.vat_percent

    @property
    def spot_areas(self) -> frozenset[str]:
        """The bidding zones whose prices it follows."""
        return frozenset(component.spot.area for component in self.components if component.spot is not None)


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
    powers: tuple[tuple[datetime, int], ...] = ()
    """(instant, W) as measured; each holds until the next. Without them the mean power between readings counts."""
    currents: tuple[tuple[datetime, Decimal], ...] = ()
    """(instant, A) summed over the phases, as measured."""
    idle_until: datetime | None = None
    """From then on the outlet was out of order: idling costs nothing (failure mode 33)."""
    included_wh: int = 0
    """Energy that the driver has paid for otherwise: of a subscription. It costs nothing here."""
    reserved_from: datetime | None = None
    """When a reservation for this session was made; it ends when the session starts, or at `reserved_until`."""
    reserved_until: datetime | None = None
    reservation_expired: bool = False


class SpotPrice(Struct, frozen=True):
    """The price of the exchange for a quarter of an hour or an hour."""

    area: str
    starts_at: datetime
    ends_at: datetime
    price: Decimal
    """Major units of the tariff's currency per kWh, without VAT; may be negative."""


class SpotPricesCame(Event, frozen=True, kw_only=True):
    """Prices of the exchange are there that were not before."""

    area: str
    currency: str


class PriceLine(Struct, frozen=True, kw_only=True):
    """One part of a price, so that every öre is explained."""

    dimension: Dimension
    from_at: datetime
    to_at: datetime
    quantity: Decimal
    """kWh, minutes (four decimals) or 1."""
    unit: str
    """`kWh`, `min`, `h` or `session`."""
    unit_price: Decimal
    amount_minor: int
    """Including VAT. The sum is rounded once, and the lines share it: each is its exact amount, rounded up or down."""
    energy_wh: int = 0
    seconds: int = 0
    window: str = ""
    """The restriction in short: `Mon-Fri 06:00-22:00`; '' when the price always applies."""
    capped: bool = False
    """The amount was cut to `idle_max`."""
    surplus: Decimal = Decimal(0)
    """What of `quantity` fills the last block up (`Component.step`), and was not used."""
    spot: Decimal | None = None
    """The price of the exchange, per kWh without VAT, that `unit_price` follows."""
    included: bool = False
    """The driver has paid for it otherwise."""
    reservation: bool = False
    """It is of the reservation before the session."""
    vat_percent: Decimal | None = None
    """None is that of the whole price; where a tariff has several rates each line says its own."""


class Priced(Struct, frozen=True, kw_only=True):
    """A price, with the VAT it contains and its explanation."""

    amount_minor: int
    vat: tuple[VatTotal, ...]
    """What is sold at each VAT rate, the highest first: never empty, and summing to the amount."""
    currency: str
    lines: tuple[PriceLine, ...]

    @property
    def vat_minor(self) -> int:
        """The VAT of all rates."""
        return sum(each.vat_minor for each in self.vat)

    @property
    def vat_percent(self) -> Decimal:
        """The rate at which most is sold; the only one, most often."""
        return max(self.vat, key=lambda each: each.gross_minor).percent


class Place(Struct, frozen=True, kw_only=True):
    """Where, for whom and when a tariff applies. Nothing given is the whole network, everybody, always."""

    site_id: UUID | None = None
    station_id: StationId | None = None
    evse_number: int | None = None
    """With `station_id`."""
    connector_number: int | None = None
    """With `evse_number`."""
    driver_group: str | None = None
    driver_id: UUID | None = None
    """One customer, instead of a group."""
    valid_from: datetime | None = None
    """Inclusive."""
    valid_until: datetime | None = None
    """Exclusive."""
    label: str = ""
    """What people call it: the name of a campaign."""


class Choice(Struct, frozen=True, kw_only=True):
    """That a tariff applies somewhere."""

    id: UUID
    tariff_id: TariffId
    site_id: UUID | None
    station_id: StationId | None
    driver_group: str | None
    evse_number: int | None = None
    connector_number: int | None = None
    driver_id: UUID | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    label: str = ""


class Wish(Struct, frozen=True):
    """Somebody who wants to charge somewhere; 0 and None are what is not known."""

    station_id: StationId
    driver_group: str = ""
    evse_number: int = 0
    connector_number: int = 0
    driver_id: UUID | None = None


class Candidate(Struct, frozen=True, kw_only=True):
    """A choice that fits a wish. Of all of them the first counts; the rest would follow it."""

    id: UUID
    tariff_id: TariffId
    tariff_name: str
    site_id: UUID | None
    station_id: StationId | None
    evse_number: int | None
    connector_number: int | None
    driver_group: str | None
    driver_id: UUID | None
    valid_from: datetime | None
    valid_until: datetime | None
    label: str


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
