"""Help articles as their writers see them: the list, writing with a preview, versions, pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from markupsafe import Markup

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import NAMES, marked
from laddverk.support.knowledge import comparing, queries, rules, showing, store, writing
from laddverk.support.knowledge.model import LANGUAGES, Article, Given, State, Version
from laddverk.support.situations import book, wording
from laddverk.web import spreadsheets
from laddverk.web.bodies import FORM_OVERHEAD_BYTES
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/articles"
READ: Final = {NEEDS: Permission.CASES_READ}
WRITE: Final = {NEEDS: Permission.CASES_WRITE}
COUNTED: Final = timedelta(days=30)
STATES: Final = {
    "published": marked("Published"),
    "draft": marked("With a draft"),
    "untranslated": marked("In one language only"),
    "retired": marked("Taken away"),
}
VERSIONS: Final = {
    State.DRAFT: ("wait", marked("Draft")),
    State.PUBLISHED: ("done", marked("Published")),
    State.PAST: ("off", marked("Past")),
}
SORTS: Final = ("title", "changed", "read", "helped")
BY_PROGRAM: Final = "shipped"


def href(article_id: UUID) -> str:
    """Return the address of an article for its writers."""
    return f"{PLACE}/{shown('art', article_id)}"


async def _rows(desk: Desk, limit: int) -> dict[str, Any]:
    found(None if desk.sites is not None else True)  # articles are the whole network's
    listing = desk.listing(*SORTS)
    state = desk.asked("state") if desk.asked("state") in STATES else ""
    tag, since = desk.asked("tag")[: rules.TAG_MAX], (desk.now - COUNTED).date()
    async with desk.transaction() as tx:
        return {
            "rows": await queries.listed(
                tx, desk.language, state, tag, listing.search, since, listing.sort, limit=limit, offset=listing.offset
            ),
            "total": await queries.count_listed(tx, desk.language, state, tag, listing.search),
            "tags": await queries.all_tags(tx, desk.language),
            "searches": await queries.searches(tx),
            "listing": listing,
            "is_narrowed": bool(state or tag or listing.search),
        }


@get(PLACE, opt=READ)
async def list_articles(desk: AtDesk) -> Response[str]:
    """All articles, and what readers look for and do not find."""
    return desk.page("console/articles/list.html", states=STATES, names=NAMES, **await _rows(desk, PAGE_SIZE))


@get(f"{PLACE}.csv", opt=READ)
async def export_articles(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    given = await _rows(desk, spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "articles",
        ("article", "title", "languages", "drafts", "tags", "situations", "models", "read_30_days", "helped",
         "did_not_help", "changed_at", "changed_by", "retired_at"),
        [
            (
                shown("art", row.id), row.title, " ".join(row.languages), " ".join(row.drafts), ", ".join(row.tags),
                ", ".join(row.situations), ", ".join(row.models), row.read_30_days, row.helped, row.did_not,
                row.changed_at, row.changed_by, row.retired_at,
            )
            for row in given["rows"]
        ],
    )  # fmt: skip


@get(f"{PLACE}/new", opt=WRITE)
async def ask_article(desk: AtDesk) -> Response[str]:
    """Ask for a new article."""
    found(None if desk.sites is not None else True)
    values = {"title": desk.asked("title")[: rules.TITLE_MAX], "language": _language(desk)}
    return _form(desk, values, {}, ())


@post(PLACE, opt=WRITE, status_code=200)
async def begin_article(desk: AtDesk) -> Response[Any]:
    """Keep the first draft of an article."""
    form, situations = await desk.form(), tuple(await desk.choices("situations"))
    if form.get("what") == "preview":
        return _form(desk, form, {}, situations, showing.html_of(form.get("body", "")))
    try:
        async with desk.transaction() as tx:
            language = form.get("language", "")
            made = await writing.create(tx, desk.actor, language, _given(form, situations), desk.now)
            if form.get("what") == "publish":
                await writing.publish(tx, desk.actor, made, language, form.get("note", ""), desk.now)
    except Problem as problem:
        return _form(desk, form, desk.errors(problem), situations, status=problem.status)
    return desk.go(f"{href(made)}?language={language}", desk.words("The article is kept."))


def _form(
    desk: Desk, values: dict[str, str], errors: dict[str, str], situations: tuple[str, ...],
    preview: Markup | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    return desk.page(
        "console/articles/new.html", status=status, values=values, errors=errors, preview=preview, names=NAMES,
        chosen=situations, situations=situations_in(desk.language), place=PLACE, revision=0,
    )  # fmt: skip


@get(f"{PLACE}/{{article_id:str}}", opt=READ)
async def show_article(desk: AtDesk, article_id: FromPath[str]) -> Response[str]:
    """One article: its text in one language, its versions and pictures, and what readers say."""
    return await _page(desk, named("art", article_id), _language(desk), None, {})


async def _page(
    desk: Desk, identity: UUID, language: str, form: dict[str, str] | None, errors: dict[str, str],
    chosen: tuple[str, ...] = (), preview: Markup | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    found(None if desk.sites is not None else True)
    async with desk.transaction() as tx:
        article = found(await store.article(tx, identity))
        versions = await store.versions(tx, identity)
        slugs = {each: await store.address_of(tx, identity, each) for each in LANGUAGES}
        pictures = await queries.pictures(tx, identity)
        votes = {each.language: each for each in await queries.votes(tx, identity)}
    of_language = [each for each in versions if each.language == language]
    draft = next((each for each in of_language if each.state is State.DRAFT), None)
    published = next((each for each in of_language if each.state is State.PUBLISHED), None)
    newest = draft or published
    return desk.page(
        "console/articles/detail.html", status=status, article=article, language=language, names=NAMES,
        versions=of_language, draft=draft, published=published, slugs=slugs, pictures=pictures,
        vote=votes.get(language), title=(newest or next(iter(versions))).title, words_of_version=VERSIONS,
        is_shipped=bool(newest and newest.by_kind == BY_PROGRAM), situations=situations_in(desk.language),
        there={each.language for each in versions}, place=href(identity), preview=preview, errors=errors,
        values=form if form is not None else _values(article, newest, slugs[language]),
        chosen=chosen if form is not None else article.situations, picture_path=showing.PICTURES,
        revision=(form or {}).get("revision") or (draft.revision if draft else 0),
    )  # fmt: skip


def _values(article: Article, newest: Version | None, slug: str) -> dict[str, str]:
    shared = {"models": ", ".join(article.models)}
    if newest is None:
        return shared
    return shared | {
        "title": newest.title, "summary": newest.summary, "body": newest.body, "slug": slug,
        "tags": ", ".join(newest.tags),
    }  # fmt: skip


@post(f"{PLACE}/{{article_id:str}}/do", opt=WRITE, status_code=200)
async def change_article(desk: AtDesk, article_id: FromPath[str]) -> Response[Any]:
    """Save, publish, throw a draft away, make an old version the draft, take the article away or bring it back."""
    identity, form, situations = named("art", article_id), await desk.form(), tuple(await desk.choices("situations"))
    language = form.get("language", "")
    if language not in LANGUAGES:
        raise NotFound("There is no such page.")
    if form.get("what") == "preview":
        return await _page(desk, identity, language, form, {}, situations, showing.html_of(form.get("body", "")))
    try:
        async with desk.transaction() as tx:
            said = await _done(desk, tx, identity, language, form, situations)
    except NotFound:
        raise
    except Problem as problem:
        kept = form if "body" in form else None
        return await _page(desk, identity, language, kept, desk.errors(problem), situations, status=problem.status)
    return desk.go(f"{href(identity)}?language={language}", desk.words(said))


async def _done(
    desk: Desk, tx: Transaction, identity: UUID, language: str, form: dict[str, str], situations: tuple[str, ...]
) -> str:
    actor, now = desk.actor, desk.now
    match form.get("what"):
        case "save" | "publish" as what:
            if "body" in form:
                given = _given(form, situations)
                await writing.save(tx, actor, identity, language, given, _number(form.get("revision", "")), now)
            if what == "save":
                return marked("The draft is kept. Readers do not see it yet.")
            await writing.publish(tx, actor, identity, language, form.get("note", ""), now)
            return marked("Published. Readers see it now.")
        case "discard":
            await writing.discard(tx, actor, identity, language, now)
            return marked("The draft is thrown away.")
        case "restore":
            await writing.restore(tx, actor, identity, language, _number(form.get("version", "")), now)
            return marked("The old version is the draft now. Look at it, and publish it.")
        case "retire":
            await writing.retire(tx, actor, identity, form.get("reason", ""), now)
            return marked("Readers do not find the article any more.")
        case "bring_back":
            await writing.bring_back(tx, actor, identity, now)
            return marked("Readers find the article again.")
        case "drop_picture":
            await writing.drop_picture(tx, actor, identity, named("apc", form.get("picture", "")), now)
            return marked("The picture is gone.")
        case _:
            raise Invalid("Choose from the list.", field="what")


@post(f"{PLACE}/{{article_id:str}}/pictures", opt=WRITE, status_code=200,
      request_max_body_size=writing.PICTURE_MAX + FORM_OVERHEAD_BYTES)  # fmt: skip
async def take_picture(desk: AtDesk, article_id: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep a picture."""
    identity, form = named("art", article_id), await desk.form()
    language = form.get("language", "") if form.get("language") in LANGUAGES else LANGUAGES[0]
    file = (await request.form()).get("picture")
    content, name = (await file.read(), file.filename) if isinstance(file, UploadFile) else (b"", "")
    try:
        async with desk.transaction() as tx:
            await writing.add_picture(tx, desk.actor, identity, name, content, desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, identity, language, None, desk.errors(problem), status=problem.status)
    return desk.go(f"{href(identity)}?language={language}#pictures", desk.words("The picture is kept."))


