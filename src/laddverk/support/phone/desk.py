"""What people of ours do with calls: say that they are here, take one, call back, write down what it was about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import contacts, rules, service, working
from laddverk.support import store as cases
from laddverk.support.model import Channel, Entry, EntryKind, Links, NewCase
from laddverk.support.phone import queries, seeing, store
from laddverk.support.phone.model import Call, Place, Presence, State
from laddverk.support.phone.providers import carriers
from laddverk.support.phone.store import Recording
from laddverk.support.promising import attending
from laddverk.support.promising.hours import Attended
from laddverk.support.situations.model import Complaint

BY: Final = rule("telephone")
SAME_CASE: Final = timedelta(days=30)  # who calls within it speaks most likely of the same thing
FETCH: Final = "phone.fetch_recording"
DIAL: Final = "phone.dial"
NUMBERS: Final = rules.PHONE

CALLED: Final = N_("Called about %(code)s.")
CALLED_PLAIN: Final = N_("Called us.")
MISSED: Final = N_("Called, and reached nobody.")
PROMISED: Final = N_("Wants to be called back.")
PROMISED_THEN: Final = N_("Wants to be called back, and was promised a call from %(when)s.")
TALKED: Final = N_("Spoke with %(who)s for %(minutes)s min.")
DIALLED: Final = N_("%(who)s calls back.")
RANG: Final = N_("%(who)s calls %(phone)s.")
LEFT_MESSAGE: Final = N_("Left a spoken message.")


async def be(
    tx: Transaction, actor: Actor, state: State | None, number: str, now: datetime
) -> Presence | None:  # fmt: skip
    """Say whether `actor` takes calls, and at which number; None: has gone. Raises `Invalid` (field number)."""
    actor.require(Permission.CASES_WRITE)
    if actor.id is None:
        raise NotFound("There is no such person.")
    if state is None:
        await store.be_absent(tx, actor.id)
        await audit.write(tx, actor, "phone.left", "operator", actor.id, at=now)
        return None
    phone = rules.checked_phone(number) if not number.startswith("+4600") else number[:16]
    if not phone:
        raise Invalid("Say at which number you take calls.", field="number")
    presence = Presence(operator_id=actor.id, name=actor.name, state=state, number=phone, since=now, seen_at=now)
    await store.be_present(tx, presence)
    await audit.write(tx, actor, f"phone.{state.value}", "operator", actor.id, at=now)
    return presence


async def pause(tx: Transaction, operator_id: UUID, now: datetime) -> None:
    """Note that somebody does not answer: the next caller is not sent to them."""
    await _set(tx, operator_id, State.PAUSE, now)


async def wrap_up(tx: Transaction, operator_id: UUID, now: datetime) -> None:
    """Note that somebody has spoken, and now writes down what it was about."""
    await _set(tx, operator_id, State.WRAP_UP, now)


async def _set(tx: Transaction, operator_id: UUID, state: State, now: datetime) -> None:
    presence = await store.presence(tx, operator_id)
    if presence is not None:
        await store.be_present(tx, replace(presence, state=state, since=now, seen_at=now))


async def take(tx: Transaction, house: House, actor: Actor, call_id: UUID, now: datetime) -> Call:
    """Take a call that waits. Raises `NotFound`, `Conflict` when somebody was faster or `actor` is not at the desk."""
    call = await _seen_by(tx, actor, call_id)
    if call.ended_at is not None or call.queued_at is None or call.callback_at is not None:
        raise Conflict("This call is over.", remedy="Call back instead.")
    if call.taken_by is not None:
        raise Conflict("%(name)s has taken this call.", name=call.taken_name)
    presence = await store.presence(tx, actor.id) if actor.id else None
    if presence is None:
        raise Conflict("Say first that you take calls, and at which number.")
    taken = replace(
        call, taken_by=actor.id, taken_name=actor.name, taken_number=presence.number, taken_at=now
    )  # fmt: skip
    await store.save(tx, taken)
    if taken.case_id is not None:
        await working.take(tx, house, actor, taken.case_id, now)
    await audit.write(tx, actor, "call.taken", "phone_call", call.id, at=now)
    _tell(tx, house, taken)
    return taken


async def call_back(tx: Transaction, house: House, actor: Actor, call_id: UUID, now: datetime) -> Call:
    """Call somebody back: our own phone rings first, then theirs. Return the new call.

    Raises `NotFound`, `Conflict` without a carrier, without a number, or when `actor` is not at the desk.
    """
    call = await _seen_by(tx, actor, call_id)
    made = await dial(tx, house, actor, call.phone, call.case_id, now, language=call.language, text=DIALLED)
    await store.save(tx, replace(call, called_back_at=now, called_back_by=actor.name))
    _tell(tx, house, call)
    return made


async def called(tx: Transaction, house: House, actor: Actor, call_id: UUID, now: datetime) -> Call:
    """Note that somebody was called back from another phone, or needs no call any more."""
    call = await _seen_by(tx, actor, call_id)
    done_now = replace(call, called_back_at=now, called_back_by=actor.name)
    await store.save(tx, done_now)
    await audit.write(tx, actor, "call.called_back", "phone_call", call.id, at=now)
    _tell(tx, house, done_now)
    return done_now


async def dial(
    tx: Transaction, house: House, actor: Actor, phone: str, case_id: UUID | None, now: datetime, language: str = "sv",
    text: str = RANG,
) -> Call:  # fmt: skip
    """Ring somebody: our own phone rings first, then theirs. `text` is what its case's timeline says.

    The number is what somebody typed, or what their call showed: only numbers that begin as `phone_calls_to` allows
    are rung, and none while a call with them is open. It is not recorded: whoever is rung was asked nothing.
    Raises `Conflict` as `call_back` does.
    """
    actor.require(Permission.CASES_WRITE)
    presence = await store.presence(tx, actor.id) if actor.id else None
    if presence is None:
        raise Conflict("Say first that you take calls, and at which number.")
    if not phone or NUMBERS.fullmatch(phone) is None:
        raise Conflict("The number is not known.", remedy="Write to them instead.")
    if not house.settings.phone_number:
        raise Conflict("No carrier of calls is set.", remedy="Call from your own phone, and write down what was said.")
    if not may_ring(house.settings.phone_calls_to, phone):
        raise Conflict(
            "Numbers that begin like this one are not rung from here.",
            remedy="Write to them, or have it allowed: LADDVERK_PHONE_CALLS_TO.",
        )
    if case_id is not None:
        await service.worked_on(tx, actor, case_id)  # locked: of two clicks the second sees the call of the first
    if await queries.speaks(tx, case_id, phone, now):
        raise Conflict("A call with them is under way already.")
    carrier = carriers.chosen(house.settings)
    made = Call(
        id=new_id(), key=f"{carrier}:waits-{new_id()}", provider=carrier, direction="out", phone=phone,
        our_number=house.settings.phone_number, started_at=now, language=language, case_id=case_id,
        taken_by=actor.id, taken_name=actor.name, taken_number=presence.number, taken_at=now,
    )  # fmt: skip
    await store.insert(tx, made)
    await enqueue(tx, [NewJob(DIAL, {"call_id": str(made.id)})])
    await audit.write(tx, actor, "call.dialled", "phone_call", made.id, at=now)
    if case_id is not None:
        await cases.add(tx, [_entry(case_id, now, text, who=actor.name, phone=phone)])
    _tell(tx, house, made)
    return made


def may_ring(allowed: str, phone: str) -> bool:
    """Return whether a number begins with one of the `allowed` beginnings, and with none after an exclamation mark."""
    told = [each.strip() for each in allowed.split(",") if each.strip()]
    if any(each.startswith("!") and phone.startswith(each[1:]) for each in told):
        return False
    return any(phone.startswith(each) for each in told)


async def done(
    tx: Transaction, house: House, actor: Actor, call_id: UUID, note: str, outcome: str, now: datetime
) -> Call:  # fmt: skip
    """Write down what a call was about, close its case when it is over, and take calls again."""
    call = await _seen_by(tx, actor, call_id)
    if call.case_id is not None and note.strip():
        await service.note(tx, actor, call.case_id, note, now, house.hints, is_call=True)
        if outcome:
            await working.close(tx, house, actor, call.case_id, outcome, "", now)
    if actor.id is not None:
        await _set(tx, actor.id, State.READY, now)
    # A carrier that fell silent never says that a call is over: whoever had it knows.
    done_now = replace(
        call, wrapped_up_at=now, ended_at=call.ended_at or now, ended_how=call.ended_how or "talked"
    )  # fmt: skip
    await store.save(tx, done_now)
    _tell(tx, house, done_now)
    return done_now


async def call_of(tx: Transaction, actor: Actor, call_id: UUID) -> Call:
    """Return a call that `actor` may see, locked. Raises `NotFound`."""
    return await _seen_by(tx, actor, call_id, Permission.CASES_READ)


async def worked_on(tx: Transaction, actor: Actor, call_id: UUID) -> Call:
    """Return a call that `actor` may do something in, locked. Raises `NotFound`."""
    return await _seen_by(tx, actor, call_id)


async def _seen_by(
    tx: Transaction, actor: Actor, call_id: UUID, needed: Permission = Permission.CASES_WRITE
) -> Call:  # fmt: skip
    actor.require(needed)
    call = await store.by_id(tx, call_id)
    if call is None or (actor.site_ids is not None and call.site_id not in actor.site_ids):
        raise NotFound("There is no such call.")
    return call


async def with_case(tx: Transaction, house: House, call: Call, now: datetime) -> Call:
    """Return `call` with its case: the one that was touched lately, else a new one."""
    if call.case_id is not None:
        return call
    known = await cases_of(tx, call, now)
    if known is None:
        case = await _opened(tx, house, call, now)
        await contacts.begin(tx, contacts.Contact(key=f"call:{call.id}", channel="phone", case_id=case), now)
        return replace(call, case_id=case)
    found = await cases.case(tx, known)
    assert found is not None
    text = CALLED if call.code else CALLED_PLAIN
    await cases.add(tx, [_entry(known, now, text, call.key, code=call.code)])
    await cases.save(tx, rules.opened_again(found, now))
    tx.after_commit(lambda: house.hints.publish([service.TOPIC, f"case:{known}"]))
    await contacts.begin(tx, contacts.Contact(key=f"call:{call.id}", channel="phone", case_id=known), now)
    return replace(call, case_id=known)


async def cases_of(tx: Transaction, call: Call, now: datetime) -> UUID | None:
    """Return the case that a call is most likely about."""
    return await store.recent_case(tx, call.driver_id, call.phone, now - SAME_CASE)


async def _opened(tx: Transaction, house: House, call: Call, now: datetime) -> UUID:
    told = await seeing.told_of(tx, call, now)
    said = gettext_for(call.language)(CALLED if call.code else CALLED_PLAIN) % {"code": call.code}
    title = told.situation.text(call.language, told.match.variant).title if told else ""
    kind = _kind(call, is_danger=told is not None and told.situation.is_danger)
    links = Links(
        driver_id=call.driver_id, station_id=call.station_id, evse_number=call.evse_number,
        session_id=call.session_id, payment_id=call.payment_id,
    )  # fmt: skip
    new = NewCase(
        subject=f"{title} ({call.code})" if title else said, text=said, kind=kind, channel=Channel.PHONE,
        links=links, contact_phone=call.phone, language=call.language,
    )  # fmt: skip
    if not call.phone:  # withheld: nobody to write to, and still somebody who needs help
        return (await service.open_case(tx, house, BY_DESK, new, now)).id
    caller = Actor("driver", call.driver_id, "") if call.driver_id else Actor("anonymous")
    try:
        async with tx.savepoint():
            case = await service.open_by_driver(
                tx, house, caller, new, now, verified=seeing.verified(call), reference=call.key
            )  # fmt: skip
    except TooMany:
        case = await service.open_case(tx, house, BY_DESK, new, now)
    # A number is no sign-in: whoever calls is known by it, and no better.
    case = replace(case, verified=seeing.verified(call), situation=told.situation.key if told else "")
    return (await cases.save(tx, case)).id


def _kind(call: Call, *, is_danger: bool) -> str:
    if is_danger or call.complaint == Complaint.CABLE:
        return "danger" if is_danger else "cable"
    return "refund" if call.menu.is_about_money else "question"


BY_DESK: Final = rule("telephone")


async def promised(tx: Transaction, call: Call, now: datetime) -> Call:
    """Return `call` with the promise to call back: soon, or when the hours of the phone open it again."""
    if call.callback_at is not None:
        return call
    return replace(call, callback_at=now, callback_due_at=await attending.closed_until(tx, Attended.PHONE, now))


async def note_end(tx: Transaction, house: House, call: Call, now: datetime) -> None:
    """Write on the case's timeline how a call ended."""
    assert call.case_id is not None
    if call.answered_at is not None:
        minutes = max(1, round((now - call.answered_at).total_seconds() / 60))
        entry = _entry(call.case_id, now, TALKED, call.key, who=call.taken_name, minutes=minutes)
    else:
        entry = _not_spoken(house, call, call.case_id, now)
    await cases.add(tx, [entry])
    case_id = call.case_id
    tx.after_commit(lambda: house.hints.publish([service.TOPIC, f"case:{case_id}"]))


