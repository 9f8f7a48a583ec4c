"""One request as a handler sees it: who asks, in which language, and how to answer.

A handler takes `visit: Visit` and is a few lines long: read input, call a service or a query, `visit.page(...)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, quote, unquote
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Redirect
from msgspec import Struct

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.web import security
from laddverk.web.i18n import COOKIE as LANGUAGE_COOKIE
from laddverk.web.i18n import negotiated, problem_words
from laddverk.web.rendering import THEMES, Person, View, render

THEME_COOKIE: Final = "theme"
NOTICE_COOKIE: Final = "notice"
NOTICE_S: Final = 20  # long enough for the redirect it waits for
FIELD_MAX: Final = 20_000  # characters; the longest field of a form is a tariff or a list of scopes
QUERY_FIELDS_MAX: Final = 50
ANYBODY: Final = Actor("anonymous")


class Account(Struct, frozen=True):
    """Who is signed in, and what their account says of their screens."""

    actor: Actor
    token: str
    language: str | None = None
    role: str = ""


@dataclass(slots=True)
class Visit:
    """One request: the house, who asks, and the answers a page can give."""

    house: House
    request: Request[Any, Any, Any]
    now: datetime
    account: Account | None = None
    places: frozenset[str] | None = None
    """The entries of the top bar that this person may open."""
    kept_live: str = ""
    """The address of the page whose parts a stream makes; '' where the page itself is asked for."""

    @property
    def actor(self) -> Actor:
        """Who asks; `anonymous` when nobody is signed in."""
        return self.account.actor if self.account else ANYBODY

    @property
    def today(self) -> date:
        """The date at home."""
        return self.now.astimezone(ZoneInfo(self.house.settings.timezone)).date()

    @property
    def language(self) -> str:
        """The language to answer in: what was chosen in this browser, else the account's, else what is asked for."""
        return negotiated(
            self.request.cookies.get(LANGUAGE_COOKIE),
            self.account.language if self.account else None,
            self.request.headers.get("accept-language"),
        )

    @property
    def wants_part(self) -> bool:
        """Whether htmx asks, and only a part of the page is to be answered."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def view(self) -> View:
        """What the templates know about the reader."""
        _ = gettext_for(self.language)
        theme = self.request.cookies.get(THEME_COOKIE, "system")
        settings = self.house.settings
        person = self.account and Person(
            self.actor.name, _(self.account.role) if self.account.role else "", self.places
        )
        return View(
            language=self.language,
            now=self.now,
            path=self.kept_live or self.request.url.path,
            query=self.query,
            theme=theme if theme in THEMES else "system",
            person=person or None,
            zone=settings.timezone,
            operator=settings.operator_name,
            notice=unquote(self.request.cookies.get(NOTICE_COOKIE, "")) or None,
        )

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The query as pairs, without those that are empty."""
        text = self.request.scope["query_string"].decode("latin-1")
        # PostgreSQL's text holds no NUL.
        return tuple(parse_qsl(text.replace("%00", ""), max_num_fields=QUERY_FIELDS_MAX))

    def asked(self, name: str, default: str = "") -> str:
        """Return the last value of `name` in the query."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def instant_asked(self, name: str) -> datetime | None:
        """Return the instant in the query's field `name`, or None when there is none that can be read."""
        try:
            at = datetime.fromisoformat(self.asked(name))
        except ValueError:
            return None
        return at if at.tzinfo else None

    def may(self, permission: Permission) -> bool:
        """Return whether who asks has `permission`."""
        return self.actor.may(permission)

    def words(self, message: str, **places: object) -> str:
        """Return `message` in the reader's language with its places filled in."""
        text = gettext_for(self.language)(message)
        return text % places if places else text

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a transaction; jobs that it leaves start at once when it is committed."""
        async with self.house.database.transaction() as tx:
            yield tx
        if self.request.method not in security.SAFE_METHODS:
            self.house.worker.wake()

    async def form(self) -> dict[str, str]:
        """Return the fields of the form, each once, stripped. Raises `Invalid` for one that is too long."""
        data = await self.request.form()
        fields = {name: value.strip() for name, value in data.items() if isinstance(value, str)}
        for name, value in fields.items():
            if len(value) > FIELD_MAX or "\x00" in value:
                raise Invalid("This text is too long, or holds characters that no text has.", field=name)
        return fields

    async def choices(self, name: str) -> list[str]:
        """Return every value of the form's field `name` (several checkboxes)."""
        data = await self.request.form()
        return [value for value in data.getall(name, []) if isinstance(value, str)]

    def template(self, template: str, **context: object) -> str:
        """Return a template (or a part of a page) as text."""
        return render(template, self.view, visit=self, may=self.may, P=Permission, **context)

    def page(self, template: str, *, status: int = 200, **context: object) -> Response[str]:
        """Answer with a page. A notice that was waiting is shown once."""
        cookies = [Cookie(key=NOTICE_COOKIE, value="", max_age=0)] if NOTICE_COOKIE in self.request.cookies else []
        text = self.template(template, **context)
        return Response(text, media_type=MediaType.HTML, status_code=status, cookies=cookies)

    def part(self, text: str) -> Response[str]:
        """Answer htmx with a part of a page."""
        return Response(text, media_type=MediaType.HTML)

    def go(self, path: str, notice: str = "") -> Response[Any]:
        """Lead to another page of ours (303), with one sentence about what was done, already translated."""
        cookies = []
        if notice:
            cookies.append(
                Cookie(key=NOTICE_COOKIE, value=quote(notice), max_age=NOTICE_S, httponly=True, samesite="lax")
            )
        return Redirect(path, status_code=303, cookies=cookies)

    def errors(self, problem: Problem) -> dict[str, str]:
        """Return a refused form's errors by field, in the reader's language; those of no field under an empty name."""
        message, remedy = problem_words(problem, self.language)
        return {problem.field or "": f"{message} {remedy}" if remedy else message}


def named(prefix: str, text: str) -> UUID:
    """Return the id in an address. Raises `NotFound` when it is none: there is no such page."""
    try:
        return parsed(prefix, text)
    except Invalid:
        raise NotFound("There is no such page.", remedy="Look for it from the start.") from None


Visiting: TypeAlias = NamedDependency[Visit]
"""How a handler says that it takes the visit."""
