"""What may stand in a plan, an account and an invitation, and when a subscription may be changed. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from laddverk.kernel.money import MINOR_DIGITS
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.subscriptions.model import AccountDetails, AccountKind, Audience, Terms

NAME_MAX: Final = 80  # fits a line of an invoice
TEXT_MAX: Final = 400
GROUP_MAX: Final = 40  # as in tariffs
FEE_MAX_MINOR: Final = 10_000_000  # 100 000 kr a month: more is a slip of the hand
INCLUDED_MAX_WH: Final = 100_000_000  # 100 MWh a month: what forty busy taxis use
BINDING_MAX_MONTHS: Final = 24  # longer would be unfair to a consumer
TRIAL_MAX_DAYS: Final = 92
NOTICE_MAX_DAYS: Final = 92
SITES_MAX: Final = 200

PAUSE_MIN_DAYS: Final = 7  # shorter ones would only be used to dodge single days of the fee
PAUSE_MAX_DAYS: Final = 92  # in all within twelve months: a summer
REGRET_DAYS: Final = 14  # lag 2005:59 2 kap 10 §: a consumer may regret what was agreed at a distance
TOLD_BEFORE_DAYS: Final = 30  # of a dearer version

LIMIT_MAX_MINOR: Final = 100_000_000
MEMBERS_MAX: Final = 500
INVITES_MAX: Final = 100  # open ones of one account
INVITE_LASTS: Final = timedelta(days=14)
TOKEN_BYTES: Final = 24  # 192 bits in a link
EMAIL: Final = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]+@[^@\s\x00-\x1f<>,;:\"()\[\]\\]+")
ORG_NUMBER: Final = re.compile(r"\d{10}")


def checked_terms(terms: Terms) -> Terms:
    """Return `terms` if a plan may have them. Raises `Invalid` naming the field."""
    _within("fee", terms.fee_minor, FEE_MAX_MINOR)
    _within("included", terms.included_wh, INCLUDED_MAX_WH)
    _within("binding_months", terms.binding_months, BINDING_MAX_MONTHS)
    _within("trial_days", terms.trial_days, TRIAL_MAX_DAYS)
    _within("notice_days", terms.notice_days, NOTICE_MAX_DAYS)
    if terms.currency not in MINOR_DIGITS:
        raise Invalid("This currency is not known here.", field="currency")
    if not Decimal(0) <= terms.vat_percent <= Decimal(100):
        raise Invalid("VAT is between 0 and 100 percent.", field="vat_percent")
    _text("driver_group", terms.driver_group, GROUP_MAX)
    _text("text", terms.text, TEXT_MAX)
    if len(terms.site_ids) > SITES_MAX:
        raise Invalid("These are too many sites.", field="site_ids", remedy="Choose none, and it counts everywhere.")
    return terms


def checked_name(name: str) -> str:
    """Return the name of a plan or an account. Raises `Invalid`."""
    name = name.strip()
    if not name or len(name) > NAME_MAX or "\x00" in name:
        raise Invalid("Give it a name of at most %(max)s characters.", field="name", max=NAME_MAX)
    return name


def _within(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise Invalid("This is more than may be.", field=field, remedy="Use at most %(max)s.", max=most)


def _text(field: str, text: str, most: int) -> None:
    if len(text) > most or "\x00" in text:
        raise Invalid("This text is too long.", field=field, remedy="Use at most %(max)s characters.", max=most)


def is_upgrade(old: Terms, new: Terms) -> bool:
    """Return whether a change is to something dearer, and so counts at once; else it counts from the next month."""
    return new.fee_minor > old.fee_minor


def require_same_kind(old: Terms, new: Terms) -> None:
    """Raise `Conflict` for a change between plans for people and for companies, or between currencies."""
    if old.audience != new.audience or old.currency != new.currency:
        raise Conflict("These two plans are too different to change from one to the other.")


def require_pause(today: date, since: date, until: date, paused_days: int) -> None:
    """Raise `Invalid` unless a pause between these days may be; `paused_days` were taken in the year around it."""
    if since <= today:
        raise Invalid("A pause begins tomorrow at the earliest.", field="since")
    if since > today + timedelta(days=365):
        raise Invalid("This is too far ahead.", field="since")
    days = (until - since).days
    if days < PAUSE_MIN_DAYS:
        raise Invalid("A pause lasts at least %(days)s days.", field="until", days=PAUSE_MIN_DAYS)
    if days + paused_days > PAUSE_MAX_DAYS:
        raise Invalid(
            "Within a year you can pause for %(most)s days in all; %(left)s are left.",
            field="until", most=PAUSE_MAX_DAYS, left=max(0, PAUSE_MAX_DAYS - paused_days),
        )  # fmt: skip


def regrets_until(signed_on: date, audience: Audience) -> date:
    """Return the day from which it can no longer be regretted; companies cannot."""
    return signed_on + timedelta(days=REGRET_DAYS) if audience is Audience.PRIVATE else signed_on


# Accounts


def checked_account(details: AccountDetails) -> AccountDetails:
    """Return the details of an account as they are kept. Raises `Invalid` naming the field."""
    org_number = re.sub(r"[\s-]", "", details.org_number)
    if details.kind is AccountKind.COMPANY and not is_org_number(org_number):
        raise Invalid(
            "This is not an organisation number.", field="org_number", remedy="Write its ten digits, like 556000-0000."
        )
    email = details.invoice_email.strip().lower()
    if email:
        checked_email(email, "invoice_email")
    _text("address", details.address, 200)
    _text("reference", details.reference, 60)
    checked_limit(details.limit_minor)
    is_company = details.kind is AccountKind.COMPANY
    return AccountDetails(
        kind=details.kind,
        name=checked_name(details.name),
        org_number=f"{org_number[:6]}-{org_number[6:]}" if is_company else "",
        invoice_email=email,
        address=details.address.strip(),
        reference=details.reference.strip(),
        limit_minor=details.limit_minor,
    )


def is_org_number(digits: str) -> bool:
    """Return whether ten digits are a Swedish organisation or personal number: the check digit is right."""
    if not ORG_NUMBER.fullmatch(digits) or not digits.isascii():
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def checked_email(email: str, field: str = "email") -> str:
    """Return an e-mail address in lower case. Raises `Invalid`."""
    email = email.strip().lower()
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise Invalid("This is not an e-mail address.", field=field, remedy="Write it like name@example.com.")
    return email


def checked_limit(limit_minor: int | None) -> int | None:
    """Return a monthly limit if it may be. Raises `Invalid`."""
    if limit_minor is not None and not 0 <= limit_minor <= LIMIT_MAX_MINOR:
        raise Invalid("This limit is too high.", field="limit", remedy="Leave it empty for none.")
    return limit_minor


def new_token() -> str:
    """Return a new secret for the link of an invitation."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> bytes:
    """Return what is kept of an invitation's secret."""
    return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=32).digest()


def left_minor(limits: list[tuple[int | None, int]]) -> int | None:
    """Return what is left before the first of (limit, spent) is reached; None when there is no limit."""
    lefts = [limit - spent for limit, spent in limits if limit is not None]
    return min(lefts) if lefts else None


def shares_reached(limit_minor: int | None, before_minor: int, after_minor: int) -> list[int]:
    """Return which of 80 and 100 percent of a limit were passed between two sums."""
    if not limit_minor:
        return []
    return [percent for percent in (80, 100) if before_minor * 100 < limit_minor * percent <= after_minor * 100]
