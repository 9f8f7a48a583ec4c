"""What notifications to drivers say, in each language that devices speak. Pure."""

from __future__ import annotations

from laddverk.notices.push.model import Words
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for


def charging_finished(
    language: str, *, place: str, energy_wh: int, price_minor: int, currency: str, path: str
) -> Words:
    """Return the words when a charge is over and priced."""
    _ = gettext_for(language)
    energy = formats.energy_kwh(energy_wh, language=language)
    price = formats.money(price_minor, currency, language=language)
    return Words(
        title=_("Charging is finished"),
        body=_("%(energy)s for %(price)s, %(place)s") % {"energy": energy, "price": price, "place": place},
        path=path,
        tag=path,
    )


def tested(language: str, operator: str, path: str) -> Words:
    """Return the words of a test."""
    _ = gettext_for(language)
    return Words(title=operator, body=_("This is a test. Notifications arrive here."), path=path, tag="test")
