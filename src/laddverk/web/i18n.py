"""Which language a person gets: what the account says, else what the browser remembers, else what it asks for."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.problems import Problem
from laddverk.platform.languages import DEFAULT, SUPPORTED, gettext_for

COOKIE: Final = "language"
ACCEPT_MAX: Final = 20  # ranges looked at in Accept-Language; browsers send a handful, an attacker thousands


def negotiated(account: str | None, cookie: str | None, accept: str | None) -> str:
    """Return a supported language: account > cookie > Accept-Language (RFC 9110, 12.5.4) > Swedish."""
    for wish in (account, cookie):
        if wish in SUPPORTED:
            return wish
    return next((language for language in wished(accept or "") if language in SUPPORTED), DEFAULT)


def wished(accept: str) -> list[str]:
    """Return the primary languages in an Accept-Language header, the most wanted first. Nonsense is left out."""
    ranges: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")[:ACCEPT_MAX]):
        tag, _, parameter = part.strip().partition(";")
        quality = quality_of(parameter)
        if tag and quality > 0:
            ranges.append((-quality, place, tag.strip().partition("-")[0].lower()))
    return [language for _quality, _place, language in sorted(ranges)]


def quality_of(parameter: str) -> float:
    """Return the weight in `q=0.8`; 1 when there is none, 0 when it cannot be read."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def problem_words(problem: Problem, language: str) -> tuple[str, str | None]:
    """Return the message and the remedy of a problem in `language`, with their places filled in."""
    _ = gettext_for(language)
    message, remedy = _(problem.message), _(problem.remedy) if problem.remedy else None
    if problem.params:
        message = message % problem.params
        remedy = remedy % problem.params if remedy else None
    return message, remedy
