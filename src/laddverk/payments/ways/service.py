"""Choosing how to pay: by the driver for themselves, by staff for a driver, and the operator's policy for all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from laddverk.access import service as access
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PaymentMethodId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.payments.ways import holding, invoice_store, invoices, rules, store
from laddverk.payments.ways.means import means_of, rails
from laddverk.payments.ways.model import Choice, Means, Policy, Unpaid, Way, WayKind
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

MAY_START_MAX: Final = timedelta(days=90)  # an exception that lasts longer is a policy
REASON_MAX: Final = 500
HOLD_DAYS_MAX: Final = 365
DEBIT_DAYS_MAX: Final = 30
HOLD_UNPAID_MAX_MINOR: Final = 10_000_000

CARD_PREFIX: Final = "crd"


class Standing(Struct, frozen=True, kw_only=True):
    """How a driver pays now: what they chose, what they have, what follows from it."""

    choice: Choice
    means: tuple[Means, ...]
    policy: Policy
    order: tuple[Way, ...]
    """What would be debited next, in this order; empty when a person or the bank's file pays."""
    held: str
    unpaid: tuple[Unpaid, ...]

    @property
    def may_owe(self) -> bool:
        """Whether an invoice may take what could not be debited."""
        return rules.may_owe(self.choice, self.policy)

    @property
    def first(self) -> Way | None:
        """What comes first now: as chosen, else what is debited, else what a month is paid with."""
        if self.choice.first is not None or self.order:
            return self.choice.first or self.order[0]
        works = [each.way for each in self.means if each.works]
        if self.choice.at_once:
            return None
        return next((way for way in works if way.kind == WayKind.BANK), Way(WayKind.INVOICE))

    def of(self, way: Way | None) -> Means | None:
        """Return what the driver has of `way`."""
        return next((each for each in self.means if each.way == way), None)


async def standing(tx: Transaction, house: House, driver_id: DriverId, now: datetime) -> Standing:
    """Return how a driver pays now. Raises `NotFound`. Who may see it is for the caller to say."""
    choice = await store.choice(tx, driver_id)
    if choice is None:
        raise NotFound("There is no such driver.")
    means = await means_of(tx, house, driver_id, now)
    (owing,) = await store.owing(tx, [driver_id], now, house.settings.currency)
    ways = rules.order(choice, means) if choice.at_once else rules.order_for_invoice(choice, means)
    return Standing(
        choice=choice,
        means=tuple(means),
        policy=await store.policy(tx),
        order=ways,
        held=owing.held,
        unpaid=tuple(await store.unpaid_of(tx, driver_id)),
    )


async def choose(
    tx: Transaction,
    house: House,
    actor: Actor,
    driver_id: DriverId,
    first: Way,
    fallback: Way | None,
    *,
    at_once: bool,
    gather_below_minor: int,
    now: datetime,
) -> None:
    """Keep how a driver wants to pay. The driver says it, or staff who may change drivers.

    An invoice and the bank account pay once a month, whatever is said. What was given up before is tried once more on
    the next day, so that nobody is surprised.
    Raises `NotFound`, and `Invalid` for a way that the driver does not have or may not choose.
    """
    if actor.kind != "driver" or actor.id != driver_id:
        actor.require(Permission.DRIVERS_WRITE)
    if not await store.lock_driver(tx, driver_id):
        raise NotFound("There is no such driver.")
    before = await standing(tx, house, driver_id, now)
    _check(before, first, fallback, gather_below_minor)
    at_once = at_once and first.kind in rules.DEBITED
    wanted = replace(before.choice, first=first, fallback=fallback, gather_below_minor=gather_below_minor)
    await store.save_choice(tx, wanted, now)
    if (first, fallback) != (before.choice.first, before.choice.fallback):
        await store.choose_anew(tx, driver_id, now)
    await access.set_settlement(tx, actor, driver_id, "card" if at_once else "invoice")
    detail = {"first": key_of(first), "fallback": key_of(fallback), "at_once": at_once, "below": gather_below_minor}
    await audit.write(tx, actor, "driver.way_chosen", "driver", driver_id, at=now, detail=detail)
    await invoice_store.revive(tx, driver_id, invoices.first_try(now, 1, house.settings.timezone))
    await holding.review(tx, house, [driver_id], now)


def _check(before: Standing, first: Way, fallback: Way | None, gather_below_minor: int) -> None:
    for field, way in (("first", first), ("fallback", fallback)):
        if way is None:
            continue
        means = before.of(way)
        if means is None:
            raise Invalid("You do not have this way to pay.", field=field, remedy="Choose one of those shown.")
        if way.kind == WayKind.INVOICE and not before.may_owe:
            raise Invalid("Paying by invoice is not offered to you.", field=field, remedy="Choose another way.")
    if first == fallback:
        raise Invalid("Choose two different ways.", field="fallback", remedy="Or none as the second.")
    if gather_below_minor not in rules.GATHER_CHOICES_MINOR:
        raise Invalid("Choose one of the sums shown.", field="gather")


