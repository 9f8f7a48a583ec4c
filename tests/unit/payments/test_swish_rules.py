"""Numbers, addresses and codes of Swish, as people and Swish write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.problems import Invalid
from laddverk.payments.model import Outside, Payment, Purpose, Snapshot, State, Wish
from laddverk.payments.swish import rules
from laddverk.platform.languages import gettext_for
from laddverk.platform.settings import Secrets

SECRETS = Secrets(b"p" * 32, b"l" * 32)


@pytest.mark.parametrize(
    "written",
    [
        "070 123 45 67",
        "070-1234567",
        "0701234567",
        "+46701234567",
        "+46 (0)70 123 45 67",
        "0046701234567",
        "46701234567",
    ],
)
def test_a_phone_number_is_read_as_people_write_it(written: str) -> None:
    assert rules.phone(written) == "46701234567"


@pytest.mark.parametrize("written", ["", "070", "abc", "+1 202 555 0100", "46" * 20, "070123456x", "\x00"])
def test_what_is_no_number_that_swish_takes_is_refused(written: str) -> None:
    with pytest.raises(Invalid):
        rules.phone(written)


def test_the_address_of_a_page_cannot_be_made_up() -> None:
    payment = PaymentId(new_id())
    key = rules.page_key(SECRETS, payment)
    assert rules.payment_of_page(SECRETS, key) == payment
    for wrong in ("", payment.hex, key[:-1], key + "0", key[:-1] + ("0" if key[-1] != "0" else "1"), "å" * 56):
        assert rules.payment_of_page(SECRETS, wrong) is None
    assert rules.callback_secret(SECRETS, payment) != rules.callback_secret(SECRETS, PaymentId(new_id()))


def test_a_number_is_known_again_and_cannot_be_read_back() -> None:
    mark = rules.fingerprint(SECRETS, "46701234567")
    assert mark == rules.fingerprint(SECRETS, "46701234567")
    assert mark != rules.fingerprint(Secrets(b"p" * 32, b"m" * 32), "46701234567")


def test_a_page_that_the_clock_closed_has_run_out_and_one_that_its_payer_closed_has_not() -> None:
    opened = datetime(2026, 5, 1, 12, tzinfo=UTC)
    payment = Payment(
        id=PaymentId(new_id()), purpose=Purpose.SESSION, state=State.CHECKOUT, currency="SEK", amount_minor=30_000,
        created_at=opened, updated_at=opened,
    )  # fmt: skip
    by_clock = rules.snapshot(payment, [], opened + rules.PAGE_OPEN_FOR)
    by_payer = rules.snapshot(replace(payment, wish=Wish.CANCEL), [], opened)
    assert (by_clock.failure_code, by_clock.has_run_out) == (rules.TIME_RAN_OUT, True)
    assert by_payer == Snapshot(status=Outside.CANCELLED)
    assert rules.words_for(rules.NOT_APPROVED) == rules.words_for(rules.TIME_RAN_OUT) == rules.TIMED_OUT


def test_every_code_has_its_words_in_swedish_too() -> None:
    swedish = gettext_for("sv")
    for code in (*rules.WORDS, "XX99", None):
        words = rules.words_for(code)
        assert swedish(words) != words, code
