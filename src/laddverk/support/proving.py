"""One-time codes: who reads back what went to the number or address of an account is the one whose account it is.

A code never goes to a number or address that stands in the case only: those anybody can type. It is kept as a keyed
digest, ends after ten minutes or five tries, and what it proves holds for a day, for this case and this account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, TooMany
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.notices.sms import service as sms
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import codes, identity, rules, service, store, words
from laddverk.support.codes import Way
from laddverk.support.model import Case, Entry, EntryKind, Verified

PURPOSE: Final = "support-code"  # of digests: no code of another room fits
HOLDS: Final = timedelta(hours=24)  # a case is mostly over by then; who comes back another day proves it anew
PER_CASE_MAX: Final = 3  # codes of one case within an hour: 15 guesses of a million
PER_CASE_WITHIN: Final = timedelta(hours=1)
PER_DRIVER_MAX: Final = 5  # codes to one account within a day, whoever asks: nobody's phone is made to ring all night
PER_DRIVER_WITHIN: Final = timedelta(days=1)
TEXT: Final = N_(
    "%(operator)s: your code is %(code)s. Say it only to whoever you talk to at support. It is good for ten minutes."
)

LATELY: Final = """
SELECT count(*) FILTER (WHERE case_id = $1 AND sent_at > $3)::int AS of_case,
       count(*) FILTER (WHERE driver_id = $2 AND sent_at > $4)::int AS of_driver
