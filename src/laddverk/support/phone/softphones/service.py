"""Making a phone in somebody's browser, and taking it away: at Asterisk by ARI, here by a row without a secret."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, NotFound, Unavailable
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform import audit
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings
from laddverk.support.phone.providers import ari_calls
from laddverk.support.phone.softphones import store
from laddverk.support.phone.softphones.model import (
    Account,
    Phone,
    Thing,
    ice_servers,
    name_of,
    number_of,
    things_of,
    things_without,
)

LASTS: Final = timedelta(hours=1)  # the page asks anew at half of it: who is signed out meanwhile gets no other
PASSWORD_BYTES: Final = 24
FORGET: Final = "phone.forget_softphone"


def is_there(settings: Settings) -> bool:
    """Return whether browsers can be phones."""
    return bool(settings.ari_url and settings.softphone_url)


async def mint(house: House, actor: Actor, now: datetime) -> Account:
    """Make `actor` a phone in the browser that asks; an older password of theirs is of no use any more.

    Raises `NotAllowed`, `Conflict` where browsers cannot be phones, `Unavailable` when Asterisk does not take it.
    """
    actor.require(Permission.CASES_WRITE)
    settings = house.settings
    if not is_there(settings):
        raise Conflict("No phone in the browser is set up here.", remedy="Take calls at another phone.")
    if actor.id is None:
        raise NotFound("There is no such person.")
    phone = Phone(operator_id=actor.id, number=number_of(actor.id), minted_at=now, expires_at=now + LASTS)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    async with house.database.transaction() as tx:  # first, so that what Asterisk knows is always forgotten one day
        known = await store.of(tx, actor.id)
        await store.keep(tx, phone)
        if known is None:
            await audit.write(tx, actor, "softphone.made", "operator", actor.id, at=now)
    try:
        await push(settings, things_of(phone.number, password))
    except (Refused, Unanswered) as problem:
        raise Unavailable(
            "Asterisk does not make a phone for you.",
            remedy="Take calls at another phone, and tell who runs Asterisk: %(reason)s.",
            reason=str(problem),
        ) from None
    user = name_of(phone.number)
    return Account(
        url=settings.softphone_url, user=user, password=password, number=phone.number,
        expires_s=int(LASTS.total_seconds()),
        ice=ice_servers(settings.softphone_ice, settings.softphone_ice_secret, user, phone.expires_at),
    )  # fmt: skip


async def end(house: House, actor: Actor, now: datetime) -> None:
    """Take away somebody's phone: they have left the desk."""
    actor.require(Permission.CASES_WRITE)
    if actor.id is None:
        return
    async with house.database.transaction() as tx:
        await store.end(tx, actor.id, now)
        await enqueue(tx, [NewJob(FORGET, {"number": number_of(actor.id)})])
    house.worker.wake()


async def push(settings: Settings, things: Iterable[Thing]) -> None:
    """Let Asterisk know things. Raises `Refused` and `Unanswered`."""
    for thing in things:
        await ari_calls.asked(settings, ari_calls.pushed(thing.kind, thing.name, thing.fields))


async def forget(settings: Settings, number: str) -> str:
    """Let Asterisk forget a phone, and return its number. What it does not know is forgotten. Raises `Unanswered`."""
    for thing in things_without(number):
        try:
            await ari_calls.asked(settings, ari_calls.forgotten(thing.kind, thing.name))
        except Refused as problem:
            if not str(problem).endswith(str(ari_calls.GONE)):
                raise
    return number
