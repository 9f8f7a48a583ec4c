"""What happens in a call: it rings, keys are pressed, people answer, it ends. Each event once, whatever is repeated."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import NotFound, Problem
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.support import contacts
from laddverk.support.contacts import Contact
from laddverk.support.phone import charge_cost, desk, lines, proving, seeing, store
from laddverk.support.phone import menu as menus
from laddverk.support.phone.model import Act, Call, Deed, Menu, Place, Seen, Then
from laddverk.support.phone.providers.carriers import CARRIERS
from laddverk.support.rules import PHONE
from laddverk.support.situations import doing, nearby
from laddverk.support.situations import who as whos
from laddverk.support.situations.model import Complaint, DriverButton

TOPIC: Final = "calls"
"""What the page of calls listens to; `call:<id>` is one of them."""
BY: Final = rule("telephone")
CONNECT_TIMEOUT_S: Final = 25  # then the next of ours is asked
MISSED_WITHIN: Final = timedelta(hours=1)  # who calls again and again is one missed call
ELSEWHERE: Final = "cti"  # a PBX with a menu and a queue of its own: we only write down what it tells
NEVER: Final = Act(then=Then.HANG_UP)

LINK_SENT: Final = N_("We have sent a text message.")
PAY_THERE: Final = N_("The old payment is broken off. Scan the code on the outlet once more, and pay there.")
NOT_DONE: Final = N_("That did not work from here.")


class Ringing:
    """Somebody calls."""

    __slots__ = ("key", "our_number", "phone", "provider")

    def __init__(self, provider: str, reference: str, phone: str, our_number: str) -> None:
        self.provider = provider
        self.key = key_of(provider, reference)
        self.phone = phone if PHONE.fullmatch(phone) else ""
        self.our_number = our_number[:40]


def key_of(provider: str, reference: str) -> str:
    """Return what makes a call one call."""
    return f"{provider}:{reference}"[:200]


async def ring(tx: Transaction, house: House, given: Ringing, now: datetime) -> tuple[Call, Act]:
    """Take a call; the same call again is answered with what it hears now."""
    known = await store.by_key(tx, given.key)
    if known is not None:
        return known, await _act(tx, house, known, now)
    driver_id = await whos.driver_by_phone(tx, given.phone) if given.phone else None
    call = Call(
        id=new_id(), key=given.key, provider=given.provider, phone=given.phone, our_number=given.our_number,
        started_at=now, driver_id=driver_id,
        language=await store.language_of(tx, driver_id) or menus.language_of_number(given.phone),
    )  # fmt: skip
    subject = await whos.subject_of_driver(tx, driver_id, now) if driver_id else None
    if subject is not None:
        call = replace(
            call, station_id=subject.station_id, evse_number=subject.evse_number,
            start_request_id=subject.start_request_id, session_id=subject.session_id, payment_id=subject.payment_id,
        )  # fmt: skip
    seen = await seeing.seen(tx, house, call, now)
    menu = _first(house, given, seen)
    call = replace(call, menu=menu, code=seen.code, situation=seen.situation)
    await store.insert(tx, call)
    if menu.place in (Place.QUEUE, Place.CLOSED) and given.provider != ELSEWHERE:
        call = await _after(tx, house, call, now)
    await _note_contact(tx, call, now)
    tell(tx, house, call)
    await store.save(tx, call)
    return call, await _act(tx, house, call, now)


def _first(house: House, given: Ringing, seen: Seen) -> Menu:
    """Where a call begins. Where nothing can be read aloud: with a person, or with a message after the tone."""
    if given.provider == ELSEWHERE:
        return Menu(place=Place.QUEUE, is_first=False)
    if house.settings.demo or house.settings.speech_command:
        return menus.begun(seen)
    return Menu(place=Place.QUEUE if seen.is_open else Place.MESSAGE, is_first=False)


async def press(tx: Transaction, house: House, key: str, turn: int, keys: str, now: datetime) -> tuple[Call, Act]:
    """Hear what a caller pressed at a turn ('' for nothing). An earlier turn's keys change nothing.

    Raises `NotFound` for a call that never rang.
    """
    call = await store.by_key(tx, key)
    if call is None:
        raise NotFound("There is no such call.")
    if turn != call.turn or call.ended_at is not None:
        return call, await _act(tx, house, call, now)
    call = replace(call, turn=call.turn + 1)
    if call.menu.place is Place.QUEUE and call.taken_by is not None:
        # Somebody has pressed "take": they speak, unless their phone is not answered. Where the carrier tells when they
        # do (`answered`), who hangs up before that was missed.
        speaks_at = None if CARRIERS[call.provider].tells_answer else now
        call = replace(call, menu=replace(call.menu, place=Place.CONNECTED), answered_at=speaks_at)
    elif call.menu.place is Place.CONNECTED:
        call = await _after_talk(tx, call, keys, now)
    else:
        call = await _pressed(tx, house, call, keys, now)
    await store.save(tx, call)
    tell(tx, house, call)
    return call, await _act(tx, house, call, now)


async def _pressed(tx: Transaction, house: House, call: Call, keys: str, now: datetime) -> Call:
    if keys == menus.LANGUAGE and call.menu.place not in (Place.CODE, Place.GOODBYE):
        other = "sv" if call.language != "sv" else "en"
        is_first = call.menu.is_first and call.menu.place is Place.HELLO  # the welcome once more, now understood
        return replace(call, language=other, menu=replace(call.menu, is_first=is_first, turns=call.menu.turns + 1))
    if keys.strip("#*") == menus.LANGUAGE and call.menu.place is Place.CODE:
        other = "sv" if call.language != "sv" else "en"
        return replace(call, language=other, menu=replace(call.menu, is_first=False, misses=0))
    before = await seeing.seen(tx, house, call, now)
    menu, deed, which = menus.heard(call.menu, keys, before)
    call = await _done(tx, house, replace(call, menu=menu), deed, which, keys, before, now)
    after = await seeing.seen(tx, house, call, now)
    places = await _found(tx, keys) if deed is Deed.FIND else after.places
    call = replace(call, menu=menus.went(call.menu, deed, replace(after, places=places)))
    if after.situation and after.situation != call.situation:
        call = replace(call, situation=after.situation)
    await _note_contact(tx, call, now)
    return await _after(tx, house, call, now)


async def _found(tx: Transaction, keys: str) -> tuple[tuple[str, str], ...]:
    digits = menus.number_in(keys)
    if not digits:
        return ()
    return tuple((one.code, one.site) for one in await store.outlets(tx, digits, menus.CHOICES_MAX))


async def _done(
    tx: Transaction, house: House, call: Call, deed: Deed, which: int, keys: str, seen: Seen, now: datetime
) -> Call:
    """Do what a key asks for; what the menu says of it afterwards is `call.came`."""
    if deed is Deed.TAKE_OUTLET and which < len(call.menu.found):
        return await _at_outlet(tx, call, call.menu.found[which], now)
    if deed is Deed.PROVE:
        return await proving.proved(tx, house, call, keys, now)
    if deed is Deed.COMPLAIN:
        return replace(call, complaint=Complaint.CABLE.value)
    if deed is Deed.PRESS:
        return await _press_button(tx, house, call, menus.offered_at(call.menu, seen), which, now)
    if deed is Deed.SEND_LINK:
        return await send_link(tx, house, call, seen, now)
    if deed is Deed.MONEY:
        call, said = await charge_cost.answered(tx, house, call, now)
        return _came(call, said)
    if deed is Deed.CONSENT:
        return replace(call, record_consent_at=now)
    if deed is Deed.CALL_BACK:
        return await desk.promised(tx, call, now)
    return call


async def _at_outlet(tx: Transaction, call: Call, code: str, now: datetime) -> Call:
    subject = await whos.subject_of_code(tx, code, now, call.driver_id, nobodys=call.driver_id is None)
    if subject is None:
        return call
    return replace(
        call, code=code, station_id=subject.station_id, evse_number=subject.evse_number,
        start_request_id=subject.start_request_id, session_id=subject.session_id, payment_id=subject.payment_id,
        complaint="", situation="", menu=replace(call.menu, is_proven=False),
    )  # fmt: skip


async def _press_button(
    tx: Transaction, house: House, call: Call, offered: tuple[str, ...], which: int, now: datetime
) -> Call:
    button = DriverButton(offered[which])
    driver = Actor("driver", call.driver_id, "driver on the phone")
    try:
        async with tx.savepoint():
            if button is DriverButton.PAY:
                await doing.clear_way(tx, seeing.subject_of(call), button, now)
                said = PAY_THERE
            else:
                said = await doing.press(tx, driver, seeing.subject_of(call), button, now)
    except Problem:
        return _came(call, NOT_DONE)
    await contacts.pressed(tx, contact_key(call), button.value)
    topics = [COMMANDS_TOPIC, f"station:{call.station_id}"]
    tx.after_commit(lambda: house.hints.publish(topics))
    return _came(call, said)


async def send_link(tx: Transaction, house: House, call: Call, seen: Seen, now: datetime) -> Call:
    """Send the situation and the outlet's page to the number that calls: only its owner reads it."""
    told = await seeing.told_of(tx, call, now)
    words = ""
    if told is not None:
        said = await nearby.spoken(tx, seeing.subject_of(call), told, call.language, house.settings.timezone)
        words = f"{said.sms} "
    try:
        async with tx.savepoint():
            await sms.send(
                tx, recipient=call.phone, text=f"{words}{house.settings.web_url}/u/{seen.code}", now=now,
                unique_key=f"call:{call.id}:{seen.situation}", case_id=call.case_id,
            )  # fmt: skip
    except Problem:
        return _came(call, NOT_DONE)
    return _came(call, LINK_SENT)


