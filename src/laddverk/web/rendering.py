"""Pages as text: the Jinja environment of the faces, and what every page knows about its reader.

`render("console/stations.html", view, stations=...)` is all a handler needs. The macros of `templates/parts` are there
in every template as `ui` (`ui.pill(...)`, `ui.money(...)`); `templates/parts/README.md` lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from jinja2.runtime import Macro
from markupsafe import Markup
from msgspec import Struct

from laddverk.kernel.ids import shown
from laddverk.platform.formats import HOME_ZONE
from laddverk.platform.languages import NAMES, SUPPORTED, marked
from laddverk.platform.templating import environment
from laddverk.tariffs import explaining

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
TEMPLATES: Final = HERE / "templates"
THEMES: Final = {"system": marked("System"), "light": marked("Light"), "dark": marked("Dark")}
VERSION_DIGITS: Final = 10  # of the hash in the address of static files: enough to change when a file does


class Place(Struct, frozen=True):
    """One entry of the console's top bar."""

    key: str
    word: str
    path: str
    also: tuple[str, ...] = ()
    """What else belongs to it, by the last part of its address."""


FIELD: Final = (
    "sites", "stickers", "batches", "commands", "templates", "alarms", "firmware", "campaigns", "logs", "lists",
    "reservations", "displays", "certificates", "security-events", "models", "knocks", "trouble", "vendor-data", "load",
)  # fmt: skip

CONSOLE_PLACES: Final = (
    Place("now", marked("Now"), "/console"),
    Place(
        "stations",
        marked("Chargers"),
        "/console/stations",
        FIELD,
    ),
    Place("sessions", marked("Sessions"), "/console/sessions"),
    Place(
        "incidents",
        marked("Incidents"),
        "/console/incidents",
        (
            "fleet",
            "quiet",
            "on-call",
            "diagnosis",
            "uptime",
            "codes",
            "remedies",
            "work-orders",
            "visits",
            "health",
            "spares",
            "replacing",
        ),
    ),
    Place("cases", marked("Support"), "/console/cases", ("articles", "support", "calls", "chats", "texts", "mails")),
    Place("planning", marked("Planning"), "/console/usage", ("bottlenecks", "expanding", "studies", "seeking")),
    Place("drivers", marked("Drivers"), "/console/drivers", ("customer-requests", "accounts")),
    Place("tokens", marked("Tags"), "/console/tokens"),
    Place("tariffs", marked("Tariffs"), "/console/tariffs", ("plans", "subscriptions")),
    Place(
        "payments",
        marked("Payments"),
        "/console/payments",
        (
            "settlements",
            "deposits",
            "reconciliation",
            "paying",
            "wallets",
            "prepaid",
            "disputes",
            "payouts",
            "reserved",
            "ledger",
        ),
    ),
    Place(
        "invoices",
        marked("Invoices"),
        "/console/invoices",
        ("receivables", "mandates", "collections", "bank-files"),
    ),
    Place("audit", marked("Audit"), "/console/audit", ("staff", "keys")),
)


class Person(Struct, frozen=True):
    """Who is signed in, as the page shows them. `role` is a text to show; `places` limits the top bar (None: all)."""

    name: str
    role: str = ""
    places: frozenset[str] | None = None


class View(Struct, frozen=True, kw_only=True):
    """What a page knows about its reader. Made once per request from cookies, headers and the signed-in account."""

    language: str
    """One of `SUPPORTED`; from `web.i18n.negotiated`."""
    now: datetime
    """The instant of the request, UTC. "3 min ago" counts from here."""
    path: str = "/"
    """The path of the request, without its query; marks the current place in the top bar."""
    query: tuple[tuple[str, str], ...] = ()
    """The query as pairs in order; filter chips, sorting and pages change one of them and keep the rest."""
    theme: str = "system"
    """A key of `THEMES`; from the cookie `theme`."""
    person: Person | None = None
    zone: str = HOME_ZONE
    """The time zone that clock times are shown in."""
    operator: str = "Laddverk"
    """The name that drivers know the network by."""
    notice: str | None = None
    """One sentence that the last action leaves behind, already translated."""


def is_current(place: Place, path: str) -> bool:
    """Return whether `path` is at or under `place`, or what belongs to it. The first place is only itself."""
    root = CONSOLE_PLACES[0].path
    under = () if place.path == root else (place.path, *(f"{root}/{name}" for name in place.also))
    return path == place.path or any(path == each or path.startswith(each + "/") for each in under)


