"""Tariffs as OCPI has them, 2.2.1 and 2.3.0 (mod_tariffs), read into ours and written from ours.

The two differ in tax: 2.2.1 states prices without VAT, 2.3.0 says whether they include it. What one side cannot say is
listed beside the result, so that nobody takes the copy for the whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it
from laddverk.tariffs.model import Component, Dimension, Limit, Reserved, Restriction, Tariff
from laddverk.tariffs.plan import components_of

Version = Literal["2.2.1", "2.3.0"]

PARTY: Final = re.compile(r"([A-Z]{2})[-*]([A-Z0-9]{3})")
"""A country code (ISO 3166-1 alpha-2) and a party id of three characters (OCPI 2.2.1, credentials)."""
ID_MAX: Final = 36
BYTES_MAX: Final = 256 * 1024  # a tariff of a hundred elements has 30 KB
ELEMENTS_MAX: Final = 200
DIGITS: Final = 4  # decimals of an OCPI number (types, number)
DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
DIMENSIONS: Final = {
    "ENERGY": Dimension.ENERGY,
    "TIME": Dimension.CHARGING,
    "PARKING_TIME": Dimension.IDLE,
    "FLAT": Dimension.SESSION,
}
NAMES: Final = {dimension: name for name, dimension in DIMENSIONS.items()}
RESERVED: Final = {"RESERVATION": Reserved.KEPT, "RESERVATION_EXPIRES": Reserved.EXPIRED}
RESERVED_NAMES: Final = {reserved: name for name, reserved in RESERVED.items()}
TIMED: Final = (Dimension.CHARGING, Dimension.IDLE)

LOST_GRACE: Final = N_("The grace time before idling costs: partners see the price per hour from the first minute.")
LOST_IDLE_MAX: Final = N_("The most that idling costs.")
LOST_SPOT: Final = N_("That the price follows the exchange: partners see the markup alone.")
LOST_DIGITS: Final = N_("Some prices were rounded to four decimals without VAT.")
LOST_ALT_TEXT: Final = N_("The tariff's text in other words (tariff_alt_text).")
LOST_ENERGY_MIX: Final = N_("The energy mix.")
LOST_PARTY: Final = N_("Whose tariff it is: the operator's party id is not set (LADDVERK_OCPI_PARTY).")


class PriceWire(Struct, frozen=True, omit_defaults=True):
    """Price (2.2.1) and PriceLimit (2.3.0)."""

    excl_vat: Decimal | None = None
    incl_vat: Decimal | None = None
    before_taxes: Decimal | None = None
    after_taxes: Decimal | None = None


class ComponentWire(Struct, frozen=True, omit_defaults=True):
    """PriceComponent."""

    type: str
    price: Decimal
    step_size: int
    vat: Decimal | None = None


class RestrictionsWire(Struct, frozen=True, omit_defaults=True):
    """TariffRestrictions."""

    start_time: str | None = None
    end_time: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[str, ...] = ()
    reservation: str | None = None


class ElementWire(Struct, frozen=True, omit_defaults=True):
    """TariffElement."""

    price_components: tuple[ComponentWire, ...]
    restrictions: RestrictionsWire | None = None


class TextWire(Struct, frozen=True):
    """DisplayText."""

    language: str
    text: str


class TariffWire(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tariff, with the fields of both versions."""

    country_code: str = ""
    party_id: str = ""
    id: str = ""
    currency: str
    type: str | None = None
    tariff_alt_text: tuple[TextWire, ...] = ()
    tariff_alt_url: str | None = None
    min_price: PriceWire | None = None
    max_price: PriceWire | None = None
    preauthorize_amount: Decimal | None = None
    elements: tuple[ElementWire, ...]
    tax_included: str | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_mix: dict[str, object] | None = None
    last_updated: str | None = None


class Imported(Struct, frozen=True, kw_only=True):
    """A tariff that was read, when it is valid, and what of it we do not keep (English msgids)."""

    tariff: Tariff
    id: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    lost: tuple[str, ...] = ()


class Exported(Struct, frozen=True, kw_only=True):
    """A tariff as partners get it (JSON), and what it does not tell them (English msgids)."""

    body: bytes
    lost: tuple[str, ...] = ()


# Reading.


