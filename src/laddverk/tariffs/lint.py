"""What is wrong or odd about a price list, said before a driver finds out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from laddverk.kernel.money import MINOR_DIGITS, VAT_PERCENTS
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it
from laddverk.tariffs.model import COUNTED, Component, Dimension, Finding, Restriction, Severity, Spot, Tariff
from laddverk.tariffs.windows import applies, minutes_of

AFIR_POWER_W: Final = 50_000  # Regulation (EU) 2023/1804 article 5(4): from here on the price must be based on kWh
COMPONENTS_MAX: Final = 100  # a price list that nobody can read, and more work for every pricing
FREE_WH_MAX: Final = 1_000_000  # ten full batteries of a lorry
STEP_MAX: Final = 86_400  # a day
BOUND_MAX: Final = 10_000_000  # 10 MW, 10 MWh, a hundred days
ORDER: Final = (Dimension.ENERGY, Dimension.CHARGING, Dimension.SESSION, Dimension.IDLE)
"""Per kWh, per minute, per session, any other (AFIR article 5(4))."""
AREA: Final = re.compile(r"[A-Z]{2}[A-Z0-9_]{0,8}")
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
UNUSABLE: Final = frozenset({"vat_rate"})
"""Warnings under which a tariff may be kept, to compare with, but may apply nowhere."""
NOT_BOOKABLE: Final = N_("The books have no account for VAT of %(rate)s %%: the tariff can be kept, but not used.")


def findings(tariff: Tariff, power_max_w: int = 0) -> list[Finding]:
    """Return what is wrong (errors first) with `tariff` on connectors of up to `power_max_w` (0: not known)."""
    found = [*_frame(tariff), *_prices(tariff), *_restrictions(tariff), *_law(tariff, power_max_w)]
    if not any(finding.severity is Severity.ERROR for finding in found):
        found += [*_gaps(tariff), *_unreachable(tariff), *_order(tariff, power_max_w), *_twice(tariff)]
    return sorted(found, key=lambda finding: finding.severity)


def _error(code: str, message: str, **params: str) -> Finding:
    return Finding(Severity.ERROR, code, message, params)


def _warning(code: str, message: str, **params: str) -> Finding:
    return Finding(Severity.WARNING, code, message, params)


def _frame(tariff: Tariff) -> Iterator[Finding]:
    if tariff.currency not in MINOR_DIGITS:
        yield _error("currency", N_("The currency %(currency)s is not supported."), currency=tariff.currency)
    if not tariff.free:
        yield from _rate(tariff.vat_percent)
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
    if not 0 <= tariff.free_wh <= FREE_WH_MAX:
        yield _error("free_wh", N_("The free energy of a session is from 0 to 1 000 kWh."))
    yield from _night_rule(tariff)
    yield from _limits(tariff)


def _rate(percent: Decimal) -> Iterator[Finding]:
    if not (percent.is_finite() and 0 <= percent <= 100):
        yield _error("vat", N_("VAT must be between 0 and 100 percent."))
    elif percent not in VAT_PERCENTS:
        yield _warning("vat_rate", NOT_BOOKABLE, rate=f"{percent.normalize():f}")


def _night_rule(tariff: Tariff) -> Iterator[Finding]:
    given = (tariff.idle_free_from, tariff.idle_free_to)
    if given == (None, None):
        return
    clocks = [minutes_of(text) if text is not None else None for text in given]
    if None in clocks or clocks[0] == clocks[1]:
        yield _error("night_rule", N_("The night rule needs a start and another end, written HH:MM."))
    elif not any(component.dimension is Dimension.IDLE for component in tariff.components):
        yield _warning("night_rule", N_("The night rule has no effect: there is no price for idling."))


def _limits(tariff: Tariff) -> Iterator[Finding]:
    amounts = [
        amount
        for limit in (tariff.min_price, tariff.max_price)
        if limit is not None
        for amount in (limit.net, limit.gross)
        if amount is not None
    ]
    if any(not amount.is_finite() or not 0 <= amount <= PRICE_MAX for amount in amounts):
        yield _error("limit", N_("The lowest and the highest price of a session must be amounts."))
        return
    for name in ("net", "gross"):
        low, high = (getattr(limit, name, None) for limit in (tariff.min_price, tariff.max_price))
        if low is not None and high is not None and low > high:
            yield _error("limits", N_("The lowest price of a session is above its highest."))


def _prices(tariff: Tariff) -> Iterator[Finding]:
    for component in tariff.components:
        yield from _component(component)
        price = component.price
        if not price.is_finite() or price < 0 or price > PRICE_MAX:
            yield _error("price", N_("A price must be an amount from 0 to 10 000."))
            continue
        exponent = price.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > DECIMALS_MAX:
            yield _error("decimals", N_("A price has at most six decimals."))
        if price / (60 if component.per_hour else 1) > PRICES_ODD.get(component.dimension, PRICE_MAX):
            yield _warning("price_odd", N_("The price %(price)s is very high. Was it meant in öre?"), price=str(price))


def _component(component: Component) -> Iterator[Finding]:
    if component.dimension not in COUNTED:
        yield _error("dimension", N_("Choose what the price is for."))
    if not 0 <= component.step <= STEP_MAX:
        yield _error("step", N_("A block has from 1 to 86 400 seconds or watt-hours."))
    if component.vat_percent is not None:
        yield from _rate(component.vat_percent)
    if component.spot is not None:
        yield from _spot(component, component.spot)


def _spot(component: Component, spot: Spot) -> Iterator[Finding]:
    if component.dimension is not Dimension.ENERGY:
        yield _error("spot_dimension", N_("Only energy can follow the exchange."))
    if not AREA.fullmatch(spot.area):
        yield _error("spot_area", N_("A bidding zone is written like SE3."))
    amounts = [spot.markup, spot.factor, *(each for each in (spot.floor, spot.ceiling) if each is not None)]
    if any(not amount.is_finite() or abs(amount) > PRICE_MAX for amount in amounts) or not 0 < spot.factor <= 10:
        yield _error("spot_amount", N_("Markup, floor and ceiling must be amounts, and the factor from 0 to 10."))
    elif spot.floor is not None and spot.ceiling is not None and spot.floor > spot.ceiling:
        yield _error("spot_limits", N_("The floor of the price is above its ceiling."))
    if spot.floor is None:
        yield _error("spot_floor", N_("Give the price a floor: the exchange's own may be far below zero."))


def _ranges(when: Restriction) -> Iterator[Finding]:
    """Each range of what is asked of the charge itself has room, and nothing in it is negative."""
    for name, low, high in (
        ("energy", when.min_wh, when.max_wh),
        ("power", when.min_power_w, when.max_power_w),
        ("current", when.min_current_a, when.max_current_a),
        ("duration", when.min_duration_s, when.max_duration_s),
    ):
        bounds = [Decimal(value) for value in (low, high) if value is not None]
        if any(not bound.is_finite() or not 0 <= bound <= BOUND_MAX for bound in bounds):
            yield _error(f"{name}_bound", N_("What a price asks of the session must be a number from 0 on."))
        elif low is not None and high is not None and low >= high:
            yield _error(f"{name}_range", N_("What a price asks of the session must end above where it starts."))


def _reserved(component: Component) -> Iterator[Finding]:
    timed = (Dimension.CHARGING, Dimension.SESSION)
    if component.when.reservation is not None and component.dimension not in timed:
        yield _error("reservation", N_("A reservation has a price per minute and per session, and no other."))


def _restrictions(tariff: Tariff) -> Iterator[Finding]:
    for component in tariff.components:
        when = component.when
        yield from _ranges(when)
        yield from _reserved(component)
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
    dimensions = {
        component.dimension
        for component in tariff.components
        if (component.price > 0 or component.spot is not None) and component.when.reservation is None
    }
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
    prices = [
        component
        for component in tariff.components
        if component.dimension is Dimension.ENERGY and component.is_by_clock
    ]
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
        if component.when.reservation is not None:
            continue
        if component.dimension in closed:
            yield _warning(
                "unreachable",
                N_("A price of %(price)s never applies: one before it always does."),
                price=str(component.price),
            )
        if component.when == Restriction():
            closed.add(component.dimension)


def _order(tariff: Tariff, power_max_w: int) -> Iterator[Finding]:
    """Below 50 kW the law asks for an order. We show prices in it, whatever the tariff's, but partners get that."""
    if power_max_w >= AFIR_POWER_W:
        return
    places = [ORDER.index(component.dimension) for component in tariff.components if component.when.reservation is None]
    if places != sorted(places):
        yield _warning(
            "afir_order",
            N_("Prices are shown per kWh, per minute, per session, then others (AFIR article 5). List them like that."),
        )


def _twice(tariff: Tariff) -> Iterator[Finding]:
    """Prices per session that take turns by the clock are both due in a session that sees both."""
    fees = [
        component for component in tariff.components if component.dimension is Dimension.SESSION and component.price
    ]
    if sum(component.when.reservation is None for component in fees) > 1:
        yield _warning("fees", N_("A session pays each price per session that comes to apply while it runs."))
