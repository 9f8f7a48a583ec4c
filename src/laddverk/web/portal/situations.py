"""A driver's situation on the page of a charge: what we see, in one sentence, and what can be done about it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.ids import shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.sessions import service as sessions
from laddverk.sessions.driver_queries import Outlet
from laddverk.sessions.model import LiveStart
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support.knowledge import queries as knowledge
from laddverk.support.knowledge.model import Found
from laddverk.support.situations import choosing, doing, nearby, pressing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Complaint, DriverButton, Told
from laddverk.web.visit import Visit, Visiting

LABELS: Final = {
    DriverButton.TRY_AGAIN: marked("Try again"),
    DriverButton.PAY: marked("Pay in another way"),
    DriverButton.WAIT_MORE: marked("I need more time"),
    DriverButton.SWAP: marked("Start at that outlet instead"),
    DriverButton.STOP: marked("Stop charging"),
    DriverButton.UNLOCK: marked("Let go of the cable"),
    DriverButton.OTHER_OUTLET: marked("Other outlets here"),
    DriverButton.NEAREST: marked("Chargers nearby"),
    DriverButton.RECEIPT: marked("Receipt as PDF"),
    DriverButton.REPORT: marked("Report what you see"),
    DriverButton.WRITE: marked("Write to us"),
}
COMPLAINTS: Final = {
    Complaint.CABLE: marked("The cable does not come loose"),
    Complaint.MONEY: marked("I have paid too much"),
    Complaint.RECEIPT: marked("I need a receipt"),
}
"""What no machine sees, and a driver can say."""
ARTICLES: Final = 2  # beside a situation: who stands at a charger reads one
DEEDS: Final = frozenset(doing.DONE) | doing.LEADS


class Button(Struct, frozen=True, kw_only=True):
    """One thing that can be done: a link, or a form that posts."""

    label: str
    key: str
    href: str = ""
    action: str = ""


class Shown(Struct, frozen=True, kw_only=True):
    """A situation as the page of a charge shows it."""

    key: str
    title: str
    says: str
    tone: str
    """plain, wait or broken."""
    buttons: tuple[Button, ...]
    is_calm: bool
    articles: tuple[Found, ...] = ()
    """What to read about it; nothing while all is well."""


async def seen(tx: Transaction, found: LiveStart, visit: Visit, site_path: str, code: str | None) -> Shown:
    """Return the situation of a charge as its page shows it. `site_path` leads to the other outlets there."""
    complaint = complaint_asked(visit)
    subject = subject_of(found, complaint)
    told = choosing.told(await facts_of(tx, subject, visit.house.clock()))
    texts = await nearby.spoken(tx, subject, told, visit.language, visit.house.settings.timezone)
    return Shown(
        key=told.situation.key,
        title=texts.title,
        says=texts.says,
        tone="broken" if told.situation.is_danger else "plain" if told.is_calm else "wait",
        buttons=tuple(buttons_of(told, visit, site_path, code)),
        is_calm=told.is_calm,
        articles=() if told.is_calm else await _articles(tx, told, found, visit.language),
    )


async def _articles(tx: Transaction, told: Told, found: LiveStart, language: str) -> tuple[Found, ...]:
    station_id = found.start_request.station_id
    return tuple(
        await knowledge.suggest(
            tx, language, situation=told.situation.key, station_id=station_id, limit=ARTICLES
        )
    )  # fmt: skip


async def at_outlet(tx: Transaction, outlet: Outlet, visit: Visit) -> Shown | None:
    """Return what is to be known of an outlet before anybody pays there; None where nothing is wrong."""
    subject = Subject(
        station_id=outlet.station_id, evse_number=outlet.evse_number, connector_number=outlet.connector_number,
        driver_id=visit.actor.id if visit.actor.kind == "driver" else None, complaint=complaint_asked(visit),
    )  # fmt: skip
    told = choosing.told(await facts_of(tx, subject, visit.now))
    if told.is_calm:
        return None
    texts = await nearby.spoken(tx, subject, told, visit.language, outlet.timezone)
    code = quote(outlet.code)
    links = {
        DriverButton.OTHER_OUTLET: f"/places/{shown('sit', outlet.site_id)}",
        DriverButton.NEAREST: "/",
        DriverButton.REPORT: f"/u/{code}/report",
        DriverButton.WRITE: f"/help/write?code={code}",
    }
    buttons = [
        Button(label=visit.words(LABELS[each]), key=each.value, href=links[each])
        for each in told.situation.driver
        if each in links
    ]
    return Shown(
        key=told.situation.key, title=texts.title, says=texts.says,
        tone="broken" if told.situation.is_danger else "wait", buttons=tuple(buttons), is_calm=False,
    )  # fmt: skip


def subject_of(found: LiveStart, complaint: Complaint = Complaint.NONE) -> Subject:
    """Return whose trouble the page of a charge is about."""
    request = found.start_request
    return Subject(
        station_id=request.station_id, evse_number=request.evse_number, connector_number=request.connector_number,
        start_request_id=request.id, session_id=found.session.id if found.session else None,
        payment_id=request.payment_id, driver_id=request.driver_id, complaint=complaint,
    )  # fmt: skip


def complaint_asked(visit: Visit) -> Complaint:
    """Return what the driver says is wrong, from the address; nothing for words of somebody else's."""
    asked = visit.asked("wrong")
    return Complaint(asked) if asked in set(Complaint) else Complaint.NONE


