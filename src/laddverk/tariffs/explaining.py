"""Tariffs and prices in words, Swedish and English: what a component costs and when, and why a line is what it is.

Screens, the API and receipts share these, so that a price is explained alike wherever it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from laddverk.kernel.money import VatTotal
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.tariffs.lint import ORDER
from laddverk.tariffs.model import Component, Dimension, Priced, PriceLine, Reserved, Restriction, Spot, Tariff
from laddverk.tariffs.windows import WEEKDAY_NAMES
from laddverk.tariffs.windows import words as bounds_of

NAMES: Final = {
    Dimension.ENERGY: marked("Energy"),
    Dimension.CHARGING: marked("Time while charging"),
    Dimension.SESSION: marked("Start"),
    Dimension.IDLE: marked("Time after charging"),
    Dimension.MINIMUM: marked("Up to the lowest price"),
    Dimension.MAXIMUM: marked("Down to the highest price"),
}
DAY_NAME: Final = re.compile(rf"\b({'|'.join(WEEKDAY_NAMES)})\b")
CONDENSED_ABOVE: Final = 6  # lines that one takes in at a glance
UNITS: Final = {Dimension.ENERGY: "kWh", Dimension.CHARGING: "min", Dimension.IDLE: "min", Dimension.SESSION: ""}


def price_words(component: Component, tariff: Tariff, language: str) -> str:
    """Return what a component costs: `4,90 kr/kWh`, or in words where it follows the exchange."""
    if component.spot is not None:
        return spot_words(component.spot, tariff, language)
    price = formats.price(component.price, tariff.currency, language)
    unit = "h" if component.per_hour else UNITS[component.dimension]
    return f"{price}/{unit}" if unit else price


def spot_words(spot: Spot, tariff: Tariff, language: str) -> str:
    """Return a price that follows the exchange in words: `spot price in SE3 + 0,85 kr/kWh, at most 6,00 kr`."""
    _ = gettext_for(language)
    text = _("spot price in %(area)s") % {"area": spot.area}
    if spot.factor != 1:
        text += f" × {formats.number(spot.factor, 2, language)}"
    if spot.markup:
        text += f" + {formats.price(spot.markup, tariff.currency, language)}/kWh"
    if spot.floor is not None:
        text += ", " + _("at least %(amount)s") % {"amount": formats.price(spot.floor, tariff.currency, language)}
    if spot.ceiling is not None:
        text += ", " + _("at most %(amount)s") % {"amount": formats.price(spot.ceiling, tariff.currency, language)}
    return text


def when_words(component: Component, tariff: Tariff, language: str) -> str:
    """Return when a component applies and how it is counted; '' when always and exactly."""
    _ = gettext_for(language)
    when = component.when
    parts = [_reserved(when, language), _clock(when, language), *_dates(when, language), _bounds(when)]
    if component.step > 1:
        parts.append(_step(component, language))
    if component.dimension is Dimension.IDLE:
        parts += _idle(tariff, language)
    if component.dimension is Dimension.ENERGY and tariff.free_wh:
        parts.append(_("after the first %(energy)s") % {"energy": formats.energy_kwh(tariff.free_wh, None, language)})
    if tariff.rate_of(component) != tariff.vat_percent:
        parts.append(rate_words(tariff.rate_of(component), language))
    return ", ".join(part for part in parts if part)


def rate_words(percent: Decimal, language: str) -> str:
    """Return a VAT rate: `VAT 25 %`."""
    _ = gettext_for(language)
    return _("VAT %(percent)s %%") % {"percent": _percent(percent, language)}


def vat_words(vat: Sequence[VatTotal], currency: str, language: str) -> str:
    """Return what VAT there is in a price: `of which VAT 20,00 kr (25 %)`; of several rates each, with its share."""
    _ = gettext_for(language)
    if len(vat) == 1:
        amount = formats.money(vat[0].vat_minor, currency, language)
        return _("of which VAT %(amount)s (%(percent)s %%)") % {
            "amount": amount,
            "percent": _percent(vat[0].percent, language),
        }
    return _("of which VAT %(parts)s") % {"parts": _of_rates(vat, currency, language)}


def _of_rates(vat: Sequence[VatTotal], currency: str, language: str) -> str:
    _ = gettext_for(language)
    return ", ".join(
        _("%(amount)s (%(percent)s %% of %(gross)s)")
        % {
            "amount": formats.money(each.vat_minor, currency, language),
            "percent": _percent(each.percent, language),
            "gross": formats.money(each.gross_minor, currency, language),
        }
        for each in vat
    )


def _percent(percent: Decimal, language: str) -> str:
    return formats.number(percent, 0 if percent == percent.to_integral_value() else 1, language)


def _reserved(when: Restriction, language: str) -> str:
    _ = gettext_for(language)
    if when.reservation is None:
        return ""
    return _("while reserved") if when.reservation is Reserved.KEPT else _("when a reservation expires")


def _clock(when: Restriction, language: str) -> str:
    text = ""
    if when.weekdays:
        days = sorted(when.weekdays)
        names = [formats.weekday(day, language)[:3] for day in days]
        is_run = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        text = f"{names[0]}–{names[-1]}" if is_run else ", ".join(names)
    if when.from_time or when.to_time:
        text = f"{text} {when.from_time or '00:00'}–{when.to_time or '24:00'}".strip()
    return text


def _dates(when: Restriction, language: str) -> list[str]:
    _ = gettext_for(language)
    found = []
    if when.valid_from:
        found.append(_("from %(day)s") % {"day": formats.local_date(when.valid_from, language=language)})
    if when.valid_until:
        found.append(_("until %(day)s") % {"day": formats.local_date(when.valid_until, language=language)})
    return found


def _bounds(when: Restriction) -> str:
    """Bounds of energy, power, current and duration; they are written alike in all languages."""
    return bounds_of(
        Restriction(
            min_wh=when.min_wh,
            max_wh=when.max_wh,
            min_power_w=when.min_power_w,
            max_power_w=when.max_power_w,
            min_current_a=when.min_current_a,
            max_current_a=when.max_current_a,
            min_duration_s=when.min_duration_s,
            max_duration_s=when.max_duration_s,
        )
    )


def _step(component: Component, language: str) -> str:
    _ = gettext_for(language)
    if component.dimension is Dimension.ENERGY:
        return _("in blocks of %(size)s") % {"size": f"{component.step} Wh"}
    return _("in blocks of %(size)s") % {"size": formats.duration(component.step, language)}


def _idle(tariff: Tariff, language: str) -> list[str]:
    _ = gettext_for(language)
    found = []
    if tariff.idle_grace_minutes:
        found.append(_("from %(minutes)s min after charging has ended") % {"minutes": tariff.idle_grace_minutes})
    if tariff.idle_free_from is not None and tariff.idle_free_to is not None:
        window = f"{tariff.idle_free_from}–{tariff.idle_free_to}"
        found.append(_("free %(window)s") % {"window": window})
    if tariff.idle_max is not None:
        amount = formats.price(tariff.idle_max, tariff.currency, language)
        found.append(_("at most %(amount)s") % {"amount": amount})
    return found


def limit_words(tariff: Tariff, language: str) -> list[str]:
    """Return what a whole session costs at least and at most, in words; what is without VAT says so."""
    _ = gettext_for(language)
    found = []
    for limit, text in (
        (tariff.min_price, _("A session costs at least %(amount)s")),
        (tariff.max_price, _("A session costs at most %(amount)s")),
    ):
        amount = None if limit is None else limit.gross if limit.gross is not None else limit.net
        if limit is not None and amount is not None:
            words = formats.price(amount, tariff.currency, language)
            words += "" if limit.gross is not None else " " + _("without VAT")
            found.append(text % {"amount": words})
    return found


def tariff_rows(
    tariff: Tariff, language: str, spot_now: Mapping[str, Decimal] | None = None
) -> list[tuple[str, str, str | None]]:
    """Return the prices of `tariff` as rows of (what, price, when or None), in the order the law asks for.

    `spot_now` has the price of a kWh now for each zone that it follows; without it that is said in words alone.
    """
    _ = gettext_for(language)
    if tariff.free:
        return [(_("Energy"), _("free of charge"), None)]
    rows: list[tuple[str, str, str | None]] = []
    named: set[Dimension] = set()
    for component in sorted(tariff.components, key=_place):
        name, price, when = _tariff_row(component, tariff, language, spot_now or {})
        follows = component.dimension in named and component.when == Restriction()
        rows.append((name, price, when or (_("otherwise") if follows else None)))
        named.add(component.dimension)
    return rows + [(_("The whole session"), text, None) for text in limit_words(tariff, language)]


def _place(component: Component) -> tuple[bool, int]:
    """Where a price stands in the order of the law; those of reservations come after those of charging."""
    return component.when.reservation is not None, ORDER.index(component.dimension)


def _tariff_row(
    component: Component, tariff: Tariff, language: str, spot_now: Mapping[str, Decimal]
) -> tuple[str, str, str | None]:
    _ = gettext_for(language)
    name, price = _(NAMES[component.dimension]), price_words(component, tariff, language)
    when = when_words(component, tariff, language)
    if component.when.reservation is not None:
        name = _("Reservation")
    if component.spot is not None and component.spot.area in spot_now:
        now = formats.price(spot_now[component.spot.area], tariff.currency, language)
        when = ", ".join(part for part in (price, when) if part)
        price = _("%(price)s/kWh now") % {"price": now}
    return name, price, when or None


def line_words(line: PriceLine | Mapping[str, Any], currency: str, language: str) -> tuple[str, str]:
    """Return what a line is for and its arithmetic: (`Energy`, `12,340 kWh × 4,90 kr (06:00–22:00)`).

    `line` is one of `Priced.lines`, or one as it was stored with a session; older ones lack the newer fields.
    """
    _ = gettext_for(language)

    def of(name: str, otherwise: Any = None) -> Any:
        return line.get(name, otherwise) if isinstance(line, Mapping) else getattr(line, name)

    dimension = Dimension(str(of("dimension")))
    name = _(NAMES[dimension])
    if of("reservation", False):
        name = _("Reserved time") if dimension is Dimension.CHARGING else _("Fee for a reservation")
    price = formats.price(Decimal(str(of("unit_price"))), currency, language)
    unit = str(of("unit"))
    if unit == "session":
        own = of("vat_percent")
        return name, price if own is None else f"{price}, {rate_words(Decimal(str(own)), language)}"
    digits = 3 if unit == "kWh" else 1
    text = f"{formats.number(Decimal(str(of('quantity'))), digits, language)} {unit} × {price}"
    if of("window", ""):
        text += f" ({_window(str(of('window')), language)})"
    return name, ", ".join([text, *_remarks(of("surplus", 0), of("spot"), line_of=of, unit=unit, language=language)])


def _window(stored: str, language: str) -> str:
    """Return a restriction in short with the names of days in the reader's language; it is stored in English."""
    names = {name: formats.weekday(day, language)[:3] for day, name in enumerate(WEEKDAY_NAMES)}
    return DAY_NAME.sub(lambda found: names[found[0]], stored)


