"""A house with the built-in provider, a clock to set, and an ear for the events that payments publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from laddverk.invoicing import jobs as invoicing_jobs
from laddverk.kernel.ids import DriverId, PaymentId, SessionId
from laddverk.kernel.money import VatTotal
from laddverk.ledger import service as ledger
from laddverk.payments import jobs, service
from laddverk.payments.model import Payment, PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentRefunded
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import application
from laddverk.platform import outbox
from laddverk.platform.database import Database, Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Handler, NewJob, Worker, enqueue
from laddverk.platform.settings import Secrets, Settings
from laddverk.sessions.model import SessionPriced, Settlement
from tests.integration.money_world import World

EVENTS = (PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentRefunded)


@dataclass
class Street:
    """What a test of payments sees: the house, one charger, and what was told to others."""

    house: House
    world: World
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    async def settle(self) -> None:
        """Do all that is due, and what it causes."""
        await self.house.worker.run_until_idle()
        assert await self.value("SELECT string_agg(kind || ': ' || last_error, E'\n') FROM job") is None

    async def later(self, **length: float) -> None:
        """Let time pass, ask the provider where that is due, and do all that follows."""
        self.offset += timedelta(**length)
        async with self.house.database.transaction() as tx:
            due = (
                "UPDATE job SET run_at = run_at - $1::interval WHERE run_at > now() AND run_at - $1::interval <= now()"
            )
            await tx.execute(due, self.offset)
            await enqueue(tx, [NewJob(jobs.RECONCILE, {})])
        await self.settle()

    async def start(self) -> UUID:
        async with self.house.database.transaction() as tx:
            return await self.world.start(tx)

    async def opened(self, amount_minor: int = 30_000) -> tuple[UUID, PaymentId, str]:
        """A start request with a hosted page."""
        start = await self.start()
        page = await service.open_adhoc(
            self.house, start_request_id=start, amount_minor=amount_minor, return_url="/s/abc?x=1", now=self.now()
        )
        return start, page.payment_id, page.url

    async def pay(self, url: str, card: str = "good", do: str = "pay") -> tuple[int, bytes]:
        """Choose a test card on the page, as a browser would."""
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await in_process(application(self.house))("POST", url, form, f"card={card}&do={do}".encode())

    async def authorised(self, card: str = "good", amount_minor: int = 30_000) -> PaymentId:
        _, payment_id, url = await self.opened(amount_minor)
        await self.pay(url, card)
        await self.settle()
        return payment_id

    async def session(
        self,
        price_minor: int,
        payment_id: PaymentId | None,
        driver: DriverId | None = None,
        vat: Sequence[VatTotal] = (),
    ) -> SessionId:
        async with self.house.database.transaction() as tx:
            return await self.world.session(
                tx, driver, price_minor=price_minor, settlement="payment", payment_id=payment_id, vat=vat
            )

    async def priced(self, session: SessionId, *, run: bool = True) -> None:
        """Publish what sessions publish when `session` got its price."""
        async with self.house.database.transaction() as tx:
            row = (await tx.rows("SELECT * FROM session WHERE id = $1", session))[0]
            event = SessionPriced(
                session_id=session,
                version=row["version"],
                price_minor=row["price_minor"],
                vat_minor=row["vat_minor"],
                vat_percent=row["vat_percent"],
                currency=row["currency"],
                settlement=Settlement(row["settlement"]),
                payment_id=row["payment_id"],
                driver_id=row["driver_id"],
            )
            await outbox.publish(tx, [event])
        if run:
            await self.settle()

    async def charged(self, price_minor: int, card: str = "good", amount_minor: int = 30_000) -> PaymentId:
        """The whole way: page, card, session, price, capture."""
        payment_id = await self.authorised(card, amount_minor)
        await self.priced(await self.session(price_minor, payment_id))
        return payment_id

    async def payment(self, payment_id: PaymentId) -> Payment:
        async with self.house.database.transaction() as tx:
            return await service.payment(tx, payment_id)

    async def value(self, sql: str, *args: object) -> Any:
        async with self.house.database.transaction() as tx:
            return await tx.value(sql, *args)

    def names(self) -> list[str]:
        return [name for name, _ in self.told]


async def balances(street: Street) -> dict[str, int]:
    """What stands on each account that is not zero; the ledger must be sound."""
    async with street.house.database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return {row.number: row.balance_minor for row in await ledger.trial_balance(tx) if row.balance_minor}


async def street_on(database: Database, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Street:
    """A house with these settings and nothing else running."""
    listeners: dict[type[Any], list[str]] = {event: [f"test.{event.__name__}"] for event in EVENTS}
    listeners[PaymentCaptured].append("invoicing.mark_paid")
    listeners[SessionPriced] = ["payments.capture"]
    monkeypatch.setattr(outbox, "_listeners", listeners)
    house = House(
        settings, Secrets(b"p" * 32, b"l" * 32), database, Hints(), lambda: street.now(), Worker(database, {})
    )
    async with database.transaction() as tx:
        street = Street(house, await World.built(tx))

    def ear(name: str) -> Handler:
        async def hear(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
            street.told.extend((name, payload) for payload in payloads)

        return hear

    ears = {f"test.{event.__name__}": ear(event.__name__) for event in EVENTS}
    house.worker.handle(jobs.handlers(house) | invoicing_jobs.handlers(house) | ears)
    return street


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch) -> Street:
    return await street_on(database, monkeypatch, Settings(demo=True))
