"""Asking payers in their Swish app: one request at a time, closed before the next, and read again when in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.problems import Conflict, NotFound, TooMany
from laddverk.payments import store as payments
from laddverk.payments.model import Payment, State, Wish
from laddverk.payments.providers.port import Refused, Unanswered
from laddverk.payments.providers.swish_api import Instruction, SwishApi
from laddverk.payments.swish import rules, store
from laddverk.payments.swish.model import Attempt, Kind, Stage
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

CLOSED: Final = "This payment is closed."
WAIT_S: Final = 0.25
ROUNDS: Final = 60  # some fifteen seconds: the patience of our client with Swish


class Wanted(Struct, frozen=True, kw_only=True):
    """What to ask a payer for."""

    payment_id: PaymentId
    kind: Kind
    message: str
    callback_url: str
    phone: str | None = None
    """As Swish writes it; sent on and not kept."""


async def ask(house: House, api: SwishApi, wanted: Wanted) -> Attempt:
    """Return the request that is open in the payer's app: the one that is there already, or a new one.

    An open one of another kind is closed first. Raises `Refused` with Swish's code, `Unanswered`, `Conflict` when the
    payment is closed or paid, and `TooMany`.
    """
    for _ in range(ROUNDS):
        attempt, payment, is_new = await house.database.run(lambda tx: _prepared(tx, house, wanted))
        if is_new:
            return await _sent(house, api, wanted, attempt, payment)
        if _is_the_same(house, attempt, wanted):
            return attempt
        if rules.is_on_its_way(attempt, house.clock()):
            await asyncio.sleep(WAIT_S)  # a second press: the first one's request is its own too
        else:
            await close(house, api, attempt)
    raise Conflict("Another request is open in the app.", remedy="Try again in a moment.")


async def close(house: House, api: SwishApi, attempt: Attempt) -> Attempt:
    """Take back a request that is open; return it as Swish sees it then, which may be paid. Raises `Unanswered`."""
    try:
        if attempt.kind == Kind.CONSENT:
            await api.end_consent(attempt.id)
        else:
            await api.cancel(attempt.id)
    except Refused:
        pass  # it is closed already, or was never there: the question below tells which
    return await look(house, api, attempt, gives_up=True)


async def look(house: House, api: SwishApi, attempt: Attempt, *, gives_up: bool = False) -> Attempt:
    """Return a request as Swish sees it now, and keep that. Raises `Unanswered` and `Refused`.

    With `gives_up` one that Swish does not know is over at once: it was tried to be closed, and cannot be paid.
    """
    now = house.clock()
    if attempt.kind == Kind.CONSENT:
        after = rules.consent_told(attempt, await api.consent(attempt.id), now)
    else:
        after = rules.told(attempt, await api.payment(attempt.id), now)
    if gives_up and after.state == Stage.ASKED:
        after = replace(after, state=Stage.FAILED, error_code=rules.NEVER_ARRIVED)
    await house.database.run(lambda tx: store.save(tx, after))
    return after


async def look_at_all(house: House, api: SwishApi, payment_id: PaymentId) -> Sequence[Attempt]:
    """Return all requests of a payment as Swish sees them, also those that were closed: the late truth counts."""
    known = await house.database.run(lambda tx: store.of_payment(tx, payment_id))
    return [
        attempt if attempt.state == Stage.PAID and attempt.kind != Kind.CONSENT else await look(house, api, attempt)
        for attempt in known
    ]


def _is_the_same(house: House, attempt: Attempt, wanted: Wanted) -> bool:
    if attempt.kind != wanted.kind or attempt.state != Stage.OPEN:
        return False
    if wanted.phone is not None:
        return attempt.payer_hash == rules.fingerprint(house.secrets, wanted.phone)
    return bool(attempt.token)


async def _prepared(tx: Transaction, house: House, wanted: Wanted) -> tuple[Attempt, Payment, bool]:
    """Return the open request, or a new one that is written down before Swish hears of it."""
    now = house.clock()
    payment = await payments.locked(tx, wanted.payment_id)
    if payment is None:
        raise NotFound("There is no such payment.")
    if payment.state not in (State.CREATED, State.CHECKOUT) or payment.wish == Wish.CANCEL:
        raise Conflict(CLOSED, remedy="Begin again from where you came.")
    if now >= payment.created_at + rules.PAGE_OPEN_FOR:
        raise Conflict(CLOSED, remedy="Begin again from where you came.")
    known = await store.of_payment(tx, payment.id)
    for attempt in known:
        if attempt.is_open:
            return attempt, payment, False
        if attempt.state == Stage.PAID:
            raise Conflict("This is paid already.")
    if len(known) >= rules.ATTEMPTS_MAX:
        raise TooMany("This was tried too often.", remedy="Pay another way, or begin again.")
    return await _written(tx, house, wanted, len(known) + 1, now), payment, True


async def _written(tx: Transaction, house: House, wanted: Wanted, number: int, now: datetime) -> Attempt:
    mark = None if wanted.phone is None else rules.fingerprint(house.secrets, wanted.phone)
    if mark is not None and await store.asked_of(tx, mark, now - rules.ASKED_WITHIN) >= rules.ASKED_OF_PHONE_MAX:
        raise TooMany("This phone was asked too often.", remedy="Wait a quarter of an hour, or use the QR code.")
    attempt = Attempt(
        id=UUID(hex=new_id().hex),
        payment_id=wanted.payment_id,
        number=number,
        kind=wanted.kind,
        state=Stage.ASKED,
        payer_last4=rules.last4(wanted.phone),
        payer_hash=mark,
        created_at=now,
        looked_at=now,
    )
    await store.insert(tx, attempt)
    return attempt


async def _sent(house: House, api: SwishApi, wanted: Wanted, attempt: Attempt, payment: Payment) -> Attempt:
    try:
        token = await _request(house, api, wanted, attempt, payment)
    except Refused as refusal:
        refused = replace(attempt, state=Stage.FAILED, error_code=refusal.code[:20], looked_at=house.clock())
        await house.database.run(lambda tx: store.save(tx, refused))
        raise
    except Unanswered:
        unknown = replace(attempt, error_code=rules.NO_ANSWER, looked_at=house.clock())
        await house.database.run(lambda tx: store.save(tx, unknown))
        raise
    opened = replace(attempt, state=Stage.OPEN, token=token or "", looked_at=house.clock())
    await house.database.run(lambda tx: store.save(tx, opened))
    if token is None and wanted.kind != Kind.PHONE:
        raise Unanswered("Swish has the request, and its token is lost.")
    return opened


async def _request(house: House, api: SwishApi, wanted: Wanted, attempt: Attempt, payment: Payment) -> str | None:
    secret = rules.callback_secret(house.secrets, payment.id)
    if wanted.kind == Kind.CONSENT:
        return await api.open_consent(attempt.id, wanted.callback_url)
    asked = Instruction(
        id=attempt.id,
        amount_minor=payment.amount_minor,
        reference=payment.id.hex,
        message=wanted.message,
        callback_url=wanted.callback_url,
        callback_identifier=secret,
        payer_alias=wanted.phone,
    )
    return await api.request_payment(asked)
