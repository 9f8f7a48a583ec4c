"""Who can be on call, in which turns, and which programs are told: what people change, checked and audited."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.alerting import links, rules, service, store
from laddverk.diagnostics.alerting.model import Alert, Person, Step, Swap, Webhook, What
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.notices.push import service as push
from laddverk.notices.push import store as push_store
from laddverk.notices.push.model import Owner, OwnerKind
from laddverk.notices.rules import checked_recipient
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import SUPPORTED
from laddverk.platform.outgoing import NotAllowed
from laddverk.platform.outgoing import checked as checked_address
from laddverk.platform.settings import Secrets, Settings

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
NAME_MAX: Final = 80
PEOPLE_MAX: Final = 200
LEVELS_MAX: Final = 5
SWAP_MAX: Final = timedelta(days=60)
WEBHOOKS_MAX: Final = 20
URL_MAX: Final = 500


class PersonDetails(Struct, frozen=True, kw_only=True):
    """What is entered about somebody."""

    name: str
    email: str = ""
    phone: str = ""
    language: str = "sv"
    quiet_from: time | None = None
    quiet_until: time | None = None


def checked_person(given: PersonDetails, person_id: UUID) -> Person:
    """Return a person of what was entered. Raises `Invalid` (fields name, email, phone, language, quiet_from). Pure."""
    name = " ".join(given.name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise Invalid("Enter a name.", field="name")
    email = checked_recipient(given.email) if given.email.strip() else ""
    phone = re.sub(r"[\s()-]", "", given.phone)
    phone = "+46" + phone[1:] if phone.startswith("0") and not phone.startswith("00") else phone
    if phone and PHONE.fullmatch(phone) is None:
        raise Invalid("This is no phone number.", field="phone", remedy="Write it like +46 70 123 45 67.")
    if not email and not phone:
        raise Invalid("Enter an e-mail address or a phone number, else nobody can be told.", field="email")
    if given.language not in SUPPORTED:
        raise Invalid("Choose a language.", field="language")
    if (given.quiet_from is None) != (given.quiet_until is None):
        raise Invalid("Quiet hours need a beginning and an end.", field="quiet_from")
    return Person(
        id=person_id, name=name, email=email, phone=phone, language=given.language, quiet_from=given.quiet_from,
        quiet_until=given.quiet_until,
    )  # fmt: skip


async def save_person(
    tx: Transaction, actor: Actor, given: PersonDetails, now: datetime, person_id: UUID | None = None
) -> UUID:
    """Write somebody who can be on call, new or changed. Raises `Invalid`, `NotFound`, `Conflict` for too many."""
    _may(actor)
    known = {person.id for person in await store.people(tx)}
    if person_id is not None and person_id not in known:
        raise NotFound("There is no such person.")
    if person_id is None and len(known) >= PEOPLE_MAX:
        raise Conflict("There are too many people.")
    person = checked_person(given, person_id or new_id())
    await store.save_person(tx, person, now)
    action = "on_call.person_changed" if person_id else "on_call.person_added"
    await audit.write(tx, actor, action, "on_call_person", person.id, at=now, detail={"name": person.name})
    return person.id


async def remove_person(tx: Transaction, actor: Actor, person_id: UUID, now: datetime) -> None:
    """Take somebody out of all turns. Raises `NotFound`."""
    _may(actor)
    if not await store.remove_person(tx, person_id, now):
        raise NotFound("There is no such person.")
    await push_store.remove_all(tx, Owner(OwnerKind.ON_CALL, person_id))
    await audit.write(tx, actor, "on_call.person_removed", "on_call_person", person_id, at=now)


async def save_step(tx: Transaction, actor: Actor, step: Step, now: datetime) -> None:
    """Write one level of the chain; levels follow each other without a gap. Raises `Invalid`."""
    _may(actor)
    levels = {each.level for each in await store.steps(tx)}
    if not 1 <= step.level <= min(LEVELS_MAX, max(levels, default=0) + 1):
        raise Invalid("Levels follow each other, five at most.", field="level")
    known = {person.id for person in await store.people(tx)}
    if not step.people or not set(step.people) <= known:
        raise Invalid("Choose at least one person.", field="people")
    if not 1 <= step.days_each <= 28:
        raise Invalid("From one day to four weeks.", field="days_each")
    if not 1 <= step.wait_minutes <= 240:
        raise Invalid("From one minute to four hours.", field="wait_minutes")
    await store.save_step(tx, step)
    detail = {"level": step.level, "people": [str(each) for each in step.people], "wait_minutes": step.wait_minutes}
    await audit.write(tx, actor, "on_call.step_saved", "on_call_step", None, at=now, detail=detail)


async def remove_last_step(tx: Transaction, actor: Actor, now: datetime) -> None:
    """Take the last level out of the chain. Raises `NotFound` when there is none."""
    _may(actor)
    level = max((each.level for each in await store.steps(tx)), default=0)
    if not await store.remove_step(tx, level):
        raise NotFound("There is no such level.")
    await audit.write(tx, actor, "on_call.step_removed", "on_call_step", None, at=now, detail={"level": level})


async def swap(
    tx: Transaction, actor: Actor, level: int, person_id: UUID, from_at: datetime, until_at: datetime, now: datetime
) -> None:
    """Let somebody take over a level for a while. Raises `Invalid` (fields until, person)."""
    _may(actor)
    if not max(now, from_at) < until_at <= from_at + SWAP_MAX:
        raise Invalid("The end must lie ahead, at most 60 days after the beginning.", field="until")
    if person_id not in {person.id for person in await store.people(tx)}:
        raise Invalid("Choose a person.", field="person")
    if level not in {each.level for each in await store.steps(tx)}:
        raise Invalid("There is no such level.", field="level")
    made = Swap(
        id=new_id(), level=level, person_id=person_id, from_at=from_at, until_at=until_at, author=actor.name
    )  # fmt: skip
    await store.add_swap(tx, made)
    detail = {"level": level, "person": str(person_id), "until": until_at.isoformat()}
    await audit.write(tx, actor, "on_call.swapped", "on_call_swap", made.id, at=now, detail=detail)


async def end_swap(tx: Transaction, actor: Actor, swap_id: UUID, now: datetime) -> None:
    """Take a swap back. Raises `NotFound`."""
    _may(actor)
    if not await store.remove_swap(tx, swap_id):
        raise NotFound("There is no such swap.")
    await audit.write(tx, actor, "on_call.swap_ended", "on_call_swap", swap_id, at=now)


async def add_webhook(
    tx: Transaction, actor: Actor, secrets: Secrets, url: str, note: str, now: datetime
) -> tuple[UUID, str]:
    """Add the address of a program; return its id and the secret its messages are signed with.

    Raises `Invalid` (field url) for an address that is not asked, `Conflict` for too many.
    """
    _may(actor)
    url = url.strip()
    try:
        checked_address(url, None)
    except NotAllowed:
        raise Invalid("This is no address of a program.", field="url", remedy="Write it like https://…") from None
    if len(url) > URL_MAX or urlsplit(url).fragment:
        raise Invalid("This is no address of a program.", field="url", remedy="Write it like https://…")
    if len(await store.webhooks(tx)) >= WEBHOOKS_MAX:
        raise Conflict("There are too many webhooks.")
    made = Webhook(id=new_id(), url=url, note=note.strip()[:200], created_at=now)
    await store.add_webhook(tx, made)
    await audit.write(
        tx, actor, "alert_webhook.added", "alert_webhook", made.id, at=now, detail={"host": urlsplit(url).hostname}
    )
    return made.id, links.webhook_secret(secrets, made.id)


async def remove_webhook(tx: Transaction, actor: Actor, webhook_id: UUID, now: datetime) -> None:
    """Tell a program no more. Raises `NotFound`."""
    _may(actor)
    if not await store.remove_webhook(tx, webhook_id, now):
        raise NotFound("There is no such webhook.")
    await audit.write(tx, actor, "alert_webhook.removed", "alert_webhook", webhook_id, at=now)


async def test(tx: Transaction, actor: Actor, person_id: UUID, now: datetime) -> int:
    """Send somebody a test by every way they have; return how many messages that makes. Raises `NotFound`."""
    _may(actor)
    person = next((each for each in await store.people(tx) if each.id == person_id), None)
    if person is None:
        raise NotFound("There is no such person.")
    has_device = bool(await push_store.of_owner(tx, Owner(OwnerKind.ON_CALL, person.id)))
    alerts = [
        Alert(
            id=new_id(), incident_id=None, person_id=person.id, channel=channel, what=What.TEST, created_at=now,
            not_before=now,
        )
        for channel in rules.ways_of(person, has_device=has_device, loud=True)
    ]  # fmt: skip
    await service.post(tx, alerts)
    await audit.write(tx, actor, "on_call.tested", "on_call_person", person_id, at=now)
    return len(alerts)


async def add_device(
    tx: Transaction, settings: Settings, actor: Actor, person_id: UUID, given: str, user_agent: str, now: datetime
) -> UUID:
    """Notify somebody in this browser from now on; `given` is its subscription. Raises `NotFound`, `Invalid`."""
    _may(actor)
    person = next((each for each in await store.people(tx) if each.id == person_id), None)
    if person is None:
        raise NotFound("There is no such person.")
    return await push.subscribe(
        tx, settings, actor, Owner(OwnerKind.ON_CALL, person_id), given, user_agent=user_agent,
        language=person.language, now=now,
    )  # fmt: skip


async def remove_device(tx: Transaction, actor: Actor, person_id: UUID, device_id: UUID, now: datetime) -> None:
    """Notify somebody in a browser no more. Raises `NotFound`."""
    _may(actor)
    await push.remove(tx, actor, Owner(OwnerKind.ON_CALL, person_id), device_id, now)


def _may(actor: Actor) -> None:
    actor.require(Permission.STATIONS_WRITE)
    actor.require_everywhere()
