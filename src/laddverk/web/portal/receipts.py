"""The receipt of a charge behind a signed address, as support mails it: no account, and nothing else opens by it."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from laddverk.invoicing import documents
from laddverk.kernel.ids import SessionId
from laddverk.kernel.problems import NotFound
from laddverk.sessions import driver_queries
from laddverk.support import links
from laddverk.web.visit import Visiting


@get("/receipts/{token:str}")
async def show_receipt(visit: Visiting, token: FromPath[str]) -> Response[bytes]:
    """The receipt as PDF, for whoever has its address."""
    session_id = SessionId(links.behind(visit.house.secrets, "ses", token))
    async with visit.transaction() as tx:
        found = await driver_queries.session(tx, session_id)
    if found is None or found.price_minor is None:
        raise NotFound("There is no receipt yet.", remedy="It is here when the charge is over and priced.")
    content = await documents.receipt_pdf(visit.house, session_id, visit.language)
    headers = {"content-disposition": 'inline; filename="receipt.pdf"', "cache-control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


HANDLERS: Final = [show_receipt]