def _remarks(surplus: Any, spot: Any, *, line_of: Any, unit: str, language: str) -> list[str]:
    """Why a line is not just its quantity: a block filled up, the exchange, what was paid otherwise, the cap."""
    _ = gettext_for(language)
    found = []
    if surplus and Decimal(str(surplus)) > 0:
        amount = f"{formats.number(Decimal(str(surplus)), 3 if unit == 'kWh' else 1, language)} {unit}"
        found.append(_("%(amount)s of it to fill the last block") % {"amount": amount})
    if spot is not None:
        found.append(_("spot %(price)s without VAT") % {"price": formats.number(Decimal(str(spot)), 4, language)})
    if line_of("included", False):
        found.append(_("included in the subscription"))
    if line_of("capped", False):
        found.append(_("cut to the agreed maximum"))
    if line_of("vat_percent") is not None:
        found.append(rate_words(Decimal(str(line_of("vat_percent"))), language))
    return found


def condensed(priced: Priced, language: str) -> list[tuple[str, int, str]]:
    """Return a price as few rows of (what, amount, arithmetic): its lines, or one a dimension where they are many."""
    if len(priced.lines) <= CONDENSED_ABOVE:
        return [
            (name, line.amount_minor, arithmetic)
            for line in priced.lines
            for name, arithmetic in [line_words(line, priced.currency, language)]
        ]
    rows = []
    for dimension in dict.fromkeys(line.dimension for line in priced.lines):
        its = [line for line in priced.lines if line.dimension is dimension]
        name, arithmetic = line_words(its[0], priced.currency, language)
        if len(its) > 1:
            quantity = formats.number(sum((line.quantity for line in its), Decimal(0)), 3, language)
            low, high = (
                formats.price(which(line.unit_price for line in its), priced.currency, language) for which in (min, max)
            )
            arithmetic = f"{quantity} {its[0].unit} × {low} – {high}"
        rows.append((name, sum(line.amount_minor for line in its), arithmetic))
    return rows


def told(priced: Priced, language: str, timezone: str) -> list[str]:
    """Return a price as sentences, one for each line and one for the sum, for mails, chats and the API."""
    _ = gettext_for(language)
    found = []
    for line in priced.lines:
        name, arithmetic = line_words(line, priced.currency, language)
        span = _span(line.from_at, line.to_at, timezone, language)
        amount = formats.money(line.amount_minor, priced.currency, language)
        found.append(f"{name}, {span}: {arithmetic} = {amount}")
    vat = formats.money(priced.vat_minor, priced.currency, language)
    if len(priced.vat) > 1:
        vat = _of_rates(priced.vat, priced.currency, language)
    amount = formats.money(priced.amount_minor, priced.currency, language)
    return [*found, _("To pay %(amount)s, of which VAT %(vat)s") % {"amount": amount, "vat": vat}]


def _span(from_at: datetime, to_at: datetime, timezone: str, language: str) -> str:
    start, end = (formats.local_time(at, timezone, language=language) for at in (from_at, to_at))
    return f"{start}–{end}"
