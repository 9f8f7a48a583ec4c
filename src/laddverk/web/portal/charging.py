"""The live page of one charge: waiting, charging, done, receipt. Its address is its key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from markupsafe import Markup
from msgspec import Struct

from laddverk.energy.planning_ahead import wishing
from laddverk.energy.planning_ahead.recalling import Habits
from laddverk.energy.planning_ahead.wishing import Ready
from laddverk.invoicing import documents
from laddverk.kernel.actors import rule
from laddverk.kernel.problems import NotFound, Problem
from laddverk.kernel.time import seconds_between
from laddverk.notices import service as notices
from laddverk.payments import queries as payment_queries
from laddverk.payments.queries import PaymentRow
from laddverk.payments.reserved import queries as reserved_queries
from laddverk.payments.wallet import queries as wallet_queries
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.sessions import driver_queries as queries
from laddverk.sessions import service as sessions
from laddverk.sessions.driver_queries import DriverSession
from laddverk.sessions.model import LiveStart, StartRequest, WhyFailed
from laddverk.sessions.running import price_so_far
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import links
from laddverk.web.live import Streams, stream
from laddverk.web.portal import outlets, situations
from laddverk.web.portal.situations import Shown
from laddverk.web.rendering import environment_for
from laddverk.web.visit import Visit, Visiting

CURVE_POINTS_MIN: Final = 3  # fewer make no curve

CANCELLED: Final = marked("You cancelled the charge.")
STOPPED: Final = {
    "spent": marked(
        "The reserved amount is soon used up, so we asked the charger to stop. Start again to charge more."
    ),
    "wallet_stopped": marked("Your balance is used up, so we asked the charger to stop. Pay in to charge more."),
    "reserve_ends": marked("The reservation on your card ends, so we asked the charger to stop. Start again to go on."),
}


class Live(Struct, frozen=True, kw_only=True):
    """What the page of a charge shows now."""

    stage: str
    """paying, starting, failed, charging or over."""
    situation: Shown
    """What we see, and what can be done."""
    place: str
    code: str | None
    asked_at: datetime
    session: DriverSession | None = None
    sentence: str = ""
    is_given_up: bool = False
    """Whether the driver cancelled it."""
    wrong: str = ""
    """What the driver says is wrong, where they say anything."""
    kept: str = ""
    """What of the balance is kept for it, in words."""
    cost_minor: int | None = None
    currency: str = "SEK"
    elapsed: timedelta = timedelta()
    lines: list[Any] = []
    money: str = ""
    has_curve: bool = False
    reserved_minor: int = 0
    """What is reserved or paid for it, while it runs."""
    is_paid_before: bool = False
    """Whether that is paid already, and what is not used comes back."""
    ready: Ready | None = None
    """When the car is expected to have what it is to have."""
    stopped: str = ""
    """Why we asked the charger to stop, in words; empty when we did not."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more without somebody acting."""
        return self.stage == "failed" or (
            self.stage == "over" and self.session is not None and self.session.price_minor is not None
        )


