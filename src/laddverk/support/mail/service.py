"""Taking in mail: kept, told apart, and put where it belongs, in one commit. All inboxes end here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, TooMany
from laddverk.notices.rules import ADDRESS, ADDRESS_MAX
from laddverk.platform.database import Away, Transaction
from laddverk.platform.house import House
from laddverk.support import attachments, rules, service
from laddverk.support import store as cases
from laddverk.support.identity import surer
from laddverk.support.mail import (
    addresses,
    authentication,
    bodies,
    bouncing,
    explaining,
    guards,
    matching,
    parsing,
    quoting,
    store,
    words,
)
from laddverk.support.mail.model import Dmarc, Envelope, How, Letter, Nature, Taken, Verdict
from laddverk.support.model import Case, Channel, Entry, EntryKind, NewCase, Verified

TOPIC: Final = "mails"
"""What the list of mails listens to."""
SIZE_MAX: Final = 30 * 1024 * 1024  # bytes of a mail; ten pictures as telephones take them
ANYBODY: Final = Actor("anonymous")

log = structlog.get_logger()


@dataclass(frozen=True)
class _Mail:
    """A mail on its way to where it belongs."""

    id: UUID
    letter: Letter
    envelope: Envelope
    dmarc: Dmarc
    folded: quoting.Folded

    @property
    def text(self) -> str:
        """What stands on the timeline: what was written, else the subject; whole it is in the mail as it came."""
        text = self.folded.fresh.strip() or words.said_of(self.letter.subject) or words.NO_TEXT
        return text if len(text) <= rules.TEXT_MAX else text[: rules.TEXT_MAX - 1] + "…"


async def ingest(house: House, raw: bytes, envelope: Envelope) -> Taken:
    """Take in a mail as it came; return what became of it. It is kept when this returns.

    Raises what is in `Away` while the database is away: then nothing is kept, and whoever brought it must keep it.
    A mail that cannot be dealt with is kept as broken, so that it neither gets lost nor holds up others.
    """
    letter, folded = await asyncio.to_thread(_read, raw)
    try:
        return await house.database.run(lambda tx: take_in(tx, house, raw, letter, folded, envelope))
    except Away:
        raise
    except Exception as error:
        # Whatever a foreign mail makes us stumble over must not make its server bring it again for ever.
        log.error("mail.broken", message_id=letter.message_id[:100], exc_info=error)
    return await house.database.run(lambda tx: _keep_broken(tx, house, raw, letter, envelope))


async def take_in(
    tx: Transaction, house: House, raw: bytes, letter: Letter, folded: quoting.Folded, envelope: Envelope
) -> Taken:
    """Put one mail where it belongs. Raises only what the database does."""
    now = house.clock()
    dmarc = authentication.dmarc_of(letter, house.settings.support_mail_authority)
    mail = _Mail(new_id(), letter, envelope, dmarc, folded)
    if not await store.keep(tx, mail.id, raw, letter, envelope, dmarc, now):
        before = await store.again(tx, letter)
        assert before is not None
        return Taken(mail_id=before.mail_id, verdict=before.verdict, case_id=before.case_id, is_duplicate=True)
    tx.after_commit(lambda: house.hints.publish([TOPIC]))
    nature, why = guards.nature_of(letter, envelope, await _own(tx, house, letter))
    if nature is Nature.BOUNCE:
        return await bouncing.hear(tx, house, mail.id, letter, envelope, now)
    case_id, how = await matching.case_of(tx, house, letter, envelope, dmarc)
    if nature is Nature.OURS:
        return await _finish(tx, mail, Verdict.IGNORED, why=why)
    if nature is Nature.AUTOMATIC:
        if case_id is None:
            return await _finish(tx, mail, Verdict.IGNORED, why=why)
        return await _store(tx, house, mail, case_id, how, why, now)
    if case_id is not None:
        return await _join(tx, house, mail, case_id, how, now)
    if nature is Nature.LIST:
        return await _finish(tx, mail, Verdict.IGNORED, why=why)
    return await _open(tx, house, mail, now)


async def make_case(tx: Transaction, house: House, mail_id: UUID, raw: bytes, now: datetime) -> Case:
    """Open a case for a mail that opened none. Raises `Invalid` where its sender cannot be answered, `TooMany`."""
    letter, folded = _read(raw)
    dmarc = authentication.dmarc_of(letter, house.settings.support_mail_authority)
    mail = _Mail(mail_id, letter, Envelope(inbox=""), dmarc, folded)
    return await _opened(tx, house, mail, now)


def _read(raw: bytes) -> tuple[Letter, quoting.Folded]:
    letter = parsing.read(raw)
    return letter, quoting.folded(letter.text)


async def _own(tx: Transaction, house: House, letter: Letter) -> list[str]:
    """Return which of a mail's sender and id are our own."""
    settings = house.settings
    own = [settings.mail_from.lower()]
    if settings.support_address and addresses.is_for_support(settings.support_address, letter.sender):
        own.append(letter.sender)
    if await store.ours(tx, matching.our_ids((letter.message_id,), house)):
        own.append(letter.message_id)
    return own