def _not_spoken(house: House, call: Call, case_id: UUID, now: datetime) -> Entry:
    """Return what the timeline says of a call in which nobody of ours spoke."""
    if call.callback_at is None or call.ended_how == "missed":
        return _entry(case_id, now, MISSED, call.key)
    if call.callback_due_at is None:
        return _entry(case_id, now, PROMISED, call.key)
    when = call.callback_due_at.astimezone(ZoneInfo(house.settings.timezone))
    return _entry(case_id, now, PROMISED_THEN, call.key, when=f"{when:%Y-%m-%d %H:%M}")


async def keep_recording(
    tx: Transaction, house: House, call: Call, url: str, kind: str, now: datetime
) -> UUID | None:  # fmt: skip
    """Keep where a recording is, and let it be fetched. A spoken message is a case."""
    recording = Recording(
        id=new_id(), call_id=call.id, at=now, kind=kind, url=url, media_type="audio/wav", content=None, error=""
    )  # fmt: skip
    if not await store.keep_recording(tx, recording):
        return None
    await enqueue(tx, [NewJob(FETCH, {"recording_id": str(recording.id), "attempts": 0})])
    if kind == "message":
        called = await with_case(tx, house, call, now)
        assert called.case_id is not None
        await store.save(tx, await promised(tx, called, now) if called.phone else called)
        await cases.add(tx, [_entry(called.case_id, now, LEFT_MESSAGE, call.key)])
    return recording.id