@get("/s/{token:str}")
async def show(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Show a charge to whoever has its address."""
    return await charge_page(visit, token)


@get("/s/{token:str}/live")
async def follow(visit: Visiting, token: FromPath[str]) -> Stream:
    """Send the changing part of the page while something changes."""
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
    habits = Habits()

    async def parts() -> dict[str, str]:
        async with visit.house.database.transaction() as tx:
            live = await live_of(tx, await found_charge(tx, token, visit), visit, habits)
        base = f"/s/{token}"
        return {
            "live": visit.template("portal/_live_only.html", live=live),
            "live-actions": visit.template("portal/_live_actions.html", live=live, base=base),
        }

    streams: Streams = visit.request.app.state.setdefault("portal_streams", Streams())
    return stream(streams, visit.house.hints, [f"station:{found.start_request.station_id}"], parts)


@get("/s/{token:str}/curve.json")
async def curve(visit: Visiting, token: FromPath[str]) -> dict[str, Any]:
    """Return the power during a charge, for the chart."""
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
        points = await queries.curve(tx, found.session.id) if found.session else []
    return curve_json(points, visit.words("Power"))


@post("/s/{token:str}/stop")
async def stop(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Ask the charger to stop."""
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
        if found.session is not None and found.session.ended_at is None:
            await sessions.request_stop(tx, rule("driver's live page"), found.session.id, visit.now, "driver")
    visit.house.hints.publish([COMMANDS_TOPIC, f"station:{found.start_request.station_id}"])
    return visit.go(f"/s/{token}", visit.words("We have asked the charger to stop."))


@post("/s/{token:str}/cancel")
async def cancel(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Give up a charge that has not begun; what was reserved is released."""
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
        if found.session is None:
            await sessions.cancel_start(tx, found.start_request.id, WhyFailed.CANCELLED, visit.now)
    return visit.go(f"/s/{token}")


@get("/s/{token:str}/receipt.pdf")
async def receipt(visit: Visiting, token: FromPath[str]) -> Response[bytes]:
    """Return the receipt of a charge that is over."""
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
    if found.session is None or found.session.price_minor is None:
        raise NotFound("There is no receipt yet.", remedy="It is here when the charge is over and priced.")
    content = await documents.receipt_pdf(visit.house, found.session.id, visit.language)
    return Response(content, media_type="application/pdf")


@post("/s/{token:str}/receipt")
async def mail_receipt(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Send the receipt to an address the driver gives."""
    form = await visit.form()
    email = form.get("email", "").lower()
    try:
        async with visit.transaction() as tx:
            found = await found_charge(tx, token, visit)
            live = await live_of(tx, found, visit, Habits())
            if live.session is None or live.session.price_minor is None:
                raise NotFound("There is no receipt yet.", remedy="It is here when the charge is over and priced.")
            await notices.send(
                tx,
                recipient=email,
                language=visit.language,
                template="receipt",
                params=receipt_params(visit, token, live.session),
                now=visit.now,
                unique_key=f"receipt:{live.session.id}:{email}",
            )
    except Problem as problem:
        return await charge_page(visit, token, problem=problem)
    return visit.go(f"/s/{token}", visit.words("The receipt is on its way to %(email)s.", email=email))


async def charge_page(
    visit: Visit, token: str, *, problem: Problem | None = None, values: dict[str, str] | None = None
) -> Response[Any]:
    """Return the page of a charge, with what went wrong when something did, and what was written."""
    habits = Habits()
    async with visit.transaction() as tx:
        found = await found_charge(tx, token, visit)
        live = await live_of(tx, found, visit, habits)
        is_running = live.stage == "charging" and live.session is not None
        offered = await wishing.offered(tx, live.session.id, visit.now, habits) if live.session and is_running else None
    errors = visit.errors(problem) if problem else {}
    return visit.page(
        "portal/live.html",
        status=problem.status if problem else 200,
        live=live,
        base=f"/s/{token}",
        offered=offered,
        complaints=[(each.value, visit.words(word)) for each, word in situations.COMPLAINTS.items()],
        phone=visit.house.settings.phone_number,
        digits=links.digits_of(visit.house.secrets, found.start_request.id),
        values=values or {},
        errors=errors,
        problem=errors.get(""),
    )


async def live_of(tx: Transaction, found: LiveStart, visit: Visit, habits: Habits) -> Live:
    """Return what the page of a charge shows now. `habits` are kept for as long as it is followed."""
    request = found.start_request
    outlet = await queries.outlet_at(tx, request.station_id, request.evse_number, request.connector_number)
    payment = await payment_queries.payment(tx, request.payment_id) if request.payment_id else None
    place = outlet.station_name if outlet else ""
    code = outlet.code if outlet else None
    site_path = f"/places/sit_{outlet.site_id.hex}" if outlet else ""
    situation = await situations.seen(tx, found, visit, site_path, code)
    if found.session is None:
        return _before(request, payment, place, code, situation, visit)
    session = await queries.session(tx, found.session.id)
    if session is None:
        raise NotFound("There is no such charge.")
    is_over = session.ended_at is not None
    now = visit.house.clock()
    priced = None if is_over else await price_so_far(tx, session.id, now)
    return Live(
        stage="over" if is_over else "charging",
        situation=situation,
        wrong=situations.complaint_asked(visit).value,
        place=place,
        code=code,
        asked_at=request.created_at,
        session=session,
        sentence=visit.words("The charge is over. Thank you.") if situation.is_calm else situation.title,
        cost_minor=session.price_minor if is_over else (priced.amount_minor if priced else None),
        currency=session.currency or visit.house.settings.currency,
        elapsed=timedelta(seconds=seconds_between(session.started_at, session.ended_at or now)),
        lines=price_lines(session, visit),
        money=_money(session, payment, visit),
        ready=None if is_over else await wishing.ready(tx, session.id, now, habits),
        has_curve=await queries.count_points(tx, session.id) >= CURVE_POINTS_MIN,
        reserved_minor=_reserved(payment),
        is_paid_before=_is_paid_before(payment),
        stopped=await _stopped(tx, payment, visit),
        kept=await _kept(tx, payment, visit),
    )


async def _kept(tx: Transaction, payment: PaymentRow | None, visit: Visit) -> str:
    """Return what of the balance is kept for a charge that it pays."""
    held = await wallet_queries.held_of(tx, payment.id) if payment and payment.provider == "wallet" else None
    if payment is None or held is None:
        return ""
    return visit.words(
        "%(held)s of your %(balance)s are kept for this charge. What it does not need stays on your balance.",
        held=formats.money(held.amount_minor, payment.currency, visit.language),
        balance=formats.money(held.balance_minor, payment.currency, visit.language),
    )


async def _stopped(tx: Transaction, payment: PaymentRow | None, visit: Visit) -> str:
    why = "" if payment is None else await reserved_queries.why_stopped(tx, payment.id)
    return visit.words(STOPPED[why]) if why in STOPPED else ""


def _reserved(payment: PaymentRow | None) -> int:
    """Return what is reserved on a card; what a wallet keeps has words of its own."""
    is_card = payment is not None and payment.state == "authorised" and payment.provider != "wallet"
    return payment.authorised_minor if payment is not None and is_card else 0


def _is_paid_before(payment: PaymentRow | None) -> bool:
    return payment is not None and payment.provider == "swish"


def _before(
    request: StartRequest, payment: PaymentRow | None, place: str, code: str | None, situation: Shown, visit: Visit
) -> Live:  # fmt: skip
    """Return the page of a charge that has not begun."""
    stage, sentence = "starting", situation.title
    is_given_up = request.cancelled_why == WhyFailed.CANCELLED
    if request.cancelled_at is not None:
        stage = "failed"
        sentence = visit.words(CANCELLED) if is_given_up else sentence
    elif payment is not None and payment.state in ("created", "checkout", "unknown"):
        stage = "paying"
    return Live(
        stage=stage,
        situation=situation,
        place=place,
        code=code,
        asked_at=request.created_at,
        sentence=sentence,
        is_given_up=is_given_up,
        wrong=situations.complaint_asked(visit).value,
        money=_money_of_failure(payment, visit) if stage == "failed" else "",
        currency=payment.currency if payment else visit.house.settings.currency,
        reserved_minor=_reserved(payment),
        is_paid_before=_is_paid_before(payment),
    )


def _money_of_failure(payment: PaymentRow | None, visit: Visit) -> str:
    """Return what becomes of the money of a start that came to nothing, in one or two sentences."""
    if payment is not None and payment.provider == "swish" and payment.captured_minor:
        return _paid_before(0, payment, visit)
    if payment is None or not payment.authorised_minor:
        return visit.words("Nothing is charged.")
    if payment.provider == "wallet":
        return visit.words("Nothing is charged. What was kept is yours again on your balance.")
    return visit.words("Nothing is charged. What was reserved is released.")


def _money(session: DriverSession, payment: PaymentRow | None, visit: Visit) -> str:
    """Return what became of the money, in one sentence."""
    if payment is None or session.ended_at is None or session.price_minor is None:
        return ""
    if payment.provider == "swish" and payment.captured_minor:
        return _paid_before(session.price_minor, payment, visit)
    if payment.provider == "wallet" and payment.state in ("captured", "cancelled"):
        return visit.words("It was paid from your balance.") if payment.captured_minor else ""
    if payment.state == "captured":
        return visit.words("The amount was drawn from your card. The rest of what was reserved is released.")
    if payment.state == "cancelled":
        return visit.words("Nothing was drawn. What was reserved is released.")
    return visit.words("The amount is being drawn from your card.")


def _paid_before(price_minor: int, payment: PaymentRow, visit: Visit) -> str:
    """Return what became of money that was paid before the charge."""
    paid = formats.money(payment.captured_minor, payment.currency, visit.language)
    rest_minor = payment.captured_minor - price_minor
    rest = formats.money(max(rest_minor, payment.refunded_minor), payment.currency, visit.language)
    if rest_minor <= 0:
        return visit.words("You paid %(paid)s by Swish.", paid=paid)
    if payment.refunded_minor >= rest_minor:
        return visit.words("You paid %(paid)s by Swish. %(rest)s of it has come back to you.", paid=paid, rest=rest)
    return visit.words("You paid %(paid)s by Swish. %(rest)s of it is on its way back to you.", paid=paid, rest=rest)


def price_lines(session: DriverSession, visit: Visit) -> list[tuple[str, Markup, str]]:
    """Return the lines of a session's price for the page; nothing before it is priced."""
    if not session.price_lines or session.currency is None:
        return []
    as_money = environment_for(visit.language).globals["ui"].money  # type: ignore[attr-defined]  # made of macros
    return outlets.sum_rows(session.price_lines, session.currency, visit.language, as_money)


def curve_json(points: list[queries.CurvePoint], label: str) -> dict[str, Any]:
    """Return the power of a session as the chart element reads it."""
    known = [point for point in points if point.power_w is not None]
    return {
        "time": [int(point.at.timestamp()) for point in known],
        "series": [
            {
                "label": label,
                "unit": "kW",
                "kind": "power",
                "values": [round((point.power_w or 0) / 1000, 2) for point in known],
            }
        ],
        "events": [],
    }


def receipt_params(visit: Visit, token: str, session: DriverSession) -> dict[str, Any]:
    """Return what the receipt mail is written from."""
    return {
        "link": f"{visit.house.settings.web_url}/s/{token}",
        "place": session.station_name,
        "amount_minor": session.price_minor,
        "currency": session.currency,
        "energy_wh": session.energy_wh,
        "operator": visit.house.settings.operator_name,
    }


async def found_charge(tx: Transaction, token: str, visit: Visit) -> LiveStart:
    """Return the charge of an address. Raises `NotFound`."""
    found = await sessions.by_access_token(tx, token, visit.now)
    if found is None:
        raise NotFound("There is no such charge.", remedy="Scan the code on the outlet again.")
    return found


HANDLERS: Final = [show, follow, curve, stop, cancel, receipt, mail_receipt]
