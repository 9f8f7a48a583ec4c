"""Signing in and out: staff by password, drivers by a mailed link, programs by a key."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from laddverk.access import rules
from laddverk.access.model import SignedIn, SignInLink, Visitor
from laddverk.access.service import passwords
from laddverk.access.store import drivers, staff
from laddverk.access.store import sign_ins as store
from laddverk.access.store.sign_ins import SessionRow
from laddverk.kernel.actors import Actor, Permission, Role
from laddverk.kernel.problems import Invalid, NotAuthenticated, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked

SESSIONS_MAX: Final = 20  # of one person; beyond it the longest unused one ends
TOUCH_AFTER_S: Final = 60.0  # "last seen" is this exact; each page view need not write
AGENT_LENGTH_MAX: Final = 300
SUBJECT_LENGTH_MAX: Final = 300
STAFF: Final = "staff:"
LINK: Final = "link:"
"""What a subject begins with in the table of guesses."""

TOO_MANY_GUESSES: Final = marked("There were too many wrong attempts.")
TOO_MANY_LINKS: Final = marked("Too many links were asked for from your network.")


async def sign_in(
    tx: Transaction, email: str, password: str, now: datetime, remote_address: str, user_agent: str = ""
) -> SignedIn | None:
    """Sign a member of staff in; None when address or password is wrong, in the same time either way.

    A wrong attempt is noted in `tx`, which must therefore be committed: that is why None is returned and nothing
    raised. `admitted` makes the `NotAuthenticated` of it after the commit. Raises `TooMany` when too much was guessed.
    """
    email = email.strip().lower()[:SUBJECT_LENGTH_MAX].replace("\x00", "")
    subject = STAFF + email
    counts = await store.guesses(tx, subject, remote_address, now - rules.GUESS_WINDOW, STAFF)
    if rules.too_many_guesses(msgspec.structs.asdict(counts)):
        raise _too_many(TOO_MANY_GUESSES, rules.GUESS_WINDOW.total_seconds())
    person = await staff.by_email(tx, email)
    stored = person.password_hash if person and person.disabled_at is None else None
    if not await passwords.verified(stored, password[: rules.PASSWORD_LENGTH_MAX + 1]) or person is None:
        await store.failed(tx, subject, remote_address, now)
        return None
    if passwords.is_outdated(person.password_hash):
        await staff.set_password(tx, person.id, await passwords.hashed(password))
    await store.forgive(tx, subject, remote_address)
    return await _opened(tx, "operator", person.id, now, remote_address, user_agent)


def admitted(signed_in: SignedIn | None) -> SignedIn:
    """Return the sign-in. Raises `NotAuthenticated` when there is none; call it after the commit."""
    if signed_in is None:
        raise NotAuthenticated(
            "The e-mail address or the password is wrong.",
            field="password",
            remedy="Try again, or ask an administrator for a new password.",
        )
    return signed_in


def _too_many(message: str, window_s: float) -> TooMany:
    return TooMany(message, remedy="Wait %(minutes)s minutes and try again.", minutes=int(window_s // 60))


async def _opened(
    tx: Transaction, kind: str, subject_id: UUID, now: datetime, remote_address: str, user_agent: str
) -> SignedIn:
    token = rules.new_secret()
    expires_at = now + (rules.STAFF_LASTS if kind == "operator" else rules.DRIVER_LASTS)
    await store.insert_session(
        tx,
        rules.hashed(token),
        kind,
        subject_id,
        now,
        expires_at,
        remote_address=remote_address,
        user_agent=user_agent[:AGENT_LENGTH_MAX].replace("\x00", ""),
        sessions_max=SESSIONS_MAX,
    )
    visitor = await actor_of_cookie(tx, token, now)
    if visitor is None:
        raise Invalid("This account can no longer sign in.")
    if kind == "operator":
        detail = {"remote_address": remote_address}
        await audit.write(tx, visitor.actor, "staff.signed_in", "operator", subject_id, at=now, detail=detail)
    return SignedIn(token, visitor.actor, visitor.language, expires_at)


async def actor_of_cookie(tx: Transaction, token: str, now: datetime) -> Visitor | None:
    """Return who a cookie belongs to; None when it has expired, was not used for too long, or never was.

    Role and sites are those of now: a change counts at once, and who is disabled is out.
    """
    token_hash = rules.hashed(token)
    found = await store.session(tx, token_hash, now)
    if found is None:
        return None
    unused = now - found.seen_at
    if found.subject_kind == "operator" and unused > rules.STAFF_IDLE:
        return None
    if unused.total_seconds() > TOUCH_AFTER_S:
        await store.touch_session(tx, token_hash, now)
    return Visitor(
        actor=_actor(found),
        kind=found.subject_kind,
        language=found.language,
        role=found.role or "",
        email=found.email,
        expires_at=found.expires_at,
    )


def _actor(found: SessionRow) -> Actor:
    if found.role is None:
        return Actor("driver", found.subject_id, found.name)
    role = Role(found.role)
    sites = frozenset(found.site_ids) if role is Role.SITE_HOST else None
    return Actor("operator", found.subject_id, found.name, rules.permissions_of(role), sites)


async def sign_out(tx: Transaction, token: str) -> None:
    """End the sign-in of a cookie."""
    await store.delete_session(tx, rules.hashed(token))


async def make_sign_in_link(tx: Transaction, email: str, now: datetime, remote_address: str) -> SignInLink | None:
    """Return a link to mail to a driver; None when there is no such driver or they have had too many.

    Who asks must be told the same either way. Raises `TooMany` when the address asked for too many links.
    """
    email = email.strip().lower()[:SUBJECT_LENGTH_MAX].replace("\x00", "")
    subject = LINK + email
    counts = await store.guesses(tx, subject, remote_address, now - rules.LINKS_WINDOW, LINK)
    if counts.address >= rules.LINKS_OF_ADDRESS_MAX:
        raise _too_many(TOO_MANY_LINKS, rules.LINKS_WINDOW.total_seconds())
    await store.failed(tx, subject, remote_address, now)
    driver = await drivers.driver_by_email(tx, email)
    if driver is None or counts.subject >= rules.LINKS_MAX:
        return None
    token = rules.new_secret()
    await store.insert_link(tx, rules.hashed(token), driver.id, now, now + rules.LINK_LASTS)
    return SignInLink(token=token, driver_id=driver.id, email=driver.email, name=driver.name, language=driver.language)


async def use_sign_in_link(
    tx: Transaction, token: str, now: datetime, *, remote_address: str = "", user_agent: str = ""
) -> str | None:
    """Sign a driver in by a link and return the token for the cookie; None when it was used, is too old or unknown."""
    driver_id = await store.use_link(tx, rules.hashed(token), now)
    if driver_id is None:
        return None
    return (await _opened(tx, "driver", driver_id, now, remote_address, user_agent)).token


async def actor_of_key(tx: Transaction, key: str, now: datetime) -> Actor | None:
    """Return the actor of an API key; None when it is revoked or unknown. Its permissions are its scopes."""
    if not key.startswith(rules.API_KEY_PREFIX):
        return None
    found = await store.key(tx, rules.hashed(key))
    if found is None:
        return None
    if found.last_used_at is None or (now - found.last_used_at).total_seconds() > TOUCH_AFTER_S:
        await store.touch_key(tx, found.id, now)
    known = set(Permission)
    return Actor("api_key", found.id, found.name, frozenset(Permission(s) for s in found.scopes if s in known))