def places(view: View) -> list[Place]:
    """Return the entries of the top bar that the signed-in person may open."""
    allowed = view.person.places if view.person else frozenset[str]()
    return [place for place in CONSOLE_PLACES if allowed is None or place.key in allowed]


def with_query(view: View, **changes: str | int | None) -> str:
    """Return the address of this page with some of its query changed; None takes a name away."""
    kept = [(name, value) for name, value in view.query if name not in changes]
    changed = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode(kept + changed)
    return f"{view.path}?{query}" if query else view.path


def query_value(view: View, name: str) -> str:
    """Return the last value of `name` in the query, or an empty text."""
    return next((value for key, value in reversed(view.query) if key == name), "")


def digest_of(folder: Path) -> str:
    """Return a short name for the content of `folder`: another content has another name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:VERSION_DIGITS]


STATIC_PATH: Final = f"/static/{digest_of(STATIC)}"
"""Where static files are served. The version stands in the path, so that modules import each other in one version and
a browser may keep everything for ever."""


@cache
def static(path: str) -> str:
    """Return the address of a static file. Raises `FileNotFoundError` for one that does not exist."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(STATIC / path)
    return f"{STATIC_PATH}/{path}"


def spark_points(values: Iterable[float | None], width: float, height: float, top: float | None = None) -> str:
    """Return the points of a sparkline from 0 to `top` (the largest value when None), for SVG. Gaps are closed."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if not known:
        return ""
    highest = top or max(value for _, value in known) or 1
    step = width / max(1, known[-1][0])
    return " ".join(f"{place * step:.1f},{height - min(1, value / highest) * height:.1f}" for place, value in known)


def option_tags(options: Iterable[tuple[object, object]], chosen: object) -> Markup:
    """Return the options of a list to choose from, as HTML. Lists of sites are long, and much the same on each page."""
    return _option_tags(tuple((str(key), word) for key, word in options), str(chosen))


@lru_cache(maxsize=1_024)
def _option_tags(options: tuple[tuple[str, object], ...], chosen: str) -> Markup:
    plain, picked = Markup('<option value="{}">{}</option>'), Markup('<option value="{}" selected>{}</option>')
    return Markup("\n").join((picked if key == chosen else plain).format(key, word) for key, word in options)


@lru_cache
def environment_for(language: str) -> Environment:
    """Return the environment of all pages in `language`, with the parts as `ui`."""
    made = environment(FileSystemLoader(TEMPLATES), language)
    made.globals.update(
        static=static,
        places=places,
        is_current=is_current,
        with_query=with_query,
        query_value=query_value,
        spark_points=spark_points,
        option_tags=option_tags,
        line_words=partial(explaining.line_words, language=language),
        condensed=partial(explaining.condensed, language=language),
        price_words=partial(explaining.price_words, language=language),
        when_words=partial(explaining.when_words, language=language),
        limit_words=partial(explaining.limit_words, language=language),
        vat_words=partial(explaining.vat_words, language=language),
        themes=THEMES,
        languages={language: NAMES[language] for language in SUPPORTED},
    )
    made.filters["shown"] = lambda identity, prefix: shown(prefix, identity)
    made.globals["ui"] = parts(made)
    return made


KEPT: Final = frozenset({"pill", "shape", "icon", "none_yet"})
"""Macros that pages call hundreds of times with the same few words: what they return is kept."""
KEPT_MAX: Final = 4_096


def parts(made: Environment) -> SimpleNamespace:
    """Return the macros of every file in `templates/parts` under one name. Two of the same name are a mistake."""
    together = SimpleNamespace()
    for name in sorted(path.name for path in (TEMPLATES / "parts").glob("*.html")):
        for macro, value in vars(made.get_template(f"parts/{name}").module).items():
            if isinstance(value, Macro) and not macro.startswith("_"):
                if hasattr(together, macro):
                    raise ValueError(f"the macro {macro} of parts/{name} exists already")
                # Typed: a text that is safe as it is and the same text that must be escaped are two.
                setattr(together, macro, lru_cache(KEPT_MAX, typed=True)(value) if macro in KEPT else value)
    return together


def render(template: str, view: View, **context: object) -> str:
    """Return `template` rendered for `view`, whose name in the template is `view`.

    An unknown name in the template raises `jinja2.UndefinedError`: a page never shows an empty place silently.
    """
    return environment_for(view.language).get_template(template).render(view=view, **context)
