"""The tariff editor's form: a tariff as fields, fields as a tariff. Each row is one price; the rest holds for all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from laddverk.kernel.money import checked_currency
from laddverk.kernel.problems import Invalid
from laddverk.tariffs.model import COUNTED, Component, Dimension, Limit, Reserved, Restriction, Spot, Tariff
from laddverk.web.console.desk import Desk

ROWS_MAX: Final = 40  # more prices than anybody reads; the room's own limit is higher
BLANK_ROWS: Final = 3  # offered beside those that are there; saving offers three more
SPOT: Final = "spot"
"""What the form calls energy whose price follows the exchange; the row's price is the markup then."""
AREA_DEFAULT: Final = "SE3"
WHEN_FIELDS: Final = (
    "min_kwh", "max_kwh", "min_kw", "max_kw", "min_a", "max_a", "min_minutes", "max_minutes", "reservation",
)  # fmt: skip
ROW_FIELDS: Final = (
    "dimension", "price", "from", "to", "valid_from", "valid_until", *WHEN_FIELDS, "step", "per_hour", "vat",
    "area", "factor", "floor", "ceiling",
)  # fmt: skip
FIELDS: Final = (
    "name", "vat_percent", "idle_grace_minutes", "idle_max", "free", "free_kwh", "idle_free_from", "idle_free_to",
    "min_price", "max_price", "min_net", "max_net", "tax", "currency",
)  # fmt: skip
PROPOSED: Final = {"dimension": "energy", "days": [], "area": AREA_DEFAULT, "factor": "1", "floor": "0"}
BLANK: Final = dict.fromkeys(ROW_FIELDS, "") | PROPOSED


def fields_of(name: str, tariff: Tariff | None, currency: str = "SEK") -> dict[str, Any]:
    """Return the form's values for a tariff: each component as one row, and a few blank ones.

    `currency` is proposed for a new one; one that there is keeps its own.
    """
    tariff = tariff or Tariff(currency=currency)
    low, high = tariff.min_price or Limit(), tariff.max_price or Limit()
    return {
        "name": name,
        "vat_percent": format(tariff.vat_percent, "f"),
        "idle_grace_minutes": str(tariff.idle_grace_minutes),
        "idle_max": _text(tariff.idle_max),
        "free": "yes" if tariff.free else "",
        "free_kwh": _text(Decimal(tariff.free_wh) / 1000) if tariff.free_wh else "",
        "idle_free_from": tariff.idle_free_from or "",
        "idle_free_to": tariff.idle_free_to or "",
        "min_price": _text(low.gross),
        "max_price": _text(high.gross),
        "min_net": _text(low.net),
        "max_net": _text(high.net),
        "tax": "yes" if tariff.tax_included else "no",
        "currency": tariff.currency,
        "rows": with_blank_rows([_row_of(component) for component in tariff.components]),
    }


def _row_of(component: Component) -> dict[str, Any]:
    when, spot = component.when, component.spot
    row = {
        "dimension": SPOT if spot else component.dimension.value,
        "price": _text(spot.markup if spot else component.price),
        "days": [str(day) for day in when.weekdays],
        "from": when.from_time or "",
        "to": when.to_time or "",
        "valid_from": when.valid_from.isoformat() if when.valid_from else "",
        "valid_until": when.valid_until.isoformat() if when.valid_until else "",
        "min_kwh": _divided(when.min_wh, 1000),
        "max_kwh": _divided(when.max_wh, 1000),
        "min_kw": _divided(when.min_power_w, 1000),
        "max_kw": _divided(when.max_power_w, 1000),
        "min_a": _text(when.min_current_a),
        "max_a": _text(when.max_current_a),
        "min_minutes": _divided(when.min_duration_s, 60),
        "max_minutes": _divided(when.max_duration_s, 60),
        "reservation": when.reservation.value if when.reservation else "",
        "step": str(component.step) if component.step else "",
        "per_hour": "yes" if component.per_hour else "",
        "vat": _text(component.vat_percent),
    }
    if spot is not None:
        limits = {"floor": _text(spot.floor), "ceiling": _text(spot.ceiling)}
        row |= {"area": spot.area, "factor": _text(spot.factor), **limits}
    return BLANK | row