def buttons_of(told: Told, visit: Visit, site_path: str, code: str | None) -> list[Button]:
    """Return what can be done, most helpful first; what leads nowhere from here is left out."""
    base = visit.request.url.path.removesuffix("/live")
    to_outlet = f"/u/{quote(code)}" if code else ""
    links = {
        DriverButton.TRY_AGAIN: to_outlet,
        DriverButton.PAY: to_outlet,
        DriverButton.OTHER_OUTLET: site_path,
        DriverButton.NEAREST: "/",
        DriverButton.RECEIPT: "",
        DriverButton.REPORT: f"{to_outlet}/report?back={base}" if code else "",
        DriverButton.WRITE: f"/help/write?code={quote(code)}" if code else "/help/write",
    }
    made = [
        Button(
            label=visit.words(LABELS[each]), key=each.value, href=links.get(each, ""),
            action=f"{base}/do/{each.value}" if each in DEEDS else "",
        )
        for each in told.situation.driver
    ]  # fmt: skip
    return [each for each in made if each.href or each.action]


@post("/s/{token:str}/do/{button:str}")
async def press(visit: Visiting, token: FromPath[str], button: FromPath[str]) -> Response[Any]:
    """Do what the situation offers."""
    if button not in set(DriverButton):
        raise NotFound("There is nothing like that to do.")
    form = await visit.form()
    wrong = form.get("wrong", "")
    complaint = Complaint(wrong) if wrong in set(Complaint) else Complaint.NONE
    page = f"/s/{token}" + (f"?wrong={complaint.value}" if complaint else "")
    async with visit.transaction() as tx:
        found = await sessions.by_access_token(tx, token, visit.now)
        if found is None:
            raise NotFound("There is no such charge.", remedy="Scan the code on the outlet again.")
        subject = subject_of(found, complaint)
        came = await pressing.press(tx, visit.actor, subject, DriverButton(button), visit.now)
    if came.refused is not None:
        return visit.go(page, " ".join(visit.errors(came.refused).values()))
    visit.house.hints.publish([COMMANDS_TOPIC, f"station:{found.start_request.station_id}"])
    if came.outlet_code:
        return visit.go(f"/u/{quote(came.outlet_code)}")
    return visit.go(page, visit.words(came.said))


HANDLERS: Final = [press]
