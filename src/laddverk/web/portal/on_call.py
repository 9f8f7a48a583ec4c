"""The page behind the address in a message to somebody on call: what it is about, and saying that one has seen it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics.alerting import service, wording
from laddverk.diagnostics.alerting.model import What
from laddverk.diagnostics.incidents import queries, working
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import NotFound
from laddverk.web import security
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

WRONG_MAX: Final = 60  # wrong addresses of one network in five minutes: the signature has 128 bits


@get("/on-call/{token:str}")
async def show_alert(visit: Visiting, token: FromPath[str]) -> Response[str]:
    """Show what somebody was told of. Reading it acknowledges nothing: mail programs open addresses too."""
    async with visit.transaction() as tx:
        alert, person = await _behind(visit, tx, token)
        row = await queries.incident(tx, None, alert.incident_id) if alert.incident_id else None
    if row is None:
        raise NotFound("There is no such page.")
    message = wording.message_of(row, What(alert.what), visit.language, visit.house.settings.timezone)
    return visit.page(
        "portal/on_call.html",
        incident=row,
        message=message,
        person=person,
        path=visit.request.url.path,
        console=f"/console/incidents/{shown('inc', row.id)}",
    )


@post("/on-call/{token:str}")
async def answer_alert(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Acknowledge what a message was about, or begin to work on it."""
    form = await visit.form()
    async with visit.transaction() as tx:
        await _behind(visit, tx, token)
        deed = working.checked_deed(form.get("what", ""))
        await service.answer(tx, visit.house, token, deed, visit.now, visit.house.hints)
    return visit.go(visit.request.url.path, visit.words("Noted. Thank you."))


async def _behind(visit: Visit, tx: Any, token: str) -> Any:
    try:
        return await service.behind(tx, visit.house, token, visit.now)
    except NotFound:
        attempts: Attempts = visit.request.app.state.setdefault("on_call_failures", Attempts(WRONG_MAX))
        attempts.count(security.remote_address(visit.request), visit.now)
        raise


HANDLERS: Final = [show_alert, answer_alert]