def read(body: bytes) -> Imported:
    """Return the tariff in `body`; `tax_included` tells the version. Raises `Invalid` naming the field."""
    if len(body) > BYTES_MAX:
        raise Invalid("A tariff has at most %(max)s bytes.", field="body", max=BYTES_MAX)
    try:
        wire = msgspec.json.decode(body, type=TariffWire)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        raise Invalid(
            "This is no OCPI tariff: %(what)s", field=path.rstrip("`") or "body", what=what.replace("`", "")
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Invalid("This is no JSON.", field="body") from None
    if not wire.elements or len(wire.elements) > ELEMENTS_MAX:
        raise Invalid("A tariff has from one to %(max)s elements.", field="elements", max=ELEMENTS_MAX)
    return _imported(wire)


def _imported(wire: TariffWire) -> Imported:
    has_tax = wire.tax_included in ("YES", "N/A")
    components = [
        component
        for number, element in enumerate(wire.elements)
        for component in _components(element, f"elements[{number}]")
    ]
    vat = _main_vat(components)
    tariff = Tariff(
        currency=wire.currency,
        vat_percent=vat,
        components=tuple(
            msgspec.structs.replace(each, vat_percent=None) if each.vat_percent == vat else each for each in components
        ),
        tax_included=has_tax,
        min_price=_limit(wire.min_price),
        max_price=_limit(wire.max_price),
    )
    if all(component.price == 0 for component in components):
        tariff = Tariff(currency=wire.currency, vat_percent=vat, free=True)
    lost = [LOST_ALT_TEXT] if wire.tariff_alt_text or wire.tariff_alt_url else []
    return Imported(
        tariff=tariff,
        id=wire.id,
        valid_from=_utc(wire.start_date_time),
        valid_until=_utc(wire.end_date_time),
        lost=(*lost, *([LOST_ENERGY_MIX] if wire.energy_mix else [])),
    )


def _main_vat(components: Sequence[Component]) -> Decimal:
    """The rate of most components; one that states none has none (2.2.1: "no VAT is applicable")."""
    rates = Counter(component.vat_percent or Decimal(0) for component in components)
    return rates.most_common(1)[0][0] if rates else Decimal(0)


def _components(element: ElementWire, path: str) -> Iterator[Component]:
    when = _restriction(element.restrictions or RestrictionsWire(), f"{path}.restrictions")
    if not element.price_components:
        raise Invalid("An element has at least one price.", field=f"{path}.price_components")
    for number, wire in enumerate(element.price_components):
        dimension = DIMENSIONS.get(wire.type)
        if dimension is None:
            raise Invalid("There is no such dimension.", field=f"{path}.price_components[{number}].type")
        yield Component(
            dimension=dimension,
            price=wire.price,
            when=when,
            per_hour=dimension in TIMED,
            step=0 if dimension is Dimension.SESSION else max(wire.step_size, 0),
            vat_percent=wire.vat if wire.vat is not None else Decimal(0),
        )


def _restriction(wire: RestrictionsWire, path: str) -> Restriction:
    days = [DAYS.index(day) for day in wire.day_of_week if day in DAYS]
    if len(days) != len(wire.day_of_week):
        raise Invalid("There is no such day.", field=f"{path}.day_of_week")
    if wire.reservation is not None and wire.reservation not in RESERVED:
        raise Invalid("There is no such part of a reservation.", field=f"{path}.reservation")
    from_time, to_time = wire.start_time, wire.end_time
    if (from_time is None) != (to_time is None):  # half a window runs from or until midnight
        from_time, to_time = from_time or "00:00", to_time or "00:00"
    is_all_day = from_time == to_time
    return Restriction(
        weekdays=tuple(sorted(set(days))),
        from_time=None if is_all_day else from_time,
        to_time=None if is_all_day else to_time,
        valid_from=wire.start_date,
        valid_until=wire.end_date,
        min_wh=_thousandfold(wire.min_kwh, f"{path}.min_kwh"),
        max_wh=_thousandfold(wire.max_kwh, f"{path}.max_kwh"),
        min_power_w=_thousandfold(wire.min_power, f"{path}.min_power"),
        max_power_w=_thousandfold(wire.max_power, f"{path}.max_power"),
        min_current_a=wire.min_current,
        max_current_a=wire.max_current,
        min_duration_s=wire.min_duration,
        max_duration_s=wire.max_duration,
        reservation=RESERVED[wire.reservation] if wire.reservation else None,
    )


def _thousandfold(value: Decimal | None, field: str) -> int | None:
    """KWh in Wh, kW in W."""
    if value is None:
        return None
    if not value.is_finite() or abs(value) > 1_000_000:
        raise Invalid("This must be a number.", field=field)
    return int(value * 1000)


def _limit(wire: PriceWire | None) -> Limit | None:
    if wire is None:
        return None
    net = wire.excl_vat if wire.excl_vat is not None else wire.before_taxes
    return Limit(net=net, gross=wire.incl_vat if wire.incl_vat is not None else wire.after_taxes)


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


# Writing.


def written(
    tariff: Tariff,
    version: Version,
    *,
    country_code: str,
    party_id: str,
    tariff_id: str,
    last_updated: datetime,
    texts: Sequence[tuple[str, str]] = (),
) -> Exported:
    """Return `tariff` as a partner with that version of OCPI gets it. `texts` are (language, text)."""
    lost: list[str] = [LOST_IDLE_MAX] if tariff.idle_max is not None else []
    if tariff.idle_grace_minutes and any(each.dimension is Dimension.IDLE for each in tariff.components):
        lost.append(LOST_GRACE)
    if tariff.spot_areas:
        lost.append(LOST_SPOT)
    is_new = version == "2.3.0"
    wire = TariffWire(
        country_code=country_code,
        party_id=party_id,
        id=tariff_id,
        currency=tariff.currency,
        tariff_alt_text=tuple(TextWire(language, text) for language, text in texts),
        min_price=_limit_wire(tariff.min_price, tariff, is_new=is_new),
        max_price=_limit_wire(tariff.max_price, tariff, is_new=is_new),
        elements=tuple(_elements(tariff, lost, is_new=is_new)),
        tax_included=("YES" if tariff.tax_included else "NO") if is_new else None,
        last_updated=last_updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return Exported(body=msgspec.json.Encoder(decimal_format="number").encode(wire), lost=tuple(lost))


def exported(
    body: Tariff | None, tariff_id: str, name: str, changed_at: datetime, version: str, *, party: str
) -> Exported:
    """Return one of our own tariffs in a version of OCPI, as that of `party` (`SE-ABC`; '' leaves it out).

    Raises `NotFound` for one without prices, `Invalid` for a party that is none.
    """
    if body is None:
        raise NotFound("There is no such tariff.")
    country_code, party_id = party_of(party)
    found = written(
        body,
        "2.3.0" if version == "2.3.0" else "2.2.1",
        country_code=country_code,
        party_id=party_id,
        tariff_id=tariff_id[:ID_MAX],
        last_updated=changed_at,
        texts=[("sv", name)],
    )
    return found if party_id else Exported(body=found.body, lost=(*found.lost, LOST_PARTY))


def party_of(text: str) -> tuple[str, str]:
    """Return country code and party id in a setting, both '' where there is none. Raises `Invalid`."""
    if not text.strip():
        return "", ""
    found = PARTY.fullmatch(text.strip().upper())
    if found is None:
        raise Invalid(
            "%(party)s is no OCPI party.",
            field="LADDVERK_OCPI_PARTY",
            remedy="Write country code and party id, like SE-ABC.",
            party=text,
        )
    return found[1], found[2]


def _elements(tariff: Tariff, lost: list[str], *, is_new: bool) -> Iterator[ElementWire]:
    if tariff.free:
        yield ElementWire((ComponentWire("FLAT", Decimal("0.00"), 1),))
        return
    reserved = [component for component in tariff.components if component.when.reservation is not None]
    gathered: list[tuple[Restriction, list[Component]]] = []
    for component in [*components_of(tariff), *reserved]:
        if (
            gathered
            and gathered[-1][0] == component.when
            and component.dimension not in {each.dimension for each in gathered[-1][1]}
        ):
            gathered[-1][1].append(component)
        else:
            gathered.append((component.when, [component]))
    for when, components in gathered:
        yield ElementWire(
            tuple(_component_wire(tariff, each, lost, is_new=is_new) for each in components), _restrictions_wire(when)
        )


def _component_wire(tariff: Tariff, component: Component, lost: list[str], *, is_new: bool) -> ComponentWire:
    vat = tariff.vat_percent if component.vat_percent is None else component.vat_percent
    price = component.spot.markup if component.spot else component.price
    if component.dimension in TIMED and not component.per_hour:
        price = price * 60
    if tariff.tax_included and not is_new:
        price = price * 100 / (100 + vat)
    rounded = round(price, DIGITS)
    if rounded != price and LOST_DIGITS not in lost:
        lost.append(LOST_DIGITS)
    return ComponentWire(NAMES[component.dimension], rounded, max(component.step, 1), vat)


def _restrictions_wire(when: Restriction) -> RestrictionsWire | None:
    wire = RestrictionsWire(
        start_time=when.from_time,
        end_time=when.to_time,
        start_date=when.valid_from,
        end_date=when.valid_until,
        min_kwh=_thousandth(when.min_wh),
        max_kwh=_thousandth(when.max_wh),
        min_current=when.min_current_a,
        max_current=when.max_current_a,
        min_power=_thousandth(when.min_power_w),
        max_power=_thousandth(when.max_power_w),
        min_duration=when.min_duration_s,
        max_duration=when.max_duration_s,
        day_of_week=tuple(DAYS[day] for day in when.weekdays),
        reservation=RESERVED_NAMES[when.reservation] if when.reservation else None,
    )
    return None if wire == RestrictionsWire() else wire


def _thousandth(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / 1000


def _limit_wire(limit: Limit | None, tariff: Tariff, *, is_new: bool) -> PriceWire | None:
    if limit is None:
        return None
    factor = 1 + tariff.vat_percent / 100
    net = limit.net if limit.net is not None else round((limit.gross or Decimal(0)) / factor, DIGITS)
    gross = limit.gross if limit.gross is not None else round(net * factor, DIGITS)
    return PriceWire(before_taxes=net, after_taxes=gross) if is_new else PriceWire(excl_vat=net, incl_vat=gross)
