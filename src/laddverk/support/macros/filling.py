"""The places in a canned answer: which there may be, and what they become. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.platform.languages import SUPPORTED
from laddverk.support.inbox import tags
from laddverk.support.inbox.snoozing import CHOICES
from laddverk.support.macros.model import OPTIONAL, VARIABLES, Deeds, Macro
from laddverk.support.model import Outcome
from laddverk.support.rules import TEXT_MAX

PLACE: Final = re.compile(r"\{([^{}\n]*)\}")
LONE: Final = re.compile(r"[{}]")
BUTTONS: Final = frozenset({"unlock", "extend", "stop", "receipt", "payment_link", "nearest", "start"})
"""Buttons of an agent that ask for nothing but a reason: the macro's name is the reason."""


class Filled(Struct, frozen=True):
    """A text with its places filled in, and the names of those for which there is nothing."""

    text: str
    missing: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    """Those that nothing stands in because we do not know well enough who it goes to."""


def checked(macro: Macro) -> Macro:
    """Return a macro that can be used. Raises `Invalid` naming the field, and the place that nobody knows."""
    if not macro.name.strip():
        raise Invalid("Give it a name.", field="name")
    texts = {language: macro.texts.get(language, "").strip() for language in SUPPORTED}
    for language, text in texts.items():
        checked_places(text, f"text_{language}")
    deeds = macro.deeds
    if not any(texts.values()) and deeds == Deeds():
        raise Invalid("Write a text, or choose what is done.", field="text_sv")
    if deeds.button and deeds.button not in BUTTONS:
        raise Invalid("Choose from the list.", field="button")
    if deeds.snooze and deeds.snooze not in CHOICES:
        raise Invalid("Choose from the list.", field="snooze")
    if deeds.outcome and deeds.outcome not in {each.value for each in Outcome}:
        raise Invalid("Choose how it ended.", field="outcome")
    if deeds.outcome and deeds.snooze:
        raise Invalid("What is closed cannot be put aside.", field="snooze")
    return replace(
        macro, name=" ".join(macro.name.split())[:80], texts={key: text for key, text in texts.items() if text},
        deeds=replace(deeds, tags=tags.checked(deeds.tags)),
    )  # fmt: skip


def checked_places(text: str, field: str) -> None:
    """Raise `Invalid` for a text that is too long, or has a place that nothing can fill."""
    if len(text) > TEXT_MAX or "\x00" in text:
        raise Invalid("The text is too long.", field=field, remedy="At most 10,000 characters.")
    for name in PLACE.findall(text):
        if name.strip() not in VARIABLES:
            raise Invalid(
                "Nothing is known as {%(name)s}.", field=field, remedy="Use one of: %(known)s.", name=name[:40],
                known=", ".join(f"{{{each}}}" for each in VARIABLES),
            )  # fmt: skip
    if LONE.search(PLACE.sub("", text)):
        raise Invalid("A brace stands alone.", field=field, remedy="Write places like {driver}.")


def left_in(text: str) -> str:
    """Return the first place that nothing was filled into; '' for none. Other words in braces are somebody's own."""
    return next((name.strip() for name in PLACE.findall(text) if name.strip() in VARIABLES), "")


def filled(text: str, values: Mapping[str, str], withheld: Collection[str] = ()) -> Filled:
    """Return a text with its places filled in; a value is taken as it is, whatever braces it holds.

    The places in `withheld` get no value: they may not be said to whoever this goes to.
    """
    values = {name: value for name, value in values.items() if name not in withheld}
    missing: list[str] = []
    kept_back = [name for each in PLACE.findall(text) if (name := each.strip()) in withheld]

    def value(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        found = values.get(name, "")
        if not found and name not in OPTIONAL:
            missing.append(name)
            return match.group(0)
        return found

    said = PLACE.sub(
        value, re.sub(r" \{(driver|phone)\}", lambda m: m.group(0) if values.get(m.group(1)) else "", text)
    )
    absent = [name for name in missing if name not in withheld]
    return Filled(said, tuple(dict.fromkeys(absent)), tuple(dict.fromkeys(kept_back)))