async def without(
    tx: Transaction, house: House, driver_id: DriverId, method_id: PaymentMethodId, now: datetime
) -> None:
    """A card or consent was removed: the fallback moves up where it was the first way."""
    choice = await store.choice(tx, driver_id)
    if choice is None:
        return
    first, fallback = rules.reset_order(choice, {Way(WayKind.METHOD, method_id)})
    if (first, fallback) != (choice.first, choice.fallback):
        await store.save_choice(tx, replace(choice, first=first, fallback=fallback), now)
    await holding.review(tx, house, [driver_id], now)


async def save_policy(tx: Transaction, house: House, actor: Actor, wanted: Policy, reason: str, now: datetime) -> None:
    """Keep what the operator allows, with a reason; who may start is looked at anew. Needs invoices:write."""
    actor.require(Permission.INVOICES_WRITE)
    why = _reason(reason)
    _check_range("debit_after_days", wanted.debit_after_days, 0, DEBIT_DAYS_MAX)
    _check_range("hold_overdue_days", wanted.hold_overdue_days, 0, HOLD_DAYS_MAX)
    _check_range("hold_unpaid_minor", wanted.hold_unpaid_minor, 1, HOLD_UNPAID_MAX_MINOR)
    before: dict[str, Any] = to_builtins(await store.policy(tx))
    after: dict[str, Any] = to_builtins(wanted)
    await store.save_policy(tx, wanted)
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    await audit.write(tx, actor, "paying_policy.changed", "network", None, at=now, reason=why, detail=changed)
    await holding.review_all(tx, house, now)


async def let_start(
    tx: Transaction, house: House, actor: Actor, driver_id: DriverId, until: datetime | None, reason: str, now: datetime
) -> None:
    """Let a driver start in spite of what is unpaid, until an instant; None ends that.

    Needs drivers:write and a reason.
    """
    actor.require(Permission.DRIVERS_WRITE)
    why = _reason(reason)
    if until is not None and (until.tzinfo is None or not now < until <= now + MAY_START_MAX):
        raise Invalid(
            "Choose a day from tomorrow on, at most %(days)s days away.", field="until", days=MAY_START_MAX.days
        )
    choice = await _locked_choice(tx, driver_id)
    await store.save_choice(tx, replace(choice, may_start_until=until, may_start_why=why if until else ""), now)
    action = "driver.may_start" if until else "driver.may_start_ended"
    detail = {"until": until.isoformat()} if until else {}
    await audit.write(tx, actor, action, "driver", driver_id, at=now, reason=why, detail=detail)
    await holding.review(tx, house, [driver_id], now)


async def let_owe(
    tx: Transaction, house: House, actor: Actor, driver_id: DriverId, may_owe: bool | None, reason: str, now: datetime
) -> None:
    """Say whether this driver may owe, against or by the operator's rule (None). Needs drivers:write and a reason."""
    actor.require(Permission.DRIVERS_WRITE)
    why = _reason(reason)
    choice = await _locked_choice(tx, driver_id)
    await store.save_choice(tx, replace(choice, may_owe=may_owe), now)
    detail = {"may_owe": may_owe}
    await audit.write(tx, actor, "driver.may_owe_changed", "driver", driver_id, at=now, reason=why, detail=detail)
    await holding.review(tx, house, [driver_id], now)


async def _locked_choice(tx: Transaction, driver_id: DriverId) -> Choice:
    await store.lock_driver(tx, driver_id)
    choice = await store.choice(tx, driver_id)
    if choice is None:
        raise NotFound("There is no such driver.")
    return choice


def key_of(way: Way | None) -> str:
    """Return a way as forms and addresses write it: `wallet`, `bank`, `invoice`, or the id of a card."""
    if way is None:
        return ""
    return shown(CARD_PREFIX, way.method_id) if way.method_id is not None else way.kind.value


def way_in(text: str, field: str = "first") -> Way | None:
    """Return the way that a form means; None when it names none. Raises `Invalid`."""
    if not text:
        return None
    if text in (WayKind.WALLET, WayKind.BANK, WayKind.INVOICE):
        return Way(WayKind(text))
    try:
        return Way(WayKind.METHOD, PaymentMethodId(parsed(CARD_PREFIX, text)))
    except Invalid as wrong:
        raise Invalid("You do not have this way to pay.", field=field, remedy="Choose one of those shown.") from wrong


def required_way(text: str) -> Way:
    """Return the first way that somebody means. Raises `Invalid`, also when they mean none."""
    way = way_in(text, "first")
    if way is None:
        raise Invalid("Choose what you pay with.", field="first")
    return way


def offers(house: House, provider: str) -> bool:
    """Return whether this operator can debit by `provider`."""
    return provider in rails(house)


def _reason(reason: str) -> str:
    why = reason.strip()[:REASON_MAX]
    if not why:
        raise Invalid("Say why.", field="reason", remedy="It is kept in the audit log.")
    return why


def _check_range(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise Invalid("This must be between %(least)s and %(most)s.", field=field, least=f"{least}", most=f"{most}")
