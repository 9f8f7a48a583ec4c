"""Articles that come in files, one for each language of each: those of the program in `articles/*.md`."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict
from laddverk.platform.database import Transaction
from laddverk.support.knowledge import rules, store
from laddverk.support.knowledge.model import LANGUAGES, Given, State, Version
from laddverk.support.knowledge.writing import take_address
from laddverk.support.situations import book

HERE: Final = Path(__file__).parent / "articles"
BY: Final = "shipped"
AUTHOR: Final = "Laddverk"


class File(Struct, frozen=True):
    """An article in one language, as its file has it."""

    name: str
    language: str
    given: Given


@cache
def files(folder: Path = HERE) -> tuple[File, ...]:
    """Return all files of a folder. Raises `Invalid` for one that is faulty, and `ValueError` for an odd name."""
    situations = {each.key for each in book.catalogue()}
    found = []
    for path in sorted(folder.glob("*.md")):
        name, language, _ = path.name.split(".")
        head, body = rules.parsed_file(path.read_text(encoding="utf-8"))
        given = Given(
            title=head["title"], summary=head["summary"], body=body, slug=head["slug"],
            tags=rules.listed(head.get("tags", "")), situations=rules.listed(head.get("situations", "")),
            models=rules.listed(head.get("models", "")),
        )  # fmt: skip
        found.append(File(name, rules.checked_language(language), rules.checked(given, situations)))
    return tuple(found)


async def ship(tx: Transaction, now: datetime, folder: Path = HERE) -> int:
    """Bring in the articles that are not there, and renew those that nobody has edited; return how many texts."""
    written, brought = 0, files(folder)
    for name in dict.fromkeys(each.name for each in brought):
        texts = {each.language: each.given for each in brought if each.name == name}
        article = await store.shipped(tx, name)
        if article is None:
            identity = new_id()
            await store.add(tx, identity, _shared(texts), name, now)
        else:
            identity = article.id
            if all(each.by_kind == BY for each in await store.versions(tx, identity)):
                await store.set_about(tx, identity, _shared(texts), article.changed_at)
        for language in LANGUAGES:
            if language in texts:
                written += await _renew(tx, identity, language, texts[language], now)
    return written


def _shared(texts: dict[str, Given]) -> Given:
    """Return what an article is about, by all its languages."""
    situations = tuple(dict.fromkeys(key for each in texts.values() for key in each.situations))
    first = next(iter(texts.values()))
    return Given(title=first.title, body=first.body, situations=situations, models=first.models)


async def _renew(tx: Transaction, article_id: UUID, language: str, given: Given, now: datetime) -> bool:
    """Publish a file as the next version, unless it is published already or a person has written here."""
    there = [each for each in await store.versions(tx, article_id) if each.language == language]
    if any(each.by_kind != BY for each in there):
        return False
    if any(each.state is State.PUBLISHED and _is(each, given) for each in there):
        return False
    if not there:
        try:
            await take_address(tx, article_id, language, given.slug)
        except Conflict:  # an article that was written here has it
            await take_address(tx, article_id, language, f"{given.slug}-{article_id.hex[-8:]}")
    await store.save(
        tx,
        Version(
            article_id=article_id, language=language, version=await store.next_version(tx, article_id, language),
            state=State.PUBLISHED, title=given.title, summary=given.summary, body=given.body, tags=given.tags,
            revision=1, by_kind=BY, by_name=AUTHOR, saved_at=now, published_at=now, note="",
        ),
    )  # fmt: skip
    return True


def _is(version: Version, given: Given) -> bool:
    kept = version.title, version.summary, version.body, version.tags
    return kept == (given.title, given.summary, given.body, given.tags)