def _came(call: Call, said: str) -> Call:
    return replace(call, menu=replace(call.menu, came=said))


async def _after(tx: Transaction, house: House, call: Call, now: datetime) -> Call:
    """See to what follows from where the caller is: a queue has a case, and so has a promise."""
    if call.menu.place is Place.QUEUE and call.queued_at is None:
        call = await desk.with_case(tx, house, replace(call, queued_at=now), now)
    if call.menu.place is Place.CLOSED or call.callback_at is not None:
        call = await desk.with_case(tx, house, call, now)
    return call


async def _after_talk(tx: Transaction, call: Call, result: str, now: datetime) -> Call:
    """The line to one of ours is over: they spoke, or nobody took it and the caller waits again."""
    if result in ("failed", "busy") and call.direction == "in":
        if call.taken_by is not None:
            await desk.pause(tx, call.taken_by, now)
        menu = replace(call.menu, place=Place.QUEUE)
        return replace(call, menu=menu, taken_by=None, taken_name="", taken_number="", taken_at=None, answered_at=None)
    return replace(call, menu=replace(call.menu, place=Place.GOODBYE, ending="helped"))


async def answered(tx: Transaction, house: House, key: str, now: datetime) -> None:
    """Note that one of ours and the caller can speak."""
    call = await store.by_key(tx, key)
    if call is None or call.answered_at is not None:
        return
    call = replace(call, answered_at=now, menu=replace(call.menu, place=Place.CONNECTED))
    await store.save(tx, call)
    tell(tx, house, call)


