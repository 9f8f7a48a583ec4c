"""The Swish client against our simulator, and the simulator against two clients that others wrote: TLS both ways."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import getswish
import httpx
import pytest
import swish
from cryptography.hazmat.primitives import serialization
from getswish.environments import Certificate, Certificates, Environment

from laddverk.kernel.ids import new_id
from laddverk.payments.providers.port import Refused, Unanswered
from laddverk.payments.providers.sandbox_swish import NUMBER, Fault, Memory, Swish
from laddverk.payments.providers.swish_api import (
    Instruction,
    RefundInstruction,
    SwishApi,
    client_for,
    in_kronor,
    in_minor,
    instruction_id,
    spoken,
)
from tests import pki
from tests.doubles.swish_simulator import serving

CALLBACK = "https://laddverk.example/webhooks/swish"


@dataclass
class Line:
    """Swish at the end of a line with certificates on both sides."""

    swish: Swish
    api: SwishApi
    url: str
    authority: str
    certificate: str
    key: str


def written(path: Path, entity: pki.Entity) -> tuple[Path, Path]:
    key = entity.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = path.with_suffix(".pem")
    certificate.write_text(entity.pem)
    path.with_suffix(".key").write_bytes(key)
    return certificate, path.with_suffix(".key")


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    root = pki.entity("Swish root", ca=True)
    authority, _ = written(tmp_path / "root", root)
    server, server_key = written(tmp_path / "server", pki.entity("swish", root, address="127.0.0.1"))
    merchant, merchant_key = written(tmp_path / "merchant", pki.entity(NUMBER, root))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(server, server_key)
    simulator = Swish()
    async with (
        serving(simulator, tls) as served,
        client_for(served.url, merchant, merchant_key, authority) as client,
    ):
        api = SwishApi(client, NUMBER)
        yield Line(simulator, api, served.url, str(authority), str(merchant), str(merchant_key))


def kept(line: Line, kind: str) -> dict[str, dict[str, object]]:
    assert isinstance(line.swish.books, Memory)
    return line.swish.books.kept[kind]


def from_thread() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return how a client in a thread lets something happen at Swish meanwhile."""
    loop = asyncio.get_running_loop()
    return lambda happens: asyncio.run_coroutine_threadsafe(happens, loop).result(10)


def wanted(amount_minor: int = 123_45, payer: str | None = None, message: str = "Laddning Hamngatan 1") -> Instruction:
    return Instruction(
        id=new_id(),
        amount_minor=amount_minor,
        reference="LV1001",
        message=message,
        callback_url=CALLBACK,
        callback_identifier="0123456789ABCDEF0123456789ABCDEF",
        payer_alias=payer,
    )


async def test_a_payment_by_token_is_paid_and_sent_back_in_part(line: Line) -> None:
    asked = wanted()
    token = await line.api.request_payment(asked)
    assert token
    assert await line.api.qr_code(token) == b"<svg>" + token.encode()
    await line.swish.pay(instruction_id(asked.id))
    paid = await line.api.payment(asked.id)
    assert paid is not None
    assert (paid.status, in_minor(paid.amount)) == ("PAID", 123_45)
    assert paid.payment_reference
    back = RefundInstruction(
        id=new_id(), payment_reference=paid.payment_reference, amount_minor=23_45, reference="R1", message="Rest",
        callback_url=CALLBACK, callback_identifier="x" * 32,
    )  # fmt: skip
    await line.api.refund(back)
    await line.api.refund(back)
    assert await line.swish.refunded(paid.payment_reference) == Decimal("23.45"), "carried out once"
    await line.swish.settle_refund(instruction_id(back.id))
    seen = await line.api.refunded(back.id)
    assert seen is not None
    assert seen.status == "PAID"


async def test_a_payment_to_a_number_has_no_token_and_one_at_a_time(line: Line) -> None:
    asked = wanted(payer="46701234567")
    assert await line.api.request_payment(asked) is None
    with pytest.raises(Refused) as refused:
        await line.api.request_payment(wanted(payer="46701234567"))
    assert refused.value.code == "RP06", "failure mode 11: the payer has one request open already"
    assert (await line.api.cancel(asked.id)).status == "CANCELLED"
    with pytest.raises(Refused) as late:
        await line.api.cancel(asked.id)
    assert late.value.code == "RP07"
    assert await line.api.request_payment(wanted(payer="46701234567")) is None


@pytest.mark.parametrize("does", ["drop_after", "error_after"])
async def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_done_twice(line: Line, does: str) -> None:
    asked = wanted()
    line.swish.faults.append(Fault("PUT", does))
    with pytest.raises(Unanswered):
        await line.api.request_payment(asked)
    assert await line.api.request_payment(asked) is None, "the same id again: nothing new is made"
    assert len(kept(line, "payment")) == 1
    found = await line.api.payment(asked.id)
    assert found is not None
    assert found.status == "CREATED"


@pytest.mark.parametrize("does", ["drop_before", "error_before", "garbage"])
async def test_what_never_came_there_is_not_known(line: Line, does: str) -> None:
    asked = wanted()
    line.swish.faults.append(Fault("GET", does))
    with pytest.raises(Unanswered):
        await line.api.payment(asked.id)
    assert await line.api.payment(asked.id) is None


@pytest.mark.parametrize("code", ["RF07", "BANKIDCL", "TM01", "ACMT03"])
async def test_a_payer_who_says_no_is_told_with_the_reason(line: Line, code: str) -> None:
    asked = wanted(message=code)
    await line.api.request_payment(asked)
    seen = await line.api.payment(asked.id)
    assert seen is not None
    assert seen.status in ("DECLINED", "ERROR")
    assert seen.error_code == code


