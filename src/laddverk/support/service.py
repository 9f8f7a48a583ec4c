"""Opening cases, and what is written in them. One timeline; every deed of a person is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.model import IncidentId
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.support import attachments, contacts, delivering, rules, store, telling, words
from laddverk.support.attachments import Sent
from laddverk.support.contacts import Contact
from laddverk.support.inbox import tags
from laddverk.support.model import (
    Case,
    CaseId,
    Channel,
    Entry,
    EntryKind,
    Links,
    NewCase,
    Verified,
)
from laddverk.support.opening import placing
from laddverk.support.promising import keeping

TOPIC: Final = "cases"
"""What pages about cases listen to; `case:<id>` is one of them."""
WINDOW: Final = timedelta(hours=1)
PER_PERSON_MAX: Final = 5  # cases of one driver, address or number within the window
CONTACTED: Final = frozenset({Channel.PORTAL, Channel.EMAIL, Channel.SMS})
"""Ways in which a case is the contact; chat and phone count theirs themselves."""
WRITES_MAX: Final = 20  # messages of a driver in one case within the window
CHAT_WRITES_MAX: Final = 60  # the same in a chat, where one says little at a time


async def open_case(
    tx: Transaction, house: House, actor: Actor, given: NewCase, now: datetime,
    *, verified: Verified = Verified.NOT, is_noted: bool = True, said_at: datetime | None = None,
) -> Case:  # fmt: skip
    """Open a case for somebody. Raises `Invalid`, `NotFound` for what may not be seen or is not there.

    Without `is_noted` its text stands there as what was said before (`said_at`), which the caller adds, and not as a
    note.
    """
    actor.require(Permission.CASES_WRITE)
    new = rules.checked(given)
    made = replace(_made(new, actor.name or actor.kind, now), verified=verified)
    case = await _about(tx, actor, made, new.links)
    said = Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=words.OPENED,
        params={"who": actor.name or actor.kind},
    )  # fmt: skip
    if not is_noted:
        return await _opened(tx, house, actor, case, [said], new.links, now, new.text, said_at)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.CALL if new.channel is Channel.PHONE else EntryKind.NOTE,
        channel=new.channel, by_kind="person", by_name=actor.name, body=new.text,
    )  # fmt: skip
    if new.channel is Channel.PHONE:  # somebody of ours spoke with them
        case = replace(case, answered_at=now)
    return await _opened(tx, house, actor, case, [said, entry], new.links, now, new.text)


async def open_by_driver(
    tx: Transaction, house: House, actor: Actor, given: NewCase, now: datetime,
    *, verified: Verified = Verified.NOT, reference: str = "", entry_id: UUID | None = None,
    said_at: datetime | None = None,
) -> Case:  # fmt: skip
    """Open a case for what somebody writes, says or asks; they get a receipt where we know a mail address.

    `given.channel` is the way it came (DESK counts as the drivers' pages), `verified` how sure we are of who it is
    where nobody is signed in, and `reference` what carried it; `said_at` when it was said, where that was before.

    Who is signed in is known by the account; anybody else must leave a mail address or a phone number, unless they
    chat. Links are the caller's: what a driver may not name must not be among them. Raises `Invalid`, `TooMany`.
    """
    new = rules.checked(replace(given, channel=_way_of(given)))
    is_known = actor.kind == "driver" and actor.id is not None
    if is_known:
        new = replace(new, links=replace(new.links, driver_id=actor.id))
    elif not new.contact_email and not new.contact_phone and new.channel is not Channel.CHAT:
        raise Invalid("Leave an e-mail address or a phone number, so that we can answer.", field="email")
    lately = await store.count_lately(
        tx, now - WINDOW, new.links.driver_id, new.contact_email, new.contact_phone
    )  # fmt: skip
    if lately >= PER_PERSON_MAX:
        raise TooMany("We have your messages, and answer as soon as we can.", remedy="Call us if it is urgent.")
    made = _made(new, "driver", now)
    case = await _about(tx, actor, replace(made, verified=Verified.ACCOUNT if is_known else verified), new.links)
    who = case.contact_name
    entries = [
        Entry(case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="driver", text=words.OPENED_BY_DRIVER),
        Entry(
            case_id=case.id, id=entry_id or new_id(), at=said_at or now, kind=EntryKind.MESSAGE_IN,
            channel=new.channel, by_kind="driver", by_name=who, body=new.text, reference=reference,
        ),
    ]  # fmt: skip
    opened = await _opened(tx, house, actor, case, entries, new.links, now, new.text)
    if opened.channel in CONTACTED:
        await contacts.begin(tx, _contact(opened), now)
    await telling.receipt(tx, house, opened, now)
    return opened


async def reply(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, text: str, now: datetime,
    *, channel: Channel | None = None, seen: datetime | None = None, files: Sequence[Sent] = (),
) -> Case:  # fmt: skip
    """Answer the driver by `channel`, else in an open chat, by mail or by text message; the case then waits for them.
    `files` (`attachments.checked`) go with it, and stay with the case.

    With `seen`, the time of the newest line that its author had read: raises `Conflict` (field crossing) where
    something was said to or by the driver after it. Raises `Invalid` (field reply), `NotFound`, `Conflict` where there
    is no way to the driver.
    """
    case = await worked_on(tx, actor, case_id)
    body = rules.checked_text(text, "reply")
    crossed = await store.said_after(tx, case.id, seen) if seen is not None else None
    if crossed is not None:
        raise Conflict(
            "%(name)s has written meanwhile.", field="crossing", remedy="Read it, then send your answer again.",
            name=crossed,
        )  # fmt: skip
    gone = await delivering.deliver(tx, house, case, body, actor.name, channel, now, files)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MESSAGE_OUT, channel=gone.channel, by_kind="person",
        by_name=actor.name, body=body, mail_id=gone.mail_id, reference=gone.reference,
    )  # fmt: skip
    await contacts.met_human(tx, now, case_id=case.id)
    answered = await keep(tx, actor, rules.answered(case, now), [entry], "replied", now, house.hints)
    await attachments.keep_sent(tx, case.id, entry.id, files, now)
    return answered


async def note(
    tx: Transaction, actor: Actor, case_id: UUID, text: str, now: datetime, hints: Hints | None = None,
    *, is_call: bool = False,
) -> Case:  # fmt: skip
    """Write a note that staff alone see, or what was said on the phone. Raises `Invalid` (field note), `NotFound`."""
    case = await worked_on(tx, actor, case_id)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.CALL if is_call else EntryKind.NOTE,
        channel=Channel.PHONE if is_call else "", by_kind="person", by_name=actor.name,
        body=rules.checked_text(text, "note"),
    )  # fmt: skip
    first = (case.answered_at or now) if is_call else case.answered_at
    if is_call:
        await contacts.met_human(tx, now, case_id=case.id)
    return await keep(tx, actor, replace(case, changed_at=now, answered_at=first), [entry], "noted", now, hints)


async def write_by_driver(
    tx: Transaction, case_id: UUID, text: str, now: datetime, hints: Hints | None = None,
    *, channel: Channel = Channel.PORTAL, reference: str = "", entry_id: UUID | None = None,
    by_name: str = "",
) -> Case:  # fmt: skip
    """Take in what a driver writes in a case: it is somebody's turn again, also if it was closed.

    Raises `Invalid` (field text), `Conflict` when it was closed long ago, `TooMany`.
    """
    case = await current(tx, case_id)
    body = rules.checked_text(text)
    most = CHAT_WRITES_MAX if channel is Channel.CHAT else WRITES_MAX
    if await store.count_written(tx, case.id, now - WINDOW) >= most:
        raise TooMany("We have your messages, and answer as soon as we can.", remedy="Call us if it is urgent.")
    entry = Entry(
        case_id=case.id, id=entry_id or new_id(), at=now, kind=EntryKind.MESSAGE_IN, channel=channel, by_kind="driver",
        by_name=by_name or case.contact_name, body=body, reference=reference,
    )  # fmt: skip
    saved = await store.save(tx, await keeping.kept(tx, rules.written_to(case, now), now))
    await store.add(tx, [entry])
    _hint(tx, hints, saved)
    return saved


async def current(tx: Transaction, case_id: UUID) -> Case:
    """Return a case, or the one that it was merged into, locked: what is written to either stands there."""
    case = await _there(tx, case_id)
    return case if case.merged_into_id is None else await _there(tx, case.merged_into_id)


async def worked_on(tx: Transaction, actor: Actor, case_id: UUID) -> Case:
    """Return a case that `actor` may work on, locked. Raises `NotAllowed`, `NotFound` for what they do not see."""
    actor.require(Permission.CASES_WRITE)
    case = await _there(tx, case_id)
    if actor.site_ids is not None and case.site_id not in actor.site_ids:
        raise NotFound("There is no such case.")
    return case


async def keep(
    tx: Transaction, actor: Actor, case: Case, entries: list[Entry], deed: str, now: datetime,
    hints: Hints | None = None, *, reason: str = "",
) -> Case:  # fmt: skip
    """Write a case that a person has changed, with what stands on its timeline and in the audit log."""
    saved = await store.save(tx, await keeping.kept(tx, case, now))
    await store.add(tx, entries)
    await audit.write(tx, actor, f"case.{deed}", "support_case", case.id, at=now, reason=reason[:200])
    _hint(tx, hints, saved)
    return saved


async def linked(tx: Transaction, actor: Actor, case: Case, links: Links) -> Case:
    """Return `case` with what it is about. Raises `NotFound` naming the field for what is not there, or not seen."""
    about = await _about(tx, actor, case, links)
    # Who proved to be one is nobody else: what was known of them says nothing of another account or charge.
    is_theirs = about.driver_id == case.driver_id
    if case.verified is Verified.CHARGE:
        is_theirs = is_theirs and links.session_id in (None, case.session_id)
        is_theirs = is_theirs and links.payment_id in (None, case.payment_id)
    return about if is_theirs else replace(about, verified=Verified.NOT)


async def voice(
    tx: Transaction, house: House, case: Case, links: Links, now: datetime, said_at: datetime | None = None
) -> Case:
    """Let a case that speaks of a charger join the drivers' reports, and by them its incident. Once.

    With `said_at`, when its driver spoke: what is older than a day speaks of no incident of today.
    """
    if case.report_id is not None or not rules.speaks_of_a_charger(case):
        return replace(case, incident_id=links.incident_id or case.incident_id)
    assert case.station_id is not None
    given = reporting.NewReport(
        station_id=StationId(case.station_id), evse_number=case.evse_number, kind=case.kind, text=case.subject,
        language=case.language, person=rules.person_of(case), session_id=case.session_id,
        incident_id=IncidentId(links.incident_id) if links.incident_id else None,
        said_at=said_at,
    )  # fmt: skip
    try:
        report_id = await reporting.report(tx, house.secrets, given, now, house.hints)
    except TooMany:  # the case is heard all the same
        return replace(case, incident_id=links.incident_id)
    return replace(case, report_id=report_id, incident_id=None)


def _contact(case: Case) -> Contact:
    return Contact(
        key=f"case:{case.id}", channel=case.channel.value, station_id=case.station_id, evse_number=case.evse_number,
        driver_id=case.driver_id, session_id=case.session_id, case_id=case.id, situation=case.situation,
    )  # fmt: skip


def _way_of(given: NewCase) -> Channel:
    return Channel.PORTAL if given.channel is Channel.DESK else given.channel


def _made(given: NewCase, by: str, now: datetime) -> Case:
    return Case(
        id=CaseId(new_id()), subject=given.subject, kind=given.kind, channel=given.channel, priority=given.priority,
        contact_name=given.contact_name, contact_email=given.contact_email, contact_phone=given.contact_phone,
        language=given.language, tell_when_mended=given.tell_when_mended, situation=given.situation,
        tags=tags.checked(given.tags), created_at=now, created_by=by, changed_at=now,
    )  # fmt: skip


async def _about(tx: Transaction, actor: Actor, case: Case, links: Links) -> Case:
    """Return `case` with what it is about, filled in from what each of those knows of the others."""
    known = await store.about(
        tx, links.station_id, links.session_id, links.payment_id, links.driver_id, links.incident_id
    )  # fmt: skip
    for name, given, there in (
        ("station", links.station_id, known.station_site), ("session", links.session_id, known.session_station),
        ("payment", links.payment_id, known.has_payment), ("driver", links.driver_id, known.has_driver),
        ("incident", links.incident_id, known.incident_stations is not None),
    ):  # fmt: skip
        if given is not None and not there:
            raise NotFound("There is nothing like that.", field=name)
    session_id = links.session_id or known.payment_session or case.session_id
    only = known.incident_stations if known.incident_stations and len(known.incident_stations) == 1 else (None,)
    station_id = links.station_id or known.session_station or only[0] or case.station_id
    site = known.station_site
    if station_id is not None and site is None:
        site = (await store.about(tx, station_id, None, None, None, None)).station_site
    if actor.site_ids is not None and site not in actor.site_ids and actor.kind != "driver":
        raise NotFound("There is no such charger.", field="station")
    driver_id = links.driver_id or known.session_driver or case.driver_id
    filled = replace(
        case, driver_id=driver_id, station_id=station_id, site_id=site or case.site_id, session_id=session_id,
        payment_id=links.payment_id or known.session_payment or case.payment_id,
        evse_number=links.evse_number or known.session_evse or known.incident_evse or case.evse_number,
    )  # fmt: skip
    return await _with_contact(tx, filled) if driver_id is not None else filled


async def _with_contact(tx: Transaction, case: Case) -> Case:
    """Fill in how the driver is reached, where nothing else was entered."""
    assert case.driver_id is not None
    known = await store.driver(tx, case.driver_id)
    if known is None:
        return case
    return replace(
        case, contact_name=case.contact_name or known.name, contact_email=case.contact_email or known.email,
        contact_phone=case.contact_phone or known.phone, language=known.language,
    )  # fmt: skip


async def _opened(
    tx: Transaction, house: House, actor: Actor, case: Case, entries: list[Entry], links: Links, now: datetime,
    said: str, said_at: datetime | None = None,
) -> Case:  # fmt: skip
    spoken = await voice(tx, house, case, links, now, said_at)
    placed, told = await placing.placed(tx, spoken, said, now)
    saved = await store.save(tx, await keeping.kept(tx, placed, now))
    entries = [*entries, *told]
    incident = await store.incident_of(tx, saved)
    if incident is not None and incident.state != "held":
        joined = Entry(
            case_id=saved.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=words.JOINED,
            params={"number": incident.number},
        )  # fmt: skip
        entries = [*entries, joined]
    await store.add(tx, entries)
    detail = {"number": saved.number, "channel": saved.channel.value, "kind": saved.kind}
    await audit.write(tx, actor, "case.opened", "support_case", saved.id, at=now, detail=detail)
    _hint(tx, house.hints, saved)
    return saved


async def _there(tx: Transaction, case_id: UUID) -> Case:
    case = await store.case(tx, case_id)
    if case is None:
        raise NotFound("There is no such case.")
    return case


def _hint(tx: Transaction, hints: Hints | None, case: Case) -> None:
    if hints is not None:
        tx.after_commit(lambda: hints.publish([TOPIC, f"case:{case.id}"]))
