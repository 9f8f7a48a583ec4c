"""Drivers: entered, changed, blocked with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.access import rules
from laddverk.access.model import DriverDetails, TokensChanged
from laddverk.access.store import drivers as store
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.platform.uniqueness import told_apart

NAME_LENGTH_MAX: Final = 100
TEXT_LENGTH_MAX: Final = 300
REASON_LENGTH_MAX: Final = 500
TAKEN: Final = {"driver_email_key": ("email", marked("There already is a driver with this address."))}


async def create_driver(tx: Transaction, actor: Actor, driver: DriverDetails, now: datetime) -> DriverId:
    """Add a driver and return their id. Needs drivers:write. Raises `Invalid`, or `Conflict` for a taken address."""
    return (await create_drivers(tx, actor, [driver], now))[0]


async def create_drivers(
    tx: Transaction, actor: Actor, drivers: Sequence[DriverDetails], now: datetime
) -> list[DriverId]:
    """Add drivers, all or none, and return their ids, aligned."""
    actor.require(Permission.DRIVERS_WRITE)
    new = [(DriverId(new_id()), _checked(driver)) for driver in drivers]
    async with told_apart(tx, TAKEN):
        await store.insert_drivers(tx, new, now)
    for driver_id, driver in new:
        await audit.write(tx, actor, "driver.created", "driver", driver_id, at=now, detail=_plain(driver))
    return [driver_id for driver_id, _ in new]


async def update_driver(
    tx: Transaction, actor: Actor, driver_id: DriverId, driver: DriverDetails, now: datetime
) -> None:
    """Change a driver. Raises as `create_driver`, and `NotFound`."""
    actor.require(Permission.DRIVERS_WRITE)
    driver = _checked(driver)
    async with told_apart(tx, TAKEN):
        if not await store.update_driver(tx, driver_id, driver):
            raise NotFound("There is no such driver.")
    await outbox.publish(tx, [TokensChanged()])
    await audit.write(tx, actor, "driver.changed", "driver", driver_id, at=now, detail=_plain(driver))


async def set_settlement(tx: Transaction, actor: Actor, driver_id: DriverId, settlement: str) -> None:
    """Say when a driver pays: `card` after each charge, `invoice` once a month. Drivers may say so for themselves.

    Charges that run keep what was agreed when they began. Raises `NotFound`.
    """
    if actor.kind != "driver" or actor.id != driver_id:
        actor.require(Permission.DRIVERS_WRITE)
    wanted = rules.checked_choice("settlement", settlement, rules.SETTLEMENTS)
    if not await store.set_settlement(tx, driver_id, wanted):
        raise NotFound("There is no such driver.")


async def block_driver(tx: Transaction, actor: Actor, driver_id: DriverId, reason: str, now: datetime) -> None:
    """Keep a driver from starting to charge. A session that runs goes on. Needs a reason, which support will read."""
    await _block(tx, actor, driver_id, "driver.blocked", checked_reason(reason), now)


async def unblock_driver(tx: Transaction, actor: Actor, driver_id: DriverId, reason: str, now: datetime) -> None:
    """Let a driver charge again."""
    await _block(tx, actor, driver_id, "driver.unblocked", None, now, reason)


async def hold_starts(tx: Transaction, actor: Actor, driver_id: DriverId, why: str, now: datetime) -> bool:
    """Hold a driver's new starts back until something is paid (`why` is a key of `rules.HELD`), or let them in again.

    An empty `why` lets them in. What runs goes on, and its driver's tag still ends it. Chargers forget the tags they
    remember. Return whether that is news. Needs drivers:write, as a block does.
    """
    actor.require(Permission.DRIVERS_WRITE)
    if why and why not in rules.HELD:
        raise Invalid("This is no reason to hold starts back.", field="why")
    if not await store.hold_starts(tx, driver_id, why, now):
        return False
    withdrawn = await store.uids_of(tx, driver_id=driver_id) if why else []
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(withdrawn))])
    action = "driver.starts_held" if why else "driver.starts_let_in"
    await audit.write(tx, actor, action, "driver", driver_id, at=now, reason=why)
    return True


async def _block(
    tx: Transaction, actor: Actor, driver_id: DriverId, action: str, why: str | None, now: datetime, reason: str = ""
) -> None:
    actor.require(Permission.DRIVERS_WRITE)
    if not await store.block_driver(tx, driver_id, why, now):
        raise NotFound("There is no such driver.")
    withdrawn = await store.uids_of(tx, driver_id=driver_id) if why is not None else []
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(withdrawn))])
    await audit.write(tx, actor, action, "driver", driver_id, at=now, reason=why or reason)


def checked_reason(reason: str) -> str:
    """Return the reason for a block, trimmed. Raises `Invalid` when there is none."""
    reason = reason.strip()[:REASON_LENGTH_MAX]
    if not reason:
        raise Invalid("Say why.", field="reason", remedy="Support will read it when the driver calls.")
    return reason


def _checked(driver: DriverDetails) -> DriverDetails:
    return msgspec.structs.replace(
        driver,
        email=rules.checked_email(driver.email),
        name=rules.checked_text("name", driver.name, NAME_LENGTH_MAX, may_be_empty=False),
        phone=rules.checked_text("phone", driver.phone, NAME_LENGTH_MAX),
        address=rules.checked_text("address", driver.address, TEXT_LENGTH_MAX),
        driver_group=rules.checked_text("driver_group", driver.driver_group, NAME_LENGTH_MAX),
        language=rules.checked_choice("language", driver.language, rules.LANGUAGES),
        settlement=rules.checked_choice("settlement", driver.settlement, rules.SETTLEMENTS),
    )


def _plain(driver: DriverDetails) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(driver)
    return plain
