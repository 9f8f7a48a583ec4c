"""The page where a payment is made by Swish: a link on the phone, a code on a screen, or a phone number."""

from __future__ import annotations

from typing import Any, Final

import segno
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from markupsafe import Markup

from laddverk.kernel.problems import Problem
from laddverk.payments.asking import topic
from laddverk.payments.model import Purpose
from laddverk.payments.swish import service as swish
from laddverk.payments.swish.service import Shown
from laddverk.platform.languages import marked
from laddverk.web.live import Streams, stream
from laddverk.web.visit import Visit, Visiting

HEADINGS: Final = {
    Purpose.SESSION: marked("Pay for your charge"),
    Purpose.INVOICE: marked("Pay your invoice"),
    Purpose.TOP_UP: marked("Add money"),
    Purpose.SAVE_CARD: marked("Let Swish pay by itself"),
}


@get("/pay/swish/{key:str}")
async def show(visit: Visiting, key: FromPath[str]) -> Response[Any]:
    """Show how to pay; lead on when it is done."""
    shown = await swish.page(visit.house, key, visit.now)
    if shown.stage == "done":
        return visit.go(_onward(visit, shown))
    return _page(visit, key, shown)


@get("/pay/swish/{key:str}/live")
async def follow(visit: Visiting, key: FromPath[str]) -> Stream:
    """Send what changes while the payer is in the app."""
    found = await swish.page(visit.house, key, visit.now)

    async def parts() -> dict[str, str]:
        shown = await swish.page(visit.house, key, visit.house.clock())
        return {"swish": visit.template("portal/_swish_only.html", **_context(visit, key, shown))}

    streams: Streams = visit.request.app.state.setdefault("portal_streams", Streams())
    return stream(streams, visit.house.hints, [topic(found.payment.id)], parts)


@get("/pay/swish/{key:str}/onward")
async def lead_on(visit: Visiting, key: FromPath[str]) -> Response[str]:
    """Lead the page that watched to where the payer came from, as htmx does it."""
    shown = await swish.page(visit.house, key, visit.now)
    target = _onward(visit, shown) if shown.stage == "done" else f"/pay/swish/{key}"
    return Response("", headers={"hx-redirect": target})


@post("/pay/swish/{key:str}/again")
async def try_again(visit: Visiting, key: FromPath[str]) -> Response[Any]:
    """Open a new request by link and code."""
    try:
        await swish.again(visit.house, key, visit.now, visit.language)
    except Problem as problem:
        return await _refused(visit, key, problem)
    return visit.go(f"/pay/swish/{key}")


@post("/pay/swish/{key:str}/phone")
async def ask_phone(visit: Visiting, key: FromPath[str]) -> Response[Any]:
    """Open a request in the app of a phone number."""
    form = await visit.form()
    number = form.get("phone", "")[:40]
    try:
        await swish.to_phone(visit.house, key, number, visit.now, visit.language)
    except Problem as problem:
        return await _refused(visit, key, problem, number)
    return visit.go(f"/pay/swish/{key}")


@post("/pay/swish/{key:str}/cancel")
async def cancel(visit: Visiting, key: FromPath[str]) -> Response[Any]:
    """Let it be, and lead back."""
    shown = await swish.give_up(visit.house, key, visit.now)
    visit.house.worker.wake()
    return visit.go(_onward(visit, shown))


async def _refused(visit: Visit, key: str, problem: Problem, number: str = "") -> Response[Any]:
    shown = await swish.page(visit.house, key, visit.now)
    if shown.stage == "done":
        return visit.go(_onward(visit, shown))
    return _page(visit, key, shown, status=problem.status, errors=visit.errors(problem), number=number)


def _page(
    visit: Visit, key: str, shown: Shown, *, status: int = 200, errors: dict[str, str] | None = None, number: str = ""
) -> Response[Any]:
    context = _context(visit, key, shown)
    return visit.page("portal/swish.html", status=status, errors=errors or {}, number=number, **context)


def _context(visit: Visit, key: str, shown: Shown) -> dict[str, Any]:
    code = shown.attempt.error_code if shown.attempt is not None else shown.payment.failure_code
    return {
        "shown": shown,
        "payment": shown.payment,
        "base": f"/pay/swish/{key}",
        "heading": visit.words(HEADINGS[shown.payment.purpose]),
        "failure": visit.words(shown.failure, code=code or "") if shown.failure else "",
        "code": code_of(shown.code) if shown.code else None,
        "back": _onward(visit, shown),
    }


def _onward(visit: Visit, shown: Shown) -> str:
    """Return where the payer came from. Its path is enough: it also holds by another name of the machine."""
    path = shown.payment.return_url.removeprefix(visit.house.settings.web_url)
    return path if path.startswith("/") and not path.startswith("//") else "/"


def code_of(text: str) -> Markup:
    """Return a QR code as inline SVG, dark on light whatever the theme: the app wants contrast."""
    drawn = segno.make(text, error="m", micro=False)
    svg = drawn.svg_inline(
        scale=1, border=2, omitsize=True, dark="#101418", light="#ffffff", svgclass="qr", lineclass=None
    )
    return Markup(svg)  # noqa: S704 - made by segno; the text is not in it as text


HANDLERS: Final = [show, follow, lead_on, try_again, ask_phone, cancel]
