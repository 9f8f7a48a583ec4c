"""Decisions about tokens, secrets, passwords and who may guess. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from laddverk.access.model import Standing
from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role
from laddverk.kernel.problems import Invalid, NotAllowed
from laddverk.platform.languages import marked

SEPARATORS: Final = re.compile(r"[\s:.\-_\x00-\x1f\x7f-\x9f]+")
"""What people and readers put between the digits of a uid, and what some readers append (quirks 52, 53)."""

UID_FORM: Final = re.compile(r"[\x21-\x7e]{4,255}")  # shorter ones could be guessed at the reader; 255 is OCPP 2.1
GROUP_FORM: Final = re.compile(r"[A-Z0-9]{0,20}")  # what fits the parentIdTag of 1.6
MASTER_GROUP: Final = "LADDVERKMASTER"
"""The group of master tokens, in every charger: MasterPassGroupId of 2.x."""
EMAIL_FORM: Final = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]+@[^@\s\x00-\x1f<>,;:\"()\[\]\\]+")
EMAIL_LENGTH_MAX: Final = 254  # RFC 5321
LANGUAGES: Final = ("sv", "en")
SETTLEMENTS: Final = ("invoice", "card")

PASSWORD_LENGTH_MIN: Final = 12  # ASVS 5 asks for 8, recommends 15; there is no second factor yet
PASSWORD_LENGTH_MAX: Final = 200  # hashing more would only cost us time

SECRET_BYTES: Final = 32  # of cookies and links: 256 bits
API_KEY_PREFIX: Final = "lvk_"  # so that secret scanners recognise a leaked key
API_KEY_BYTES: Final = 20  # 160 bits

STAFF_IDLE: Final = timedelta(hours=12)  # a shift; after it the console asks again
STAFF_LASTS: Final = timedelta(days=7)
DRIVER_LASTS: Final = timedelta(days=90)
LINK_LASTS: Final = timedelta(minutes=15)

GUESS_WINDOW: Final = timedelta(minutes=15)
GUESSES_MAX: Final = 10  # of one address at one account
GUESSES_OF_ADDRESS_MAX: Final = 60  # of one address at all accounts; an office of people who mistype stays below
GUESSES_AT_SUBJECT_MAX: Final = 300  # at one account from everywhere: only a botnet gets there
LINKS_WINDOW: Final = timedelta(hours=1)
LINKS_MAX: Final = 5  # mails to one person within the window
LINKS_OF_ADDRESS_MAX: Final = 40  # asked for by one address within the window


def normalised_uid(text: str) -> str:
    """Return a token's uid as it is kept and compared: upper case, without separators and control characters."""
    return SEPARATORS.sub("", text).upper()


def checked_uid(text: str) -> str:
    """Return the normalised uid of a token to be entered. Raises `Invalid`."""
    uid = normalised_uid(text)
    if not UID_FORM.fullmatch(uid):
        raise Invalid(
            "A tag's number has 4 to 255 letters and digits.",
            field="uid",
            remedy="Write it as it is printed on the tag, or as the charger shows it.",
        )
    return uid


def checked_group(text: str) -> str:
    """Return the code of a group of tokens as it is kept. Raises `Invalid`, also for the group of master tokens."""
    code = normalised_uid(text)
    if not GROUP_FORM.fullmatch(code) or code == MASTER_GROUP:
        raise Invalid(
            "A group has up to 20 letters A-Z and digits.", field="group_code", remedy="Write for example FLOTTA7."
        )
    return code


def checked_email(text: str) -> str:
    """Return an e-mail address in lower case. Raises `Invalid`."""
    email = text.strip().lower()
    if len(email) > EMAIL_LENGTH_MAX or not EMAIL_FORM.fullmatch(email):
        raise Invalid("This is not an e-mail address.", field="email", remedy="Write it like name@example.com.")
    return email


def checked_text(field: str, text: str, length_max: int, *, may_be_empty: bool = True) -> str:
    """Return `text` without blanks around it. Raises `Invalid` naming `field` when it is too long or missing."""
    text = text.strip()
    if not text and not may_be_empty:
        raise Invalid("This must not be empty.", field=field)
    if len(text) > length_max or "\x00" in text:
        raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.", max=length_max)
    return text


