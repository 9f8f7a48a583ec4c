"""What a study says in sentences, the same on the page and on paper. Amounts through the formats of the language."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from laddverk.planning.expanding import words
from laddverk.planning.expanding.model import Study
from laddverk.planning.expanding.weighing import BLOCKED_LITTLE, SERVED_WELL, Answer, Band, Scenario, Service, Weighed
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, ngettext_for

NONE: Final = "–"


class Saying(Struct, frozen=True):
    """A study and its answer, to be put into words of one language."""

    study: Study
    answer: Answer
    currency: str
    language: str

    def say(self, text: str) -> str:
        """Return a marked text in the language."""
        return gettext_for(self.language)(text)

    def held_back(self) -> str:
        """Return what holds the site back."""
        _, one = gettext_for(self.language), self.answer.as_is
        if one is None:
            return _("Nothing has been played yet.")
        service = one.service
        if service.delivered.middle >= SERVED_WELL and service.blocked.middle <= BLOCKED_LITTLE:
            return _("Nothing: %(share)s of the energy asked for is delivered.") % {
                "share": self.share(service.delivered.middle)
            }
        ports, power = self.answer.lost_ports_kwh, self.answer.lost_power_kwh
        lost = _("%(lost)s a year are not delivered: %(ports)s because no outlet is free, %(power)s for want of power.")
        text = lost % {"lost": self.kwh(ports + power), "ports": self.kwh(ports), "power": self.kwh(power)}
        if self.answer.bindings:
            bound = self.answer.bindings[0]
            text += " " + _("Longest at its limit is %(circuit)s on L%(phase)s: %(hours)s hours a year.") % {
                "circuit": bound.feeder if bound.feeder != "site" else _("the connection"),
                "phase": bound.phase, "hours": formats.number(bound.hours, 0, self.language),
            }  # fmt: skip
        return text

    def proposal(self) -> str:
        """Return what is proposed, what it costs and brings, and when it pays."""
        _, one = gettext_for(self.language), self.answer.proposed
        if self.answer.as_is is None:
            return _("Nothing yet.")
        if one is None:
            cheapest = next((each for each in self.answer.ranked() if each.per_kwh_minor is not None), None)
            if cheapest is None:
                return _("To leave it as it is: no relief that was played delivers more.")
            return _("To leave it as it is: nothing pays at this margin. The cheapest relief is: %(relief)s.") % {
                "relief": words.option(cheapest.option, self.language)
            }
        text = _("%(relief)s: %(energy)s more a year for an investment of %(capex)s. It leaves %(net)s a year.") % {
            "relief": words.option(one.option, self.language), "energy": self.kwh(one.extra_kwh.middle),
            "capex": self.money(one.option.capex_minor), "net": self.money(one.net_year_minor),
        }  # fmt: skip
        return f"{text} {_('Pays back')}: {self.pays(one)}."

    def surety(self) -> str:
        """Return how sure the proposal is: its band, the draws, and how well the replay tells what was."""
        _, one, ngettext = gettext_for(self.language), self.answer.proposed, ngettext_for(self.language)
        found = []
        if one is not None:
            found.append(
                _("In eight of ten draws it brings between %(low)s and %(high)s a year.")
                % {"low": self.kwh(one.extra_kwh.low), "high": self.kwh(one.extra_kwh.high)}
            )
        draws = self.answer.draws
        found.append(
            ngettext("%(num)d draw of %(stays)s sessions.", "%(num)d draws of %(stays)s sessions.", draws)
            % {"num": draws, "stays": formats.number(self.study.stays_count, 0, self.language)}
        )
        if self.answer.recorded is not None:
            found.append(
                _("Played as it was, the replay delivers %(share)s of what cars really took.")
                % {"share": self.share(self.answer.recorded)}
            )
        return " ".join(found)

    def pays(self, one: Weighed) -> str:
        """Return when an option pays back: at once, a month and year, or not."""
        _ = gettext_for(self.language)
        if one.pays_at is None:
            return _("not")
        if one.option.capex_minor == 0:
            return _("at once")
        return formats.month(one.pays_at.date().replace(day=1), self.language)

    def period(self) -> str:
        """Return the days that were played."""
        first, last = self.study.asked.first, self.study.asked.last
        return " – ".join(formats.local_date(day, language=self.language) for day in (first, last))

    def money(self, minor: int, *, exact: bool = False) -> str:
        """Return an amount, in whole kronor unless `exact`."""
        if exact:
            return formats.money(minor, self.currency, self.language)
        whole = formats.money(round(minor / 100) * 100, self.currency, self.language)
        return whole.replace(",00", "").replace(".00", "")

    def kwh(self, value: float) -> str:
        """Return energy without digits that nobody knows."""
        return formats.energy_kwh(value * 1_000, 0, self.language)

    def kw(self, value: float) -> str:
        """Return power."""
        return formats.power_kw(value * 1_000, 0, self.language)

    def share(self, value: float) -> str:
        """Return a share."""
        return formats.percent(value, 1, self.language)

    def band_share(self, band: Band) -> str:
        """Return a share with its band."""
        return f"{self.share(band.middle)} ({self.share(band.low)}–{self.share(band.high)})"

    def band_kwh(self, band: Band) -> str:
        """Return energy with its band."""
        low, high = (formats.number(value, 0, self.language) for value in (band.low, band.high))
        return f"{self.kwh(band.middle)} ({low}–{high})"

    def waits(self, service: Service) -> str:
        """Return how many waited and charged, with the band, and for how long."""
        if service.waited.middle == 0:
            return self.band_number(service.waited)
        return f"{self.band_number(service.waited)}, {formats.duration(service.wait_s.middle, self.language)}"

    def band_number(self, band: Band) -> str:
        """Return a count with its band."""
        middle, low, high = (formats.number(value, 0, self.language) for value in (band.middle, band.low, band.high))
        return f"{middle} ({low}–{high})"

    def amperes(self, value: float) -> str:
        """Return a current."""
        return gettext_for(self.language)("%(fuse)s A") % {"fuse": self.number(value)}

    def battery(self, energy_wh: float, power_w: float) -> str:
        """Return what a battery holds and gives."""
        return f"{self.kwh(energy_wh / 1_000)}, {self.kw(power_w / 1_000)}"

    def growth(self, scenario: Scenario) -> str:
        """Return the growth of a scenario; the one that is reckoned with says so."""
        _, told = gettext_for(self.language), formats.percent(scenario.growth, 0, self.language)
        is_expected = scenario.growth == self.study.asked.growth
        return _("%(growth)s (reckoned with)") % {"growth": told} if is_expected else told

    def of_interest(self, scenario: Scenario) -> list[Weighed]:
        """Return what is shown of a growth: the site as it is, with what is proposed, and with what is best there."""
        proposed = self.answer.proposed
        places = [0, *([proposed.place] if proposed else []), *([scenario.proposed.place] if scenario.proposed else [])]
        return [scenario.weighed[place] for place in dict.fromkeys(places)]

    def number(self, value: float) -> str:
        """Return a number, with a digit after the comma where it has one."""
        return formats.number(value, 0 if value == int(value) else 1, self.language)

    def configuration(self) -> list[tuple[str, str]]:
        """Return everything that the answer depends on, by name."""
        _, asked = gettext_for(self.language), self.study.asked
        prices = asked.prices
        ground = self.study.ground
        fuse = ground.fuse_a
        return [
            (_("Period"), self.period()),
            (_("Sessions"), self.number(self.study.stays_count)),
            (_("Outlets"), self.number(len(self.study.ground.ports))),
            (_("Fuse"), self.amperes(fuse) if fuse else _("no limit is known")),
            (_("Other load on each phase"), self.amperes(asked.other_load_a)),
            (_("Load management"), _("runs") if ground.is_steered else _("does not run")),
            (_("Battery of the site"), self.battery(ground.battery.energy_wh, ground.battery.power_w)
             if ground.battery else NONE),
            (_("Panels of the site, a year"), self.kwh(sum(ground.solar_w) / 1_000) if ground.solar_w else NONE),
            (_("Version of the circuits"), self.number(asked.tree_version)),
            (_("More drivers"), self.share(asked.growth)),
            (_("Other growths"), ", ".join(self.share(one) for one in asked.scenarios) or NONE),
            (_("Draws"), self.number(asked.draws)),
            (_("Seed"), str(asked.seed)),
            (_("More outlets"), ", ".join(self.number(one) for one in asked.ports_more)),
            (_("Each with"), self.amperes(asked.port_current_a)),
            (_("Idle time is shortened by"), self.share(asked.idle_cut)),
            (_("Battery"), self.battery(asked.battery_kwh * 1_000, asked.battery_kw * 1_000)),
            (_("Panels"), self.kw(asked.solar_kwp)),
            (_("New connection"), self.amperes(asked.connection_a)),
            (_("Margin for each kWh"), self.money(prices.margin_per_kwh, exact=True)),
            (_("An outlet, installed"), self.money(prices.port)),
            (_("An outlet, a year"), self.money(prices.port_year)),
            (_("Phases of an outlet"), self.money(prices.rotation_per_port)),
            (_("Load management, once"), self.money(prices.rule)),
            (_("Load management, a year"), self.money(prices.rule_year)),
            (_("Fee on idle time, once"), self.money(prices.idle_fee)),
            (_("Fee on idle time, an hour"), self.money(prices.idle_hour, exact=True)),
            (_("A larger fuse, once"), self.money(prices.fuse_step)),
            (_("A new connection, once"), self.money(prices.connection)),
            (_("A kWh of battery"), self.money(prices.battery_per_kwh)),
            (_("A kW of panels"), self.money(prices.solar_per_kwp)),
            (_("A kWh from panels saves"), self.money(prices.own_solar_per_kwh, exact=True)),
            (_("A kWh from panels is sold for"), self.money(prices.sold_solar_per_kwh, exact=True)),
            (_("Fee for the highest hour, a kW and year"), self.money(prices.peak_per_kw_year)),
            (_("Length of life"), _("%(years)s years") % {"years": self.number(prices.life_years)}),
            (_("Fees of fuses"), asked.fees_source or NONE),
        ]  # fmt: skip
