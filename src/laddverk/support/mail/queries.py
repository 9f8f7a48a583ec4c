"""What screens read of mails. Reads only; whoever sees some sites only sees the mails of their cases."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.mail.model import Dmarc, Verdict
from laddverk.support.queries import Sites

WORD: Final = re.compile(r"[\w@.+-]+")
WORDS_MAX: Final = 8

LOOSE: Final = "loose"
"""Those that opened nothing: what somebody may have to look at."""


class MailFilter(Struct, frozen=True, kw_only=True):
    """What a list of mails is narrowed to. `verdict`: one of `Verdict`, `loose`, or '' for all."""

    search: str = ""
    verdict: str = ""


class MailRow(Struct, frozen=True, kw_only=True):
    """A mail that came in, without what is in it."""

    id: UUID
    at: datetime
    inbox: str
    sender: str
    sender_name: str
    subject: str
    verdict: Verdict
    why: str
    dmarc: Dmarc
    copies: int
    case_id: UUID | None
    case_number: int | None
    entry_id: UUID | None
    raw_size: int


class MailPage(MailRow, frozen=True, kw_only=True):
    """A mail with what stood under it and how it looked."""

    message_id: str
    quoted: str
    html: str
    """Cleaned: it may stand on a page."""


class DeadAddress(Struct, frozen=True, kw_only=True):
    """An address that mail does not arrive at."""

    address: str
    at: datetime
    status: str
    reason: str
    case_id: UUID | None
    case_number: int | None


class MailboxState(Struct, frozen=True, kw_only=True):
    """Whether a mailbox is read."""

    name: str
    read_at: datetime | None
    trouble: str
    trouble_at: datetime | None


_SHOWN: Final = """
SELECT came.id, came.at, came.inbox, came.sender, came.sender_name, came.subject, came.verdict, came.why, came.dmarc,
       came.copies, came.case_id, support_case.number AS case_number, came.entry_id, came.raw_size
"""
_FROM: Final = " FROM support_mail AS came LEFT JOIN support_case ON support_case.id = came.case_id "
_NARROWED: Final = """
WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))
  AND ($2 = '' OR came.words @@ to_tsquery('simple', $2) OR support_case.number::text = $3)
  AND CASE $4 WHEN '' THEN true WHEN 'loose' THEN came.verdict IN ('ignored', 'refused', 'broken')
              ELSE came.verdict = $4 END
"""
LIST: Final = _SHOWN + _FROM + _NARROWED + " ORDER BY came.at DESC, came.id DESC LIMIT $5 OFFSET $6"
COUNT: Final = "SELECT count(*)" + _FROM + _NARROWED
ONE: Final = (
    _SHOWN + ", came.message_id, came.quoted, came.html" + _FROM
    + "WHERE came.id = $2 AND ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
)  # fmt: skip
# What a mail said may have been moved to another case: then it is that case's.
OF_CASE: Final = (
    _SHOWN + ", came.message_id, came.quoted, came.html" + _FROM  # noqa: S608 - constants above
    + "LEFT JOIN case_entry AS entry ON entry.id = came.entry_id"
    " WHERE came.id IN (SELECT id FROM support_mail WHERE case_id = $1"
    " UNION ALL SELECT moved.id FROM case_entry JOIN support_mail AS moved ON moved.entry_id = case_entry.id"
    " WHERE case_entry.case_id = $1)"
    " AND coalesce(entry.case_id, came.case_id) = $1 ORDER BY came.at DESC LIMIT 50"
)  # fmt: skip
DEAD_COLUMNS: Final = """
SELECT dead.address, dead.at, dead.status, dead.reason, dead.case_id, support_case.number AS case_number
FROM support_dead_address AS dead LEFT JOIN support_case ON support_case.id = dead.case_id
"""
DEAD: Final = (
    DEAD_COLUMNS + "WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
    " AND ($2 = '' OR dead.address ILIKE '%' || $2 || '%') ORDER BY dead.at DESC LIMIT $3 OFFSET $4"
)  # fmt: skip
COUNT_DEAD: Final = """
SELECT count(*) FROM support_dead_address AS dead LEFT JOIN support_case ON support_case.id = dead.case_id
WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1)) AND ($2 = '' OR dead.address ILIKE '%' || $2 || '%')
"""
DEAD_ONE: Final = DEAD_COLUMNS + "WHERE dead.address = $1"
MAILBOXES: Final = "SELECT name, read_at, trouble, trouble_at FROM support_mailbox ORDER BY name LIMIT 20"
TO_LOOK_AT: Final = """
SELECT count(*) FROM support_mail WHERE verdict IN ('refused', 'broken') AND at > $1 AND case_id IS NULL
"""


def _given(sites: Sites, wanted: MailFilter) -> tuple[object, ...]:
    search = wanted.search.strip()
    return None if sites is None else list(sites), _prefixes(search), search.lstrip("#"), wanted.verdict


async def mails(
    tx: Transaction, sites: Sites, wanted: MailFilter, *, limit: int = 50, offset: int = 0
) -> list[MailRow]:
    """Return a page of mails, the newest first."""
    return await tx.fetch(MailRow, LIST, *_given(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: MailFilter) -> int:
    """Return how many mails a filter leaves."""
    return int(await tx.value(COUNT, *_given(sites, wanted)))


async def mail(tx: Transaction, sites: Sites, mail_id: UUID) -> MailPage | None:
    """Return one mail, or None where there is none that may be seen."""
    return await tx.fetch_one(MailPage, ONE, None if sites is None else list(sites), mail_id)


async def of_case(tx: Transaction, case_id: UUID) -> list[MailPage]:
    """Return the mails of a case, the newest first."""
    return await tx.fetch(MailPage, OF_CASE, case_id)


async def dead(tx: Transaction, sites: Sites, search: str, *, limit: int = 50, offset: int = 0) -> list[DeadAddress]:
    """Return a page of addresses that mail does not arrive at, the newest first."""
    return await tx.fetch(DeadAddress, DEAD, None if sites is None else list(sites), _plain(search), limit, offset)


async def count_dead(tx: Transaction, sites: Sites, search: str) -> int:
    """Return how many such addresses there are."""
    return int(await tx.value(COUNT_DEAD, None if sites is None else list(sites), _plain(search)))


async def dead_address(tx: Transaction, address: str) -> DeadAddress | None:
    """Return why mail to an address does not arrive; None where it does."""
    return await tx.fetch_one(DeadAddress, DEAD_ONE, address.lower()) if address else None


async def mailboxes(tx: Transaction) -> list[MailboxState]:
    """Return the mailboxes that we read."""
    return await tx.fetch(MailboxState, MAILBOXES)


async def to_look_at(tx: Transaction, since: datetime) -> int:
    """Return how many mails since an instant were refused or could not be read."""
    return int(await tx.value(TO_LOOK_AT, since))


def _prefixes(search: str) -> str:
    """Return a text search for all words of `search`, each as far as it was typed. Only plain words stand in it."""
    return " & ".join(f"'{word}':*" for word in WORD.findall(search)[:WORDS_MAX])


def _plain(search: str) -> str:
    return search.strip().replace("\\", "").replace("%", "\\%").replace("_", "\\_")
