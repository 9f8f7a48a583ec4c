"""What agents do from the page of a case, one transaction each: looked at anew, carried out, told and audited."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.upkeep import service as upkeep
from laddverk.diagnostics.upkeep.model import NewWorkOrder
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import PaymentId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.payments import service as payments
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import store as cases
from laddverk.support.agent import about, charging, money, sending, store, tagging
from laddverk.support.agent.meanings import MEANINGS
from laddverk.support.agent.model import Deed, DeedState, Given, Result, Trouble
from laddverk.support.identity import Need, require
from laddverk.support.model import Entry, EntryKind
from laddverk.support.service import keep, worked_on
from laddverk.support.situations.model import AgentButton

REASON_MAX: Final = 200
REASON_MIN: Final = 3
MONEY: Final = frozenset({AgentButton.REFUND, AgentButton.GOODWILL})
TAGS: Final = {AgentButton.BLOCK_TOKEN: tagging.block, AgentButton.UNBLOCK_TOKEN: tagging.unblock}
ASKED_SECOND: Final = N_("%(who)s asks for %(amount)s: a second person must agree")
AGREED: Final = N_("%(who)s agreed: %(amount)s")
DECLINED: Final = N_("%(who)s did not agree to %(amount)s")
PLATE: Final = re.compile(r"[A-Z0-9ÅÄÖ]{2,12}")
PLATE_KEPT: Final = N_("%(who)s wrote down the plate %(to)s")
RELEASED: Final = N_("%(who)s released what was reserved")


async def do(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, button: AgentButton, given: Given, now: datetime
) -> Deed:  # fmt: skip
    """Do what a button says, for the driver of a case; return the deed. The same form twice does it once.

    What the case is about is looked at anew. Raises `NotAllowed` where the permission or the proof of who asks is
    missing, `Conflict` where it does not help any more, `Invalid` (fields reason, amount, code, tag), `NotFound`.
    """
    case = await worked_on(tx, actor, case_id)
    meaning = MEANINGS[button]
    if meaning.leads:
        raise NotFound("There is nothing like that to do.")
    actor.require(meaning.permission)
    if given.once is not None and (before := await store.done_before(tx, given.once)) is not None:
        if before.case_id != case.id:
            raise NotFound("There is nothing like that to do.")
        return before
    if "reason" in meaning.asks:
        given = replace(given, reason=checked_reason(given.reason))
    if button not in MONEY:
        require(case.verified, meaning.need)
    trouble = await about.trouble_of(tx, case, now)
    if button in MONEY and await store.is_waiting(tx, case.id, button):
        raise Conflict("One already waits for a second person.", remedy="Let somebody decide on it first.")
    result = await _done(tx, house, actor, trouble, button, given, now)
    deed = _deed(actor, trouble, button, given, result, now)
    if not await store.insert(tx, deed):
        raise Conflict("This has been sent already.")
    await _tell(tx, house, actor, trouble, deed, result, now)
    return deed


def checked_reason(text: str) -> str:
    """Return why something is done. Raises `Invalid` (field reason)."""
    reason = " ".join(text.split())
    if len(reason) < REASON_MIN or len(reason) > REASON_MAX or "\x00" in reason:
        raise Invalid("Say why, in a few words.", field="reason")
    return reason


async def decide(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, deed_id: UUID, now: datetime, *, agrees: bool
) -> None:  # fmt: skip
    """Agree, or not, to what somebody else asked for. Raises `NotAllowed` for one's own, `Conflict` when it is over."""
    case = await worked_on(tx, actor, case_id)
    deed = await store.deed(tx, deed_id)
    if deed is None or deed.case_id != case.id:
        raise NotFound("There is nothing like that to do.")
    actor.require(MEANINGS[deed.deed].permission)
    if deed.state is not DeedState.WAITS:
        raise Conflict("This has been decided already.")
    if actor.id is None or deed.by_id == actor.id:
        raise NotAllowed("Somebody else must agree to what you ask for.")
    refund_id = await _carried_out(tx, house, actor, case.driver_id, deed, now) if agrees else None
    state = DeedState.DONE if agrees else DeedState.DECLINED
    await store.decide(tx, deed.id, state.value, now, actor.name, refund_id)
    params = {"amount_minor": deed.amount_minor, "currency": deed.currency}
    entry = _entry(case.id, actor, AGREED if agrees else DECLINED, now, deed.reason, params)
    word = "deed_agreed" if agrees else "deed_declined"
    await keep(tx, actor, replace(case, changed_at=now), [entry], word, now, house.hints, reason=deed.reason)


async def _carried_out(
    tx: Transaction, house: House, actor: Actor, driver_id: UUID | None, deed: Deed, now: datetime
) -> UUID | None:  # fmt: skip
    assert deed.amount_minor is not None
    reason = f"{deed.reason} ({deed.by_name})"
    if deed.deed is AgentButton.REFUND:
        assert deed.payment_id is not None
        return await payments.refund(tx, actor, PaymentId(deed.payment_id), deed.amount_minor, reason, now)
    if driver_id is None:
        raise Conflict("Goodwill needs an account.", remedy="Say who the driver is, or give money back.")
    await money.give(tx, house, actor, driver_id, deed.amount_minor, reason, now)
    return None


