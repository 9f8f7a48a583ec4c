"""The icon, the demo's mail box, and the door for payment providers' messages."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import NotFound
from laddverk.notices import queries as notice_queries
from laddverk.payments import service as payments
from laddverk.web.rendering import static
from laddverk.web.visit import Visit, Visiting

MAILS_MAX: Final = 100  # newest mails in the demo's mail box


@get("/favicon.ico")
async def show_icon(visit: Visiting) -> Response[Any]:
    """Lead browsers that ask for the icon at its old address to it."""
    return visit.go(static("icon.svg"))


@get("/demo/mail")
async def show_mail_box(visit: Visiting) -> Response[str]:
    """Show the mails that the demo has sent."""
    _only_in_demo(visit)
    async with visit.transaction() as tx:
        mails = await notice_queries.mails(tx, limit=MAILS_MAX)
    return visit.page("portal/demo_mail.html", mails=mails)


@get("/demo/mail/{mail:str}")
async def show_mail(visit: Visiting, mail: FromPath[str]) -> Response[str]:
    """Show one mail of the demo."""
    _only_in_demo(visit)
    async with visit.transaction() as tx:
        found = await notice_queries.mail(tx, parsed("mai", mail))
    if found is None:
        raise NotFound("There is no such mail.")
    return visit.page("portal/demo_mail_one.html", mail=found)


@post("/webhooks/{provider:str}", status_code=200, media_type=MediaType.TEXT)
async def receive_webhook(visit: Visiting, provider: FromPath[str], request: Request[Any, Any, Any]) -> str:
    """Take in a payment provider's message: its signature is checked, it is kept, and a job acts on it."""
    await payments.receive_webhook(visit.house, provider, dict(request.headers), await request.body())
    visit.house.worker.wake()
    return "ok"


@post("/webhooks/{provider:str}/{about:str}", status_code=200, media_type=MediaType.TEXT)
async def receive_callback(
    visit: Visiting, provider: FromPath[str], about: FromPath[str], request: Request[Any, Any, Any]
) -> str:
    """Take in a provider's message that is not signed: the address it comes to, which only it was told, proves it."""
    headers = dict(request.headers) | {payments.ABOUT_HEADER: about}
    await payments.receive_webhook(visit.house, provider, headers, await request.body())
    visit.house.worker.wake()
    return "ok"


def _only_in_demo(visit: Visit) -> None:
    if not visit.house.settings.demo:
        raise NotFound("There is no such page.")


HANDLERS: Final = [show_icon, show_mail_box, show_mail, receive_webhook, receive_callback]
