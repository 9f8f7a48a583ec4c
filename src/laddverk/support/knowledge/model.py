"""Words of the knowledge base: an article as readers find it, and its versions as writers see them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.languages import SUPPORTED

LANGUAGES: Final = SUPPORTED


class State(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAST = "past"


class Given(Struct, frozen=True, kw_only=True):
    """What somebody writes: the text of one language, and what the article is about."""

    title: str
    summary: str = ""
    body: str
    slug: str = ""
    """The end of its address; made of the title where it is empty."""
    tags: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """`Vendor` or `Vendor Model`; none: it is for every charger."""


class Found(Struct, frozen=True, kw_only=True):
    """An article as a list of readers shows it."""

    article_id: UUID
    language: str
    slug: str
    title: str
    summary: str
    published_at: datetime
    headline: str = ""
    """What matched, with `[[` and `]]` around the words that did; not HTML."""
    rank: float = 0.0


class Read(Struct, frozen=True, kw_only=True):
    """An article as it is read."""

    article_id: UUID
    language: str
    slug: str
    version: int
    title: str
    summary: str
    body: str
    tags: tuple[str, ...]
    situations: tuple[str, ...]
    models: tuple[str, ...]
    published_at: datetime
    retired_at: datetime | None
    others: dict[str, str]
    """The addresses of its other languages that are published, by language."""


class Version(Struct, frozen=True, kw_only=True):
    """One version of an article in one language, as it is kept."""

    article_id: UUID
    language: str
    version: int
    state: State
    title: str
    summary: str
    body: str
    tags: tuple[str, ...]
    revision: int
    by_kind: str
    by_name: str
    saved_at: datetime
    published_at: datetime | None
    note: str


class Article(Struct, frozen=True, kw_only=True):
    """What all languages of an article share."""

    id: UUID
    situations: tuple[str, ...]
    models: tuple[str, ...]
    shipped: str
    retired_at: datetime | None
    created_at: datetime
    changed_at: datetime


class Row(Struct, frozen=True, kw_only=True):
    """An article as the list of its writers shows it, in one language."""

    id: UUID
    title: str
    language: str
    languages: tuple[str, ...]
    """Those that are published."""
    drafts: tuple[str, ...]
    tags: tuple[str, ...]
    situations: tuple[str, ...]
    models: tuple[str, ...]
    retired_at: datetime | None
    changed_at: datetime
    changed_by: str
    read_30_days: int
    helped: int
    did_not: int
