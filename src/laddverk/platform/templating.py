"""Jinja environments that speak one language: the same filters for screens, mails and texts.

A room that writes mails has its own `templates/` folder and its own loader:
`environment(PackageLoader("laddverk.notices"), "sv").get_template("receipt.txt").render(...)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.nodes import EvalContext
from markupsafe import Markup

from laddverk.platform import formats
from laddverk.platform.languages import translations

FILTERS: Final[dict[str, Callable[..., str]]] = {
    "number": formats.number,
    "money": formats.money,
    "sums": formats.sums,
    "price": formats.price,
    "energy_kwh": formats.energy_kwh,
    "power_kw": formats.power_kw,
    "percent": formats.percent,
    "duration": formats.duration,
    "local_time": formats.local_time,
    "local_date": formats.local_date,
    "local_datetime": formats.local_datetime,
    "month": formats.month,
    "weekday": formats.weekday,
    "since": formats.since,
}
"""Every filter is the function of that name in `platform.formats`, with the language filled in."""

ESCAPED: Final = ("html", "xml", "svg")


def environment(loader: BaseLoader, language: str) -> Environment:
    """Return an environment for `language`: HTML is escaped, an unknown name is an error, texts are translated."""
    made = Environment(
        loader=loader,
        autoescape=select_autoescape(ESCAPED, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else each page asks the disk for each of its parts whether it changed
        cache_size=-1,  # there are more pages than the usual 400, and one that is dropped is compiled anew
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.policies["ext.i18n.trimmed"] = True
    install_words(made, language)
    made.filters.update({name: partial(function, language=language) for name, function in FILTERS.items()})
    return made


def install_words(made: Environment, language: str) -> None:
    """Give `made` the words of `language`, with places filled in and escaped as Jinja does (newstyle).

    `_` is ours, for pages say hundreds of words: a text without places is translated and marked safe once.
    """
    words: Any = made  # the i18n extension adds its methods at run time
    told = translations(language)
    words.install_gettext_translations(told, newstyle=True)

    @cache  # the texts of templates: as many as there are
    def plain(text: str, is_escaped: bool) -> str:
        return Markup(told.gettext(text)) % {} if is_escaped else told.gettext(text) % {}  # noqa: S704 - our own words

    @pass_eval_context
    def gettext(context: EvalContext, text: str, /, **given: object) -> str:
        if not given:
            return plain(text, context.autoescape)
        said = told.gettext(text)
        return Markup(said) % given if context.autoescape else said % given  # noqa: S704 - what is given is escaped

    made.globals["_"] = made.globals["gettext"] = gettext
