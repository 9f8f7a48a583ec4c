"""The built-in Swish in this process: its books in the database, its calls back, and the way to it without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import httpx

from laddverk.payments.providers.sandbox_swish import NUMBER, AnswerLost, Mood, Swish, Thing
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

AT_WORK: Final = "sandbox.swish"
"""The job of what happens in its own time: payload `{do: deliver, url, body}` or `{do: settle, kind, id}`."""
LATE_BY: Final = timedelta(seconds=20)  # long enough to see the page wait, short enough to wait for
BANKS_TAKE: Final = timedelta(seconds=1)
BASE_URL: Final = "https://swish.sandbox.invalid"  # never resolved: requests are handed over in this process

GET: Final = "SELECT body FROM sandbox_swish WHERE kind = $1 AND id = $2 FOR UPDATE"
PUT: Final = """
INSERT INTO sandbox_swish (kind, id, body) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body
"""
WHERE: Final[Mapping[str, str]] = {
    "paymentReference": "SELECT body FROM sandbox_swish WHERE kind = $1 AND body->>'paymentReference' = $2",
    "originalPaymentReference": (
        "SELECT body FROM sandbox_swish WHERE kind = $1 AND body->>'originalPaymentReference' = $2"
    ),
    "token": "SELECT body FROM sandbox_swish WHERE kind = $1 AND body->>'token' = $2",
    "payerAlias": (
        "SELECT body FROM sandbox_swish WHERE kind = $1 AND body->>'payerAlias' = $2 AND body->>'status' = 'CREATED'"
    ),
}


class Kept:
    """Fills `sandbox_swish.Books` within one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def get(self, kind: str, identity: str) -> Thing | None:
        """Return one thing, locked."""
        found: Thing | None = await self._tx.value(GET, kind, identity)
        return found

    async def put(self, kind: str, identity: str, thing: Thing) -> None:
        """Keep a thing."""
        await self._tx.execute(PUT, kind, identity, thing)

    async def where(self, kind: str, name: str, value: str) -> list[Thing]:
        """Return the things of a kind whose field `name` is `value`."""
        return await self._tx.values(WHERE[name], kind, value)


def swish_in(tx: Transaction, house: House) -> Swish:
    """Return Swish as it stands in `tx`. Banks settle in a second; callbacks come by a job, in their mood."""

    async def call_back(url: str, thing: Thing, mood: Mood) -> None:
        if mood != Mood.NEVER:
            run_at = house.clock() + LATE_BY if mood == Mood.LATE else None
            copies = 2 if mood == Mood.TWICE else 1
            await enqueue(tx, [NewJob(AT_WORK, {"do": "deliver", "url": url, "body": thing}, run_at)] * copies)

    async def made(kind: str, identity: str) -> None:
        await enqueue(tx, [NewJob(AT_WORK, {"do": "settle", "kind": kind, "id": identity}, house.clock() + BANKS_TAKE)])

    return Swish(Kept(tx), NUMBER, call_back, made)


async def settle(tx: Transaction, house: House, kind: str, identity: str) -> None:
    """The banks do what they were asked: a refund or a debit goes through, unless the payer's account is closed."""
    swish = swish_in(tx, house)
    thing = await swish.books.get(kind, identity)
    if thing is None or thing["status"] not in ("CREATED", "VALIDATED"):
        return
    code = "ACMT07" if kind == "refund" and thing.get("mood") == Mood.NO_REFUND else ""
    await (swish.settle_refund if kind == "refund" else swish.settle_debit)(identity, code)


class InProcess(httpx.AsyncBaseTransport):
    """Hands each HTTP request to the built-in Swish; each is one transaction of its own."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request. Raises `httpx.ReadError` when the answer is lost, with the work done."""
        body = await request.aread()
        lost: AnswerLost | None = None
        status, content = 500, b""
        headers: dict[str, str] = {}
        async with self._house.database.transaction() as tx:
            try:
                status, content, headers = await swish_in(tx, self._house).answer(
                    request.method, request.url.path, body
                )
            except AnswerLost as gone:
                lost = gone
        self._house.worker.wake()
        if lost is not None:
            raise httpx.ReadError(f"the connection broke: {lost}", request=request)
        return httpx.Response(status, headers=headers, content=content, request=request)


def client_inside(house: House) -> httpx.AsyncClient:
    """Return a client that reaches the built-in Swish as if by HTTPS."""
    return httpx.AsyncClient(base_url=BASE_URL, transport=InProcess(house))


async def found_by_token(tx: Transaction, house: House, token: str) -> tuple[str, Thing] | None:
    """Return what a token opens in the app: (payment or consent, the thing)."""
    swish = swish_in(tx, house)
    for kind in ("payment", "consent"):
        for thing in await swish.books.where(kind, "token", token):
            return kind, thing
    return None
