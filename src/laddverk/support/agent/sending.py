"""Deeds that tell somebody something: a payment link, what is free near by, the receipt, a word to another driver."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from laddverk.invoicing import links as invoice_links
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.problems import Conflict, TooMany
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.notices.push import service as push
from laddverk.notices.push.model import Owner, OwnerKind, Words
from laddverk.notices.sms import service as sms
from laddverk.payments.ways import queries as ways
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import delivering, links, rules, store
from laddverk.support.agent import store as deeds
from laddverk.support.agent.model import Result, Trouble
from laddverk.support.chat import speaking
from laddverk.support.identity import Need, require
from laddverk.support.model import Case, Channel, Entry, EntryKind, Verified
from laddverk.support.situations import nearby
from laddverk.support.situations import store as places
from laddverk.support.situations.gathering import STANDS_MAX
from laddverk.support.situations.model import AgentButton

TOLD_ONCE_WITHIN: Final = timedelta(minutes=30)  # asking again sooner is nagging
RECEIPTS: Final = "/receipts/"
SOONEST: Final = (Channel.CHAT, Channel.SMS, Channel.EMAIL)

LINKS: Final = (AgentButton.PAYMENT_LINK, AgentButton.PAY_OWED)
LINKS_MAX: Final = 3
LINKS_WITHIN: Final = timedelta(days=1)
PAYING: Final = "/my/paying"

PAY_HERE: Final = N_("Pay and start your charge here: %(link)s")
PAY_OWED: Final = N_("%(amount)s is left to pay. Pay here: %(link)s")
NEAR: Final = N_("Free now: %(places)s")
COSTS_FROM: Final = N_("Your car is done at %(place)s. To stand there costs a fee from %(time)s: please move it.")
PLEASE_MOVE: Final = N_("Your car is done at %(place)s, and somebody waits. Please move it when you can.")


async def payment_link(tx: Transaction, house: House, trouble: Trouble, now: datetime) -> Result:
    """Send the address where the outlet is paid and started. Raises `Conflict` where nobody can be reached."""
    if trouble.facts.outlet is None:
        raise Conflict("It is not said which outlet it is about.", remedy="Enter the code on the outlet.")
    if trouble.told.situation.is_danger:
        raise Conflict("Nobody should pay for an outlet that is closed for safety.", remedy="Send the nearest free.")
    await _require_few(tx, trouble, now)
    link = f"{house.settings.web_url}/u/{quote(trouble.facts.outlet.code)}"
    text = gettext_for(trouble.case.language)(PAY_HERE) % {"link": link}
    return await reach(tx, house, trouble.case, text, now)


async def pay_owed(tx: Transaction, house: House, trouble: Trouble, now: datetime) -> Result:
    """Ask the driver to pay what is left: of all charges that could not be debited, else of the invoice due first.

    The sum is what the books say; what is collected by itself is not asked for. Raises `Conflict` where nothing is
    owed, or nobody can be reached.
    """
    driver_id, language = trouble.case.driver_id, trouble.case.language
    if driver_id is None:
        raise Conflict("Nobody with an account is named.", remedy="Say who the driver is.")
    await _require_few(tx, trouble, now)
    unpaid = await ways.unpaid(tx, driver_id)
    if unpaid:
        by_currency = [{each.currency: each.amount_minor} for each in unpaid]
        owed, path = formats.sums(by_currency, house.settings.currency, language), PAYING
    else:
        invoice = await _asked_invoice(tx, driver_id)
        owed = formats.money(invoice.remaining_minor, invoice.currency, language)
        path = await invoice_links.path_of(tx, house.secrets, InvoiceId(invoice.id), now)
    text = gettext_for(language)(PAY_OWED) % {"amount": owed, "link": f"{house.settings.web_url}{path}"}
    return await reach(tx, house, trouble.case, text, now)


async def _asked_invoice(tx: Transaction, driver_id: UUID) -> ways.OpenInvoice:
    """Return the invoice due first that its driver pays by themselves. Raises `Conflict`."""
    found = await ways.open_invoices(tx, driver_id)
    asked = next((each for each in found if each.collected_on is None and each.next_at is None), None)
    if asked is None and found:
        raise Conflict("What this driver owes is collected by itself.", remedy="Tell them on which day.")
    if asked is None:
        raise Conflict("This driver owes nothing.", remedy="A new charge is paid by a payment link.")
    return asked


async def _require_few(tx: Transaction, trouble: Trouble, now: datetime) -> None:
    """Raise `TooMany` for a driver who was asked for money often enough, in whichever case."""
    case = trouble.case
    if await deeds.sent_lately(tx, case.id, case.driver_id, LINKS, now - LINKS_WITHIN) >= LINKS_MAX:
        raise TooMany("They have been asked to pay three times within a day.", remedy="Call them, or wait.")


async def send_nearest(tx: Transaction, house: House, trouble: Trouble, now: datetime) -> Result:
    """Send the driver what is free near by. Raises `Conflict` where nothing is, or nobody can be reached."""
    subject = trouble.subject
    if subject.station_id is None:
        raise Conflict("It is not said which outlet it is about.", remedy="Enter the code on the outlet.")
    found = await nearby.nearest(tx, subject.station_id, subject.evse_number)
    if not found:
        raise Conflict("Nothing is free near by just now.")
    language = trouble.case.language
    places = "; ".join(_place(house, each, language) for each in found)
    return await reach(tx, house, trouble.case, gettext_for(language)(NEAR) % {"places": places}, now)


def _place(house: House, free: nearby.Free, language: str) -> str:
    away = f", {formats.number(free.distance_km, 1, language)} km" if free.distance_km else ""
    power = formats.power_kw(free.power_max_w, language=language)
    return f"{free.name} ({power}{away}) {house.settings.web_url}/u/{quote(free.code)}"


async def receipt(tx: Transaction, house: House, trouble: Trouble, now: datetime) -> Result:
    """Mail the receipt again: to the account's address, or to the case's when we know well enough who it is."""
    charged = await deeds.charged(tx, trouble.subject.session_id) if trouble.subject.session_id else None
    if charged is None or charged.price_minor is None:
        raise Conflict("There is no receipt yet.", remedy="It is there when the charge is over and priced.")
    email = charged.email or trouble.case.contact_email
    if not email:
        raise Conflict("No e-mail address is known.", remedy="Ask for one, and write it down.")
    if charged.email is None and trouble.case.verified is not Verified.CHARGE:
        require(trouble.case.verified, Need.MONEY)
    settings = house.settings
    mail_id = await notices.send(
        tx, recipient=email, language=trouble.case.language, template=Template.RECEIPT,
        params={
            "link": f"{settings.web_url}{RECEIPTS}{links.token_of(house.secrets, 'ses', charged.id)}",
            "place": charged.place, "amount_minor": charged.price_minor, "currency": charged.currency,
            "energy_wh": charged.energy_wh, "operator": settings.operator_name,
        },
        now=now,
    )  # fmt: skip
    return Result(detail=masked(email), mail_id=mail_id)


async def tell_owner(
    tx: Transaction, station_id: UUID, evse_number: int, now: datetime, costs_at: datetime | None = None
) -> Result:  # fmt: skip
    """Ask whoever's car is done there to move it: somebody waits, or it costs a fee from `costs_at`.

    Raises `Conflict` where it still charges, or they cannot be told; `TooMany` where they were asked a moment ago, by
    whichever way.
    """
    there = await places.car_at(tx, station_id, evse_number, now - STANDS_MAX)
    if there is None:
        raise Conflict("No car is known to stand there.")
    if not there.is_done:
        raise Conflict("The car there is still charging.", remedy="Send the nearest free instead.")
    owner = await deeds.owner(tx, there.id)
    if owner is None:
        raise Conflict("Whoever's car it is has no account: they cannot be told.")
    if not await deeds.begin_telling(tx, there.id, now, now - TOLD_ONCE_WITHIN):
        raise TooMany("They were asked to move it a moment ago.", remedy="Give them half an hour.")

    def said(language: str) -> Words:
        text = gettext_for(language)(COSTS_FROM if costs_at else PLEASE_MOVE)
        time = formats.local_time(costs_at, owner.timezone, language=language) if costs_at else ""
        return Words(title=text % {"place": owner.place, "time": time}, path="/my", tag="move")

    told = await push.tell(tx, Owner(OwnerKind.DRIVER, owner.driver_id), said, now)
    text_id = None
    if owner.phone:
        text = said(owner.language or "sv").title
        text_id = await sms.send(tx, recipient=rules.checked_phone(owner.phone), text=text, now=now)
    elif not told:
        raise Conflict("Whoever's car it is has neither a phone number nor a device: they cannot be told.")
    return Result(station_id=station_id, text_id=text_id)


async def reach(tx: Transaction, house: House, case: Case, text: str, now: datetime) -> Result:
    """Send a driver a text by the way they are reached soonest; return to whom, without showing all of it, and how."""
    ways = delivering.ways_of(case, has_chat=await speaking.can_speak(tx, case.id))
    way = next((each for each in SOONEST if each in ways), None)
    if way is None:
        raise Conflict(
            "Neither a phone number nor an e-mail address is known.", remedy="Ask for one, and write it down."
        )
    sent = await delivering.deliver(tx, house, case, text, house.settings.operator_name, way, now)
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MESSAGE_OUT, channel=way, by_kind="rule", body=text,
        mail_id=sent.mail_id, reference=sent.reference,
    )  # fmt: skip
    await store.add(tx, [entry])
    to = {Channel.SMS: case.contact_phone, Channel.EMAIL: case.contact_email}.get(way, "")
    return Result(detail=masked(to) if to else case.contact_name, mail_id=sent.mail_id, text_id=sent.text_id)


def masked(address: str) -> str:
    """Return an address as a log may show it: the ends of a number, the first letter of a mailbox."""
    if "@" in address:
        name, _, domain = address.partition("@")
        return f"{name[:1]}…@{domain}"
    return f"{address[:3]}…{address[-2:]}"
