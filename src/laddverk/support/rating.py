"""What drivers thought of the help they got: one tap by a signed address, once, with a reason if they like.

The address shows a page; only its form counts, so that no mail scanner that opens links has an opinion.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.problems import Conflict
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.support import links, store, telling, words
from laddverk.support.chat import speaking
from laddverk.support.model import Case, Entry, EntryKind, Outcome

PREFIX: Final = "rat"  # its signature opens no page of the case itself
PATH: Final = "/help/rate/"
REASON_MAX: Final = 500
WITHIN: Final = timedelta(days=30)  # after that nobody remembers
UNASKED: Final = frozenset({Outcome.DUPLICATE.value, Outcome.NO_ANSWER.value})

GIVE: Final = """
INSERT INTO support_rating (case_id, is_good, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
OF: Final = "SELECT is_good, reason, at FROM support_rating WHERE case_id = $1"
SAID_WHY: Final = "UPDATE support_rating SET reason = $2 WHERE case_id = $1 AND reason = ''"


class Rating(Struct, frozen=True):
    """What a driver thought."""

    is_good: bool
    reason: str
    at: datetime


def path_of(house: House, case_id: UUID) -> str:
    """Return the address at which a driver says what they thought of a case."""
    return f"{PATH}{links.token_of(house.secrets, PREFIX, case_id)}"


def case_behind(house: House, token: str) -> UUID:
    """Return the case that an address is about. Raises `NotFound` when it was not signed by us for this."""
    return links.behind(house.secrets, PREFIX, token)


async def of_case(tx: Transaction, case_id: UUID) -> Rating | None:
    """Return what a driver thought of a case, or None."""
    return await tx.fetch_one(Rating, OF, case_id)


async def ask(tx: Transaction, house: House, case: Case, now: datetime) -> None:
    """Tell a driver that a case is closed, and ask what they thought: once, where somebody of ours answered them.

    In the chat, where it has one, and by mail; who left no address gets a text message, unless they are in the chat.
    """
    if case.answered_at is None or case.outcome in UNASKED or await of_case(tx, case.id) is not None:
        return
    is_asked = await speaking.ask_rating(tx, house, case, now)
    await telling.closed(tx, house, case, path_of(house, case.id), now, by_text=not is_asked)


async def give(
    tx: Transaction, case_id: UUID, *, is_good: bool, reason: str, now: datetime, hints: Hints | None = None
) -> Rating:
    """Take in what a driver thought; a reason may follow a little later. Raises `Conflict` for one that has said it."""
    words_ = " ".join(reason.split())[:REASON_MAX]
    case = await store.case(tx, case_id)
    if case is None or (case.closed_at is not None and now > case.closed_at + WITHIN):
        raise Conflict("This case was closed long ago.", remedy="Write to us anew.")
    if await tx.execute(GIVE, case_id, is_good, words_, now):
        told = words.RATED_GOOD if is_good else words.RATED_BAD
        entry = Entry(case_id=case_id, at=now, kind=EntryKind.MACHINE, by_kind="driver", text=told, body=words_)
        await store.add(tx, [entry])
    elif words_ and await tx.execute(SAID_WHY, case_id, words_):
        entry = Entry(
            case_id=case_id, at=now, kind=EntryKind.NOTE, by_kind="driver", by_name=case.contact_name, body=words_
        )  # fmt: skip
        await store.add(tx, [entry])
    else:
        raise Conflict("You have told us already. Thank you.")
    if hints is not None:
        tx.after_commit(lambda: hints.publish([f"case:{case_id}"]))
    found = await of_case(tx, case_id)
    assert found is not None
    return found
