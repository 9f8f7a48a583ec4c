"""What a driver reads of their ways to pay: each way, what happens next, each invoice and each debit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.kernel.ids import DriverId
from laddverk.payments.rules import BY_FILE
from laddverk.payments.ways import queries, words
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import Means, WayKind
from laddverk.payments.ways.queries import MoveRow
from laddverk.payments.ways.service import Standing
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for, marked
from laddverk.subscriptions import queries as accounts
from laddverk.subscriptions.rules import month_of
from laddverk.web.visit import Visit

MOVE_STATES: Final = {
    "captured": ("done", marked("paid")),
    "authorised": ("info", marked("kept")),
    "capturing": ("wait", marked("being taken")),
    "created": ("wait", marked("being taken")),
    "unknown": ("wait", marked("waits for an answer")),
    "submitted": ("wait", marked("with your bank")),
    "failed": ("broken", marked("not paid")),
    "cancelled": ("off", marked("let go")),
}


BROKEN: Final = {
    WayKind.METHOD: ("broken", marked("does not work")),
    WayKind.BANK: ("wait", marked("waits")),
    WayKind.WALLET: ("off", marked("empty")),
}
"""What is said of a way that does not work now."""


class WayShown(Struct, frozen=True, kw_only=True):
    """One way to pay as its driver reads it."""

    key: str
    name: str
    kind: str
    tone: str
    word: str
    note: str = ""
    can_remove: bool = False
    href: str = ""


class MoveShown(Struct, frozen=True, kw_only=True):
    """One debit as its driver reads it."""

    row: MoveRow
    what: str
    href: str
    tone: str
    word: str
    note: str


def shown_way(means: Means, visit: Visit, standing: Standing) -> WayShown:
    """Return a way in its driver's words, with what it is chosen for."""
    said = gettext_for(visit.language)
    name = words.name_of(means, means.way, said)
    if not means.works:
        tone, word = BROKEN.get(means.way.kind, BROKEN[WayKind.METHOD])
        word = said(word)
    elif means.way == standing.first:
        tone, word = "done", said(marked("first"))
    elif means.way == standing.choice.fallback:
        tone, word = "info", said(marked("steps in"))
    else:
        tone, word = "free", said(marked("works"))
    return WayShown(
        key=ways.key_of(means.way),
        name=name[:1].upper() + name[1:],
        kind=means.way.kind.value,
        tone=tone,
        word=word,
        note=_note(means, visit),
        can_remove=means.way.kind == WayKind.METHOD,
        href={WayKind.WALLET: "/my/wallet", WayKind.BANK: "/my/bank-account"}.get(means.way.kind, ""),
    )


def _note(means: Means, visit: Visit) -> str:
    if means.way.kind == WayKind.WALLET:
        balance = formats.money(means.balance_minor or 0, visit.house.settings.currency, visit.language)
        return visit.words("%(amount)s there now", amount=balance)
    if not means.works:
        return words.reason(means.stopped_code, gettext_for(visit.language))
    if means.way.kind == WayKind.INVOICE:
        return visit.words("you pay it by yourself, once a month")
    return visit.words("valid until %(date)s", date=means.expires) if means.expires else ""


def offered(known: list[WayShown], standing: Standing) -> list[WayShown]:
    """Return the ways to show and choose from; an invoice only to those who may owe, or who have it now."""
    has_it = standing.choice.first is not None and standing.choice.first.kind == WayKind.INVOICE
    return [each for each in known if each.kind != WayKind.INVOICE or standing.may_owe or has_it]


def values_of(standing: Standing) -> dict[str, str]:
    """Return what the form of the choice shows first: what holds now."""
    choice = standing.choice
    return {
        "first": ways.key_of(standing.first),
        "fallback": ways.key_of(choice.fallback),
        "when": "charge" if choice.at_once else "month",
        "gather": str(choice.gather_below_minor),
    }


async def paid_by_another(tx: Transaction, visit: Visit, driver_id: DriverId) -> str:
    """Return who else pays for what a driver charges, in a sentence; empty when nobody does."""
    member = await accounts.membership(tx, driver_id, month_of(visit.today))
    if member is None or member.owner_id == driver_id:
        return ""
    text = marked("%(owner)s pays for what you charge, with the account %(account)s.")
    return visit.words(text, owner=member.owner_name, account=member.account_name)


def next_words(standing: Standing, visit: Visit, waiting_minor: Mapping[str, int]) -> list[str]:
    """Return in plain words what will happen: when, from what, what steps in, and what if nothing does."""
    said, choice = gettext_for(visit.language), standing.choice
    names = [words.name_of(standing.of(way), way, said) for way in standing.order]
    told: list[str] = []
    if names and choice.at_once:
        told.append(visit.words("After each charge the amount is taken from %(way)s.", way=names[0]))
        if choice.gather_below_minor:
            below = formats.money(choice.gather_below_minor, visit.house.settings.currency, visit.language)
            told.append(visit.words("Charges below %(amount)s wait for the month's invoice.", amount=below))
    elif names:
        told.append(visit.words("Once a month you get an invoice. It is taken from %(way)s.", way=names[0]))
    elif any(each.way.kind == WayKind.BANK and each.works for each in standing.means) and not choice.at_once:
        told.append(visit.words("Once a month you get an invoice. It is collected from your bank account."))
    elif choice.at_once and not standing.may_owe:
        told.append(visit.words("You have nothing to pay with. Save a card below before you charge."))
    else:
        told.append(visit.words("Once a month you get an invoice, which you pay by yourself."))
    if len(names) > 1:
        told.append(visit.words("If that does not work, %(way)s steps in.", way=names[1]))
    told += _next_date(standing, visit, waiting_minor)
    if names:
        told.append(_if_nothing_works(standing, visit))
    return told


