"""Which case a mail belongs to: by what only its people can know, and never by a subject or a sender alone."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support.mail import addresses, store
from laddverk.support.mail.model import Dmarc, Envelope, How, Letter

HEX_LENGTH: Final = 32


async def case_of(
    tx: Transaction, house: House, letter: Letter, envelope: Envelope, dmarc: Dmarc
) -> tuple[UUID | None, How]:
    """Return the case that a mail belongs to, and by what; (None, NONE) for a new matter.

    In this order: an address that we signed; the id of a mail in the case, ours or somebody's; its number in the
    subject, only where the sender's mail server vouches that the case's own driver wrote.
    """
    recipients = (*envelope.recipients, *letter.recipients)
    number = addresses.number_in(house.secrets, house.settings.support_address, recipients)
    signed = await store.numbered(tx, number) if number is not None else None
    if signed is not None:
        return signed.id, How.ADDRESS
    answered = await store.case_answered(tx, letter.answers, our_ids(letter.answers, house))
    if answered is not None:
        return answered, How.REFERENCE
    tagged = addresses.tagged_number(letter.subject)
    named = await store.numbered(tx, tagged) if tagged is not None and dmarc is Dmarc.PASS else None
    if named is not None and named.contact_email and named.contact_email == letter.sender:
        return named.id, How.NUMBER
    return None, How.NONE


def our_ids(ids: tuple[str, ...], house: House) -> list[UUID]:
    """Return which mails of ours `ids` name: ours are `<id>@` the domain that we send from."""
    domain = house.settings.mail_from.rpartition("@")[2].lower()
    return [found for each in ids if (found := _ours(each, domain)) is not None]


def _ours(message_id: str, domain: str) -> UUID | None:
    name, _, host = message_id.lower().rpartition("@")
    if host != domain or len(name) != HEX_LENGTH:
        return None
    try:
        return UUID(hex=name)
    except ValueError:
        return None
