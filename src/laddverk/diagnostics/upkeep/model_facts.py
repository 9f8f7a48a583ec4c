"""What people know of a model of chargers: parts, maker, signed firmware. The list of what to replace goes by it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

NOTE_MAX: Final = 1_000
YEARS_SHOWN: Final = (1990, 2100)  # a day outside is a typing error

ONE: Final = """
SELECT parts_until, vendor_gone, takes_signed, note, author, changed_at FROM model_fact WHERE vendor = $1 AND model = $2
"""
STANDS: Final = "SELECT EXISTS (SELECT FROM station WHERE vendor = $1 AND model = $2)"
SAVE: Final = """
INSERT INTO model_fact (vendor, model, parts_until, vendor_gone, takes_signed, note, author, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (vendor, model) DO UPDATE SET parts_until = excluded.parts_until, vendor_gone = excluded.vendor_gone,
    takes_signed = excluded.takes_signed, note = excluded.note, author = excluded.author,
    changed_at = excluded.changed_at
"""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a model."""

    parts_until: date | None = None
    """Until when its maker sells parts; None: not known."""
    vendor_gone: bool = False
    takes_signed: bool | None = None
    """It takes signed firmware; None: not known."""
    note: str = ""
    author: str = ""
    changed_at: datetime | None = None


async def facts(tx: Transaction, vendor: str, model: str) -> Facts:
    """Return what people wrote down of a model; nothing where nobody did."""
    return await tx.fetch_one(Facts, ONE, vendor, model) or Facts()


async def say(tx: Transaction, actor: Actor, vendor: str, model: str, said: Facts, now: datetime) -> None:
    """Write down what is known of a model that stands here. Raises `NotAllowed`, `NotFound`, `Invalid`."""
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotAllowed("What is known of a model concerns the whole network.")
    if not await tx.value(STANDS, vendor, model):
        raise NotFound("There is no such model.")
    if said.parts_until is not None and not YEARS_SHOWN[0] <= said.parts_until.year <= YEARS_SHOWN[1]:
        raise Invalid("The day is too far away.", field="parts_until")
    note = said.note.strip()[:NOTE_MAX]
    await tx.execute(SAVE, vendor, model, said.parts_until, said.vendor_gone, said.takes_signed, note, actor.name, now)
    detail = {
        "vendor": vendor, "model": model, "vendor_gone": said.vendor_gone, "takes_signed": said.takes_signed,
        "parts_until": said.parts_until.isoformat() if said.parts_until else None,
    }  # fmt: skip
    await audit.write(tx, actor, "model_fact.changed", "model_fact", None, at=now, reason=note, detail=detail)
