"""What a person does on the page of a Swish payment: look, ask once more, ask a phone number, give up."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Conflict, NotFound, Problem, Unavailable
from laddverk.payments import asking as questions
from laddverk.payments import settling
from laddverk.payments import store as payments
from laddverk.payments.model import Payment, Purpose, State, Wish
from laddverk.payments.opening import order_of
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import Refused, Unanswered
from laddverk.payments.providers.swish import Swish
from laddverk.payments.providers.swish_line import is_offered, is_sandbox
from laddverk.payments.swish import rules, store
from laddverk.payments.swish.model import Attempt, Kind, Stage
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

__all__ = ["Shown", "again", "give_up", "is_offered", "is_sandbox", "page", "to_phone"]


class Shown(Struct, frozen=True, kw_only=True):
    """What the page of a payment shows now."""

    payment: Payment
    attempt: Attempt | None
    """The newest request in the app."""
    app_link: str = ""
    """Opens the request on this phone."""
    code: str = ""
    """What the QR code says."""
    failure: str = ""
    """Why the newest request came to nothing, in words (a msgid)."""

    @property
    def stage(self) -> str:
        """How the page looks: done, closed, asking, app (a link and a code), phone, or again."""
        if self.payment.state in (State.AUTHORISED, State.CAPTURING, State.CAPTURED, State.SAVED):
            return "done"
        if self.payment.state in (State.FAILED, State.CANCELLED) or self.payment.wish == Wish.CANCEL:
            return "closed"
        if self.attempt is None or not self.attempt.is_open:
            # Paid, and not joined to the payment yet: a moment.
            return "asking" if self.attempt is not None and self.attempt.state == Stage.PAID else "again"
        if self.attempt.state == Stage.ASKED:
            return "asking"
        return "phone" if self.attempt.kind == Kind.PHONE else "app"


async def page(house: House, key: str, now: datetime) -> Shown:
    """Return what to show at this address, and ask Swish when it has been silent. Raises `NotFound`."""
    return await house.database.run(lambda tx: _shown(tx, house, key, now))


async def again(house: House, key: str, now: datetime, language: str) -> Shown:
    """Open a new request by link and code, in place of one that came to nothing or went to a phone number."""
    shown = await page(house, key, now)
    kind = Kind.CONSENT if shown.payment.purpose == Purpose.SAVE_CARD else Kind.TOKEN
    await _asked(house, shown.payment, kind, language, None)
    return await page(house, key, now)


async def to_phone(house: House, key: str, number: str, now: datetime, language: str) -> Shown:
    """Open a request in the app of a phone number. Raises `Invalid` when it is none, and what Swish says of it."""
    alias = rules.phone(number)
    shown = await page(house, key, now)
    if shown.payment.purpose == Purpose.SAVE_CARD:
        raise Conflict("A consent is given by the link or the code.")
    await _asked(house, shown.payment, Kind.PHONE, language, alias)
    return await page(house, key, now)


async def give_up(house: House, key: str, now: datetime) -> Shown:
    """Let a payment be; what is open is taken back, and what was paid meanwhile comes back by itself."""

    async def giving_up(tx: Transaction) -> None:
        payment = await payments.locked(tx, _known(house, key))
        if payment is not None and payment.state in (State.CREATED, State.CHECKOUT):
            await settling.wish(tx, payment, Wish.CANCEL, now)

    await house.database.run(giving_up)
    return await page(house, key, now)


async def _asked(house: House, payment: Payment, kind: Kind, language: str, alias: str | None) -> None:
    order = await house.database.run(lambda tx: order_of(tx, payment, language))
    rail = provider_named(house, "swish")
    assert isinstance(rail, Swish)
    try:
        await rail.ask(payment.id, kind, order.description, alias)
    except Refused as refusal:
        raise told(refusal) from refusal
    except Unanswered as silence:
        raise Unavailable(
            "Swish does not answer now.", remedy="Wait a moment: this page shows what became of it."
        ) from (silence)


def told(refusal: Refused) -> Problem:
    """Return what a refusal of Swish means to the person who is paying."""
    return Conflict(rules.words_for(refusal.code), code=refusal.code)


async def _shown(tx: Transaction, house: House, key: str, now: datetime) -> Shown:
    payment = await payments.payment(tx, _known(house, key))
    if payment is None or payment.provider != "swish":
        raise NotFound("There is no such payment.")
    attempts = await store.of_payment(tx, payment.id)
    attempt = attempts[-1] if attempts else None
    if payment.state in (State.CREATED, State.CHECKOUT) and _is_silent(attempt, now):
        await enqueue(
            tx,
            [NewJob(questions.ASK, {"payment_id": str(payment.id), "overdue": True}, unique_key=f"swish:{payment.id}")],
        )
        tx.after_commit(house.worker.wake)
    shown = Shown(payment=payment, attempt=attempt, failure=_failure(payment, attempt))
    if attempt is None or not attempt.token or attempt.state != Stage.OPEN:
        return shown
    rail = provider_named(house, "swish")
    assert isinstance(rail, Swish)
    back = rail.page_of(payment.id)
    return Shown(
        payment=payment,
        attempt=attempt,
        app_link=rail.app.link(attempt.token, back),
        code=rail.app.code(attempt.token, back),
    )


def _is_silent(attempt: Attempt | None, now: datetime) -> bool:
    """Return whether Swish should be asked: somebody watches, and nothing was heard for a while."""
    return attempt is not None and attempt.is_open and now - attempt.looked_at >= rules.LOOK_EVERY


def _failure(payment: Payment, attempt: Attempt | None) -> str:
    code = attempt.error_code if attempt is not None and not attempt.is_open else payment.failure_code
    return rules.words_for(code) if code else ""


def _known(house: House, key: str) -> PaymentId:
    payment_id = rules.payment_of_page(house.secrets, key)
    if payment_id is None:
        raise NotFound("There is no such payment.")
    return payment_id
