"""Whether to keep a charger or replace it: what a year of either costs, how sure that is, and what it hangs on. Pure.

Keeping costs repairs and visits (as often as it failed, drawn towards its fleet), the margin of what it did not sell
and the penalty for its hours out of order. Replacing costs the price as equal yearly payments over the life of the new
one. Nothing here decides: it shows both with an interval, and which assumption would turn the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from laddverk.diagnostics.upkeep.spares import Rate, at_most, quantile

PRIOR_YEARS: Final = 2.0  # charger-years of its fleet that a charger's own record is weighed against
INTERVAL: Final = (0.10, 0.90)  # the repairs of a year lie between these quantiles eight times in ten
BUSY: Final = 0.25  # of the time in use, from which on people wait: upgrade
IDLE: Final = 0.02  # of the time in use, below which it stands in the wrong place: move
PARTS_SOON_YEARS: Final = 2.0  # before which a replacement should be planned
SWING: Final = 0.3  # how far an assumption is varied to see what hangs on it


class Costs(Struct, frozen=True, kw_only=True):
    """What people say of costs, in minor units of one currency."""

    repair_minor: int = 350_000
    """Parts and work of a repair, where none of its own is known."""
    visit_minor: int = 250_000
    """Somebody drives there."""
    price_ac_minor: int = 2_500_000
    """A new charger, mounted, up to 43 kW."""
    price_dc_minor: int = 45_000_000
    """A new fast charger, mounted."""
    life_years: int = 10
    interest_percent: float = 5.0
    penalty_hour_minor: int = 0
    """For each hour out of order, by contract."""
    least_ac_kw: int = 0
    """What an outlet must give, by contract or plan, up to 43 kW; 0: nothing is asked."""
    least_dc_kw: int = 0
    """What an outlet of a fast charger must give."""


class Record(Struct, frozen=True, kw_only=True):
    """What is known of a charger."""

    is_dc: bool
    years: float
    """Looked at, at most two."""
    repairs: int
    visits: int
    repair_cost_minor: int | None = None
    """The mean of its own repairs; None: none was written down."""
    lost_margin_minor: float = 0.0
    """In a year."""
    down_hours: float = 0.0
    """In a year."""
    used_share: float | None = None
    """Of its outlets' time in use; None: not known."""
    speaks_2: bool = True
    """OCPP 2.0.1 or newer."""
    is_secured: bool = True
    """Its line is encrypted: security profile 2 or 3."""
    is_signed: bool | None = None
    """It takes firmware that is signed; None: not known."""
    power_max_w: int = 0
    """Of its weakest outlet; 0: not known."""
    parts_years: float | None = None
    """For how long its maker still sells parts, below zero: no longer; None: not known."""
    vendor_gone: bool = False


class Verdict(Struct, frozen=True, kw_only=True):
    """A year of keeping and a year of replacing, in minor units."""

    keep_minor: int
    keep_low_minor: int
    keep_high_minor: int
    replace_minor: int
    chance: float
    """The share of the repairs that a year may bring with which keeping costs more, 0 to 1."""
    flags: tuple[str, ...] = ()

    @property
    def gain_minor(self) -> int:
        """What replacing saves in a year; below zero: what it costs more."""
        return self.keep_minor - self.replace_minor


class Swing(Struct, frozen=True, kw_only=True):
    """What replacing would save if one assumption were 30 percent lower or higher."""

    name: str
    low_minor: int
    high_minor: int

    @property
    def width_minor(self) -> int:
        """How much hangs on it."""
        return abs(self.high_minor - self.low_minor)


def yearly(price_minor: float, life_years: int, interest_percent: float) -> float:
    """Return the equal yearly payments that a price is over its life. Raises `ValueError` for no life."""
    if life_years < 1:
        raise ValueError("a life is a year or more")
    rate = interest_percent / 100
    if not rate:
        return price_minor / life_years
    return float(price_minor * rate / (1 - (1 + rate) ** -life_years))


def rate_of(record: Record, fleet_rate: float) -> Rate:
    """Return how often a charger is repaired, drawn towards its fleet's repairs in a charger-year."""
    return Rate(failures=record.repairs + fleet_rate * PRIOR_YEARS, years=record.years + PRIOR_YEARS)


