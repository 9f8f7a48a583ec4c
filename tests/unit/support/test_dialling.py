"""Which numbers may be rung."""

import pytest

from laddverk.platform.settings import Settings
from laddverk.support.phone.desk import may_ring


@pytest.mark.parametrize(
    ("allowed", "phone", "may"),
    [
        (Settings().phone_calls_to, "+46701234567", True),
        (Settings().phone_calls_to, "+35840123456", True),
        (Settings().phone_calls_to, "+469391234567", False),
        (Settings().phone_calls_to, "+4917012345678", False),
        ("+46, +49", "+4917012345678", True),
        ("", "+46701234567", False),
        ("!+46", "+46701234567", False),
        (",", "+46701234567", False),
    ],
)  # fmt: skip
def test_a_number_is_rung_where_its_beginning_is_allowed_and_not_taken_out(allowed, phone, may):
    assert may_ring(allowed, phone) is may


@pytest.mark.parametrize(
    "phone",
    [
        "+469001234567", "+469391234567", "+469441234567", "+46991234567",  # content by the call; votes
        "+4782012345", "+4782912345",  # 820 is of use, 829 for fun; both on the bill
        "+4590123456",
        "+358600123456", "+358606123456", "+358700123456", "+358708123456",  # content; what is paid for by phone
        "+358100123456", "+358200123456", "+358300123456", "+358202012345", "+358209812345",  # services
        "+358751001234", "+358752001234",  # directory enquiries, which connect on
    ],
)  # fmt: skip
def test_numbers_that_cost_more_are_not_rung_in_any_of_the_four_countries(phone):
    assert not may_ring(Settings().phone_calls_to, phone)


@pytest.mark.parametrize(
    "phone",
    [
        "+46701234567", "+46812345678", "+46101234567", "+46981123456",
        "+4721234567", "+4741234567", "+4798765432",
        "+4520123456", "+4591123456", "+4570123456",
        "+358401234567", "+358501234567", "+35891234567", "+358101234567", "+358201234567", "+358202112345",
    ],
)  # fmt: skip
def test_mobile_and_fixed_numbers_of_all_four_countries_are_rung(phone):
    assert may_ring(Settings().phone_calls_to, phone)