FROM support_code WHERE (case_id = $1 OR driver_id = $2) AND sent_at > least($3::timestamptz, $4::timestamptz)
"""
SUPERSEDE: Final = (
    "UPDATE support_code SET expires_at = $2 WHERE case_id = $1 AND proved_at IS NULL AND expires_at > $2"
)
ADD: Final = """
INSERT INTO support_code (id, case_id, driver_id, way, hint, digest, sent_at, sent_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# The newest that can still be read back; trying it counts before it is compared, so that nobody tries twice at once.
TRY: Final = """
UPDATE support_code SET tries = tries + 1
WHERE id = (SELECT id FROM support_code WHERE case_id = $1 AND driver_id = $2 AND proved_at IS NULL AND expires_at > $3
            ORDER BY sent_at DESC, id DESC LIMIT 1) AND tries < $4
RETURNING id, digest, tries
"""
PROVED: Final = "UPDATE support_code SET proved_at = $2, proved_until = $3, before = $4 WHERE id = $1"
LAST: Final = """
SELECT way, hint, sent_at, sent_by, expires_at, tries, proved_at, proved_until FROM support_code
WHERE case_id = $1 AND ended_at IS NULL ORDER BY sent_at DESC, id DESC LIMIT 1
"""
# What ends: its day is over, or the case speaks of somebody else's account now.
ENDED: Final = """
UPDATE support_code AS code SET ended_at = $1
FROM support_case WHERE support_case.id = code.case_id AND code.proved_at IS NOT NULL AND code.ended_at IS NULL
  AND (code.proved_until <= $1 OR support_case.driver_id IS DISTINCT FROM code.driver_id)
RETURNING code.case_id, code.before
"""
STILL_PROVED: Final = """
SELECT EXISTS (SELECT FROM support_code WHERE case_id = $1 AND proved_at IS NOT NULL AND ended_at IS NULL)
"""
FORGET: Final = "DELETE FROM support_code WHERE sent_at < $1 AND (proved_at IS NULL OR ended_at IS NOT NULL)"
KEPT: Final = timedelta(days=30)  # long enough to look into a complaint
# The words of a code that is good no more: what is kept of the message shows no digits.
BLANK_TEXTS: Final = r"""
UPDATE text_message SET body = regexp_replace(body, '\d{6}', '••••••')
WHERE unique_key LIKE 'support-code:%' AND created_at < $1 AND body ~ '\d{6}'
"""
BLANK_MAILS: Final = r"""
UPDATE mail SET subject = regexp_replace(subject, '\d{6}', '••••••'),
       body_text = regexp_replace(body_text, '\d{6}', '••••••', 'g'),
       body_html = regexp_replace(body_html, '>\d{6}<', '>••••••<', 'g')
WHERE unique_key LIKE 'support-code:%' AND created_at < $1 AND body_text ~ '\d{6}'
"""


class Sent(Struct, frozen=True):
    """A code that is on its way."""

    way: Way
    hint: str
    expires_at: datetime


class Checked(Struct, frozen=True):
    """What became of a code that was read back."""

    is_right: bool
    tries_left: int


class Standing(Struct, frozen=True, kw_only=True):
    """The last code of a case."""

    way: Way
    hint: str
    sent_at: datetime
    sent_by: str
    expires_at: datetime
    tries: int
    proved_at: datetime | None
    proved_until: datetime | None

    def is_awaited(self, now: datetime) -> bool:
        """Whether it can still be read back."""
        return self.proved_at is None and now < self.expires_at and self.tries < codes.TRIES_MAX

    def holds(self, now: datetime) -> bool:
        """Whether what it proved still counts."""
        return self.proved_until is not None and now < self.proved_until


async def ways_of(tx: Transaction, case: Case) -> list[Way]:
    """Return how a code can reach the account of a case, the surest first; none where it speaks of no account."""
    known = await store.driver(tx, case.driver_id) if case.driver_id is not None else None
    if known is None:
        return []
    return ([Way.SMS] if _phone(known.phone) else []) + ([Way.EMAIL] if known.email else [])


async def send_code(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, now: datetime, way: Way | None = None
) -> Sent:
    """Send a code to the account of a case; an earlier one is good no more.

    Raises `Conflict` where the case speaks of no account that can be reached so, `TooMany`, `NotFound`.
    """
    case = await service.worked_on(tx, actor, case_id)
    ways = await ways_of(tx, case)
    chosen = way or next(iter(ways), None)
    if case.driver_id is None or chosen not in ways:
        raise Conflict("No account is known that a code could go to.", remedy="Say first whose account it is about.")
    await _require_few(tx, case, now)
    known = await store.driver(tx, case.driver_id)
    assert known is not None
    code, code_id = codes.drawn(), new_id()
    hint = _phone(known.phone)[-2:] if chosen is Way.SMS else hint_of(known.email)
    await tx.execute(SUPERSEDE, case.id, now)
    await tx.execute(
        ADD, code_id, case.id, case.driver_id, chosen, hint, codes.digest(house.secrets, PURPOSE, str(code_id), code),
        now, actor.name, now + codes.LASTS,
    )  # fmt: skip
    await _carry(tx, house, known, chosen, code, f"{codes.UNIQUE_KEY}{code_id}", now)
    text = words.CODE_SENT_SMS if chosen is Way.SMS else words.CODE_SENT_EMAIL
    await _noted(tx, house, actor, case, text, "code_sent", now, hint=hint)
    return Sent(chosen, hint, now + codes.LASTS)


async def check_code(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, code: str, now: datetime
) -> Checked:  # fmt: skip
    """Compare what somebody reads back. Whoever calls must commit also when it is wrong: the try counts.

    Raises `Conflict` when no code is awaited, `NotFound`.
    """
    case = await service.worked_on(tx, actor, case_id)
    rows = await tx.rows(TRY, case.id, case.driver_id, now, codes.TRIES_MAX)
    if not rows:
        raise Conflict("No code is awaited.", remedy="Send a new one.")
    (tried,) = rows
    if not codes.is_right(bytes(tried["digest"]), house.secrets, PURPOSE, str(tried["id"]), code):
        await _noted(tx, house, actor, case, words.CODE_WRONG, "code_wrong", now)
        return Checked(False, codes.TRIES_MAX - int(tried["tries"]))
    before = case.verified
    if await tx.value(STILL_PROVED, case.id) and before is Verified.CODE:
        before = Verified.NOT  # one day follows another: what is under both is not known any more
    await tx.execute(PROVED, tried["id"], now, now + HOLDS, before)
    proved = replace(case, verified=identity.surer(before, Verified.CODE), changed_at=now)
    await store.save(tx, proved)
    await _noted(tx, house, actor, proved, words.CODE_RIGHT, "proved", now)
    return Checked(True, codes.TRIES_MAX - int(tried["tries"]))


async def standing(tx: Transaction, case_id: UUID) -> Standing | None:
    """Return the last code of a case."""
    return await tx.fetch_one(Standing, LAST, case_id)


async def end(tx: Transaction, now: datetime) -> int:
    """Let what codes proved end when its time is over; forget codes that are old. Return how many cases it was of."""
    ended: Sequence[tuple[UUID, str]] = [(row["case_id"], row["before"]) for row in await tx.rows(ENDED, now)]
    for case_id, before in ended:
        case = await store.case(tx, case_id)
        if case is not None and case.verified is Verified.CODE and not await tx.value(STILL_PROVED, case_id):
            await store.save(tx, replace(case, verified=Verified(before)))
    await tx.execute(BLANK_TEXTS, now - codes.LASTS)
    await tx.execute(BLANK_MAILS, now - codes.LASTS)
    await tx.execute(FORGET, now - KEPT)
    return len(ended)


def hint_of(email: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: `a…@example.se`."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def _phone(text: str) -> str:
    """Return an account's number as it can be reached; '' for what is none."""
    try:
        return rules.checked_phone(text)
    except Invalid:  # entered long ago, in any way
        return ""


async def _require_few(tx: Transaction, case: Case, now: datetime) -> None:
    (lately,) = await tx.rows(LATELY, case.id, case.driver_id, now - PER_CASE_WITHIN, now - PER_DRIVER_WITHIN)
    if lately["of_case"] >= PER_CASE_MAX or lately["of_driver"] >= PER_DRIVER_MAX:
        raise TooMany("Many codes were sent to this account.", remedy="Wait a while, or find out another way.")


async def _carry(
    tx: Transaction, house: House, known: store.Known, way: Way, code: str, key: str, now: datetime
) -> None:
    operator = house.settings.operator_name
    if way is Way.SMS:
        text = gettext_for(known.language)(TEXT) % {"operator": operator, "code": code}
        await sms.send(tx, recipient=_phone(known.phone), text=text, now=now, unique_key=key)
    else:
        await notices.send(
            tx, recipient=known.email, language=known.language, template=Template.CASE_CODE,
            params={"code": code, "operator": operator}, now=now, unique_key=key,
        )  # fmt: skip


async def _noted(
    tx: Transaction, house: House, actor: Actor, case: Case, text: str, deed: str, now: datetime, **params: object
) -> None:
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person" if actor.kind == "operator" else "rule",
        by_name=actor.name, text=text, params={"who": actor.name or actor.kind, **params},
    )  # fmt: skip
    await store.add(tx, [entry])
    await audit.write(tx, actor, f"case.{deed}", "support_case", case.id, at=now)
    tx.after_commit(lambda: house.hints.publish([service.TOPIC, f"case:{case.id}"]))