@pytest.mark.parametrize(("change", "code"), [({"amount_minor": 99}, "AM06"), ({"payer": "0701234567"}, "BE18")])
async def test_what_swish_refuses_at_once_has_its_code(line: Line, change: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        await line.api.request_payment(wanted(**change))  # type: ignore[arg-type]  # one of two shapes
    assert refused.value.code == code


async def test_a_consent_is_opened_debited_and_ended(line: Line) -> None:
    consent, first, second = new_id(), new_id(), new_id()
    assert await line.api.open_consent(consent, CALLBACK)
    with pytest.raises(Refused):
        await line.api.debit(first, consent, 50_00, "LV1", "Laddning", CALLBACK)
    await line.swish.approve(instruction_id(consent))
    seen = await line.api.consent(consent)
    assert seen is not None
    assert seen.status == "ACTIVE"
    await line.api.debit(first, consent, 50_00, "LV1", "Laddning", CALLBACK)
    await line.api.debit(first, consent, 50_00, "LV1", "Laddning", CALLBACK)
    assert len(kept(line, "debit")) == 1, "the same id is debited once"
    await line.swish.settle_debit(instruction_id(first))
    paid = await line.api.debited(first)
    assert paid is not None
    assert (paid.status, bool(paid.payment_reference)) == ("PAID", True)
    await line.api.end_consent(consent)
    await line.api.end_consent(new_id())
    with pytest.raises(Refused):
        await line.api.debit(second, consent, 50_00, "LV2", "Laddning", CALLBACK)
    assert await line.api.debited(second) is None


async def test_without_the_merchants_certificate_nothing_is_said(line: Line) -> None:
    context = ssl.create_default_context(cafile=line.authority)
    async with httpx.AsyncClient(base_url=line.url, verify=context) as stranger:
        with pytest.raises(Unanswered):
            await SwishApi(stranger, NUMBER).payment(new_id())
    assert line.swish.calls == []


def test_amounts_and_messages_are_written_as_swish_takes_them() -> None:
    assert [in_kronor(amount) for amount in (1, 100, 12_345, 100_00)] == ["0.01", "1.00", "123.45", "100.00"]
    assert [in_minor(Decimal(text)) for text in ("0.29", "1", "1234.5")] == [29, 100, 123450]
    assert spoken("Laddning på Kajen_2 <b>" + "x" * 60) == "Laddning på Kajen 2  b " + "x" * 27


# Two clients that others wrote: what they expect of Swish, the simulator does.


async def test_the_client_getswish_is_served(line: Line) -> None:
    environment = Environment("here", f"{line.url}/swish-cpcapi/api/", line.url, f"{line.url}/qrg-swish/api/")
    pair = Certificate(public=line.certificate, private_key=line.key)
    client = getswish.SwishClient(
        environment, Certificates(pair, Certificate(public=line.authority)), merchant_swish_number=NUMBER
    )

    happens = from_thread()

    def use() -> None:
        payment = client.create_payment(100, CALLBACK, message="Hej")
        assert payment.payment_request_token
        assert client.retrieve_payment(payment.id).status == "CREATED"
        happens(line.swish.pay(payment.id))
        paid = client.retrieve_payment(payment.id)
        assert (paid.status, paid.amount) == ("PAID", 100)
        refund = client.create_refund(paid.payment_reference, CALLBACK, paid.payer_alias, 40)
        happens(line.swish.settle_refund(refund.id))
        assert client.retrieve_refund(refund.id).status == "PAID"
        with pytest.raises(getswish.SwishError):
            client.create_refund(paid.payment_reference, CALLBACK, paid.payer_alias, 61)
        other = client.create_payment(100, CALLBACK, "46701234567")
        assert client.cancel_payment(other.id).status == "CANCELLED"
        consent = client.create_recurring_mcommerce_consent(CALLBACK)
        assert consent.payment_request_token
        happens(line.swish.approve(consent.consent_id))
        assert client.retrieve_recurring_consent(consent.consent_id).status == "ACTIVE"
        debit = client.create_recurring_payment(consent.consent_id, 75, CALLBACK)
        happens(line.swish.settle_debit(debit.payment_id))
        assert client.retrieve_recurring_payment(debit.payment_id).status == "PAID"
        client.delete_recurring_consent(consent.consent_id)
        with pytest.raises(getswish.SwishError):
            client.create_recurring_payment(consent.consent_id, 75, CALLBACK)

    await asyncio.to_thread(use)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:schematics")
async def test_the_client_swish_is_served(line: Line) -> None:
    environment = swish.Environment("here", f"{line.url}/swish-cpcapi/api/", f"{line.url}/qrg-swish/api/v1/")
    client = swish.SwishClient(environment, NUMBER, (line.certificate, line.key), line.authority)

    happens = from_thread()

    def use() -> None:
        payment = client.create_payment(100, "SEK", CALLBACK, message="Hej")
        assert client.get_payment(payment.id).status == "CREATED"
        assert client.commerce_qr_code(payment.request_token, "svg")
        happens(line.swish.pay(payment.id))
        paid = client.get_payment(payment.id)
        assert paid.status == "PAID"
        refund = client.create_refund(paid.payment_reference, 100, "SEK", CALLBACK)
        happens(line.swish.settle_refund(refund.id))
        assert client.get_refund(refund.id).status == "PAID"
        other = client.create_payment(10, "SEK", CALLBACK, payer_alias="46701234567")
        assert client.cancel_payment(other.id).status == "CANCELLED"
        with pytest.raises(swish.SwishError):
            client.create_payment(100, "EUR", CALLBACK)

    await asyncio.to_thread(use)
