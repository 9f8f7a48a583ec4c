"""The help centre: articles that answer most questions, found by words, and how to reach a person."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.kernel.problems import NotFound, TooMany
from laddverk.platform.database import Transaction
from laddverk.platform.languages import NAMES, marked
from laddverk.support.knowledge import queries, rules, showing, store
from laddverk.support.knowledge.model import Found, Read
from laddverk.support.knowledge.queries import PAGE
from laddverk.web import security
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting, named

HELPED: Final = marked("Thank you. Good that it helped.")
DID_NOT: Final = marked("Thank you. Write to us, and a person helps you.")
FRONT: Final = 8  # articles on the first page: what most people come for
READ_LATELY: Final = timedelta(days=90)
RELATED: Final = 3
COUNTED_MAX: Final = 60  # reads, searches and votes of one network in five minutes that are counted
PAGE_MAX: Final = 50
ROBOTS: Final = """User-agent: *
Allow: /help
Disallow: /console
Disallow: /my
Disallow: /s/
Disallow: /help/cases/
Disallow: /help/chat
Disallow: /help/write
Sitemap: {base}/sitemap.xml
"""
KEPT_A_DAY: Final = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff",
                     "content-security-policy": "default-src 'none'; sandbox"}  # fmt: skip


@get("/help")
async def show_help(visit: Visiting) -> Response[str]:
    """Find an article, by words or by tag, and say how to reach a person."""
    text, tag = visit.asked("q").strip()[: rules.SEARCH_MAX], visit.asked("tag").strip()[: rules.TAG_MAX]
    number = visit.asked("page", "1")
    page = min(max(int(number), 1), PAGE_MAX) if number.isascii() and number.isdecimal() and len(number) < 4 else 1
    async with visit.transaction() as tx:
        articles, total = await _wanted(tx, visit, text, tag, page)
        meant = await queries.meant(tx, visit.language, text) if text and not total else ""
        if text and page == 1 and _counts(visit):
            await _count_search(tx, visit, text, total)
        tags = [] if text else await queries.tags(tx, visit.language)
        offered = [] if total else await _most_read(tx, visit)
    settings = visit.house.settings
    given = ((visit.words("Phone"), settings.operator_phone), (visit.words("E-mail"), settings.operator_email))
    return visit.page(
        "portal/help.html", contacts=[pair for pair in given if pair[1]], articles=articles, total=total, text=text,
        tag=tag, tags=tags, meant=meant, offered=offered, page=page, page_size=PAGE,
        headline_of=showing.headline_of, is_narrowed=bool(text or tag), came_from=visit.asked("from")[:100],
    )  # fmt: skip


async def _wanted(tx: Transaction, visit: Visit, text: str, tag: str, page: int) -> tuple[list[Found], int]:
    offset = (page - 1) * PAGE
    if text:
        total = await queries.count(tx, visit.language, text)
        return list(await queries.search(tx, visit.language, text, offset=offset)) if total else [], total
    if tag:
        found = await queries.tagged(tx, visit.language, tag, offset=offset)
        return list(found), await queries.count_tagged(tx, visit.language, tag)
    return [], 0


async def _most_read(tx: Transaction, visit: Visit) -> list[Found]:
    return list(await queries.most_read(tx, visit.language, (visit.now - READ_LATELY).date(), limit=FRONT))


async def _count_search(tx: Transaction, visit: Visit, text: str, total: int) -> None:
    kept = rules.kept_search(text)
    if kept:
        await store.count_search(tx, visit.language, kept, total, visit.now)


@get("/help/articles/{slug:str}")
async def show_article(visit: Visiting, slug: FromPath[str]) -> Response[Any]:
    """Show an article; an old address leads to the present one."""
    async with visit.transaction() as tx:
        now_at = await queries.leads_to(tx, slug)
        if now_at:
            return visit.go(f"/help/articles/{now_at}")
        article = await _there(tx, slug)
        if _counts(visit):
            await store.count_read(tx, article.article_id, article.language, visit.now)
        related = [
            each
            for each in await queries.suggest(
                tx, article.language, text=f"{article.title} {' '.join(article.tags)}", limit=RELATED + 1
            )
            if each.article_id != article.article_id
        ][:RELATED]
    other = article.others.get(visit.language) if article.language != visit.language else None
    return visit.page(
        "portal/article.html", article=article, body=showing.html_of(article.body), related=related, other=other,
        others=[(NAMES[language], address) for language, address in article.others.items()],
        came_from=visit.asked("from")[:100],
    )  # fmt: skip


@post("/help/articles/{slug:str}/helped")
async def take_vote(visit: Visiting, slug: FromPath[str]) -> Response[Any]:
    """Keep whether an article helped: one tap, nothing else is asked."""
    form = await visit.form()
    helped = form.get("helped") == "yes"
    async with visit.transaction() as tx:
        article = await _there(tx, slug)
        if _counts(visit):
            await store.vote(
                tx, article.article_id, article.language, _reader(visit), article.version, visit.now, helped=helped
            )
    return visit.go(f"/help/articles/{article.slug}#helped", visit.words(HELPED if helped else DID_NOT))


@get("/help/pictures/{picture:str}")
async def show_picture(visit: Visiting, picture: FromPath[str]) -> Response[bytes]:
    """Show a picture of an article: as a picture and nothing else."""
    async with visit.transaction() as tx:
        found = await queries.picture(tx, named("apc", picture))
    if found is None:
        raise NotFound("There is no such page.")
    return Response(found.content, media_type=found.media_type, headers=KEPT_A_DAY)


@get("/robots.txt", media_type=MediaType.TEXT)
async def show_robots(visit: Visiting) -> str:
    """Say to search engines what is for everybody."""
    return ROBOTS.format(base=visit.house.settings.web_url)


@get("/sitemap.xml")
async def show_sitemap(visit: Visiting) -> Response[str]:
    """List the articles for search engines."""
    async with visit.transaction() as tx:
        addresses = await queries.sitemap(tx)
    text = visit.template("portal/sitemap.xml", addresses=addresses, base=visit.house.settings.web_url)
    return Response(text, media_type="application/xml")


async def _there(tx: Transaction, slug: str) -> Read:
    article = await queries.read(tx, slug[: rules.SLUG_MAX]) if "\x00" not in slug else None
    if article is None:
        raise NotFound("There is no such article.", remedy="Search the help for it.")
    return article


def _counts(visit: Visit) -> bool:
    """Whether a visit is counted: not a robot's, not a page fetched ahead, and not what one network does all day."""
    headers = visit.request.headers
    if "bot" in headers.get("user-agent", "").lower() or "prefetch" in headers.get("sec-purpose", ""):
        return False
    attempts: Attempts = visit.request.app.state.setdefault("help_counted", Attempts(COUNTED_MAX))
    try:
        attempts.count(security.remote_address(visit.request), visit.now)
    except TooMany:
        return False
    return True


def _reader(visit: Visit) -> str:
    """Return what tells a reader from others, and cannot be turned back."""
    who = str(visit.actor.id) if visit.actor.kind == "driver" else (
        f"{security.remote_address(visit.request)} {visit.request.headers.get('user-agent', '')[:200]}"
    )  # fmt: skip
    key = visit.house.secrets.link_key[:64]
    return hashlib.blake2b(f"reader:{who}".encode(), key=key, digest_size=16).hexdigest()


HANDLERS: Final = [show_help, show_article, take_vote, show_picture, show_robots, show_sitemap]