async def _open(tx: Transaction, house: House, mail: _Mail, now: datetime) -> Taken:
    sender = mail.letter.sender
    if not sender or len(sender) > ADDRESS_MAX or ADDRESS.fullmatch(sender) is None:
        return await _finish(tx, mail, Verdict.REFUSED, why=words.NO_SENDER)
    try:
        async with tx.savepoint():
            case = await _opened(tx, house, mail, now)
    except TooMany:
        return await _finish(tx, mail, Verdict.REFUSED, why=words.TOO_MANY)
    return Taken(mail_id=mail.id, verdict=Verdict.OPENED, case_id=case.id)


async def _opened(tx: Transaction, house: House, mail: _Mail, now: datetime, follows: int = 0) -> Case:
    """Open a case for a mail, with its files."""
    letter, text = mail.letter, mail.text
    about = await explaining.about(tx, letter, text, mail.dmarc, now)
    said = f"{letter.subject}\n{text}"
    given = NewCase(
        subject=words.said_of(letter.subject), kind=words.kind_of(said), text=text, channel=Channel.EMAIL,
        links=about.links, contact_name=letter.sender_name, contact_email=letter.sender,
        language=words.language_of(said, "sv"), situation=about.situation,
    )  # fmt: skip
    case = await service.open_by_driver(
        tx, house, ANYBODY, given, now, verified=about.verified, reference=letter.message_id
    )  # fmt: skip
    await store.mark_alive(tx, letter.sender)
    if follows:
        await _note(tx, case.id, words.FOLLOWS, now, number=follows)
    await _finish(tx, mail, Verdict.OPENED, case_id=case.id, entry_id=await _entry(tx, mail, case.id, now))
    return case


async def _join(tx: Transaction, house: House, mail: _Mail, case_id: UUID, how: How, now: datetime) -> Taken:
    """Add a mail to its case: it is somebody's turn again. What comes long after the end is a new matter."""
    case = await service.current(tx, case_id)
    entry_id = new_id()
    try:
        async with tx.savepoint():
            joined = await service.write_by_driver(
                tx, case.id, mail.text, now, house.hints, channel=Channel.EMAIL, reference=mail.letter.message_id,
                entry_id=entry_id, by_name=_writer(mail.letter, case),
            )  # fmt: skip
    except TooMany:
        return await _finish(tx, mail, Verdict.REFUSED, how=how, why=words.TOO_MANY)
    except Conflict:
        return await _follow(tx, house, mail, case, now)
    await _note_sender(tx, mail, joined, now)
    await store.mark_alive(tx, mail.letter.sender)
    await _attach(tx, mail, case.id, entry_id, now)
    return await _finish(tx, mail, Verdict.JOINED, how=how, case_id=case.id, entry_id=entry_id)


def _writer(letter: Letter, case: Case) -> str:
    """Return whose words these are: '' for the driver; a colleague's are not put into their mouth."""
    return "" if letter.sender == case.contact_email else letter.sender_name or letter.sender or words.NO_TEXT


