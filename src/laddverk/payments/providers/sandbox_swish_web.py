"""The built-in Swish's app: a page that says who wants what, where a person approves, declines, or chooses a mishap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, quote

from jinja2 import PackageLoader
from msgspec import Struct

from laddverk.payments.providers.sandbox_bank import MOUNT, URL_SAFE
from laddverk.payments.providers.sandbox_swish import ENDED_BY, Mood, Swish, Thing
from laddverk.payments.providers.sandbox_swish_books import found_by_token, swish_in
from laddverk.payments.swish.rules import words_for
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.platform.templating import environment

MOOD_TEXTS: Final[Mapping[Mood, str]] = {
    Mood.GOOD: N_("Works"),
    Mood.TWICE: N_("Works, and each callback comes twice"),
    Mood.LATE: N_("Works, and the callback comes 20 seconds late"),
    Mood.NEVER: N_("Works, and no callback comes"),
    Mood.LOST: N_("Works, and answers are lost after the work is done"),
    Mood.NO_REFUND: N_("Works, and nothing can be sent back to this account"),
}


class Screen(Struct, frozen=True):
    """What the app answers: a page, or the way back."""

    page: str = ""
    location: str = ""


async def screen(house: House, token: str, query: str, form: Mapping[str, list[str]], language: str) -> Screen | None:
    """Return what the app shows for a token after what was chosen in `form`; None when the token opens nothing."""
    async with house.database.transaction() as tx:
        found = await found_by_token(tx, house, token) if token else None
        if found is None:
            return None
        kind, thing = found
        if form and thing["status"] == "CREATED":
            await _chosen(swish_in(tx, house), kind, thing, form)
    house.worker.wake()
    if form or thing["status"] != "CREATED":
        return Screen(location=quote(_back(house, query), safe=URL_SAFE))
    return Screen(page=_rendered(thing, kind, language))


async def _chosen(swish: Swish, kind: str, thing: Thing, form: Mapping[str, list[str]]) -> None:
    does, mood, code = (form.get(name, [""])[0] for name in ("do", "mood", "code"))
    identity = thing["id"] if kind == "payment" else thing["consentId"]
    chosen = Mood(mood) if mood in set(Mood) else Mood.GOOD
    if does == "approve" and kind == "payment":
        await swish.pay(identity, mood=chosen)
    elif does == "approve":
        await swish.approve(identity, mood=chosen)
    elif kind == "payment":
        await swish.end(identity, code if code in ENDED_BY else "RF07")
    else:
        await swish.refuse(identity)


def _back(house: House, query: str) -> str:
    """Return where the app leads back to: a path of ours, and nothing else."""
    given = parse_qs(query).get("callbackurl", [""])[0].removeprefix(house.settings.web_url)
    return given if given.startswith("/") and not given.startswith("//") else "/"


def _rendered(thing: Thing, kind: str, language: str) -> str:
    words = gettext_for(language)
    template = environment(PackageLoader("laddverk.payments"), language).get_template("sandbox_swish.html")
    return template.render(
        amount_minor=round(thing["amount"] * 100) if kind == "payment" else None,
        message=thing.get("message", ""),
        moods=[(mood.value, words(text)) for mood, text in MOOD_TEXTS.items()],
        codes=[(code, words(words_for(code)) % {"code": code}) for code in ENDED_BY] if kind == "payment" else [],
        language=language,
        mount=MOUNT,
    )
