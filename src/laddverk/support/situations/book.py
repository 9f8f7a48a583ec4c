"""The catalogue of situations: read from `catalogue/*.toml` once, and checked so that none can be told half."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from laddverk.notices.sms.rules import fits_one
from laddverk.platform.languages import SUPPORTED
from laddverk.support.situations.model import Situation, Texts
from laddverk.support.situations.predicates import PREDICATES

HERE: Final = Path(__file__).parent / "catalogue"
PLACE: Final = re.compile(r"%\((\w+)\)s")
USUAL: Final = ""


class Faulty(Exception):
    """A file of the catalogue cannot be used; the message names the file and the place in it."""


@cache
def catalogue() -> tuple[Situation, ...]:
    """Return all situations, the most pressing first. Raises `Faulty`."""
    read = [situation_in(path.stem, path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))]
    ranks: dict[int, str] = {}
    for each in read:
        if each.rank in ranks:
            raise Faulty(f"{each.key}: rank {each.rank} is that of {ranks[each.rank]} too")
        ranks[each.rank] = each.key
    return tuple(sorted(read, key=lambda each: each.rank))


def titles(language: str) -> dict[str, str]:
    """Return how each situation is called, by its key, the most pressing first."""
    return {each.key: each.text(language).title for each in catalogue()}


def situation_in(key: str, text: str) -> Situation:
    """Return the situation that a file called `key` holds. Raises `Faulty`."""
    try:
        content = tomllib.loads(text)
        texts = {language: _spoken(key, language, content.pop(language)) for language in SUPPORTED}
        situation = msgspec.convert({**content, "key": key, "texts": texts}, Situation, strict=True)
    except KeyError as missing:
        raise Faulty(f"{key}: {missing} is missing") from missing
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise Faulty(f"{key}: {fault}") from fault
    if situation.predicate not in PREDICATES:
        raise Faulty(f"{key}: there is no predicate {situation.predicate}")
    _require_alike(situation)
    return situation


def _spoken(key: str, language: str, given: dict[str, Any]) -> dict[str, Texts]:
    """Return the texts of one language by variant; what a variant leaves out is as usual."""
    usual = {name: value for name, value in given.items() if not isinstance(value, dict)}
    variants: dict[str, dict[str, Any]] = {USUAL: {}}
    variants.update((name, value) for name, value in given.items() if isinstance(value, dict))
    spoken = {name: msgspec.convert({**usual, **own}, Texts, strict=True) for name, own in variants.items()}
    for name, texts in spoken.items():
        if not fits_one(PLACE.sub("00:00", texts.sms)):
            raise Faulty(f"{key}: [{language}.{name}] sms is longer than one message")
    return spoken


def _require_alike(situation: Situation) -> None:
    """Both languages have the same variants, and the same values in them. Raises `Faulty`."""
    first, *others = situation.texts.items()
    for language, spoken in others:
        for variant in {*first[1], *spoken}:
            if variant not in spoken or variant not in first[1]:
                raise Faulty(f"{situation.key}: variant {variant!r} is missing in {first[0]} or {language}")
            for name in Texts.__struct_fields__:
                if places(getattr(spoken[variant], name)) != places(getattr(first[1][variant], name)):
                    raise Faulty(f"{situation.key}: {language}.{variant} {name} has other values than {first[0]}")


def places(text: str) -> frozenset[str]:
    """Return the names of the values that stand in a text."""
    return frozenset(PLACE.findall(text))