async def hang_up(tx: Transaction, house: House, key: str, now: datetime) -> Call | None:
    """Note that a call is over; one that waited for a person is missed, and becomes a case."""
    call = await store.by_key(tx, key)
    if call is None or call.ended_at is not None:
        return call
    was_waiting = call.queued_at is not None and call.answered_at is None and call.callback_at is None
    was_told_nobody = call.menu.place is Place.CLOSED and call.callback_at is None
    is_missed = call.direction == "in" and (was_waiting or was_told_nobody)
    how = "missed" if is_missed else "talked" if call.answered_at else "call_back" if call.callback_at else "menu"
    call = replace(call, ended_at=now, ended_how=how)
    if is_missed:
        call = await _missed(tx, house, call, now)
    if call.taken_by is not None and call.answered_at is not None:
        await contacts.met_human(tx, now, key=contact_key(call), case_id=call.case_id)
        await desk.wrap_up(tx, call.taken_by, now)
    if call.case_id is not None:
        await desk.note_end(tx, house, call, now)
    await store.save(tx, call)
    tell(tx, house, call)
    return call


async def _missed(tx: Transaction, house: House, call: Call, now: datetime) -> Call:
    if call.phone and await store.missed_lately(tx, call.phone, call.id, now - MISSED_WITHIN):
        return call
    call = await desk.with_case(tx, house, call, now)
    return await desk.promised(tx, call, now) if call.phone else call


async def record(tx: Transaction, house: House, key: str, url: str, kind: str, now: datetime) -> UUID | None:
    """Keep where a carrier has what was recorded; it is fetched after the commit. None for what is known already."""
    call = await store.by_key(tx, key)
    if call is None or (kind == "call" and not _may_keep(call)):
        return None
    return await desk.keep_recording(tx, house, call, url, kind, now)


def _may_keep(call: Call) -> bool:
    """Return whether the caller has agreed to be recorded, and nobody of ours has said that none of it is kept."""
    return call.record_consent_at is not None and call.record_stopped_at is None


async def _act(tx: Transaction, house: House, call: Call, now: datetime) -> Act:
    """Return what the carrier does next with a call."""
    if call.ended_at is not None:
        return NEVER
    if call.menu.place is Place.CONNECTED:
        text = gettext_for(call.language)(lines.CONNECTING)
        return Act(
            text=text, language=call.language, then=Then.CONNECT, number=call.taken_number,
            timeout_s=CONNECT_TIMEOUT_S, records=_may_keep(call),
        )  # fmt: skip
    seen = await seeing.seen(tx, house, call, now)
    came = call.menu.came
    if came and call.menu.place is Place.MONEY:
        came = charge_cost.aloud(came, call.language)
    elif came:
        came = gettext_for(call.language)(came)
    return lines.act_of(call.menu, replace(seen, came=came), call.language)


async def _note_contact(tx: Transaction, call: Call, now: datetime) -> None:
    await contacts.begin(
        tx,
        Contact(
            key=contact_key(call), channel="phone", station_id=call.station_id, evse_number=call.evse_number,
            driver_id=call.driver_id, start_request_id=call.start_request_id, session_id=call.session_id,
            case_id=call.case_id, situation=call.situation,
        ),
        now,
    )  # fmt: skip


def contact_key(call: Call) -> str:
    """Return what a call is counted by."""
    return f"call:{call.id}"


def tell(tx: Transaction, house: House, call: Call) -> None:
    """Say that a call has changed, to whoever looks at it. After the commit."""
    tx.after_commit(lambda: house.hints.publish(desk.topics_of(call)))