async def _follow(tx: Transaction, house: House, mail: _Mail, case: Case, now: datetime) -> Taken:
    try:
        async with tx.savepoint():
            opened = await _opened(tx, house, mail, now, follows=case.number)
    except (TooMany, Invalid):
        return await _finish(tx, mail, Verdict.REFUSED, why=words.TOO_MANY)
    return Taken(mail_id=mail.id, verdict=Verdict.OPENED, case_id=opened.id)


async def _note_sender(tx: Transaction, mail: _Mail, case: Case, now: datetime) -> None:
    """Note whether it is the case's own driver who wrote: what a colleague writes proves nothing of them."""
    if mail.letter.sender != case.contact_email:
        await _note(tx, case.id, words.FROM_OTHER, now, email=mail.letter.sender or words.NO_TEXT)
        return
    charge = await explaining.charge_proved(tx, mail.letter, case, now)
    if charge is not None:
        linked = await service.linked(tx, ANYBODY, case, explaining.links_of(charge))
        case = await cases.save(tx, replace(linked, verified=surer(linked.verified, Verified.CHARGE)))
    if mail.dmarc is Dmarc.PASS and case.driver_id is not None:
        known = await cases.driver(tx, case.driver_id)
        if known is not None and known.email == mail.letter.sender:
            await cases.save(tx, replace(case, verified=surer(case.verified, Verified.MAIL)))


async def _store(tx: Transaction, house: House, mail: _Mail, case_id: UUID, how: How, why: str, now: datetime) -> Taken:
    """Put what a machine wrote into its case, where it wakes nobody and is answered by nobody."""
    case = await service.current(tx, case_id)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MACHINE, channel=Channel.EMAIL, by_kind="machine",
        text=words.AUTOMATIC, params={"email": mail.letter.sender}, body=mail.text,
    )  # fmt: skip
    await cases.add(tx, [entry])
    tx.after_commit(lambda: house.hints.publish([f"case:{case.id}"]))
    return await _finish(tx, mail, Verdict.STORED, why=why, how=how, case_id=case.id, entry_id=entry.id)


async def _entry(tx: Transaction, mail: _Mail, case_id: UUID, now: datetime) -> UUID:
    """Return the entry that a new case has of its mail, with the mail's files."""
    entry_id = await store.entry_of(tx, case_id, mail.letter.message_id)
    await _attach(tx, mail, case_id, entry_id, now)
    return entry_id


async def _attach(tx: Transaction, mail: _Mail, case_id: UUID, entry_id: UUID, now: datetime) -> None:
    left_out = mail.letter.left_out
    for each in mail.letter.attached:
        try:
            await attachments.keep(tx, case_id, entry_id, each.name, each.content, now)
        except Invalid:
            left_out += 1
    if left_out:
        await _note(tx, case_id, words.LEFT_OUT, now, count=left_out)


async def _note(tx: Transaction, case_id: UUID, text: str, now: datetime, **params: object) -> None:
    entry = Entry(case_id=case_id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=text, params=params)
    await cases.add(tx, [entry])


async def _finish(
    tx: Transaction, mail: _Mail, verdict: Verdict, *, why: str = "", how: How = How.NONE,
    case_id: UUID | None = None, entry_id: UUID | None = None,
) -> Taken:  # fmt: skip
    html = await asyncio.to_thread(bodies.shown_html, mail.letter.html) if mail.letter.html else ""
    await store.finish(
        tx, mail.id, verdict, why=why, how=how, case_id=case_id, entry_id=entry_id, quoted=mail.folded.quoted, html=html
    )
    return Taken(mail_id=mail.id, verdict=verdict, case_id=case_id)


async def _keep_broken(tx: Transaction, house: House, raw: bytes, letter: Letter, envelope: Envelope) -> Taken:
    mail_id = new_id()
    if not await store.keep(tx, mail_id, raw, letter, envelope, Dmarc.UNKNOWN, house.clock()):
        before = await store.again(tx, letter)
        assert before is not None
        return Taken(mail_id=before.mail_id, verdict=before.verdict, case_id=before.case_id, is_duplicate=True)
    await store.finish(tx, mail_id, Verdict.BROKEN, why=words.UNREADABLE)
    return Taken(mail_id=mail_id, verdict=Verdict.BROKEN)
