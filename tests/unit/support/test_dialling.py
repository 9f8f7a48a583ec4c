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
