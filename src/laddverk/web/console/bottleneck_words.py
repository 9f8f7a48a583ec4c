"""Words of what holds a site back, and sentences of evidence with their numbers in the reader's language."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.ids import shown
from laddverk.planning.bottlenecks import rules
from laddverk.planning.bottlenecks.model import Kind, Proof, Verdict
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked

KINDS: Final = {
    Kind.PORTS: marked("Too few outlets"),
    Kind.POWER: marked("Power"),
    Kind.PHASE: marked("A phase"),
    Kind.OVERSTAY: marked("Overstay"),
    Kind.RELIABILITY: marked("Reliability"),
    Kind.PRICE: marked("Price"),
}
RELIEF: Final = {
    Kind.PORTS: marked("More outlets, or an idle fee that frees those there are."),
    Kind.POWER: marked("A larger fuse, another load rule, a battery: a study of the site says which is cheapest."),
    Kind.PHASE: marked(
        "Let an electrician turn the phases of some outlets, or enter which they use: the cheapest relief."
    ),
    Kind.OVERSTAY: marked("An idle fee after charging, and a message to the driver when the car is full."),
    Kind.RELIABILITY: marked("Mend what fails: the incidents of the site say what."),
    Kind.PRICE: marked("Compare the price with those nearby, and with what the energy costs."),
}
FORMULAS: Final = rules.FORMULAS
PAGES: Final = {
    "usage": marked("Usage"),
    "uptime": marked("Uptime"),
    "load": marked("Load"),
    "outcomes": marked("Attempts"),
    "prices": marked("Prices"),
}


def sentence(proof: Proof, language: str) -> str:
    """Return a sentence of evidence, its numbers written as the language does."""
    values = {
        name: formats.number(value, 0 if float(value).is_integer() else 1, language)
        if isinstance(value, int | float)
        else value
        for name, value in proof.values.items()
    }
    return gettext_for(language)(proof.text) % values


def href(proof: Proof, verdict: Verdict) -> str:
    """Return the page that shows the evidence."""
    site = shown("sit", verdict.site_id)
    return {
        "usage": f"/console/usage?site={site}&from={verdict.since:%Y-%m-%d}&to={verdict.until:%Y-%m-%d}",
        "uptime": f"/console/uptime/sites/{site}",
        "load": f"/console/sites/{site}/load",
        "outcomes": f"/console/uptime/sites/{site}",
        "prices": f"/console/usage/compare?site={site}",
    }.get(proof.page, f"/console/sites/{site}")
