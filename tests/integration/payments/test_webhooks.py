"""The door for webhooks: forged, replayed, unknown and strange ones do nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.payments import service, store
from laddverk.payments.model import State
from laddverk.payments.providers.port import Forged
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import Application, application, key_of
from laddverk.payments.providers.signatures import signed
from laddverk.platform.database import Database
from tests.integration.payments.conftest import Street


def message(street: Street, kind: str = "payment.captured", **payment: object) -> tuple[dict[str, str], bytes]:
    """A body with a good signature."""
    body = msgspec.json.encode({"id": "evt_1", "type": kind, "payment": payment})
    return {"Sandbox-Signature": signed(key_of(street.house.secrets, "webhook"), body, street.now())}, body


async def received(street: Street) -> int:
    return int(await street.value("SELECT count(*) FROM webhook_inbox"))


@pytest.mark.failure_mode(4, 5)
async def test_a_lie_with_a_good_signature_only_makes_us_look_at_the_truth(street: Street) -> None:
    _, payment_id, url = await street.opened()
    ref = url.rpartition("/")[2]
    headers, body = message(street, order_id=str(payment_id), ref=ref, status="captured", captured_minor=30_000)
    await service.receive_webhook(street.house, "sandbox", headers, body)
    await street.settle()
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor) == (State.CHECKOUT, 0)


@pytest.mark.failure_mode(5)
async def test_forged_and_old_messages_are_not_even_kept(street: Street) -> None:
    headers, body = message(street, order_id=str(new_id()), ref="x")
    for changed in (body + b" ", body.replace(b"captured", b"refunded"), b""):
        with pytest.raises(Forged):
            await service.receive_webhook(street.house, "sandbox", headers, changed)
    street.offset = timedelta(seconds=301)
    with pytest.raises(Forged):
        await service.receive_webhook(street.house, "sandbox", headers, body)
    assert await received(street) == 0


@pytest.mark.failure_mode(3)
async def test_a_replayed_message_is_kept_once_and_counted(street: Street) -> None:
    headers, body = message(street, order_id=str(new_id()), ref="x")
    for _ in range(4):
        await service.receive_webhook(street.house, "sandbox", headers, body)
    await street.settle()
    assert await received(street) == 1
    assert await street.value("SELECT copies FROM webhook_inbox WHERE processed_at IS NOT NULL") == 4


async def test_signed_nonsense_and_unknown_providers_are_refused(street: Street) -> None:
    for body in (b"[]", b"{", b'{"id": 1}', b"null"):
        headers = {"sandbox-signature": signed(key_of(street.house.secrets, "webhook"), body, street.now())}
        with pytest.raises(Invalid):
            await service.receive_webhook(street.house, "sandbox", headers, body)
    for provider in ("stripe", "../sandbox", ""):
        with pytest.raises(NotFound):
            await service.receive_webhook(street.house, provider, {}, b"{}")


async def test_the_bank_opens_its_interface_to_us_alone(street: Street) -> None:
    carry = in_process(application(street.house))
    assert await carry("GET", f"/sandbox/api/orders/{new_id()}", {}, b"") == (401, b"")
    assert await carry("GET", f"/sandbox/api/orders/{new_id()}", {"authorization": "Bearer x"}, b"") == (401, b"")
    assert (await carry("GET", "/sandbox/pay/pi_sandbox_nothing", {}, b""))[0] == 404


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(store).items():
            if name.isupper() and isinstance(text, str) and name != "NOT_GIVEN_BACK":  # a part of others
                await tx.connection.prepare(text)


async def test_the_page_may_lead_back_to_where_the_person_came_from_and_nowhere_else(street: Street) -> None:
    start = await street.start()
    for back, allowed in (("https://ladda.example/s/1", " https://ladda.example"), ("/s/1", ""), ("http://x y;z/", "")):
        page = await service.open_adhoc(
            street.house, start_request_id=start, amount_minor=30_000, return_url=back, now=street.now()
        )
        sent = await spoken(application(street.house), page.url)
        policy = dict(sent["headers"])[b"content-security-policy"].decode()
        assert policy.endswith("form-action 'self'" + allowed)
        await street.pay(page.url, do="cancel")
        await street.settle()


async def test_beside_the_house_itself_the_way_back_is_a_path(street: Street) -> None:
    back = street.house.settings.web_url + "/s/1"
    page = await service.open_adhoc(
        street.house, start_request_id=await street.start(), amount_minor=30_000, return_url=back, now=street.now()
    )
    await street.pay(page.url)
    sent = await spoken(application(street.house), page.url)
    assert (sent["status"], dict(sent["headers"])[b"location"]) == (303, b"/s/1")


async def spoken(app: Application, path: str) -> dict[str, Any]:
    """Ask for a page and return the start of the answer."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return dict(sent[0])
