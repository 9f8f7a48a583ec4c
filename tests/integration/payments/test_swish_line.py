"""The whole rail against Swish on a socket: TLS with certificates both ways, callbacks to our own door over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from litestar import Litestar
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Unavailable
from laddverk.payments import service
from laddverk.payments.model import RefundState, State
from laddverk.payments.providers.sandbox_swish import NUMBER, Fault, Memory, Mood, Swish, Thing
from laddverk.payments.swish import rules
from laddverk.payments.swish import service as page
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from laddverk.web.app import create_app
from tests import pki
from tests.doubles.swish_simulator import serving
from tests.integration.payments.conftest import Street, street_on


def written(folder: Path, entity: pki.Entity, name: str) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_text(entity.pem)
    key.write_bytes(
        entity.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, key


@dataclass
class Line:
    """A house, Swish at the other end, and what Swish wants to call back."""

    street: Street
    swish: Swish
    callbacks: list[tuple[str, Thing]] = field(default_factory=list)
    app: Litestar | None = None

    def kept(self, kind: str) -> dict[str, Thing]:
        assert isinstance(self.swish.books, Memory)
        return self.swish.books.kept[kind]

    async def called_back(self, times: int = 1) -> None:
        """Bring all callbacks to our door, and do what follows."""
        while self.callbacks:
            waiting, self.callbacks = self.callbacks, []
            for url, thing in waiting * times:
                assert await self.post(url, thing) == 200
            await self.street.settle()

    async def post(self, url: str, thing: Thing) -> int:
        self.app = self.app or create_app(self.street.house)
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://laddverk.example") as door:
            answer = await door.post(urlsplit(url).path, content=msgspec.json.encode(thing))
        return answer.status_code

    async def opened(self, amount_minor: int = 30_000) -> PaymentId:
        opened = await service.open_adhoc(
            self.street.house, start_request_id=await self.street.start(), amount_minor=amount_minor,
            return_url="https://laddverk.example/s/abc", now=self.street.now(), provider="swish",
        )  # fmt: skip
        return opened.payment_id

    async def paid(self) -> PaymentId:
        payment_id = await self.opened()
        await self.swish.pay(next(reversed(self.kept("payment"))))
        await self.called_back()
        return payment_id


@pytest.fixture
async def line(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Line]:
    root = pki.entity("Swish root", ca=True)
    authority, _ = written(tmp_path, root, "root")
    server = written(tmp_path, pki.entity("swish", root, address="127.0.0.1"), "server")
    merchant, key = written(tmp_path, pki.entity(NUMBER, root), "merchant")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(*server)
    swish = Swish()
    async with serving(swish, tls) as served:
        settings = Settings(
            demo=True, public_url="https://laddverk.example", swish_number=NUMBER, swish_certificate=merchant,
            swish_key=key, swish_authority=authority, swish_url=served.url,
        )  # fmt: skip
        line = Line(await street_on(database, monkeypatch, settings), swish)

        async def call_back(url: str, thing: Thing, _mood: Mood) -> None:
            line.callbacks.append((url, thing))

        swish.call_back = call_back
        yield line


async def test_a_charge_is_paid_used_and_the_rest_sent_back(line: Line) -> None:
    payment_id = await line.paid()
    assert (await line.street.payment(payment_id)).state == State.AUTHORISED
    await line.street.priced(await line.street.session(12_345, payment_id))
    (refund,) = line.kept("refund")
    assert line.kept("refund")[refund]["amount"] == 176.55
    await line.swish.settle_refund(refund)
    await line.called_back(times=3)
    payment = await line.street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.refunded_minor) == (State.CAPTURED, 30_000, 17_655)


async def test_the_link_and_the_code_are_those_of_the_real_app(line: Line) -> None:
    payment_id = await line.opened()
    key = rules.page_key(line.street.house.secrets, payment_id)
    shown = await page.page(line.street.house, key, line.street.now())
    (made,) = line.kept("payment").values()
    assert shown.code == f"D{made['token']}"
    back = f"https%3A%2F%2Fladdverk.example%2Fpay%2Fswish%2F{key}"
    assert shown.app_link == f"swish://paymentrequest?token={made['token']}&callbackurl={back}"
    assert made["message"] == "Elbilsladdning, betald i förväg"


async def test_f11_another_swish_in_the_app_is_told_by_swish_itself(line: Line) -> None:
    for number in range(2):
        key = rules.page_key(line.street.house.secrets, await line.opened())
        if number:
            with pytest.raises(Exception, match="Another Swish is open"):
                await page.to_phone(line.street.house, key, "0701234567", line.street.now(), "sv")
        else:
            await page.to_phone(line.street.house, key, "0701234567", line.street.now(), "sv")


@pytest.mark.parametrize("does", ["drop_after", "error_after", "drop_before", "error_before"])
async def test_f02_a_request_whose_answer_is_lost_is_closed_before_the_next(line: Line, does: str) -> None:
    line.swish.faults.append(Fault("PUT", does))
    with pytest.raises(Unavailable):
        await line.opened()
    start = await line.street.value("SELECT start_request_id FROM payment")
    opened = await service.open_adhoc(
        line.street.house, start_request_id=start, amount_minor=30_000, return_url="/s/abc", now=line.street.now(),
        provider="swish",
    )  # fmt: skip
    assert sum(made["status"] == "CREATED" for made in line.kept("payment").values()) == 1, "one can be paid"
    assert await line.street.value("SELECT count(*) FROM payment") == 1
    await line.swish.pay(next(reversed(line.kept("payment"))))
    await line.called_back()
    assert (await line.street.payment(opened.payment_id)).state == State.AUTHORISED


@pytest.mark.parametrize("does", ["drop_after", "error_after", "drop_before", "error_before"])
async def test_f02_a_refund_whose_answer_is_lost_is_made_once(line: Line, does: str) -> None:
    payment_id = await line.paid()
    line.swish.faults.append(Fault("PUT .*refunds", does))
    await line.street.priced(await line.street.session(10_000, payment_id))
    await line.street.later(minutes=2)
    (refund,) = line.kept("refund")
    await line.swish.settle_refund(refund)
    await line.called_back()
    assert (await line.street.payment(payment_id)).refunded_minor == 20_000
    refunds = await line.street.value("SELECT array_agg(state) FROM payment_refund")
    assert refunds == [RefundState.SUCCEEDED]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_f04_callbacks_in_any_order_and_twice_end_in_the_same_state(line: Line, order: tuple[int, ...]) -> None:
    payment_id = await line.opened()
    key = rules.page_key(line.street.house.secrets, payment_id)
    first = next(iter(line.kept("payment")))
    await line.swish.end(first, "TM01")
    await line.called_back()
    await page.again(line.street.house, key, line.street.now(), "sv")
    second = next(reversed(line.kept("payment")))
    await line.swish.pay(second)
    url, told = line.callbacks.pop()
    stale: list[dict[str, Any]] = [{**told, "id": first, "status": "ERROR"}, {**told, "status": "CREATED"}, told]
    for index in order:
        for _ in range(2):
            assert await line.post(url, stale[index]) == 200
            await line.street.settle()
    payment = await line.street.payment(payment_id)
    assert (payment.state, payment.captured_minor) == (State.AUTHORISED, 30_000)
    assert line.street.names() == ["PaymentAuthorised"]


async def test_f18_money_that_came_while_we_were_down_is_found(line: Line) -> None:
    payment_id = await line.opened()
    await line.swish.pay(next(iter(line.kept("payment"))))
    line.callbacks.clear()
    await line.street.later(minutes=1)
    assert (await line.street.payment(payment_id)).state == State.AUTHORISED


async def test_a_certificate_that_swish_does_not_know_says_so_and_reserves_nothing(line: Line, tmp_path: Path) -> None:
    stranger, key = written(tmp_path, pki.entity(NUMBER), "stranger")
    house = line.street.house
    house.settings = replace(house.settings, swish_certificate=stranger, swish_key=key)
    with pytest.raises(Unavailable):
        await line.opened()
    assert line.kept("payment") == {}


async def test_amounts_that_swish_does_not_take_are_refused_in_plain_words(line: Line) -> None:
    with pytest.raises(Exception, match="This amount cannot be reserved"):
        await line.opened(99)


async def test_f11_two_presses_at_once_are_one_request(line: Line) -> None:
    start = await line.street.start()
    answer = line.swish.answer

    async def slow(method: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        await asyncio.sleep(0.6)
        return await answer(method, path, body)

    line.swish.answer = slow  # type: ignore[method-assign] # the same Swish, in no hurry
    pages = await asyncio.gather(
        *(
            service.open_adhoc(
                line.street.house, start_request_id=start, amount_minor=30_000, return_url="/s/abc",
                now=line.street.now(), provider="swish",
            )
            for _ in range(3)
        )
    )  # fmt: skip
    assert len({opened.url for opened in pages}) == 1
    assert [made["status"] for made in line.kept("payment").values()] == ["CREATED"]
