"""On call: who is called now and next, the chain, the people, swaps, programs that are told, and what was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, time
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.diagnostics.alerting import links, managing, queries, rota, store
from laddverk.diagnostics.alerting.managing import PersonDetails
from laddverk.diagnostics.alerting.model import Person, Step, Swap
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.notices.push import keys
from laddverk.notices.push import store as push_store
from laddverk.notices.push.model import OwnerKind
from laddverk.platform.database import Transaction
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.quiet import instant_of
from laddverk.web.visit import named

PLACE: Final = "/console/on-call"
MAY: Final = {NEEDS: Permission.STATIONS_WRITE}


class Turn(Struct, frozen=True, kw_only=True):
    """One level of the chain as it is now."""

    step: Step
    person: Person | None
    handover_at: Any
    names: list[str]


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    desk.actor.require_everywhere()
    zone, listing = ZoneInfo(desk.house.settings.timezone), desk.listing("-created")
    async with desk.transaction() as tx:
        people = await store.people(tx)
        steps, swaps = await store.steps(tx), await store.swaps(tx, desk.now)
        webhooks = await store.webhooks(tx)
        alerts = await queries.alerts(tx, limit=PAGE_SIZE, offset=listing.offset)
        total = await queries.count_alerts(tx)
        devices = await push_store.of_kind(tx, OwnerKind.ON_CALL)
    by_id = {person.id: person for person in people}
    return desk.page(
        "console/incidents/on_call.html",
        status=status,
        inc=incident_words,
        people=people,
        by_id=by_id,
        turns=[_turn(desk, step, swaps, by_id, zone) for step in steps],
        swaps=swaps,
        webhooks=[(each, links.webhook_secret(desk.house.secrets, each.id)) for each in webhooks],
        alerts=alerts,
        total=total,
        listing=listing,
        sends_texts=bool(desk.house.settings.sms_provider),
        sends_mails=desk.house.settings.smtp_url is not None,
        today=desk.today,
        devices=[device for device in devices if device.owner_id in by_id],
        push_key=keys.public_key(desk.house.secrets),
        values=values,
        errors=errors,
        edited=by_id.get(parsed("onc", desk.asked("person"))) if desk.asked("person") else None,
    )


def _turn(desk: Desk, step: Step, swaps: list[Swap], people: dict[UUID, Person], zone: ZoneInfo) -> Turn:
    who = rota.on_call(step, swaps, desk.now, zone)
    return Turn(
        step=step,
        person=people.get(who) if who else None,
        handover_at=rota.next_handover(step, desk.now, zone),
        names=[people[each].name for each in step.people if each in people],
    )


@get(PLACE, opt=MAY)
async def show_on_call(desk: AtDesk) -> Response[str]:
    """Who is called, and what was sent."""
    return await _page(desk, {}, {})


@post(f"{PLACE}/people", opt=MAY, status_code=200)
async def save_person(desk: AtDesk) -> Response[Any]:
    """Enter somebody who can be on call, or change what is known of them."""
    form = await desk.form()

    async def work(tx: Transaction) -> None:
        given = PersonDetails(
            name=form.get("name", ""), email=form.get("email", ""), phone=form.get("phone", ""),
            language=form.get("language", ""), quiet_from=_time(form, "quiet_from"),
            quiet_until=_time(form, "quiet_until"),
        )  # fmt: skip
        person_id = parsed("onc", form["person_id"]) if form.get("person_id") else None
        await managing.save_person(tx, desk.actor, given, desk.now, person_id)

    return await _done(desk, form, work, desk.words("Saved."))


@post(f"{PLACE}/people/{{person:str}}/remove", opt=MAY, status_code=200)
async def remove_person(desk: AtDesk, person: FromPath[str]) -> Response[Any]:
    """Take somebody out."""
    identity = named("onc", person)

    async def work(tx: Transaction) -> None:
        await managing.remove_person(tx, desk.actor, identity, desk.now)

    return await _done(desk, {}, work, desk.words("Removed from all turns."))


@post(f"{PLACE}/people/{{person:str}}/test", opt=MAY, status_code=200)
async def test_person(desk: AtDesk, person: FromPath[str]) -> Response[Any]:
    """Send somebody a test."""
    identity = named("onc", person)

    async def work(tx: Transaction) -> None:
        await managing.test(tx, desk.actor, identity, desk.now)

    return await _done(desk, {}, work, desk.words("A test is on its way; see below what became of it."))


@post(f"{PLACE}/devices", opt=MAY, status_code=200)
async def add_device(desk: AtDesk) -> Response[Any]:
    """Notify somebody in this browser."""
    form = await desk.form()

    async def work(tx: Transaction) -> None:
        person = parsed("onc", form.get("device_person", ""), field="device_person")
        agent = desk.request.headers.get("user-agent", "")
        settings = desk.house.settings
        await managing.add_device(tx, settings, desk.actor, person, form.get("subscription", ""), agent, desk.now)

    return await _done(desk, form, work, desk.words("Notified in this browser from now on."))


@post(f"{PLACE}/people/{{person:str}}/devices/{{device:str}}/remove", opt=MAY, status_code=200)
async def remove_device(desk: AtDesk, person: FromPath[str], device: FromPath[str]) -> Response[Any]:
    """Notify somebody in a browser no more."""
    person_id, device_id = named("onc", person), named("psh", device)

    async def work(tx: Transaction) -> None:
        await managing.remove_device(tx, desk.actor, person_id, device_id, desk.now)

    return await _done(desk, {}, work, desk.words("Removed."))


@post(f"{PLACE}/steps", opt=MAY, status_code=200)
async def save_step(desk: AtDesk) -> Response[Any]:
    """Write one level of the chain."""
    form, chosen = await desk.form(), await desk.choices("people")

    async def work(tx: Transaction) -> None:
        step = Step(
            level=_number(form, "level"), people=tuple(parsed("onc", each, field="people") for each in chosen),
            days_each=_number(form, "days_each"), starts_on=_date(form, "starts_on"),
            handover_time=_time(form, "handover_time") or time(8), wait_minutes=_number(form, "wait_minutes"),
        )  # fmt: skip
        await managing.save_step(tx, desk.actor, step, desk.now)

    return await _done(desk, form, work, desk.words("Saved."))


@post(f"{PLACE}/steps/remove", opt=MAY, status_code=200)
async def remove_step(desk: AtDesk) -> Response[Any]:
    """Take the last level out of the chain."""

    async def work(tx: Transaction) -> None:
        await managing.remove_last_step(tx, desk.actor, desk.now)

    return await _done(desk, {}, work, desk.words("The last level is gone."))


@post(f"{PLACE}/swaps", opt=MAY, status_code=200)
async def add_swap(desk: AtDesk) -> Response[Any]:
    """Let somebody take over for a while."""
    form = await desk.form()

    async def work(tx: Transaction) -> None:
        await managing.swap(
            tx, desk.actor, _number(form, "swap_level"), parsed("onc", form.get("person", ""), field="person"),
            instant_of(desk, form.get("from", ""), "from"), instant_of(desk, form.get("until", ""), "until"), desk.now,
        )  # fmt: skip

    return await _done(desk, form, work, desk.words("Swapped."))


@post(f"{PLACE}/swaps/{{swap:str}}/end", opt=MAY, status_code=200)
async def end_swap(desk: AtDesk, swap: FromPath[str]) -> Response[Any]:
    """Take a swap back."""
    try:
        identity = UUID(swap)
    except ValueError:
        raise NotFound("There is no such swap.") from None

    async def work(tx: Transaction) -> None:
        await managing.end_swap(tx, desk.actor, identity, desk.now)

    return await _done(desk, {}, work, desk.words("The plan holds again."))


@post(f"{PLACE}/webhooks", opt=MAY, status_code=200)
async def add_webhook(desk: AtDesk) -> Response[Any]:
    """Let a program be told."""
    form = await desk.form()

    async def work(tx: Transaction) -> None:
        await managing.add_webhook(
            tx, desk.actor, desk.house.secrets, form.get("url", ""), form.get("note", ""), desk.now
        )  # fmt: skip

    return await _done(desk, form, work, desk.words("It is told from now on."))


@post(f"{PLACE}/webhooks/{{webhook:str}}/remove", opt=MAY, status_code=200)
async def remove_webhook(desk: AtDesk, webhook: FromPath[str]) -> Response[Any]:
    """Tell a program no more."""
    identity = named("whk", webhook)

    async def work(tx: Transaction) -> None:
        await managing.remove_webhook(tx, desk.actor, identity, desk.now)

    return await _done(desk, {}, work, desk.words("It is told no more."))


async def _done(
    desk: Desk, form: dict[str, str], work: Callable[[Transaction], Awaitable[None]], notice: str
) -> Response[Any]:
    """Carry out `work` and lead back; with the form as it was when it is refused."""
    desk.actor.require_everywhere()
    try:
        async with desk.transaction() as tx:
            await work(tx)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return desk.go(PLACE, notice)


def _number(form: dict[str, str], name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Invalid("Enter a whole number.", field=name)
    return int(text)


def _time(form: dict[str, str], name: str) -> time | None:
    if not form.get(name):
        return None
    try:
        return time.fromisoformat(form[name]).replace(tzinfo=None)
    except ValueError:
        raise Invalid("Enter a time like 22:00.", field=name) from None


def _date(form: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Invalid("Enter a day like 2026-11-30.", field=name) from None


ROUTES: Final = [
    show_on_call,
    save_person,
    remove_person,
    test_person,
    add_device,
    remove_device,
    save_step,
    remove_step,
    add_swap,
    end_swap,
    add_webhook,
    remove_webhook,
]