def _if_nothing_works(standing: Standing, visit: Visit) -> str:
    if not standing.choice.at_once:
        return visit.words("If nothing works we try again after 1, 3 and 7 days, and tell you each time.")
    if standing.may_owe:
        return visit.words("If nothing works the charge goes to your next invoice, and we tell you.")
    return visit.words("If nothing works we tell you, and you pay here before you start the next charge.")


def _next_date(standing: Standing, visit: Visit, waiting_minor: Mapping[str, int]) -> list[str]:
    settings = visit.house.settings
    if not settings.invoice_day or (not waiting_minor and standing.choice.at_once):
        return []
    day = next_invoice(visit.today, settings.invoice_day)
    amount = formats.sums(waiting_minor, settings.currency, visit.language)
    if standing.order:
        day += timedelta(days=standing.policy.debit_after_days)
        name = words.name_of(standing.of(standing.order[0]), standing.order[0], gettext_for(visit.language))
        return [
            visit.words(
                "Next debit: about %(day)s, from %(way)s. So far it is %(amount)s.",
                day=formats.local_date(day, language=visit.language),
                way=name,
                amount=amount,
            )
        ]
    return [
        visit.words(
            "Next invoice: about %(day)s. So far it is %(amount)s.",
            day=formats.local_date(day, language=visit.language),
            amount=amount,
        )
    ]


def next_invoice(today: date, invoice_day: int) -> date:
    """Return the next day on which a month is invoiced: `invoice_day` of this month, or of the next."""
    if today.day < invoice_day:
        return today.replace(day=invoice_day)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=invoice_day)


def invoice_words(row: queries.OpenInvoice, standing: Standing, visit: Visit) -> tuple[str, str]:
    """Return how an unpaid invoice stands: the kind of its pill, and what happens to it next."""
    zone = ZoneInfo(visit.house.settings.timezone)
    overdue = row.due_on < visit.now.astimezone(zone).date()
    if row.collected_on is not None:
        day = formats.local_date(row.collected_on, language=visit.language)
        return "wait", visit.words("collected by your bank on %(day)s", day=day)
    if row.next_at is not None and standing.order:
        day = formats.local_date(max(row.next_at, visit.now).astimezone(zone).date(), language=visit.language)
        name = words.name_of(standing.of(standing.order[0]), standing.order[0], gettext_for(visit.language))
        text = marked("tried again on %(day)s, from %(way)s") if row.round else marked("taken on %(day)s from %(way)s")
        return ("broken" if row.round else "wait"), visit.words(text, day=day, way=name)
    day = formats.local_date(row.due_on, language=visit.language)
    if overdue:
        return "broken", visit.words("was to be paid by %(day)s", day=day)
    return "wait", visit.words("to be paid by you, at the latest on %(day)s", day=day)


async def debit_of(tx: Transaction, visit: Visit, driver_id: DriverId, invoice_id: UUID) -> str:
    """Return when and from what an unpaid invoice is taken by itself, in words; empty when it is not."""
    found = [row for row in await queries.open_invoices(tx, driver_id) if row.id == invoice_id and row.next_at]
    if not found:
        return ""
    return invoice_words(found[0], await ways.standing(tx, visit.house, driver_id, visit.now), visit)[1]


def shown_move(row: MoveRow, visit: Visit) -> MoveShown:
    """Return a payment or a try as its driver reads it."""
    said = gettext_for(visit.language)
    tone, word = MOVE_STATES.get(row.state, ("plain", row.state))
    if row.state == "created" and row.provider in BY_FILE:
        word = marked("will be collected")
    notes = [_from_what(row, visit)]
    if row.state == "failed":
        notes.append(words.reason(row.failure_code, said))
    if row.attempt and row.attempt > 1:
        notes.append(visit.words("try %(number)s", number=row.attempt))
    if row.refunded_minor:
        back = formats.money(row.refunded_minor, row.currency, visit.language)
        notes.append(visit.words("%(amount)s went back", amount=back))
    what, href = visit.words("Charge"), ""
    if row.invoice_id is not None:
        what = visit.words("Invoice %(number)s", number=row.invoice_number)
        href = f"/my/invoices/inv_{row.invoice_id.hex}"
    elif row.purpose == "top_up":
        what, href = visit.words("Paid in"), "/my/wallet"
    elif row.session_id is not None:
        what = visit.words("Charge at %(place)s", place=row.place) if row.place else what
        href = f"/my/sessions/ses_{row.session_id.hex}"
    return MoveShown(
        row=row, what=what, href=href, tone=tone, word=said(word), note=" · ".join(note for note in notes if note)
    )


def _from_what(row: MoveRow, visit: Visit) -> str:
    said = gettext_for(visit.language)
    if row.provider == "wallet":
        return said(marked("your balance"))
    if row.provider in BY_FILE:
        return said(marked("your bank account"))
    if row.brand or row.last4:
        brand = row.brand or said(marked("card"))
        return brand[:1].upper() + brand[1:] + (f" ••••\u00a0{row.last4}" if row.last4 else "")
    return "Swish" if row.provider == "swish" else said(marked("card"))


def gather_words(minor: int, currency: str, visit: Visit) -> str:
    """Return a threshold for small sums in words."""
    if not minor:
        return visit.words("No, each charge by itself")
    return visit.words("Below %(amount)s", amount=formats.money(minor, currency, visit.language))
