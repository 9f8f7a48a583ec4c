"""What may be written of an article, what its address is, and what a reader may have meant. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.notices.rules import one_line
from laddverk.support.knowledge.model import LANGUAGES, Given

TITLE_MAX: Final = 120
SUMMARY_MAX: Final = 300
BODY_MAX: Final = 20_000  # what a form carries; more nobody reads at a charger
SLUG_MAX: Final = 80
TAGS_MAX: Final = 10
TAG_MAX: Final = 40
MODELS_MAX: Final = 20
SEARCH_MAX: Final = 100
WORDS_MAX: Final = 12  # of one search: the first ones say what it is about
SUGGESTED_FROM_MAX: Final = 40  # words of a message that are looked for
CLOSE: Final = 0.7  # how alike a word must be to be meant: one letter in four may be wrong
KEPT_SEARCH_MAX: Final = 60
LOOKS_PERSONAL: Final = re.compile(r"[@+]|\d(\W?\d){3}")  # addresses, numbers, plates: kept nowhere
WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FRONT: Final = re.compile(r"\A---\n(?P<head>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)


def slug_of(text: str) -> str:
    """Return an address made of a title: small letters, digits and hyphens; '' where nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_MAX].strip("-")


def checked(given: Given, situations: Iterable[str]) -> Given:
    """Return what was written, tidied; `situations` are the keys there are.

    Raises `Invalid` (fields title, summary, body, slug, tags, situations, models).
    """
    title, summary = one_line(given.title), one_line(given.summary)
    if not 3 <= len(title) <= TITLE_MAX:
        raise Invalid("Write a title of at most %(most)s characters.", field="title", most=TITLE_MAX)
    if len(summary) > SUMMARY_MAX:
        raise Invalid("This is longer than %(most)s characters.", field="summary", most=SUMMARY_MAX)
    body = given.body.replace("\r\n", "\n").strip()
    if not body:
        raise Invalid("Write something.", field="body")
    if len(body) > BODY_MAX or "\x00" in body:
        raise Invalid("This is longer than %(most)s characters.", field="body", most=BODY_MAX)
    unknown = set(given.situations) - set(situations)
    if unknown:
        raise Invalid("There is no situation %(name)s.", field="situations", name=min(unknown)[:TAG_MAX])
    return replace(
        given, title=title, summary=summary, body=body, slug=_checked_slug(given.slug or slug_of(title)),
        tags=_list(given.tags, "tags", TAGS_MAX), situations=tuple(sorted(set(given.situations))),
        models=_list(given.models, "models", MODELS_MAX),
    )  # fmt: skip


def checked_language(language: str) -> str:
    """Return a language that articles are written in. Raises `Invalid` (field language)."""
    if language not in LANGUAGES:
        raise Invalid("Choose a language.", field="language")
    return language


def listed(text: str) -> tuple[str, ...]:
    """Return what somebody typed with commas between, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _checked_slug(slug: str) -> str:
    if len(slug) > SLUG_MAX or SLUG.fullmatch(slug) is None:
        raise Invalid(
            "An address has small letters a to z, digits and hyphens.", field="slug", remedy="Such as: stuck-cable."
        )
    return slug


def _list(given: Sequence[str], field: str, most: int) -> tuple[str, ...]:
    tidy = tuple(dict.fromkeys(one_line(each) for each in given if each.strip()))
    if len(tidy) > most or any(len(each) > TAG_MAX for each in tidy):
        raise Invalid("At most %(most)s, each of at most %(long)s characters.", field=field, most=most, long=TAG_MAX)
    return tidy


def words_of(text: str, most: int = WORDS_MAX) -> list[str]:
    """Return the words of a search, at most as many as anybody means."""
    return [word for word in WORD.findall(text[: SEARCH_MAX * 10].lower()) if len(word) > 1 or word.isdigit()][:most]


def all_of_them(text: str) -> str:
    """Return a search as a tsquery that wants every word, the last one also as the beginning of a word; '' for none.

    What stands in it are letters, digits and operators of ours: nothing that a reader types is syntax.
    """
    return " & ".join(f"{word}:*" for word in words_of(text[:SEARCH_MAX]))


def any_of_them(text: str) -> str:
    """Return the words of a message as a tsquery that is content with any of them; '' for none."""
    return " | ".join(word for word in words_of(text, SUGGESTED_FROM_MAX) if len(word) > 2)


def meant(text: str, vocabulary: Mapping[str, int]) -> str:
    """Return a search with words that no article has replaced by those they are most alike; '' where nothing is."""
    changed, said = False, []
    for word in words_of(text[:SEARCH_MAX]):
        if word in vocabulary or any(known.startswith(word) for known in vocabulary):
            said.append(word)
            continue
        close = get_close_matches(word, vocabulary, n=3, cutoff=CLOSE)
        if not close:
            return ""
        said.append(max(close, key=lambda known: (_alike(word, known), vocabulary[known])))
        changed = True
    return " ".join(said) if changed else ""


def _alike(one: str, other: str) -> float:
    """Return how much of two words begins alike: people err at the end more than at the beginning."""
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    return same / max(len(one), len(other))


def kept_search(text: str) -> str:
    """Return a search as it is counted; '' for one that may name somebody."""
    folded = " ".join(text.lower().split())
    return "" if len(folded) > KEPT_SEARCH_MAX or LOOKS_PERSONAL.search(folded) or "\x00" in folded else folded


def parsed_file(text: str) -> tuple[dict[str, str], str]:
    """Return the head and the body of an article's file. Raises `Invalid` for one without a head."""
    match = FRONT.match(text)
    if match is None:
        raise Invalid("An article's file begins with its head between two lines of ---.")
    pairs = (line.partition(":") for line in match["head"].splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}, match["body"].strip()
