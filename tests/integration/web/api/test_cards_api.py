"""The API's disputes and payouts: what tools of an operator's books read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.payments.payouts import service as payouts
from laddverk.payments.payouts.model import ItemKind, ItemSeen, PayoutSeen, PayoutState
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.web.api.test_api import with_scopes
from tests.network import Network, network_on

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as found:
        yield found


@pytest.fixture
async def client(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as opened:
        yield opened


async def test_payouts_and_disputes_are_told_to_who_may_see_payments(
    network: Network, client: httpx.AsyncClient
) -> None:
    payment, dispute = new_id(), new_id()
    seen = PayoutSeen(
        provider_ref="po_1", state=PayoutState.PAID, currency="SEK", amount_minor=19_340, arrives_on=date(2026, 11, 20),
        made_at=AT,
    )  # fmt: skip
    items = [
        ItemSeen(
            provider_ref=f"txn_{number}", kind=ItemKind.CHARGE, amount_minor=10_000, fee_minor=330, net_minor=9_670,
            at=AT, payment_ref=ref,
        )
        for number, ref in enumerate(("pi_1", "pi_stranger"))
    ]  # fmt: skip
    async with network.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, provider, provider_ref, state, currency, amount_minor,"
            " authorised_minor, captured_minor, created_at, updated_at)"
            " VALUES ($1, 'session', 'stripe', 'pi_1', 'captured', 'SEK', 10000, 10000, 10000, $2, $2)",
            payment, AT,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO payment_dispute (id, payment_id, provider, provider_ref, state, reason, currency,"
            " amount_minor, opened_at, updated_at)"
            " VALUES ($1, $2, 'stripe', 'dp_1', 'needs_response', 'fraudulent', 'SEK', 10000, $3, $3)",
            dispute, payment, AT,
        )  # fmt: skip
        payout = await payouts.keep(tx, "stripe", seen, items, AT)

    program = await with_scopes(network, client, Permission.PAYMENTS_READ)
    (told,) = (await program("GET", "/payouts?state=differs")).json()["items"]
    assert (told["id"], told["difference_minor"], told["unmatched"]) == (shown("pot", payout), 9_670, 1)
    listed = (await program("GET", f"/payouts/{told['id']}/items?kind=problem")).json()
    assert [(item["provider_ref"], item["problem"]) for item in listed["items"]] == [("txn_1", "unknown")]
    (known,) = (await program("GET", f"/payouts/{told['id']}/items?search=txn_0")).json()["items"]
    assert known["payment_id"] == shown("pay", payment)
    (waiting,) = (await program("GET", "/disputes?state=waiting")).json()["items"]
    assert waiting["payment_id"] == shown("pay", payment)
    assert (await program("GET", f"/disputes/{shown('dsp', dispute)}")).json()["state"] == "needs_response"
    for path in (f"/disputes/{shown('dsp', new_id())}", f"/payouts/{shown('pot', new_id())}/items"):
        assert (await program("GET", path)).status_code == 404
    other = await with_scopes(network, client, Permission.STATIONS_READ)
    for path in ("/payouts", "/disputes"):
        assert (await other("GET", path)).status_code == 403
