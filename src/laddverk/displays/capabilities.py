"""What a charger says that its display can do (DisplayMessageCtrlr), and a message made to fit it. All pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.displays.model import MESSAGES_MAX, PRIORITIES, STATES, Wanted
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.facts import DisplayText

FORMATS: Final = ("UTF8", "ASCII")
"""Those that a text of ours can be sent in, the better one first. HTML and addresses are not."""
FIRST_LANGUAGE: Final = "sv"
"""Of several languages, what a charger shows that can show one and names none."""


class Display(Struct, frozen=True, kw_only=True):
    """What a display can do; where the charger said nothing, what the standard allows."""

    is_there: bool = True
    formats: frozenset[str] = frozenset(FORMATS)
    priorities: frozenset[str] = frozenset(PRIORITIES)
    states: frozenset[str] = frozenset(STATES)
    messages_max: int = MESSAGES_MAX
    language: str = FIRST_LANGUAGE
    """The one that it shows when it can show one."""


def display_of(variables: Mapping[str, str | None], *, messages_limit: float | None, is_21: bool) -> Display:
    """Return what a display can do, from the variables of DisplayMessageCtrlr by their lower-case names.

    `messages_limit` is the most that `DisplayMessages` may be, by its characteristics.
    """
    states = frozenset(STATES) | ({"Suspended", "Discharging"} if is_21 else set())
    off = {variables.get(name, "true") for name in ("available", "enabled")} & {"false", "False"}
    most = round(messages_limit) if messages_limit and messages_limit >= 1 else MESSAGES_MAX
    return Display(
        is_there=not off,
        formats=_listed(variables.get("supportedformats"), frozenset(FORMATS)),
        priorities=_listed(variables.get("supportedpriorities"), frozenset(PRIORITIES)),
        states=_listed(variables.get("supportedstates"), states),
        messages_max=min(most, MESSAGES_MAX),
        language=(variables.get("language") or FIRST_LANGUAGE)[:2].lower(),
    )


BY_DATA: Final = Display(priorities=frozenset({PRIORITIES[0]}), states=frozenset(), messages_max=1)
"""A display of 1.6 that takes texts in a DataTransfer of its maker's: one at a time, at once, in one language."""


def require_plain(wanted: Wanted) -> None:
    """Raise `Invalid` for what a display of 1.6 cannot do, naming the field."""
    if wanted.starts_at is not None:
        raise Invalid("This charger shows a text at once or not at all.", field="starts_at")
    if wanted.evse_number is not None:
        raise Invalid("This charger cannot tie a text to a session.", field="evse_number")


def _listed(said: str | None, known: frozenset[str]) -> frozenset[str]:
    """Return those of `known` that a member list names; all of them when it names none."""
    words = {word.strip() for word in (said or "").split(",")}
    return frozenset(words & known) or known


def fitted(wanted: Wanted, display: Display, *, is_21: bool) -> Wanted:
    """Return `wanted` as this display takes it: 2.0.1 shows one language; texts in a format that it has.

    Raises `Conflict` where there is no display, `Invalid` naming what it cannot do.
    """
    if not display.is_there:
        raise Conflict("The charger says that it has no display for messages.")
    if wanted.priority not in display.priorities:
        raise Invalid("The charger's display does not have this place.", field="priority")
    if wanted.state is not None and wanted.state not in display.states:
        raise Invalid("The charger's display does not know this state.", field="state")
    texts = wanted.texts if is_21 else (_one_of(wanted.texts, display.language),)
    return replace(wanted, texts=tuple(_formatted(text, display) for text in texts))


def _one_of(texts: Sequence[DisplayText], language: str) -> DisplayText:
    """Return the text of a language, else the Swedish one, else the first."""
    by_language = {text.language: text for text in reversed(texts)}
    return by_language.get(language) or by_language.get(FIRST_LANGUAGE) or texts[0]


def _formatted(text: DisplayText, display: Display) -> DisplayText:
    """Return a text in a format that the display takes; without Swedish letters where it takes ASCII only."""
    if "UTF8" in display.formats:
        return replace(text, format="UTF8")
    if not text.text.isascii():
        return replace(text, format="ASCII", text=plain(text.text))
    return replace(text, format="ASCII")


LETTERS: Final = str.maketrans({
    "å": "a", "ä": "a", "ö": "o", "é": "e", "ü": "u", "Å": "A", "Ä": "A", "Ö": "O", "É": "E", "Ü": "U",
    "–": "-", "—": "-", "’": "'", "”": '"', "…": "...", "\u00a0": " ", "€": "EUR",
})  # fmt: skip


def plain(text: str) -> str:
    """Return a text in ASCII: letters without dots and rings, anything else that is foreign as a question mark."""
    return text.translate(LETTERS).encode("ascii", "replace").decode("ascii")
