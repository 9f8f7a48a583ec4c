"""Which webhook bodies are believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.payments.providers.port import Forged
from laddverk.payments.providers.signatures import check, signed

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BODY = b'{"id": "evt_1"}'


def test_a_body_signed_with_our_secret_is_believed() -> None:
    check("secret", signed("secret", BODY, NOW), BODY, NOW)


def test_one_good_signature_among_several_is_enough_while_a_secret_is_changed() -> None:
    header = signed("secret", BODY, NOW) + ",v1=" + "0" * 64 + ",v0=abc"
    check("secret", header, BODY, NOW + timedelta(seconds=299))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=abc",
        "t=,v1=",
        "t=abc,v1=abc",
        "t=" + "9" * 400 + ",v1=abc",
        "t=1,t=2,v1=abc",
        "t=１,v1=abc",
        signed("other", BODY, NOW),
        signed("secret", BODY + b" ", NOW),
        signed("secret", BODY, NOW - timedelta(seconds=301)),
        signed("secret", BODY, NOW + timedelta(seconds=301)),
    ],
)
def test_anything_else_is_not(header: str) -> None:
    with pytest.raises(Forged):
        check("secret", header, BODY, NOW)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(Forged):
        check("", signed("", BODY, NOW), BODY, NOW)
