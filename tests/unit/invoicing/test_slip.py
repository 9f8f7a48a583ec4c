"""Bankgiro numbers, references and the codes on paper, against numbers worked out by hand."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from laddverk.invoicing import buyers, slip
from laddverk.invoicing.buyers import BuyerFacts
from laddverk.invoicing.rules import luhn_digit, reference_of
from laddverk.kernel.problems import Invalid


@pytest.mark.parametrize(
    ("text", "written"), [("50501055", "5050-1055"), ("5050-1055", "5050-1055"), ("991 2346", "991-2346")]
)
def test_a_bankgiro_number_is_written_with_its_hyphen(text: str, written: str) -> None:
    assert slip.bankgiro(text) == written


@pytest.mark.parametrize("text", ["50501056", "505010", "5050-10555", "bankgiro", "\u0665\u0660\u0665\u0660-1055"])
def test_a_wrong_bankgiro_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        slip.bankgiro(text)


def test_a_reference_fits_every_level_of_bankgirot() -> None:
    """Check digit (soft and hard), length digit, and one length for all: none has to be chosen."""
    references = [reference_of("invoice", year, number) for year in (2026, 2099) for number in (1, 42, 999_999)]
    assert references[1] == "12600004217"  # 1 26 000042, length 11 -> 1, check digit 7
    for reference in references:
        assert len(reference) == 11
        assert reference[-2] == str(len(reference) % 10)
        assert luhn_digit(reference[:-1]) == reference[-1]


def test_the_code_for_bank_apps_says_payee_account_reference_and_amount() -> None:
    text = slip.using_qr(
        payee="Västkustens Laddnät AB", org_number="559123-4567", reference="12600004217", issued_on=date(2026, 11, 2),
        due_on=date(2026, 12, 2), amount_minor=123_450, vat_minor=24_690, account="5050-1055",
    )  # fmt: skip
    assert msgspec.json.decode(text) == {
        "uqr": 1, "tp": 1, "nme": "Västkustens Laddnät AB", "cid": "559123-4567", "iref": "12600004217",
        "idt": "20261102", "ddt": "20261202", "due": 1234.5, "vat": 246.9, "cur": "SEK", "pt": "BG",
        "acc": "5050-1055",
    }  # fmt: skip
    assert '"due":1234.50' in text


def test_the_code_for_swish_is_that_of_its_specification() -> None:
    assert slip.swish_qr("1237856901", 10_000, "12229445") == "C1237856901;100,00;12229445;0"
    assert slip.swish_qr("1237856901", 105, "a;b c") == "C1237856901;1,05;a%3Bb%20c;0"


@pytest.mark.parametrize(
    ("amount", "asked"), [(16_474, 16_500), (16_449, 16_400), (16_450, 16_500), (40, 0), (50, 100), (100, 100)]
)
def test_f41_only_what_is_paid_from_a_bank_is_rounded_half_up(amount: int, asked: int) -> None:
    assert slip.asked_minor(amount, whole_kronor=True) == asked
    assert slip.asked_minor(amount, whole_kronor=False) == amount


def company(**changed: object) -> BuyerFacts:
    return BuyerFacts(**{"name": "Brf Hamnen 3", "org_number": "5560160680", **changed})  # type: ignore[arg-type]


def test_a_buyers_numbers_are_kept_as_they_are_written() -> None:
    kept = buyers.checked(company(vat_number="se 556016-068001", email=" Ekonomi@Brf.se ", org_number="165560160680"))
    assert (kept.org_number, kept.vat_number, kept.email) == ("556016-0680", "SE556016068001", "ekonomi@brf.se")


def test_a_company_from_abroad_has_a_vat_number_instead() -> None:
    assert buyers.checked(company(org_number="", vat_number="DK 12345674")).vat_number == "DK12345674"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"org_number": "5560160681"}, "org_number"),
        ({"org_number": "8112289874"}, "org_number"),  # a person's: the third digit is below 2
        ({"vat_number": "SE556016068101"}, "vat_number"),
        ({"vat_number": "SE55601606800"}, "vat_number"),
        ({"org_number": ""}, "org_number"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"address": "a\x00b"}, "address"),
        ({"terms_days": 91}, "terms_days"),
        ({"email": "nobody"}, "email"),
        ({"kind": "ghost"}, "kind"),
        ({"kind": "person"}, "org_number"),
    ],
)
def test_what_cannot_be_right_is_named(changed: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        buyers.checked(company(**changed))
    assert refused.value.field == field