async def _done(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, button: AgentButton, given: Given, now: datetime
) -> Result:  # fmt: skip
    match button:
        case AgentButton.START:
            return await charging.start(tx, house, actor, trouble, now)
        case AgentButton.ALLOW_TOKEN:
            return await charging.allow_token(tx, house, actor, trouble, now)
        case AgentButton.REFUND:
            return await money.refund(tx, house, actor, trouble, given, now)
        case AgentButton.GOODWILL:
            return await money.goodwill(tx, house, actor, trouble, given, now)
    if button in charging.ASKED:
        return await charging.ASKED[button](tx, actor, trouble, given, now)
    if button in TAGS:
        return await TAGS[button](tx, actor, trouble, given, now)
    return await _said(tx, house, actor, trouble, button, given, now)


async def _said(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, button: AgentButton, given: Given, now: datetime
) -> Result:  # fmt: skip
    match button:
        case AgentButton.PAYMENT_LINK:
            return await sending.payment_link(tx, house, trouble, now)
        case AgentButton.PAY_OWED:
            return await sending.pay_owed(tx, house, trouble, now)
        case AgentButton.NEAREST:
            return await sending.send_nearest(tx, house, trouble, now)
        case AgentButton.RECEIPT:
            return await sending.receipt(tx, house, trouble, now)
        case AgentButton.TELL_OWNER:
            session = trouble.facts.session
            if trouble.subject.station_id is None or session is None or session.is_drivers:
                raise Conflict("No other driver's car is known to stand there.")
            return await sending.tell_owner(tx, trouble.subject.station_id, trouble.subject.evse_number, now)
        case AgentButton.WORK_ORDER:
            return await _work_order(tx, actor, trouble, given, now)
        case AgentButton.CHECK_PAYMENT:
            return await money.check(tx, trouble)
    raise NotFound("There is nothing like that to do.")


async def _work_order(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    if trouble.subject.station_id is None:
        raise Conflict("It is not said which outlet it is about.", remedy="Enter the code on the outlet.")
    incident = await cases.incident_of(tx, trouble.case)
    order = NewWorkOrder(
        station_id=StationId(trouble.subject.station_id), evse_number=trouble.subject.evse_number,
        incident_id=IncidentId(incident.id) if incident is not None and incident.state != "closed" else None,
        title=given.reason,
    )  # fmt: skip
    made = await upkeep.order(tx, actor, order, trouble.case.language, now)
    return Result(work_order_id=made.id, station_id=order.station_id)


async def keep_plate(tx: Transaction, house: House, actor: Actor, case_id: UUID, text: str, now: datetime) -> None:
    """Keep the number plate of a case's driver: the next time it finds them. Raises `Invalid`, `Conflict`."""
    case = await worked_on(tx, actor, case_id)
    require(case.verified, Need.CHANGE_ACCOUNT)
    if case.driver_id is None:
        raise Conflict("Nobody with an account is named.", remedy="Say who the driver is.")
    plate = re.sub(r"[\s-]", "", text).upper()
    if PLATE.fullmatch(plate) is None:
        raise Invalid("This is no number plate.", field="plate")
    await store.keep_plate(tx, plate, case.driver_id, now, actor.name or actor.kind)
    entry = _entry(case.id, actor, PLATE_KEPT, now, "", {"to": plate})
    await keep(tx, actor, replace(case, changed_at=now), [entry], "plate_kept", now, house.hints)


def _deed(
    actor: Actor, trouble: Trouble, button: AgentButton, given: Given, result: Result, now: datetime
) -> Deed:  # fmt: skip
    return Deed(
        id=new_id(), case_id=trouble.case.id, at=now, by_id=actor.id, by_name=actor.name or actor.kind, deed=button,
        reason=given.reason, amount_minor=result.amount_minor, currency=result.currency,
        payment_id=result.payment_id, refund_id=result.refund_id, station_id=result.station_id,
        command_id=result.command_id, start_request_id=result.start_request_id, work_order_id=result.work_order_id,
        mail_id=result.mail_id, text_id=result.text_id,
        detail=result.detail, state=DeedState.WAITS if result.waits else DeedState.DONE, once=given.once,
    )  # fmt: skip


async def _tell(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, deed: Deed, result: Result, now: datetime
) -> None:  # fmt: skip
    text = ASKED_SECOND if result.waits else MEANINGS[deed.deed].told
    if deed.deed is AgentButton.REFUND and result.amount_minor is None:
        text = RELEASED
    params: dict[str, Any] = {"to": result.detail, "amount_minor": deed.amount_minor, "currency": deed.currency}
    entry = _entry(deed.case_id, actor, text, now, deed.reason, params)
    changed = replace(trouble.case, changed_at=now)
    await keep(tx, actor, changed, [entry], f"deed_{deed.deed.value}", now, house.hints, reason=deed.reason)
    if deed.command_id is not None:
        tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC, f"station:{deed.station_id}", "now"]))


def _entry(
    case_id: UUID, actor: Actor, text: str, now: datetime, reason: str, params: dict[str, Any]
) -> Entry:  # fmt: skip
    who = actor.name or actor.kind
    return Entry(
        case_id=case_id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=text,
        params={"who": who, **{name: value for name, value in params.items() if value}}, body=reason,
    )  # fmt: skip


__all__ = ["Need", "checked_reason", "decide", "do"]
