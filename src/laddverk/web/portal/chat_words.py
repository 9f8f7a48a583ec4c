"""How a chat looks to its driver: each line in words, each answer by one tap as a button or a link."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from laddverk.kernel.ids import shown as shown_id
from laddverk.platform.languages import marked
from laddverk.sessions.driver_queries import Outlet
from laddverk.support.chat import rules, saying, words
from laddverk.support.chat.deciding import OUTLET
from laddverk.support.chat.model import Chat, Line, Speaker, files_in
from laddverk.support.promising import attending
from laddverk.support.situations.model import DriverButton
from laddverk.web.visit import Visit

LINKS: Final = {
    DriverButton.TRY_AGAIN: marked("To the outlet's page"),
    DriverButton.PAY: marked("To the outlet's page"),
    DriverButton.OTHER_OUTLET: marked("Other outlets here"),
    DriverButton.NEAREST: marked("Chargers nearby"),
    DriverButton.REPORT: marked("Report what you see"),
    DriverButton.RECEIPT: marked("To the receipt"),
}
SIGN_IN: Final = marked("Sign in")


class Offer(Struct, frozen=True, kw_only=True):
    """One answer by a tap: a button that posts `key`, or a link."""

    label: str
    key: str = ""
    href: str = ""


class FileShown(Struct, frozen=True):
    """A file that one of us sent."""

    name: str
    href: str
    is_picture: bool


class LineShown(Struct, frozen=True, kw_only=True):
    """A line as it is read."""

    id: str
    at: datetime
    who: Speaker
    name: str
    title: str
    text: str
    picture: str = ""
    """The address of its photo."""
    files: tuple[FileShown, ...] = ()
    is_day: bool = False
    """Whether it is the first of its day."""


def shown(visit: Visit, lines: list[Line], base: str) -> list[LineShown]:
    """Return lines as they are read; `base` is the path of the chat."""
    made: list[LineShown] = []
    days: set[str] = set()
    for each in lines:
        day = each.at.date().isoformat()
        made.append(
            LineShown(
                id=f"line-{each.id.hex}", at=each.at, who=each.who, name=each.name,
                title=str(each.params.get("title", "")), text=text_of(visit, each),
                picture=f"{base}/pictures/{each.picture_id.hex}" if each.picture_id and base else "",
                files=_files(each, base), is_day=day not in days,
            )
        )  # fmt: skip
        days.add(day)
    return made


def _files(line: Line, base: str) -> tuple[FileShown, ...]:
    return tuple(
        FileShown(each["name"], f"{base}/files/{each['id']}", each["media_type"].startswith("image/"))
        for each in files_in(line.params)
    )


def text_of(visit: Visit, line: Line) -> str:
    """Return what a line says, in the reader's language; somebody's own words as they are."""
    if line.body:
        return line.body
    if "key" in line.params:
        return visit.words(words.label_of(str(line.params["key"]))) if line.params["key"] else ""
    text, params = visit.words(line.text) if line.text else "", line.params
    if saying.BACK_AT in params:
        back_at, zone = datetime.fromisoformat(params[saying.BACK_AT]), visit.house.settings.timezone
        params = params | {"when": attending.in_words(back_at, line.at, zone, visit.language)}
    text = text % params if "%(" in text else text
    remedy = str(line.params.get("remedy") or "")
    return f"{text} {visit.words(remedy)}" if remedy else text


def offers_of(
    visit: Visit, chat: Chat, last: Line | None, outlet: Outlet | None, came_from: str = ""
) -> list[Offer]:  # fmt: skip
    """Return what can be answered by one tap now; what leads nowhere, or to where one is, is left out."""
    made: list[Offer] = []
    for key in last.offers if last is not None else ():
        if key == saying.SIGN_IN:
            made.append(Offer(label=visit.words(SIGN_IN), href="/sign-in"))
        elif key.startswith(saying.ARTICLE):
            slug = key.removeprefix(saying.ARTICLE)
            named = dict(last.params.get("articles") or {}) if last is not None else {}
            made.append(Offer(label=str(named.get(slug, slug)), href=f"/help/articles/{quote(slug)}"))
        elif key.startswith(saying.GO):
            made += _link(visit, DriverButton(key.removeprefix(saying.GO)), chat, outlet)
        else:
            named = dict(last.params.get("outlets") or {}) if last is not None else {}
            code = key.removeprefix(OUTLET)
            label = f"{named[code]} · {code}" if code in named else visit.words(words.label_of(key))
            made.append(Offer(label=label, key=key))
    made = [each for each in made if not each.href or each.href != came_from]
    return list({each.label: each for each in reversed(made)}.values())[::-1]  # two that lead to one page are one


def _link(visit: Visit, button: DriverButton, chat: Chat, outlet: Outlet | None) -> list[Offer]:
    from_outlet = f"/u/{quote(outlet.code)}" if outlet is not None else ""
    own = f"/my/sessions/{shown_id('ses', chat.session_id)}" if chat.driver_id and chat.session_id else ""
    hrefs = {
        DriverButton.TRY_AGAIN: from_outlet,
        DriverButton.PAY: from_outlet,
        DriverButton.OTHER_OUTLET: f"/places/{shown_id('sit', outlet.site_id)}" if outlet is not None else "",
        DriverButton.NEAREST: "/",
        DriverButton.RECEIPT: own,
        DriverButton.REPORT: f"{from_outlet}/report" if from_outlet else "",
    }
    href = hrefs.get(button, "")
    return [Offer(label=visit.words(LINKS[button]), href=href)] if href else []


def is_read(chat: Chat, lines: list[Line]) -> bool:
    """Return whether one of us has read what the driver said last."""
    said = next((each.at for each in reversed(lines) if each.who is Speaker.DRIVER), None)
    return said is not None and chat.read_by_us_at is not None and chat.read_by_us_at >= said


def agent_types(chat: Chat, now: datetime) -> str:
    """Return the name of whoever of ours is writing; '' for nobody."""
    return chat.agent_name if rules.agent_types(chat, now) else ""
