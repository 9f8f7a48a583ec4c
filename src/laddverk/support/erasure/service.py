"""Asking to be forgotten, taking it back, and doing it once nothing stands in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.access import service as access
from laddverk.access.model import TokensChanged
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.payments.swish.jobs import END as END_CONSENT
from laddverk.payments.wallet import service as wallets
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.support import privacy
from laddverk.support.erasure import clearing, store
from laddverk.support.erasure.model import Account, Erasure, Obstacle

DO: Final = "support.erase"
"""The job that does what can be done."""
BY_RULE: Final = rule("erasure")
BLOCKED_WHY: Final = "erasure"
INVOICES_KEPT_YEARS: Final = 7  # after the year they are of (bokföringslagen 7:2)
TOLD_WITHIN: Final = timedelta(days=7)  # a mail that has not left by then will not
BATCH: Final = 50
REASON_MAX: Final = 500


async def standing(
    tx: Transaction, house: House, driver_id: DriverId, now: datetime
) -> tuple[Erasure | None, list[Obstacle]]:
    """Return a driver's wish to be forgotten, if there is one, and what stands in its way. Changes nothing."""
    return await store.last(tx, driver_id), await obstacles(tx, house, driver_id, now)


async def obstacles(tx: Transaction, house: House, driver_id: DriverId, now: datetime) -> list[Obstacle]:
    """Return what must be over before a driver can be forgotten."""
    found = set(await store.in_the_way(tx, driver_id, now))
    for currency in await wallets.currencies(tx, house, driver_id, now):
        has = await wallets.wallet(tx, driver_id, currency, now)
        if has.balance_minor < 0:
            found.add(Obstacle.TO_PAY)
        # A gift cannot be paid out: who goes leaves it.
        if has.held_minor or has.refundable_minor > 0:
            found.add(Obstacle.BALANCE)
    return [each for each in Obstacle if each in found]


async def ask(
    tx: Transaction, house: House, actor: Actor, driver_id: DriverId, now: datetime, *, reason: str = ""
) -> list[Obstacle]:
    """Ask that a driver is forgotten; return what stands in the way: with nothing, it is done within a minute.

    The driver, or who has drivers:write and the whole network, with a reason. From now on no charge is started. Asking
    twice is asking once. Raises `Invalid` (field reason), `NotFound`, `Conflict` when it was done before.
    """
    reason = reason.strip()[:REASON_MAX]
    is_own = actor.kind == "driver" and actor.id == driver_id
    if not is_own:
        _require_staff(actor)
        if not reason:
            raise Invalid("Say why.", field="reason")
    account = await store.account(tx, driver_id)
    if account is None:
        raise NotFound("There is no such driver.")
    if account.is_erased:
        raise Conflict("This account was erased before.")
    by = "driver" if is_own else "operator"
    if await store.ask(tx, driver_id, now, by=by, reason=reason, was_blocked=account.is_blocked):
        if not account.is_blocked:
            await access.block_driver(tx, BY_RULE, driver_id, BLOCKED_WHY, now)
        await audit.write(tx, actor, "driver.erasure_asked", "driver", driver_id, at=now, reason=reason)
    await enqueue(tx, [NewJob(DO, {})])
    return await obstacles(tx, house, driver_id, now)


async def withdraw(tx: Transaction, actor: Actor, driver_id: DriverId, now: datetime) -> None:
    """Take the wish back. Raises `Conflict` when there is none any more."""
    if actor.kind != "driver" or actor.id != driver_id:
        _require_staff(actor)
    await store.account(tx, driver_id)  # locked: nothing is carried out meanwhile
    asked = await store.last(tx, driver_id)
    if asked is None or asked.state != "asked":
        raise Conflict("Nothing is waiting to be erased.")
    await store.withdraw(tx, asked.id, now)
    if not asked.was_blocked:
        await access.unblock_driver(tx, BY_RULE, driver_id, "", now)
    await audit.write(tx, actor, "driver.erasure_withdrawn", "driver", driver_id, at=now)


async def waiting(tx: Transaction) -> list[UUID]:
    """Return the erasures that wait, the oldest first."""
    return await store.waiting_ids(tx, BATCH)


async def carry_out(tx: Transaction, house: House, erasure_id: UUID, now: datetime) -> bool:
    """Forget a driver, all of it or nothing; return whether it was done. Something in the way leaves it waiting."""
    asked = await store.waiting(tx, erasure_id)
    if asked is None:
        return False
    driver_id = DriverId(asked.driver_id)
    account = await store.account(tx, driver_id)
    if account is None or await obstacles(tx, house, driver_id, now):
        return False
    cases = await store.cases(tx, driver_id)
    if any(state != "closed" for _, state in cases):
        return False
    await _tell(tx, house, driver_id, account, now)
    tags = await store.tags(tx, driver_id)
    await enqueue(tx, [NewJob(END_CONSENT, {"consent_id": each}) for each in await store.consents(tx, driver_id)])
    await privacy.remove_cases(tx, [case_id for case_id, _ in cases])
    await privacy.remove_beside_cases(tx, driver_id)
    removed: dict[str, int] = {"support_case": len(cases)} if cases else {}
    removed |= await store.clear(tx, driver_id)
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(tags))])
    await store.done(tx, asked.id, now, removed)
    await audit.write(tx, BY_RULE, "driver.erased", "driver", driver_id, at=now, detail={"rows": removed})
    return True


async def forget_invoices(tx: Transaction, now: datetime) -> int:
    """Take the name out of invoices of those who are forgotten, once no law asks for it; return of how many."""
    return await store.forget_invoices(tx, datetime(now.year - INVOICES_KEPT_YEARS, 1, 1, tzinfo=UTC))


async def forget_told(tx: Transaction, now: datetime) -> None:
    """Take the address out of the last mails, which said that it was done: they have left, or never will."""
    await store.forget_last_mails(tx, now - TOLD_WITHIN)


async def _tell(tx: Transaction, house: House, driver_id: DriverId, account: Account, now: datetime) -> None:
    """Write to the driver for the last time. What this leaves of the address is taken away once the mail has left."""
    params = {"operator": house.settings.operator_name, "link": house.settings.web_url}
    await notices.send(
        tx, recipient=account.email, language=account.language, template=Template.ACCOUNT_ERASED, params=params,
        now=now, unique_key=f"{clearing.LAST_MAIL}{driver_id}",
    )  # fmt: skip


def _require_staff(actor: Actor) -> None:
    actor.require(Permission.DRIVERS_WRITE)
    actor.require_everywhere()
