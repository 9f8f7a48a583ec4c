"""Beside a case: who somebody has proved to be and what may be said to them, and articles that may answer it."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.incidents import reporting
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.support import codes, identity, proving, store
from laddverk.support.agent.screen import ChargerNow
from laddverk.support.codes import Way
from laddverk.support.identity import Need
from laddverk.support.knowledge import queries
from laddverk.support.knowledge.model import Found
from laddverk.support.model import Verified
from laddverk.support.queries import CaseRow
from laddverk.web.console.desk import Desk

ARTICLES: Final = 3
ARTICLES_SEARCHED: Final = 6
NEEDS: Final = {
    Need.OUTLET: marked("How chargers are, and how one charges"),
    Need.OWN_CHARGE: marked("Help with the charge at hand: start, stop, let go of the cable"),
    Need.SAY_PERSONAL: marked("Say what stands on the account: charges, invoices, tags, addresses"),
    Need.MONEY: marked("Give money back or forgo it"),
    Need.CHANGE_ACCOUNT: marked("Change an address, a tag or a way to pay; hand out or remove data"),
}
SENTENCES: Final = {
    Verified.NOT: marked("Nobody knows who this is. Say nothing of any account, not even that there is one."),
    Verified.NUMBER: marked(
        "The number is that of the account, and numbers can be forged. Say nothing of the account."
    ),
    Verified.MAIL: marked("The address is that of the account, but mails are forwarded. Say nothing of the account."),
    Verified.CODE: marked("Has read back the code that went to the account. It is theirs."),
    Verified.ACCOUNT: marked("Was signed in. The account is theirs."),
}
OTHERWISE: Final = marked("Has the secret address of the charge: speak of that charge, and of nothing else.")


class Allowed(Struct, frozen=True):
    """One thing that may, or may not, be said or done for somebody."""

    what: str
    is_allowed: bool


class Choice(Struct, frozen=True):
    """A way to send a code, and how its number or address ends."""

    way: Way
    hint: str


async def facts_of(
    desk: Desk, tx: Transaction, row: CaseRow, charger: ChargerNow | None, situation: str, words: str = ""
) -> dict[str, Any]:
    """Return what the panels beside a case show. `words` are what articles are looked for by, if anything."""
    return {
        **await identity_of(desk, tx, row),
        "photos": await reporting.photos_of(tx, desk.sites, row.report_id, row.of_incident_id),
        "articles": await _articles(tx, row, charger, situation, words),
        "article_words": words,
    }


async def identity_of(desk: Desk, tx: Transaction, row: CaseRow) -> dict[str, Any]:
    """Return who somebody has proved to be, and what may be said to them."""
    known = await store.driver(tx, row.driver_id) if row.driver_id is not None else None
    last = await proving.standing(tx, row.id)
    choices = _choices(known)
    return {
        "proof": last,
        "proof_awaited": last is not None and last.is_awaited(desk.now),
        "proof_holds": last is not None and last.holds(desk.now),
        "proof_choices": choices,
        "proof_tries_max": codes.TRIES_MAX,
        "may_be_said": [Allowed(desk.words(text), identity.may(row.verified, need)) for need, text in NEEDS.items()],
        "who_sentence": desk.words(SENTENCES.get(row.verified, OTHERWISE)),
        "is_proved": identity.may(row.verified, Need.SAY_PERSONAL),
        "other_email": bool(known and row.contact_email and row.contact_email != known.email.lower()),
        "other_phone": bool(known and row.contact_phone and _digits(row.contact_phone) != _digits(known.phone)),
    }


def _choices(known: store.Known | None) -> list[Choice]:
    if known is None:
        return []
    phone = [Choice(Way.SMS, _digits(known.phone)[-2:])] if _digits(known.phone) else []
    return phone + ([Choice(Way.EMAIL, proving.hint_of(known.email))] if known.email else [])


def _digits(phone: str) -> str:
    """Return a number so that two ways of writing it are one."""
    digits = "".join(each for each in phone if each.isdecimal())
    return digits[-9:]


async def _articles(
    tx: Transaction, row: CaseRow, charger: ChargerNow | None, situation: str, words: str
) -> list[Found]:  # fmt: skip
    if words:
        return list(await queries.search(tx, row.language, words, limit=ARTICLES_SEARCHED))
    return list(
        await queries.suggest(
            tx, row.language, text=row.subject, situation=situation, vendor=charger.vendor if charger else "",
            model=charger.model if charger else "", limit=ARTICLES,
        )
    )  # fmt: skip