def verdict(record: Record, costs: Costs, fleet_rate: float) -> Verdict:
    """Return what keeping and replacing cost, and what speaks for either beside money."""
    rate = rate_of(record, max(fleet_rate, 1e-6))
    keep, each, fixed = _keep(record, costs, fleet_rate)
    low, high = (fixed + quantile(share, rate, 1) * each for share in INTERVAL)
    replace = _replace(record, costs)
    return Verdict(
        keep_minor=round(keep), keep_low_minor=round(low), keep_high_minor=round(high), replace_minor=round(replace),
        chance=_chance(rate, each, fixed, replace), flags=flags(record, costs),
    )  # fmt: skip


def _keep(record: Record, costs: Costs, fleet_rate: float) -> tuple[float, float, float]:
    """Return a year of keeping, the cost of each repair with its visit, and what does not hang on repairs."""
    rate = rate_of(record, max(fleet_rate, 1e-6))
    own = record.repair_cost_minor
    each = float(costs.repair_minor if own is None else own) + costs.visit_minor
    idle_visits = max(0, record.visits - record.repairs) / (record.years + PRIOR_YEARS) * costs.visit_minor
    fixed = idle_visits + record.lost_margin_minor + record.down_hours * costs.penalty_hour_minor
    return fixed + rate.mean * each, each, fixed


def _replace(record: Record, costs: Costs) -> float:
    price = costs.price_dc_minor if record.is_dc else costs.price_ac_minor
    return yearly(price, costs.life_years, costs.interest_percent)


def _chance(rate: Rate, each: float, fixed: float, replace: float) -> float:
    if fixed > replace:
        return 1.0
    return 1 - at_most(int((replace - fixed) // each), rate, 1) if each else 0.0


def flags(record: Record, costs: Costs) -> tuple[str, ...]:
    """Return what speaks for another charger, or another place, beside money."""
    used, parts = record.used_share, record.parts_years
    least_kw = costs.least_dc_kw if record.is_dc else costs.least_ac_kw
    signs = (
        ("vendor_gone", record.vendor_gone),
        ("no_parts", parts is not None and parts <= 0),
        ("parts_end", parts is not None and 0 < parts <= PARTS_SOON_YEARS),
        ("weak", 0 < record.power_max_w < least_kw * 1000),
        ("unsigned", record.is_signed is False),
        ("old_protocol", not record.speaks_2),
        ("open_line", not record.is_secured),
        ("busy", used is not None and used > BUSY),
        ("idle", used is not None and used < IDLE),
    )
    return tuple(name for name, holds in signs if holds)


def swings(record: Record, costs: Costs, fleet_rate: float) -> list[Swing]:
    """Return what hangs on each assumption, the most first: the bars of a tornado."""

    def gain(one: Record, said: Costs) -> int:
        return verdict(one, said, fleet_rate).gain_minor

    def price(said: Costs, by: float) -> Costs:
        return structs.replace(
            said, price_ac_minor=round(said.price_ac_minor * by), price_dc_minor=round(said.price_dc_minor * by)
        )

    ways: dict[str, Callable[[float], tuple[Record, Costs]]] = {
        "price": lambda by: (record, price(costs, by)),
        "life": lambda by: (record, structs.replace(costs, life_years=max(1, round(costs.life_years * by)))),
        "interest": lambda by: (record, structs.replace(costs, interest_percent=costs.interest_percent * by)),
        "visit": lambda by: (record, structs.replace(costs, visit_minor=round(costs.visit_minor * by))),
        "repair": lambda by: (
            structs.replace(
                record,
                repair_cost_minor=None if record.repair_cost_minor is None else round(record.repair_cost_minor * by),
            ),
            structs.replace(costs, repair_minor=round(costs.repair_minor * by)),
        ),
        "margin": lambda by: (structs.replace(record, lost_margin_minor=record.lost_margin_minor * by), costs),
        "penalty": lambda by: (
            record,
            structs.replace(costs, penalty_hour_minor=round(costs.penalty_hour_minor * by)),
        ),
    }
    found = [
        Swing(name=name, low_minor=gain(*way(1 - SWING)), high_minor=gain(*way(1 + SWING)))
        for name, way in ways.items()
    ]
    return sorted((one for one in found if one.width_minor), key=lambda one: -one.width_minor)
