"""What is wrong or odd about a price list, said before a driver finds out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from laddverk.kernel.money import MINOR_DIGITS
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it
from laddverk.tariffs.model import Component, Dimension, Finding, Restriction, Severity, Tariff
from laddverk.tariffs.windows import applies, minutes_of

AFIR_POWER_W: Final = 50_000  # Regulation (EU) 2023/1804 article 5(4): from here on the price must be based on kWh
COMPONENTS_MAX: Final = 100  # a price list that nobody can read, and more work for every pricing
GRACE_MINUTES_MAX: Final = 24 * 60
PRICES_ODD: Final = {
    Dimension.ENERGY: Decimal(25),
    Dimension.CHARGING: Decimal(20),
    Dimension.IDLE: Decimal(20),
    Dimension.SESSION: Decimal(200),
}
"""Above this a price was probably typed in öre."""
PRICE_MAX: Final = Decimal(10_000)
DECIMALS_MAX: Final = 6


def findings(tariff: Tariff, power_max_w: int = 0) -> list[Finding]:
    """Return what is wrong (errors first) with `tariff` on connectors of up to `power_max_w` (0: not known)."""
    found = [*_frame(tariff), *_prices(tariff), *_restrictions(tariff), *_law(tariff, power_max_w)]
    if not any(finding.severity is Severity.ERROR for finding in found):
        found += [*_gaps(tariff), *_unreachable(tariff)]
    return sorted(found, key=lambda finding: finding.severity)


def _error(code: str, message: str, **params: str) -> Finding:
    return Finding(Severity.ERROR, code, message, params)


def _warning(code: str, message: str, **params: str) -> Finding:
    return Finding(Severity.WARNING, code, message, params)


def _frame(tariff: Tariff) -> Iterator[Finding]:
    if tariff.currency not in MINOR_DIGITS:
        yield _error("currency", N_("The currency %(currency)s is not supported."), currency=tariff.currency)
    if not 0 <= tariff.vat_percent <= 100:
        yield _error("vat", N_("VAT must be between 0 and 100 percent."))
    if tariff.free and tariff.components:
        yield _error("free_with_prices", N_("A free tariff has no prices."))
    if not tariff.free and not tariff.components:
        yield _error("no_prices", N_("The tariff has no prices. Say that it is free if it is meant to be."))
    if len(tariff.components) > COMPONENTS_MAX:
        yield _error("too_many", N_("A tariff has at most %(max)s prices."), max=str(COMPONENTS_MAX))
    if not 0 <= tariff.idle_grace_minutes <= GRACE_MINUTES_MAX:
        yield _error("grace", N_("The grace time must be between 0 and 1440 minutes."))
    if tariff.idle_max is not None and not (tariff.idle_max.is_finite() and 0 <= tariff.idle_max <= PRICE_MAX):
        yield _error("idle_max", N_("The most that idle time may cost must be an amount."))


def _prices(tariff: Tariff) -> Iterator[Finding]:
    for component in tariff.components:
        price = component.price
        if not price.is_finite() or price < 0 or price > PRICE_MAX:
            yield _error("price", N_("A price must be an amount from 0 to 10 000."))
            continue
        exponent = price.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > DECIMALS_MAX:
            yield _error("decimals", N_("A price has at most six decimals."))
        if price > PRICES_ODD[component.dimension]:
            yield _warning("price_odd", N_("The price %(price)s is very high. Was it meant in öre?"), price=str(price))


def _restrictions(tariff: Tariff) -> Iterator[Finding]:
    for component in tariff.components:
        when = component.when
        if any(not 0 <= weekday <= 6 for weekday in when.weekdays):
            yield _error("weekday", N_("A weekday is a number from 0 (Monday) to 6."))
        if (when.from_time is None) != (when.to_time is None):
            yield _error("half_window", N_("A time of day needs both its start and its end."))
        elif when.from_time is not None and when.to_time is not None:
            if minutes_of(when.from_time) is None or minutes_of(when.to_time) is None:
                yield _error("time", N_("A time of day is written HH:MM."))
            elif when.from_time == when.to_time:
                yield _error("empty_window", N_("A time of day must not end when it starts."))
        if when.valid_from and when.valid_until and when.valid_from >= when.valid_until:
            yield _error("dates", N_("The last date must be after the first."))


def _law(tariff: Tariff, power_max_w: int) -> Iterator[Finding]:
    if power_max_w < AFIR_POWER_W or tariff.free:
        return
    dimensions = {component.dimension for component in tariff.components if component.price > 0}
    if Dimension.ENERGY not in dimensions or dimensions & {Dimension.CHARGING, Dimension.SESSION}:
        yield _error(
            "afir_per_kwh",
            N_(
                "From 50 kW on the price must be per kWh, with nothing beside it but a price per minute for staying "
                "idle (AFIR article 5)."
            ),
        )


def _gaps(tariff: Tariff) -> Iterator[Finding]:
    """A quarter of an hour of the week in which no energy price applies is free, which is rarely meant."""
    prices = [component for component in tariff.components if component.dimension is Dimension.ENERGY]
    if not prices:
        return
    monday = _monday_within(prices)
    for quarter in range(7 * 96):
        local = monday + timedelta(minutes=15 * quarter)
        if not any(applies(component.when, local) for component in prices):
            yield _warning(
                "gap", N_("Energy is free at times: no price applies, for example %(when)s."), when=f"{local:%a %H:%M}"
            )
            return


def _monday_within(prices: list[Component]) -> datetime:
    first = max((price.when.valid_from for price in prices if price.when.valid_from), default=date(2026, 1, 5))
    monday = first + timedelta(days=-first.weekday() % 7)
    return datetime.combine(monday, datetime.min.time())


def _unreachable(tariff: Tariff) -> Iterator[Finding]:
    closed: set[Dimension] = set()
    for component in tariff.components:
        if component.dimension in closed:
            yield _warning(
                "unreachable",
                N_("A price of %(price)s never applies: one before it always does."),
                price=str(component.price),
            )
        if component.when == Restriction():
            closed.add(component.dimension)
