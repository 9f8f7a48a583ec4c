"""Bank accounts as people write them, and how mandates and collections go forward."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.payments.direct_debit import mandate_rules as rules
from laddverk.payments.direct_debit.model import BankAccount

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clearing", "account", "person", "wanted"),
    [
        ("5001", "1000020", "900101-2385", BankAccount("5001000001000020", "199001012385")),
        ("8901-5", "323 232 32 32", "19900101-2385", BankAccount("8901003232323232", "199001012385")),
        ("3300", "1212121212", "121212+1212", BankAccount("3300001212121212", "191212121212")),
        ("5001", "1000020", "556677-8899", BankAccount("5001000001000020", "005566778899")),
    ],
)
def test_an_account_is_written_as_bankgirot_wants_it(
    clearing: str, account: str, person: str, wanted: BankAccount
) -> None:
    assert rules.swedish_account(clearing, account, person, TODAY) == wanted


@pytest.mark.parametrize(
    ("clearing", "account", "person", "field"),
    [
        ("500", "1000020", "9001012385", "clearing"),
        ("50011", "1000020", "9001012385", "clearing"),
        ("0999", "1000020", "9001012385", "clearing"),
        ("5001", "1234", "9001012385", "account"),
        ("5001", "12a4567", "9001012385", "account"),
        ("5001", "1" * 13, "9001012385", "account"),
        ("5001", "1000020", "9001012384", "person"),
        ("5001", "1000020", "", "person"),
        ("5001", "1000020", "٩٠٠١٠١٢٣٨٥", "person"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_its_field(
    clearing: str, account: str, person: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        rules.swedish_account(clearing, account, person, TODAY)
    assert caught.value.field == field
    assert caught.value.remedy


def test_an_iban_is_checked_by_its_digits() -> None:
    assert rules.euro_account("DE89 3704 0044 0532 0130 00", "").account == "DE89370400440532013000"
    for wrong in ("DE88370400440532013000", "DE89", "", "89DE370400440532013000", "DE89370400440532013000' OR 1"):
        with pytest.raises(Invalid) as caught:
            rules.euro_account(wrong, "")
        assert caught.value.field == "account"
    with pytest.raises(Invalid) as caught:
        rules.euro_account("DE89370400440532013000", "COBA")
    assert caught.value.field == "bic"


@pytest.mark.parametrize("number", [1000, 1001, 99_999, 10**14])
def test_a_payer_number_has_16_digits_and_a_check_digit(number: int) -> None:
    shown = rules.payer_number(number)
    assert len(shown) == 16
    assert rules.luhn_holds(shown)
    assert int(shown) // 10 == number
