"""A town of drivers who chose how to pay: their cards, charges, invoices and mails."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from laddverk.access import service as access
from laddverk.invoicing import service as invoicing
from laddverk.invoicing.model import InvoiceIssued
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId, PaymentMethodId, new_id
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, BANK, Entry, Line
from laddverk.payments.model import PaymentCaptured
from laddverk.payments.ways import jobs as ways_jobs
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import Policy, Way, WayKind
from laddverk.platform import outbox
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street

AGENT = rule("test")
WALLET, INVOICE, BANK_WAY = Way(WayKind.WALLET), Way(WayKind.INVOICE), Way(WayKind.BANK)


@pytest.fixture
async def town(street: Street) -> Street:
    """The street, where debits hear of invoices and of captured money as in the whole house."""
    outbox._listeners[PaymentCaptured].append(ways_jobs.PAID)
    outbox._listeners[InvoiceIssued] = [ways_jobs.DEBIT_INVOICES]
    return street


async def driver(street: Street, *, settlement: str = "card", language: str = "en") -> DriverId:
    async with street.house.database.transaction() as tx:
        made = await street.world.driver(tx, f"{new_id().hex[-8:]}@example.se", language=language)
        await access.set_settlement(tx, AGENT, made, settlement)
    return made


async def card(street: Street, owner: DriverId, kind: str = "good", last4: str = "4242") -> Way:
    """A saved card of the built-in provider that behaves as its name says."""
    method = PaymentMethodId(new_id())
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment_method (id, driver_id, provider, customer_ref, method_ref, brand, last4, created_at)"
            " VALUES ($1, $2, 'sandbox', 'sandbox', $3, 'visa', $4, $5)",
            method, owner, f"card_{kind}_pi_sandbox_{method.hex}", last4, street.now(),
        )  # fmt: skip
    return Way(WayKind.METHOD, method)


async def chooses(
    street: Street, who: DriverId, first: Way, fallback: Way | None = None, *, at_once: bool = True, below: int = 0
) -> None:
    async with street.house.database.transaction() as tx:
        await ways.choose(
            tx, street.house, Actor("driver", who, "Ada"), who, first, fallback, at_once=at_once,
            gather_below_minor=below, now=street.now(),
        )  # fmt: skip


async def allow(street: Street, **wanted: Any) -> None:
    async with street.house.database.transaction() as tx:
        await ways.save_policy(tx, street.house, AGENT, Policy(**wanted), "a test", street.now())


async def money(street: Street, owner: DriverId, amount_minor: int, currency: str = "SEK") -> None:
    async with street.house.database.transaction() as tx:
        entry = Entry(
            idempotency_key=f"test:{new_id()}", kind="top_up", occurred_at=street.now(), source_kind="test",
            source_id=owner,
            lines=(Line(BANK, amount_minor, currency), Line(ADVANCES, -amount_minor, currency, owner)),
        )  # fmt: skip
        await ledger.post(tx, entry)


async def charged(street: Street, who: DriverId, price_minor: int = 8_000, energy_wh: int = 10_000) -> Any:
    """A charge by tag that is over and priced, and all that follows."""
    async with street.house.database.transaction() as tx:
        session = await street.world.session(
            tx, who, price_minor=price_minor, settlement="payment", energy_wh=energy_wh
        )
    await street.priced(session)
    return session


async def mails(street: Street) -> list[str]:
    async with street.house.database.transaction() as tx:
        found = await tx.values("SELECT subject || E'\n' || body_text FROM mail ORDER BY created_at, id")
    return [mail.replace("\xa0", " ") for mail in found]


async def held(street: Street, who: DriverId) -> str:
    return str(await street.value("SELECT starts_held FROM driver WHERE id = $1", who))


async def settlement_of(street: Street, session: Any) -> str:
    return str(await street.value("SELECT settlement FROM session WHERE id = $1", session))


async def invoiced(town: Street, who: DriverId, price_minor: int = 45_000) -> InvoiceId:
    async with town.house.database.transaction() as tx:
        await town.world.session(tx, who, price_minor=price_minor)
        await invoicing.run(tx, date(2026, 10, 1), AGENT, town.now(), settings=town.house.settings)
        found = InvoiceId(await tx.value("SELECT id FROM invoice WHERE driver_id = $1", who))
    await town.settle()
    return found


async def later(town: Street, **length: float) -> None:
    """Let time pass; the clocks of debits strike."""
    await town.later(**length)
    async with town.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(ways_jobs.DEBIT_INVOICES, {}), NewJob("payments.review_starts", {})])
    await town.settle()


async def mandate(town: Street, who: DriverId, state: str = "active") -> None:
    async with town.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO mandate (id, scheme, payer_number, driver_id, channel, state, holder, created_at, updated_at)"
            " VALUES ($1, 'autogiro', '7', $2, 'portal', $3, 'Ada', now(), now())",
            new_id(), who, state,
        )  # fmt: skip


async def owes(town: Street) -> tuple[DriverId, Any]:
    """A driver who may not owe, and whose card was declined for a charge."""
    await allow(town, may_owe=False)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"))
    return ada, await charged(town, ada)
