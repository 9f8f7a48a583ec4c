"""Writing articles: drafts, publishing, taking back, pictures. One transaction each, every deed audited."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.support.attachments import media_type_of
from laddverk.support.knowledge import rules, store
from laddverk.support.knowledge.model import Article, Given, State, Version
from laddverk.support.situations import book

PICTURE_MAX: Final = 2 * 1024 * 1024  # a phone loads it beside the text
PICTURES_MAX: Final = 20
NOTE_MAX: Final = 200


async def create(tx: Transaction, actor: Actor, language: str, given: Given, now: datetime) -> UUID:
    """Begin an article with the draft of one language; return its id. Raises `Invalid`, `Conflict` (field slug)."""
    _may_write(actor)
    new = rules.checked(given, _situations())
    identity = new_id()
    await store.add(tx, identity, new, "", now)
    await _draft(tx, actor, identity, rules.checked_language(language), new, 0, now)
    await audit.write(tx, actor, "article.begun", "article", identity, at=now, detail={"title": new.title})
    return identity


async def save(
    tx: Transaction, actor: Actor, article_id: UUID, language: str, given: Given, revision: int, now: datetime
) -> None:
    """Keep a draft of one language, and what the article is about. `revision` is that of the draft one began with.

    Raises `Invalid`, `NotFound`, and `Conflict` where somebody else has saved since, or has the address.
    """
    _may_write(actor)
    await _there(tx, article_id)
    new = rules.checked(given, _situations())
    await store.set_about(tx, article_id, new, now)
    await _draft(tx, actor, article_id, rules.checked_language(language), new, revision, now)
    await audit.write(tx, actor, "article.saved", "article", article_id, at=now, detail={"language": language})


async def publish(tx: Transaction, actor: Actor, article_id: UUID, language: str, note: str, now: datetime) -> int:
    """Let readers see the draft of a language; return its version. Raises `NotFound` where there is no draft."""
    _may_write(actor)
    await _there(tx, article_id)
    draft = await store.standing(tx, article_id, rules.checked_language(language), State.DRAFT)
    if draft is None:
        raise NotFound("There is no draft.", remedy="Write one first.")
    said = " ".join(note.split())[:NOTE_MAX]
    await store.save(tx, replace(draft, state=State.PUBLISHED, published_at=now, note=said))
    await store.touch(tx, article_id, now)
    detail = {"language": language, "version": draft.version}
    await audit.write(tx, actor, "article.published", "article", article_id, at=now, reason=said, detail=detail)
    return draft.version


async def discard(tx: Transaction, actor: Actor, article_id: UUID, language: str, now: datetime) -> None:
    """Throw the draft of a language away. Raises `NotFound`, `Conflict` where nothing else is left of the article."""
    _may_write(actor)
    await _there(tx, article_id)
    if all(each.state is State.DRAFT and each.language == language for each in await store.versions(tx, article_id)):
        raise Conflict("This is all there is of the article.", remedy="Take the article away instead.")
    if not await store.drop_draft(tx, article_id, rules.checked_language(language)):
        raise NotFound("There is no draft.")
    await audit.write(
        tx, actor, "article.draft_discarded", "article", article_id, at=now, detail={"language": language}
    )


async def restore(
    tx: Transaction, actor: Actor, article_id: UUID, language: str, version: int, now: datetime
) -> None:  # fmt: skip
    """Make an older version the draft, to be looked at and published. Raises `NotFound`."""
    _may_write(actor)
    await _there(tx, article_id)
    old = next(
        (
            each
            for each in await store.versions(tx, article_id)
            if each.language == language and each.version == version and each.state is not State.DRAFT
        ),
        None,
    )
    if old is None:
        raise NotFound("There is no such version.")
    draft = await store.standing(tx, article_id, language, State.DRAFT)
    number = draft.version if draft else await store.next_version(tx, article_id, language)
    await store.save(
        tx,
        replace(
            old, version=number, state=State.DRAFT, revision=draft.revision + 1 if draft else 1, by_kind=actor.kind,
            by_name=actor.name, saved_at=now, published_at=None, note="",
        ),
    )  # fmt: skip
    await store.touch(tx, article_id, now)
    detail = {"language": language, "version": version}
    await audit.write(tx, actor, "article.restored", "article", article_id, at=now, detail=detail)


async def retire(tx: Transaction, actor: Actor, article_id: UUID, reason: str, now: datetime) -> None:
    """Take an article away from its readers. Raises `Invalid` (field reason), `NotFound`, `Conflict`."""
    _may_write(actor)
    article = await _there(tx, article_id)
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    if article.retired_at is not None:
        raise Conflict("Readers do not see it any more.")
    await store.retire(tx, article_id, now, now)
    await audit.write(tx, actor, "article.retired", "article", article_id, at=now, reason=reason.strip()[:NOTE_MAX])


async def bring_back(tx: Transaction, actor: Actor, article_id: UUID, now: datetime) -> None:
    """Let readers find an article again. Raises `NotFound`, `Conflict`."""
    _may_write(actor)
    article = await _there(tx, article_id)
    if article.retired_at is None:
        raise Conflict("Readers see it.")
    await store.retire(tx, article_id, None, now)
    await audit.write(tx, actor, "article.brought_back", "article", article_id, at=now)


async def add_picture(
    tx: Transaction, actor: Actor, article_id: UUID, name: str, content: bytes, now: datetime
) -> UUID:  # fmt: skip
    """Keep a picture of an article; return its id. Raises `Invalid` (field picture), `NotFound`."""
    _may_write(actor)
    await _there(tx, article_id)
    kind = media_type_of(content)
    if not kind.startswith("image/"):
        raise Invalid("This is no picture.", field="picture", remedy="Choose a JPEG, PNG or WebP.")
    if len(content) > PICTURE_MAX:
        raise Invalid("The picture is too large.", field="picture", remedy="At most 2 MB.")
    if await store.count_pictures(tx, article_id) >= PICTURES_MAX:
        raise Invalid("The article has too many pictures.", field="picture", remedy="Take one away first.")
    identity = new_id()
    plain = "".join(each for each in name if each.isalnum() or each in " ._-")[-60:].strip() or "picture"
    await store.add_picture(tx, identity, article_id, plain, kind, content, actor.name, now)
    await audit.write(tx, actor, "article.picture_added", "article", article_id, at=now, detail={"name": plain})
    return identity


async def drop_picture(tx: Transaction, actor: Actor, article_id: UUID, picture_id: UUID, now: datetime) -> None:
    """Throw a picture away. Raises `NotFound`."""
    _may_write(actor)
    await _there(tx, article_id)
    if not await store.drop_picture(tx, article_id, picture_id):
        raise NotFound("There is no such picture.")
    await audit.write(tx, actor, "article.picture_dropped", "article", article_id, at=now)


def _situations() -> set[str]:
    return {each.key for each in book.catalogue()}


def _may_write(actor: Actor) -> None:
    actor.require(Permission.CASES_WRITE)
    actor.require_everywhere()


async def _there(tx: Transaction, article_id: UUID) -> Article:
    article = await store.article(tx, article_id)
    if article is None:
        raise NotFound("There is no such article.")
    return article


async def _draft(
    tx: Transaction, actor: Actor, article_id: UUID, language: str, new: Given, revision: int, now: datetime
) -> None:
    draft = await store.standing(tx, article_id, language, State.DRAFT)
    if (draft.revision if draft else 0) != revision:
        raise Conflict(
            "%(name)s has saved this draft since you began.", remedy="Copy your words, and open the page again.",
            name=draft.by_name if draft else "?", field="body",
        )  # fmt: skip
    await take_address(tx, article_id, language, new.slug)
    number = draft.version if draft else await store.next_version(tx, article_id, language)
    await store.save(
        tx,
        Version(
            article_id=article_id, language=language, version=number, state=State.DRAFT, title=new.title,
            summary=new.summary, body=new.body, tags=new.tags, revision=revision + 1, by_kind=actor.kind,
            by_name=actor.name, saved_at=now, published_at=None, note="",
        ),
    )  # fmt: skip


async def take_address(tx: Transaction, article_id: UUID, language: str, slug: str) -> None:
    """Give a language of an article its address. Raises `Conflict` (field slug) where it is another's."""
    owner = await store.owner(tx, slug)
    if owner is not None and (owner.article_id, owner.language) != (article_id, language):
        raise Conflict("Another article has this address.", field="slug", remedy="Choose another one.")
    if await store.address_of(tx, article_id, language) != slug:
        await store.set_address(tx, article_id, language, slug)