async def heard_recording(tx: Transaction, actor: Actor, recording_id: UUID, now: datetime) -> Recording:
    """Return a recording for somebody who listens to it: that is written down. Raises `NotFound`."""
    found = await store.recording(tx, recording_id)
    if found is None:
        raise NotFound("There is no such recording.")
    await _seen_by(tx, actor, found.call_id, Permission.CASES_READ)
    if found.content is None:
        raise NotFound("There is no such recording.", remedy="It is still at the carrier. Try again in a minute.")
    await audit.write(tx, actor, "recording.heard", "phone_recording", recording_id, at=now)
    return found


def _entry(case_id: UUID, now: datetime, text: str, reference: str = "", **params: object) -> Entry:
    return Entry(
        case_id=case_id, at=now, kind=EntryKind.MACHINE, channel=Channel.PHONE, by_kind="rule", text=text,
        params=params, reference=reference,
    )  # fmt: skip


def _tell(tx: Transaction, house: House, call: Call) -> None:
    tx.after_commit(lambda: house.hints.publish(topics_of(call)))


def topics_of(call: Call) -> list[str]:
    """Return what is said when a call has changed: to who looks at calls, at this one, at its case."""
    return ["calls", f"call:{call.id}"] + ([f"case:{call.case_id}"] if call.case_id else [])


def is_talking(call: Call) -> bool:
    """Return whether one of ours and the caller speak."""
    return call.ended_at is None and call.menu.place is Place.CONNECTED