@get(f"{PLACE}/{{article_id:str}}/versions/{{edition:str}}", opt=READ)
async def show_version(desk: AtDesk, article_id: FromPath[str], edition: FromPath[str]) -> Response[str]:
    """One version (`sv-3`): how it reads, and what changed since the one before."""
    found(None if desk.sites is not None else True)
    identity = named("art", article_id)
    language, _, number = edition.partition("-")
    async with desk.transaction() as tx:
        versions = [each for each in await store.versions(tx, identity) if each.language == language]
    wanted = found(next((each for each in versions if str(each.version) == number), None))
    before = next((each for each in versions if each.version < wanted.version), None)
    return desk.page(
        "console/articles/version.html", one=wanted, before=before, place=href(identity), names=NAMES,
        lines=comparing.compared(_text(before), _text(wanted)) if before else [], body=showing.html_of(wanted.body),
        words_of_version=VERSIONS,
    )  # fmt: skip


def _text(version: Version) -> str:
    return f"{version.title}\n{version.summary}\n\n{version.body}"


def situations_in(language: str) -> list[tuple[str, str]]:
    """Return the situations that an article can be for, by their titles."""
    return sorted(
        ((each.key, wording.filled(each.text(language, "").title, {}, language)) for each in book.catalogue()),
        key=lambda pair: pair[1],
    )


def _given(form: dict[str, str], situations: tuple[str, ...]) -> Given:
    return Given(
        title=form.get("title", ""), summary=form.get("summary", ""), body=form.get("body", ""),
        slug=form.get("slug", ""), tags=rules.listed(form.get("tags", "")), situations=situations,
        models=rules.listed(form.get("models", "")),
    )  # fmt: skip


def _language(desk: Desk) -> str:
    asked = desk.asked("language")
    return asked if asked in LANGUAGES else desk.language


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


ROUTES: Final = [
    list_articles,
    export_articles,
    ask_article,
    begin_article,
    show_article,
    change_article,
    take_picture,
    show_version,
]
