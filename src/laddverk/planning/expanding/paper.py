"""A study on paper, for those who decide: one page that says it all, then options, sensitivity and configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from msgspec import Struct

from laddverk.planning.expanding import sentences, words
from laddverk.planning.expanding.model import Kind, Study
from laddverk.planning.expanding.weighing import Answer, Scenario, Service, Weighed
from laddverk.platform import formats, typesetting
from laddverk.platform.languages import gettext_for


class Heading(Struct, frozen=True):
    """Whose report it is, and how it is written."""

    operator: str
    currency: str
    language: str
    now: datetime


def pdf(document: dict[str, Any], at: datetime) -> bytes:
    """Return a document as PDF. Takes a quarter of a second of a core: call it in a thread."""
    template = files("laddverk.planning.expanding").joinpath("report.typ").read_bytes()
    return typesetting.typeset(template, document, at)


def document(study: Study, answer: Answer, heading: Heading) -> dict[str, Any]:
    """Return the report in words and numbers."""
    _, language = gettext_for(heading.language), heading.language
    says = sentences.Saying(study, answer, heading.currency, language)
    return {
        "language": language,
        "operator": heading.operator,
        "title": _("What would relieve the site"),
        "subject": study.title,
        "place": study.site_name if study.title != study.site_name else "",
        "period": says.period(),
        "issued": [heading.now.year, heading.now.month, heading.now.day],
        "footer": _("Made %(at)s") % {"at": formats.local_datetime(heading.now, study.timezone, language=language)},
        "summary": [[_("What holds the site back"), says.held_back()], [_("What we propose"), says.proposal()],
                    [_("How sure that is"), says.surety()]],
        "figures": [] if answer.as_is is None else _figures(says, answer),
        "ranked_title": _("Reliefs, the cheapest kilowatt-hour first"),
        "ranked_head": [_("Relief"), _("More energy a year"), _("Refusals avoided"), _("Investment"),
                        _("Cost a year"), _("Per kWh"), _("Per refusal"), _("Leaves a year"), _("Pays back")],
        "ranked": [_ranked(says, one) for one in answer.ranked()],
        "service_title": _("Service with each of them, P10–P90 in brackets"),
        "service_head": [_("Site"), _("Energy delivered"), _("Worst-off twentieth"), _("Found no outlet"),
                         _("Waited a year"), _("Highest hour")],
        "service": [_service(says, one) for one in (answer.as_is, *answer.options, *answer.references) if one],
        "swings_title": _("What remains a year of the proposal, if an assumption is wrong"),
        "swings_head": [_("Assumption"), _("At worst"), _("At best")],
        "swings": [[_(words.SWINGS[one.key]), says.money(one.low_minor), says.money(one.high_minor)]
                   for one in answer.swings],
        "scenarios_title": _("If more or fewer drivers come"),
        "scenarios_head": [_("More drivers"), _("Site"), _("Energy delivered"), _("Worst-off twentieth"),
                           _("Found no outlet"), _("Leaves a year")],
        "scenarios": [_at_growth(says, scenario, one)
                      for scenario in answer.scenarios for one in says.of_interest(scenario)],
        "by_growth_title": _("Energy delivered with each of them, by growth"),
        "by_growth_head": [_("Site"), *(says.growth(scenario) for scenario in answer.scenarios)],
        "by_growth": [_by_growth(says, answer, place) for place in _places(answer)],
        "assumptions_title": _("Assumptions"),
        "assumptions": [_(each) for each in words.ASSUMPTIONS],
        "configuration_title": _("Configuration: played again with it, the study gives the same answer"),
        "configuration": [[name, value] for name, value in says.configuration()],
    }  # fmt: skip


def _figures(says: sentences.Saying, answer: Answer) -> list[list[str]]:
    _, before, after = says.say, answer.as_is, answer.proposed
    if before is None:
        return []

    def both(in_words: Callable[[Service], str]) -> list[str]:
        then = _("with the proposal: %(value)s") % {"value": in_words(after.service)} if after else ""
        return [in_words(before.service), then]

    return [
        [_("Energy delivered"), *both(lambda one: says.share(one.delivered.middle))],
        [_("Found no outlet"), *both(lambda one: says.share(one.blocked.middle))],
        [_("Energy a year"), *both(lambda one: says.kwh(one.energy_kwh.middle))],
        [_("Highest hour"), *both(lambda one: says.kw(one.peak_kw.middle))],
    ]


def _ranked(says: sentences.Saying, one: Weighed) -> list[str]:
    return [
        words.option(one.option, says.language), says.band_kwh(one.extra_kwh), says.band_number(one.avoided),
        says.money(one.option.capex_minor), says.money(one.cost_year_minor),
        sentences.NONE if one.per_kwh_minor is None else says.money(one.per_kwh_minor, exact=True),
        sentences.NONE if one.per_refusal_minor is None else says.money(one.per_refusal_minor),
        says.money(one.net_year_minor), says.pays(one),
    ]  # fmt: skip


def _at_growth(says: sentences.Saying, scenario: Scenario, one: Weighed) -> list[str]:
    is_as_is = one.option.kind is Kind.AS_IS
    return [
        says.growth(scenario), words.option(one.option, says.language), says.band_share(one.service.delivered),
        says.band_share(one.service.p05), says.band_share(one.service.blocked),
        sentences.NONE if is_as_is else says.money(one.net_year_minor),
    ]  # fmt: skip


def _places(answer: Answer) -> list[int]:
    """Return the places of the rows by growth; none where one growth alone was played."""
    first = answer.scenarios[:1]
    return [one.place for scenario in first for one in (scenario.as_is, *scenario.options, *scenario.references)]


def _by_growth(says: sentences.Saying, answer: Answer, place: int) -> list[str]:
    name = words.option(says.study.options[place], says.language)
    return [name, *(says.band_share(one.weighed[place].service.delivered) for one in answer.scenarios)]


def _service(says: sentences.Saying, one: Weighed) -> list[str]:
    service = one.service
    return [
        words.option(one.option, says.language), says.band_share(service.delivered), says.band_share(service.p05),
        says.band_share(service.blocked), says.waits(service), says.kw(service.peak_kw.middle),
    ]  # fmt: skip
