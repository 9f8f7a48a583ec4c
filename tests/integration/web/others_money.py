"""What is another's, of money: plans and accounts, disputed cards, direct debit, balances and prepaid cards."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import new_id, shown
from laddverk.payments import sealing
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits.model import NewDeposit, Way
from laddverk.platform.database import Transaction
from laddverk.subscriptions import accounts, plans, subscribing
from laddverk.subscriptions.model import AccountDetails, Holder, Terms
from tests.integration.web.console.conftest import ACTOR, NOW, World

TOP_UP: Final = UUID("01999999-0000-7000-8000-000000000001")


async def plans_of(tx: Transaction, world: World) -> dict[str, str]:
    """A plan, an account that subscribes to it, and money on the bank account that is nobody's yet."""
    plan = await plans.create(tx, ACTOR, "Kajplan", Terms(fee_minor=9_900), NOW)
    account = await accounts.open_account(tx, ACTOR, world.driver, AccountDetails(name="Familjen Ek"), NOW)
    holder = Holder(account_id=account)
    subscription = await subscribing.begin(tx, ACTOR, holder, plan.plan_id, NOW, zone="Europe/Stockholm")
    money = NewDeposit(form_key=new_id(), way=Way.BANKGIRO, received_on=NOW.date(), amount_minor=100)
    deposit = await deposits.book(tx, ACTOR, money, NOW, settings=world.house.settings)
    return {
        "plan_id": shown("pln", plan.plan_id),
        "account_id": shown("acc", account),
        "subscription_id": shown("sub", subscription),
        "deposit_id": shown("dep", deposit),
    }


async def cards_of(tx: Transaction, world: World) -> dict[str, str]:
    """A disputed payment of the other site's session, and a payout."""
    payment, dispute, payout = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO payment (id, purpose, session_id, driver_id, provider, provider_ref, state, currency,"
        " amount_minor, authorised_minor, captured_minor, created_at, updated_at)"
        " VALUES ($1, 'session', $2, $3, 'sandbox', 'ref-2', 'captured', 'SEK', 4900, 4900, 4900, $4, $4)",
        payment, UUID(world.other_session[4:]), world.driver, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payment_dispute (id, payment_id, provider, provider_ref, state, currency, amount_minor, opened_at,"
        " updated_at) VALUES ($1, $2, 'sandbox', 'dp_1', 'needs_response', 'SEK', 4900, $3, $3)",
        dispute, payment, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payout (id, provider, provider_ref, state, currency, amount_minor, arrives_on, made_at)"
        " VALUES ($1, 'sandbox', 'po_1', 'paid', 'SEK', 4900, $2, $3)",
        payout, NOW.date(), NOW,
    )  # fmt: skip
    return {"dispute_id": shown("dsp", dispute), "payout_id": shown("pot", payout)}


async def direct_debit_of(tx: Transaction, world: World) -> dict[str, str]:
    """A mandate, a collection by it, and the file that it stands in."""
    mandate, collection, file = new_id(), new_id(), new_id()
    await tx.execute(
        "INSERT INTO mandate (id, scheme, payer_number, driver_id, channel, state, created_at, updated_at)"
        " VALUES ($1, 'autogiro', '0000000000010009', $2, 'paper', 'active', $3, $3)",
        mandate, world.driver, NOW,
    )  # fmt: skip
    content = b"01"
    digest = hashlib.sha256(content)
    await tx.execute(
        "INSERT INTO bank_file (id, scheme, direction, number, name, sha256, content_sealed, size, made_at)"
        " VALUES ($1, 'autogiro', 'out', 1, 'AG-1.txt', $2, $3, 2, $4)",
        file, digest.hexdigest(), sealing.sealed(world.house.secrets, content, digest.digest()), NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO collection (id, kind, scheme, mandate_id, payment_id, attempt, reference, amount_minor, currency,"
        " due_on, state, file_id, created_at, updated_at)"
        " SELECT $1, 'collect', 'autogiro', $2, id, 1, 'F2026-00001-1', 100, 'SEK',"
        " $3::timestamptz::date, 'sent', $4, $3, $3"
        " FROM payment LIMIT 1",
        collection, mandate, NOW, file,
    )  # fmt: skip
    return {
        "mandate_id": shown("man", mandate),
        "collection_id": shown("col", collection),
        "bank_file_id": shown("bnk", file),
    }


async def balances_of(tx: Transaction, world: World) -> dict[str, str]:
    """A batch of prepaid cards, and a driver's wish to get a balance back; with it a payment into that balance."""
    batch, refund = new_id(), new_id()
    await tx.execute(
        "INSERT INTO prepaid_batch (id, name, cards, amount_minor, currency, purpose, vat_percent, created_at,"
        " created_by) VALUES ($1, 'Kiosken', 1, 100, 'SEK', 'multi', 25, $2, 'x')",
        batch, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO prepaid_card (id, batch_id, place, code_hash, code_end, state)"
        " VALUES ($1, $2, 1, 'x', 'ABCD', 'made')",
        new_id(), batch,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO wallet_refund (id, driver_id, state, currency, amount_minor, asked_at, closed_at)"
        " VALUES ($1, $2, 'withdrawn', 'SEK', 100, $3, $3)",
        refund, world.driver, NOW,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO payment (id, purpose, driver_id, provider, state, currency, amount_minor, authorised_minor,"
        " captured_minor, created_at, updated_at)"
        " VALUES ($1, 'top_up', $2, 'sandbox', 'captured', 'SEK', 100, 100, 100, $3, $3)",
        TOP_UP, world.driver, NOW,
    )  # fmt: skip
    return {"prepaid_id": shown("ppb", batch), "wallet_refund_id": shown("wre", refund)}
