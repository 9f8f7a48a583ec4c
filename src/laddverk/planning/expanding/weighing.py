"""What a study says: service before and after with its band, what each relief costs, when it pays. Pure.

Effects are differences in the same draw, so that chance which meets both sides alike cancels out; P10, P50 and P90
are those of the draws, brought to a year by the length of the period.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np
from msgspec import Struct

from laddverk.planning.expanding.model import DAYS_PER_YEAR, RECORDED, Kind, Option, Part, Study
from laddverk.planning.replaying.model import Binding, Outcome

PAYS_WITHIN_YEARS: Final = 100.0  # later is never
ENERGY_MIN_KWH: Final = 1.0  # a year; less extra energy has no price for each
REFUSALS_MIN: Final = 0.5  # a year
SERVED_WELL: Final = 0.99  # of the energy asked for: a site that delivers so much is not held back
BLOCKED_LITTLE: Final = 0.01
SWING_MARGIN: Final = 0.2
SWING_CAPEX: Final = 0.25
SWING_OPEX: Final = 0.25
SWING_FEE: Final = 0.5  # nobody has measured who pays and who comes back in time
SWING_LIFE: Final = (0.7, 1.5)


class Order(StrEnum):
    """What reliefs are ranked by."""

    ENERGY = "energy"
    """What a kilowatt-hour more costs."""
    REFUSALS = "refusals"
    """What an avoided refusal costs."""


class Band(Struct, frozen=True):
    """What is likely: the middle of the draws, and what a tenth of them lie below and above."""

    low: float
    middle: float
    high: float


class Service(Struct, frozen=True, kw_only=True):
    """How a site serves with an option."""

    delivered: Band
    """The share of the energy asked for."""
    p05: Band
    blocked: Band
    """The share of arrivals that found no outlet."""
    waited: Band
    """Who waited and charged, a year."""
    wait_s: Band
    """How long they waited, in the mean."""
    peak_kw: Band
    short_h: Band
    """Hours a year in which a car got less than it would have taken."""
    full_h: Band
    energy_kwh: Band
    """A year."""
    by_hour_kwh: tuple[float, ...]
    """By the hour of the day, on a mean day."""


class Weighed(Struct, frozen=True, kw_only=True):
    """An option, its effect beside the site as it is, and its money. Amounts are in minor units, a year where so."""

    place: int
    option: Option
    service: Service
    extra_kwh: Band
    """A year."""
    avoided: Band
    """Refusals avoided, a year."""
    opex_year_minor: int
    """With the fee on peaks, if there is one."""
    cost_year_minor: int
    """With the investment spread over its life."""
    benefit_year_minor: int
    fee_year_minor: int
    """Of the benefit: what a fee on idle time takes, of those who stay in spite of it."""
    per_kwh_minor: int | None
    per_refusal_minor: int | None
    pays_at: datetime | None
    pays_in_years: float | None

    @property
    def net_year_minor(self) -> int:
        """What remains a year when the investment is spread over its life."""
        return self.benefit_year_minor - self.cost_year_minor


class Scenario(Struct, frozen=True, kw_only=True):
    """What is weighed at one growth."""

    growth: float
    draws: int
    weighed: tuple[Weighed, ...]
    """All options by their place; the first is the site as it is."""

    @property
    def as_is(self) -> Weighed:
        """The site as it is."""
        return self.weighed[0]

    @property
    def options(self) -> tuple[Weighed, ...]:
        """Those that may be proposed, in their order."""
        return tuple(one for one in self.weighed if one.option.kind not in (Kind.AS_IS, Kind.REFERENCE))

    @property
    def references(self) -> tuple[Weighed, ...]:
        """Those that show what a thing is worth."""
        return tuple(one for one in self.weighed if one.option.kind is Kind.REFERENCE)

    @property
    def proposed(self) -> Weighed | None:
        """What leaves most a year; None where nothing pays, or nothing holds the site back."""
        service = self.as_is.service
        if service.delivered.middle >= SERVED_WELL and service.blocked.middle <= BLOCKED_LITTLE:
            return None
        paying = [one for one in self.options if one.net_year_minor > 0]
        return max(paying, key=lambda one: (one.net_year_minor, -one.place), default=None)


class Swing(Struct, frozen=True, kw_only=True):
    """How far one assumption moves what remains a year."""

    key: str
    low_minor: int
    high_minor: int


class Answer(Struct, frozen=True, kw_only=True):
    """What a study says so far."""

    draws: int
    """How many draws are complete for all options."""
    as_is: Weighed | None
    options: tuple[Weighed, ...] = ()
    """Those that may be proposed, in their order: the cheapest relief first."""
    references: tuple[Weighed, ...] = ()
    proposed: Weighed | None = None
    swings: tuple[Swing, ...] = ()
    """Of what is proposed, the widest first."""
    scenarios: tuple[Scenario, ...] = ()
    """The same at each growth, the least first; empty where there is one alone."""
    bindings: tuple[Binding, ...] = ()
    """Where the site as it is keeps cars from more, hours a year."""
    recorded: float | None = None
    """The share of what cars really took that the replay of what was gives them; None before it was played."""
    lost_ports_kwh: float = 0.0
    """What those who found no outlet would have taken, a year."""
    lost_power_kwh: float = 0.0
    """What those who charged did not get, a year."""

    def ranked(self, order: Order = Order.ENERGY) -> list[Weighed]:
        """Return the options, the cheapest kilowatt-hour or avoided refusal first; those without any effect last."""

        def rank(one: Weighed) -> tuple[bool, int, int]:
            price = one.per_kwh_minor if order is Order.ENERGY else one.per_refusal_minor
            return price is None, price or 0, one.place

        return sorted(self.options, key=rank)


def answer(study: Study, parts: Sequence[Part]) -> Answer:
    """Return what a study says by the draws that are complete; nothing is weighed before the first is."""
    recorded = next((one.outcome.delivered for one in parts if one.place == RECORDED), None)
    outcomes = _outcomes(study, parts, 0)
    if not outcomes or not outcomes[0]:
        return Answer(draws=0, as_is=None, recorded=recorded)
    expected = _scenario(study, outcomes, study.asked.growth)
    others = [(growth, _outcomes(study, parts, number)) for number, growth in enumerate(study.asked.growths) if number]
    played = [expected, *(_scenario(study, each, growth) for growth, each in others if each[0])]
    scenarios = tuple(sorted(played, key=lambda one: one.growth)) if len(played) > 1 else ()
    yearly = DAYS_PER_YEAR / study.days
    base = outcomes[0]
    lost = [one.asked_wh - one.delivered_wh for one in base]
    blocked = [one.blocked_wh for one in base]
    return Answer(
        draws=expected.draws, recorded=recorded, as_is=expected.as_is, options=expected.options,
        references=expected.references, proposed=expected.proposed,
        swings=_swings(study, expected.proposed, scenarios) if expected.proposed else (), scenarios=scenarios,
        bindings=_bindings(base, yearly),
        lost_ports_kwh=float(np.median(blocked)) / 1_000 * yearly,
        lost_power_kwh=float(np.median(np.array(lost) - np.array(blocked))) / 1_000 * yearly,
    )  # fmt: skip


def _outcomes(study: Study, parts: Sequence[Part], scenario: int) -> list[list[Outcome]]:
    """Return what came of each option at one growth, draw by draw, by the draws that are complete."""
    places = range(len(study.options))
    found = {(one.place, one.draw): one.outcome for one in parts if one.scenario == scenario}
    complete = range(study.asked.draws_of(scenario))
    draws = [draw for draw in complete if all((place, draw) in found for place in places)]
    return [[found[place, draw] for draw in draws] for place in places]


def _scenario(study: Study, outcomes: list[list[Outcome]], growth: float) -> Scenario:
    weighed = tuple(_weighed(study, place, option, outcomes) for place, option in enumerate(study.options))
    return Scenario(growth=growth, draws=len(outcomes[0]), weighed=weighed)


def band(values: Sequence[float]) -> Band:
    """Return P10, P50 and P90."""
    low, middle, high = np.quantile(np.array(values, dtype=np.float64), (0.1, 0.5, 0.9)).tolist()
    return Band(low, middle, high)


def _service(study: Study, outcomes: Sequence[Outcome]) -> Service:
    yearly = DAYS_PER_YEAR / study.days

    def of(value: Callable[[Outcome], float], times: float = 1.0) -> Band:
        return band([value(one) * times for one in outcomes])

    hours = np.median(np.array([one.by_hour_wh for one in outcomes]), axis=0) / 1_000 / study.days
    return Service(
        delivered=of(lambda one: one.delivered), p05=of(lambda one: one.p05), blocked=of(lambda one: one.blocked_share),
        waited=of(lambda one: one.waited, yearly), wait_s=of(lambda one: one.mean_wait_s),
        peak_kw=of(lambda one: one.peak_w, 0.001),
        short_h=of(lambda one: one.short_h, yearly), full_h=of(lambda one: one.full_h, yearly),
        energy_kwh=of(lambda one: one.delivered_wh, 0.001 * yearly), by_hour_kwh=tuple(hours.tolist()),
    )  # fmt: skip


def _weighed(study: Study, place: int, option: Option, outcomes: list[list[Outcome]]) -> Weighed:
    yearly, prices = DAYS_PER_YEAR / study.days, study.asked.prices
    pairs = list(zip(outcomes[place], outcomes[0], strict=True))
    extra = band([(one.delivered_wh - base.delivered_wh) / 1_000 * yearly for one, base in pairs])
    avoided = band([(base.blocked - one.blocked) * yearly for one, base in pairs])
    peak_kw = float(np.median([(one.peak_w - base.peak_w) / 1_000 for one, base in pairs]))
    solar_kwh = float(np.median([one.own_solar_wh - base.own_solar_wh for one, base in pairs])) / 1_000 * yearly
    sold_kwh = float(np.median([one.sold_solar_wh - base.sold_solar_wh for one, base in pairs])) / 1_000 * yearly
    idle_h = float(np.median([one.idle_h for one in outcomes[place]])) * yearly if option.change.idle_cut > 0 else 0.0
    fee = round(idle_h * prices.idle_hour)
    opex = option.opex_year_minor + round(peak_kw * prices.peak_per_kw_year)
    cost = round(option.capex_minor / prices.life_years) + opex
    sun = solar_kwh * prices.own_solar_per_kwh + sold_kwh * prices.sold_solar_per_kwh
    benefit = round(extra.middle * prices.margin_per_kwh + sun) + fee
    years = _years(option.capex_minor, benefit - opex)
    if years is not None and years > prices.life_years:
        years = None  # it is worn out before
    return Weighed(
        place=place, option=option, service=_service(study, outcomes[place]), extra_kwh=extra, avoided=avoided,
        opex_year_minor=opex, cost_year_minor=cost, benefit_year_minor=benefit,
        fee_year_minor=fee,
        per_kwh_minor=round(cost / extra.middle) if extra.middle >= ENERGY_MIN_KWH else None,
        per_refusal_minor=round(cost / avoided.middle) if avoided.middle >= REFUSALS_MIN else None,
        pays_in_years=years,
        pays_at=None if years is None else study.made_at + timedelta(days=years * DAYS_PER_YEAR),
    )  # fmt: skip


def _years(capex_minor: int, net_year_minor: int) -> float | None:
    """Return after how many years an investment is paid back; None: never, as far as one can see."""
    if net_year_minor <= 0:
        return None
    years = capex_minor / net_year_minor
    return years if years <= PAYS_WITHIN_YEARS else None


def _swings(study: Study, one: Weighed, scenarios: Sequence[Scenario]) -> tuple[Swing, ...]:
    """Return how far what remains a year moves with each assumption alone, the widest first."""
    prices, net = study.asked.prices, one.net_year_minor
    margin = one.extra_kwh.middle * prices.margin_per_kwh
    spread = one.option.capex_minor / prices.life_years
    opex = abs(one.opex_year_minor)
    low_life, high_life = SWING_LIFE
    found = [
        ("effect", (one.extra_kwh.low - one.extra_kwh.middle) * prices.margin_per_kwh,
         (one.extra_kwh.high - one.extra_kwh.middle) * prices.margin_per_kwh),
        ("margin", -SWING_MARGIN * margin, SWING_MARGIN * margin),
        ("capex", -SWING_CAPEX * spread, SWING_CAPEX * spread),
        ("opex", -SWING_OPEX * opex, SWING_OPEX * opex),
        ("fee", -SWING_FEE * one.fee_year_minor, SWING_FEE * one.fee_year_minor),
        ("life", spread - spread / low_life, spread - spread / high_life),
    ]  # fmt: skip
    if scenarios:
        nets = [each.weighed[one.place].net_year_minor - net for each in scenarios]
        found.append(("growth", min(nets), max(nets)))
    swings = [Swing(key=key, low_minor=round(net + low), high_minor=round(net + high)) for key, low, high in found]
    swings = [each for each in swings if each.low_minor != each.high_minor or each.key != "fee"]
    return tuple(sorted(swings, key=lambda each: each.low_minor - each.high_minor))


def _bindings(outcomes: Sequence[Outcome], yearly: float) -> tuple[Binding, ...]:
    sums: dict[tuple[str, int], float] = {}
    for outcome in outcomes:
        for one in outcome.bindings:
            sums[one.feeder, one.phase] = sums.get((one.feeder, one.phase), 0.0) + one.hours
    longest = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    return tuple(
        Binding(feeder=feeder, phase=phase, hours=hours / len(outcomes) * yearly) for (feeder, phase), hours in longest
    )