def _text(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f").replace(".", ",")


def _divided(value: int | None, by: int) -> str:
    return "" if value is None else _text((Decimal(value) / by).normalize())


def with_blank_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the filled rows and a few to fill in."""
    return (rows + [dict(BLANK) for _ in range(BLANK_ROWS)])[:ROWS_MAX]


async def given(desk: Desk) -> dict[str, Any]:
    """Return the values of a form that was sent, in the shape of `fields_of`."""
    form = await desk.form()
    rows = []
    for number in range(ROWS_MAX):
        if form.get(f"price-{number}"):
            row: dict[str, Any] = {key: form.get(f"{key}-{number}", "").strip() for key in ROW_FIELDS}
            row["days"] = await desk.choices(f"days-{number}")
            rows.append(row)
    return {name: form.get(name, "") for name in FIELDS} | {"rows": with_blank_rows(rows)}


def tariff_of(values: Mapping[str, Any], currency: str | None) -> Tariff:
    """Return the tariff that a form describes, in `currency` or, without one, in that of the form.

    Raises `Invalid` naming the field.
    """
    currency = currency or checked_currency(values["currency"] or "SEK")
    filled = [row for row in values["rows"] if row["price"]]
    return Tariff(
        currency=currency,
        vat_percent=decimal_of(values["vat_percent"] or "25", "vat_percent"),
        components=tuple(component_of(row, number) for number, row in enumerate(filled)),
        idle_grace_minutes=int(decimal_of(values["idle_grace_minutes"] or "0", "idle_grace_minutes")),
        idle_max=_decimal_or_none(values["idle_max"], "idle_max"),
        free=values["free"] == "yes",
        free_wh=_scaled(values["free_kwh"], "free_kwh", 1000) or 0,
        idle_free_from=values["idle_free_from"][:5] or None,
        idle_free_to=values["idle_free_to"][:5] or None,
        min_price=_limit_of(values, "min"),
        max_price=_limit_of(values, "max"),
        tax_included=values["tax"] != "no",
    )


def _limit_of(values: Mapping[str, Any], which: str) -> Limit | None:
    gross = _decimal_or_none(values[f"{which}_price"], f"{which}_price")
    net = _decimal_or_none(values[f"{which}_net"], f"{which}_net")
    return None if gross is None and net is None else Limit(net=net, gross=gross)


def component_of(row: Mapping[str, Any], number: int) -> Component:
    """Return the price component of one row of the form. Raises `Invalid` naming the field of the row."""
    kind = row["dimension"]
    if kind != SPOT and kind not in COUNTED:
        raise Invalid("Choose what the price is for.", field=f"dimension-{number}")
    price = decimal_of(row["price"], f"price-{number}")
    spot = spot_of(row, price, number) if kind == SPOT else None
    dimension = Dimension.ENERGY if spot else Dimension(kind)
    is_timed = dimension in (Dimension.CHARGING, Dimension.IDLE)
    return Component(
        dimension=dimension,
        price=Decimal(0) if spot else price,
        when=when_of(row, number),
        per_hour=row["per_hour"] == "yes" and is_timed,
        step=0 if dimension is Dimension.SESSION else _scaled(row["step"], f"step-{number}", 1) or 0,
        vat_percent=_decimal_or_none(row["vat"], f"vat-{number}"),
        spot=spot,
    )


def spot_of(row: Mapping[str, Any], markup: Decimal, number: int) -> Spot:
    """Return how the price of a row follows the exchange."""
    return Spot(
        area=(row["area"] or AREA_DEFAULT).upper()[:10],
        markup=markup,
        factor=decimal_of(row["factor"] or "1", f"factor-{number}"),
        floor=decimal_of(row["floor"] or "0", f"floor-{number}"),
        ceiling=_decimal_or_none(row["ceiling"], f"ceiling-{number}"),
    )


def when_of(row: Mapping[str, Any], number: int) -> Restriction:
    """Return when the price of a row applies."""
    if row["reservation"] and row["reservation"] not in set(Reserved):
        raise Invalid("There is no such part of a reservation.", field=f"reservation-{number}")
    return Restriction(
        weekdays=tuple(sorted(int(day) for day in row["days"] if day in "0123456" and len(day) == 1)),
        from_time=row["from"][:5] or None,
        to_time=row["to"][:5] or None,
        valid_from=_date_of(row["valid_from"], f"valid_from-{number}"),
        valid_until=_date_of(row["valid_until"], f"valid_until-{number}"),
        min_wh=_scaled(row["min_kwh"], f"min_kwh-{number}", 1000),
        max_wh=_scaled(row["max_kwh"], f"max_kwh-{number}", 1000),
        min_power_w=_scaled(row["min_kw"], f"min_kw-{number}", 1000),
        max_power_w=_scaled(row["max_kw"], f"max_kw-{number}", 1000),
        min_current_a=_decimal_or_none(row["min_a"], f"min_a-{number}"),
        max_current_a=_decimal_or_none(row["max_a"], f"max_a-{number}"),
        min_duration_s=_scaled(row["min_minutes"], f"min_minutes-{number}", 60),
        max_duration_s=_scaled(row["max_minutes"], f"max_minutes-{number}", 60),
        reservation=Reserved(row["reservation"]) if row["reservation"] else None,
    )


def decimal_of(text: str, field: str) -> Decimal:
    """Return a number as people write it, with comma or point. Raises `Invalid` naming `field`."""
    try:
        value = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 1_000_000:
        raise Invalid("This must be a number.", field=field, remedy="Write it like 4,90.")
    return value


def _decimal_or_none(text: str, field: str) -> Decimal | None:
    return decimal_of(text, field) if text else None


def _scaled(text: str, field: str, by: int) -> int | None:
    return int(decimal_of(text, field) * by) if text else None


def _date_of(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no date.", field=field, remedy="Write it like 2026-11-21.") from None
