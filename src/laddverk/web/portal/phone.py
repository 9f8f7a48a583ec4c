"""The demo's telephone: a phone in the browser that calls the desk over the simulated carrier, and is called back."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.response import Stream
from msgspec import Struct

from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.support.phone.seeing import KEYS
from laddverk.support.phone.service import TOPIC
from laddverk.support.rules import PHONE
from laddverk.web import handset
from laddverk.web.live import Streams, stream
from laddverk.web.visit import Visit, Visiting

PAD: Final = (
    ("1", ""), ("2", "ABC"), ("3", "DEF"), ("4", "GHI"), ("5", "JKL"), ("6", "MNO"), ("7", "PQRS"), ("8", "TUV"),
    ("9", "WXYZ"), ("*", ""), ("0", ""), ("#", ""),
)  # fmt: skip
"""The keys of a phone with their letters (ITU-T E.161)."""
STRANGER: Final = "+46709000001"
TEXT_MAX: Final = 500
DEEDS: Final = frozenset({"press", "say", "answer", "hang-up"})
# Drivers of the demo with a number, those who charge now first.
PHONES: Final = """
SELECT name, phone, code FROM (
SELECT driver.name, driver.phone, driver.created_at, driver.id,
       (SELECT code FROM session JOIN connector ON connector.station_id = session.station_id
            AND connector.evse_number = session.evse_number
        WHERE session.driver_id = driver.id AND session.ended_at IS NULL
        ORDER BY session.started_at DESC, connector.connector_number LIMIT 1) AS code
FROM driver WHERE driver.phone <> ''
) AS phones ORDER BY code IS NULL, created_at, id LIMIT 8
"""


class Phone(Struct, frozen=True):
    """Whose phone one can hold."""

    name: str
    phone: str
    code: str | None


def _only_in_demo(visit: Visit) -> None:
    if not handset.is_there(visit.house):
        raise NotFound("There is no such page.")


def _number(given: str) -> str:
    """Return the number of a handset; '' for one that withholds it."""
    number = given.strip().replace(" ", "+", 1) if given.startswith(" ") else given.strip()
    return number if PHONE.fullmatch(number) else ""


def _address(number: str, call: str = "") -> str:
    """Return the address of a handset; one that withholds its number is known by its call."""
    return f"/phone?{urlencode({'number': number or 'withheld', 'call': call})}"


async def phones(tx: Transaction) -> list[Phone]:
    """Return whose phones one can hold in the demo."""
    return await tx.fetch(Phone, PHONES)


def _given(visit: Visit, seen: handset.Handset, number: str) -> dict[str, Any]:
    call = seen.call
    return {
        "number": number,
        "call": call,
        "call_id": call.id if call else "",
        "texts": seen.texts,
        "pad": PAD,
        "is_on": call is not None and call.state != "over",
        "rings": call is not None and call.state == "ringing" and call.direction == "outgoing",
        "speaks": call is not None and (call.state == "talking" or call.speaks),
        "operator_phone": visit.house.settings.phone_number,
    }


@get("/phone")
async def show_phone(visit: Visiting) -> Response[str]:
    """A phone: whose it is, its keys, and what is heard."""
    _only_in_demo(visit)
    chosen = visit.asked("number")
    number = _number(chosen)
    seen = await handset.look(visit.house, number=number, call=visit.asked("call")[:40])
    code = visit.asked("code")[:40]
    async with visit.transaction() as tx:
        offered = await phones(tx)
    return visit.page(
        "portal/phone.html", phones=offered, stranger=STRANGER, is_chosen=bool(chosen), code=code,
        keyed="".join(each for each in code.upper() if each.isascii() and each.isalnum()).translate(KEYS),
        **_given(visit, seen, number),
    )  # fmt: skip


@post("/phone/dial")
async def dial(visit: Visiting) -> Response[Any]:
    """Call the desk."""
    _only_in_demo(visit)
    form = await visit.form()
    number = _number(form.get("number", ""))
    seen = await handset.do(visit.house, "dial", number=number)
    call = seen.call.id if seen.call else ""
    return visit.go(_address(number, call))


@post("/phone/do")
async def do_on_phone(visit: Visiting) -> Response[Any]:
    """Press a key, say something, answer or hang up."""
    _only_in_demo(visit)
    form = await visit.form()
    number, what = _number(form.get("number", "")), form.get("what", "")
    if what not in DEEDS:
        raise NotFound("There is nothing like that to do.")
    call = form.get("call", "")[:40]
    keys, text = form.get("keys", "")[:20], form.get("text", "")[:TEXT_MAX]
    seen = await handset.do(visit.house, what, number=number, call=call, keys=keys, text=text)
    visit.house.hints.publish([TOPIC])
    if visit.wants_part:
        return visit.part(visit.template("portal/_handset.html", **_given(visit, seen, number)))
    return visit.go(_address(number, call))


@post("/phone/text")
async def send_text(visit: Visiting) -> Response[Any]:
    """Send the desk a text message."""
    _only_in_demo(visit)
    form = await visit.form()
    number = _number(form.get("number", ""))
    if number and form.get("text"):
        await handset.do(visit.house, "text", number=number, text=form["text"][:TEXT_MAX])
        visit.house.hints.publish([TOPIC])
    return visit.go(
        f"/phone?number={number.replace('+', '%2B') or 'withheld'}", visit.words("The text message is sent.")
    )


@get("/phone/live")
async def watch_phone(visit: Visiting) -> Stream:
    """The phone, as it rings and speaks."""
    _only_in_demo(visit)
    number, call = _number(visit.asked("number")), visit.asked("call")[:40]

    async def parts() -> dict[str, str]:
        seen = await handset.look(visit.house, number=number, call="" if number else call)
        return {"handset": visit.template("portal/_handset.html", **_given(visit, seen, number))}

    streams: Streams = visit.request.app.state.setdefault("portal_streams", Streams())
    return stream(streams, visit.house.hints, [TOPIC], parts)


HANDLERS: Final = [show_phone, dial, do_on_phone, send_text, watch_phone]