def checked_choice(field: str, value: str, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of `known`, else raise `Invalid` naming `field`."""
    if value not in known:
        raise Invalid(
            "%(value)s is not known here.", field=field, remedy="Choose one of %(known)s.", value=value,
            known=", ".join(known),
        )  # fmt: skip
    return value


def checked_password(password: str, email: str, name: str) -> str:
    """Return `password` if it is long enough and not the person's own name or address. Raises `Invalid`."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise Invalid(
            "A password has %(min)s to %(max)s characters.",
            field="password",
            remedy="Take four words that do not belong together.",
            min=PASSWORD_LENGTH_MIN,
            max=PASSWORD_LENGTH_MAX,
        )
    plain = password.lower()
    if plain in (email, name.lower(), email.partition("@")[0] * 2) or len(set(plain)) < 5:
        raise Invalid(
            "This password is too easy to guess.",
            field="password",
            remedy="Take four words that do not belong together.",
        )
    return password


# Secrets


def new_secret() -> str:
    """Return a new secret for a cookie or a link: 256 random bits, safe in addresses."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_api_key() -> str:
    """Return a new API key: `lvk_` and 160 random bits as hexadecimal digits."""
    return API_KEY_PREFIX + secrets.token_hex(API_KEY_BYTES)


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret of ours. Plain BLAKE2b: nobody guesses 160 bits, so nothing slower is needed."""
    return hashlib.blake2b(secret.encode("utf-8", "replace"), digest_size=32).digest()


# Standing and permissions

HELD_BACK: Final = "new starts are held back: "
"""What the reason begins with where `starts_held` follows."""
DRIVER_BLOCKED: Final = "the driver is blocked: "
"""What the reason begins with where a person's own words follow, which the driver does not read."""


def standing(
    *,
    is_known: bool,
    has_driver: bool,
    is_master: bool = False,
    token_blocked_why: str | None,
    driver_blocked_why: str | None,
    valid_until: datetime | None,
    now: datetime,
) -> tuple[Standing, str]:
    """Return what a token comes to at `now`, and why. What is blocked says so even when it is expired as well."""
    if not is_known:
        return Standing.INVALID, "the tag is not known"
    if token_blocked_why is not None:
        return Standing.BLOCKED, f"the tag is blocked: {token_blocked_why}"
    if driver_blocked_why is not None:
        return Standing.BLOCKED, f"{DRIVER_BLOCKED}{driver_blocked_why}"
    if valid_until is not None and valid_until <= now:
        return Standing.EXPIRED, f"the tag was valid until {valid_until:%Y-%m-%d %H:%M} UTC"
    if is_master:
        return Standing.ACCEPTED, "a master tag: it stops sessions"
    if not has_driver:
        return Standing.INVALID, "the tag belongs to nobody"
    return Standing.ACCEPTED, "the tag of a driver"


def cache_until(valid_until: datetime | None, cache_hours: int | None, now: datetime) -> datetime | None:
    """Return until when a charger may remember an answer: while it is valid, at most `cache_hours`."""
    if cache_hours is None:
        return valid_until
    limit = now + timedelta(hours=cache_hours)
    return limit if valid_until is None else min(limit, valid_until)


MESSAGES: Final = {
    Standing.BLOCKED: marked("This tag is blocked. Contact us."),
    Standing.EXPIRED: marked("This tag is no longer valid. Contact us."),
    Standing.INVALID: marked("This tag is not registered yet. Contact us."),
}
"""What a charger's display says to the holder of a token that is known and refused."""


HELD: Final = {
    "to_pay": marked("A charge is not paid yet. Pay it on your page, then you can charge again."),
    "overdue": marked("An invoice is overdue. Pay it on your page, then you can charge again."),
    "too_much": marked("Too much is unpaid. Pay on your page, then you can charge again."),
    "limit": marked("The monthly limit of your account is reached. Ask whoever pays."),
    "no_way": marked("You have nothing to pay with. Save a card on your page, then you can charge."),
}
"""What a driver reads when new starts are held back, by reason. A charge that runs goes on."""


def check_may_grant(actor: Actor, permissions: frozenset[Permission]) -> None:
    """Raise `NotAllowed` when `actor` would hand out what they do not have themselves."""
    beyond = sorted(permission.value for permission in permissions if not actor.may(permission))
    if beyond:
        raise NotAllowed(
            "You cannot give more than you may yourself: %(beyond)s.",
            remedy="Ask an administrator.",
            beyond=", ".join(beyond),
        )


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a role may do."""
    return PERMISSIONS[role]


def too_many_guesses(counts: Mapping[str, int]) -> bool:
    """Return whether no more guesses are taken, of counts by `pair` (account and address), `address` and `subject`."""
    return (
        counts["pair"] >= GUESSES_MAX
        or counts["address"] >= GUESSES_OF_ADDRESS_MAX
        or counts["subject"] >= GUESSES_AT_SUBJECT_MAX
    )
