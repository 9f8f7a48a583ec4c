"""What usage comes to: sums of rows, what they are measured against, and the figures with their formulas. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec import Struct, structs

from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

HOUR_S: Final = 3_600
DAY_S: Final = 86_400


class Sums(Struct, frozen=True, kw_only=True):
    """What happened at some outlets in some time, added up. The names are those of the tables, `usage_day` and on."""

    busy_s: float = 0.0
    charging_s: float = 0.0
    out_s: float = 0.0
    energy_wh: int = 0
    began: int = 0
    ended: int = 0
    """Of the sessions that began in this time; so all that follows."""
    stay_s: float = 0.0
    empty: int = 0
    session_wh: int = 0
    revenue_minor: int = 0
    sold_wh: int = 0
    priced: int = 0
    cost_minor: float = 0.0
    """Of the energy of hours whose price is known: at the exchange, and what is typed on top; when it flowed."""
    cost_wh: int = 0
    """That energy."""
    costed_minor: int = 0
    """The revenue of sessions that began in such hours."""

    def __add__(self, other: Sums) -> Sums:
        """Return both together."""
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in FIELDS})


FIELDS: Final = tuple(field.name for field in structs.fields(Sums))
FIELD_VALUES: Final = attrgetter(*FIELDS)


def total(many: Iterable[Sums]) -> Sums:
    """Return all of them together."""
    lists = [FIELD_VALUES(one) for one in many]
    return Sums(**dict(zip(FIELDS, map(sum, zip(*lists, strict=True)), strict=True))) if lists else Sums()


class Standing(Struct, frozen=True, kw_only=True):
    """How long outlets of a rated power stood there: what use is measured against."""

    port_s: float = 0.0
    rated_wh: float = 0.0
    """What they could have given, at rated power all the time."""

    def __add__(self, other: Standing) -> Standing:
        """Return both together."""
        return Standing(port_s=self.port_s + other.port_s, rated_wh=self.rated_wh + other.rated_wh)


def stood(opened_at: datetime, closed_at: datetime | None, power_w: int, since: datetime, until: datetime) -> Standing:
    """Return how long an outlet stood there between two instants."""
    seconds = (min(closed_at or until, until) - max(opened_at, since)).total_seconds()
    seconds = max(seconds, 0.0)
    return Standing(port_s=seconds, rated_wh=power_w * seconds / HOUR_S)


def divided(over: float, under: float) -> float | None:
    """Return a quotient, or None where there is nothing to divide by."""
    return over / under if under else None


class Figures(Struct, frozen=True, kw_only=True):
    """The figures of some outlets in some time. A figure that cannot be said is None."""

    sums: Sums
    standing: Standing

    @property
    def time_utilisation(self) -> float | None:
        """The share of the time in which a car stood there."""
        return divided(self.sums.busy_s, self.standing.port_s)

    @property
    def able_utilisation(self) -> float | None:
        """The same of the time in which the outlet was not out of order."""
        return divided(self.sums.busy_s, self.standing.port_s - self.sums.out_s)

    @property
    def charging_utilisation(self) -> float | None:
        """The share of the time in which a car charged."""
        return divided(self.sums.charging_s, self.standing.port_s)

    @property
    def energy_utilisation(self) -> float | None:
        """The energy, of what rated power all the time would have given."""
        return divided(self.sums.energy_wh, self.standing.rated_wh)

    @property
    def charging_power_w(self) -> float | None:
        """The mean power while cars charged, W for each outlet."""
        return divided(self.sums.energy_wh * HOUR_S, self.sums.charging_s)

    @property
    def sessions_per_port_day(self) -> float | None:
        """Sessions that began, for each outlet and day."""
        return divided(self.sums.began * DAY_S, self.standing.port_s)

    @property
    def energy_per_port_day_wh(self) -> float | None:
        """Energy for each outlet and day, Wh."""
        return divided(self.sums.energy_wh * DAY_S, self.standing.port_s)

    @property
    def stay_s(self) -> float | None:
        """The mean length of a session, seconds."""
        return divided(self.sums.stay_s, self.sums.ended)

    @property
    def session_wh(self) -> float | None:
        """The mean energy of a session, Wh."""
        return divided(self.sums.session_wh, self.sums.ended)

    @property
    def idle_s(self) -> float:
        """How long cars stood there without charging, seconds."""
        return self.sums.busy_s - self.sums.charging_s

    @property
    def idle_share(self) -> float | None:
        """The part of the time with a car in which it did not charge."""
        return divided(self.idle_s, self.sums.busy_s)

    @property
    def turnover_per_h(self) -> float | None:
        """How many cars an outlet serves in an hour in which it is taken."""
        return divided(self.sums.began * HOUR_S, self.sums.busy_s)

    @property
    def empty_share(self) -> float | None:
        """The part of the sessions that ended without energy."""
        return divided(self.sums.empty, self.sums.ended)

    @property
    def revenue_per_kwh_minor(self) -> float | None:
        """Revenue for each kWh sold, minor units, without VAT."""
        return divided(self.sums.revenue_minor * 1_000, self.sums.sold_wh)

    @property
    def revenue_per_port_day_minor(self) -> float | None:
        """Revenue for each outlet and day, minor units, without VAT."""
        return divided(self.sums.revenue_minor * DAY_S, self.standing.port_s)

    @property
    def margin_minor(self) -> float | None:
        """Revenue less what energy cost, minor units; None where no price of energy was known."""
        sums = self.sums
        return sums.costed_minor - sums.cost_minor if sums.cost_wh or sums.costed_minor else None


FORMULAS: Final = {
    "began": (N_("Sessions"), N_("sessions that began")),
    "energy_wh": (N_("Energy"), N_("kWh of ended sessions, each evenly over the time in which its car charged")),
    "time_utilisation": (N_("Time utilisation"), N_("hours with a car ÷ (outlets × hours)")),
    "able_utilisation": (
        N_("Of the time in order"), N_("hours with a car ÷ (outlets × hours − hours out of order without a car)"),
    ),
    "charging_utilisation": (N_("Charging utilisation"), N_("hours in which a car charged ÷ (outlets × hours)")),
    "energy_utilisation": (N_("Energy utilisation"), N_("kWh ÷ (rated kW of each outlet × hours)")),
    "charging_power_w": (N_("Power while charging"), N_("kWh ÷ hours in which a car charged")),
    "sessions_per_port_day": (N_("Sessions per outlet and day"), N_("sessions begun ÷ (outlets × days)")),
    "energy_per_port_day_wh": (N_("Energy per outlet and day"), N_("kWh ÷ (outlets × days)")),
    "stay_s": (N_("Mean stay"), N_("sum of (end − start) ÷ sessions ended")),
    "session_wh": (N_("Energy per session"), N_("kWh of ended sessions ÷ sessions ended")),
    "idle_share": (
        N_("Idle"), N_("(hours with a car − hours in which it charged) ÷ hours with a car"),
    ),
    "turnover_per_h": (N_("Turnover"), N_("sessions begun ÷ hours with a car")),
    "empty_share": (N_("Without energy"), N_("sessions ended with 0 Wh ÷ sessions ended")),
    "revenue_minor": (N_("Revenue"), N_("sum of (price − VAT) of priced sessions, by when they began")),
    "revenue_per_kwh_minor": (N_("Revenue per kWh"), N_("revenue ÷ kWh of the priced sessions")),
    "revenue_per_port_day_minor": (N_("Revenue per outlet and day"), N_("revenue ÷ (outlets × days)")),
    "margin_minor": (
        N_("Margin"),
        N_("revenue of sessions begun in hours whose exchange price is known at their site − sum over these hours of"
           " kWh × (exchange price + what is typed for grid and tax); fees for payments, and what the grid takes for"
           " power or by the month, are not taken off"),
    ),
    "peak_w": (N_("Highest hour"), N_("the most energy of one hour ÷ 1 hour, all chosen outlets together")),
    "coincidence": (N_("Peak coincidence"), N_("highest hour ÷ rated power of all chosen outlets")),
    "taken_max": (
        N_("Most taken at once"), N_("the largest share of a site's outlets with one plug that had a car at once"),
    ),
    "full_s": (
        N_("All taken"),
        N_("hours in which a site's outlets with one plug each had a car or were out of order, at least one had a car"),
    ),
    "full_share": (N_("Share of time all taken"), N_("hours all taken ÷ (sites and plugs × hours)")),
    "unseen": (
        N_("Likely turned away"),
        N_("sum over hours of the week: arrivals per hour while there was room × hours without room"),
    ),
    "attempts": (N_("Attempts"), N_("attempts to charge, those that failed as well")),
    "failed_starts": (N_("Failed starts"), N_("attempts to charge that failed by the charger or by us")),
    "retries": (
        N_("Tried again within 30 minutes"), N_("failed starts after which the same person tried again in time"),
    ),
    "given_up": (N_("Gave up"), N_("failed starts without another try or a charge within 30 minutes")),
    "waits": (
        N_("Waited for a place"),
        N_("sessions that began within 10 minutes after the first outlet became free, where all were taken before"),
    ),
}  # fmt: skip
"""What each figure is called and how it is made: shown beside the number, and sent with it by CSV and the API.

The name of a figure ends in its unit: `_wh`, `_w`, `_s`, `_minor` (of the currency), `_per_h`. Others are shares of
one, or counts.
"""
