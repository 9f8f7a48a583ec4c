"""Who may open a socket: what can be decided without one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.gateway.doorway import (
    Allowance,
    Credentials,
    credentials_in,
    identity_in,
)


@pytest.mark.parametrize(
    ("target", "identity"),
    [
        ("/ocpp/CP1", "CP1"),
        ("/ocpp/CP1/", "CP1"),
        ("//ocpp///CP1", "CP1"),
        ("/OCPP/v16/CP1", "CP1"),
        ("/ocpp/CP%201", "CP 1"),
        ("/ocpp/CP1?token=x", "CP1"),
        ("ws://host:9000/ocpp/CP1", "CP1"),
        ("/ocpp/caf%C3%A9", "café"),
    ],
)
def test_the_identity_is_the_last_segment_however_the_path_is_written(target: str, identity: str) -> None:
    assert identity_in(target) == identity


@pytest.mark.parametrize(
    "target",
    ["/", "/ocpp", "/ocpp/", "/console/CP1", "/ocpp/a%3Ab", "/ocpp/a%00", "/ocpp/" + "x" * 49, "/ocpp/%0d%0aX"],
)
def test_what_is_no_identity_of_ours_is_none(target: str) -> None:
    assert identity_in(target) is None


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


def test_a_password_of_raw_bytes_stays_bytes() -> None:
    assert credentials_in(basic(b"CP1:\x00\xff:\x11")) == Credentials("CP1", b"\x00\xff:\x11")


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic !!!", "Bearer abc", basic(b"nocolon"), basic(b"\xff:x")])
def test_what_cannot_be_read_are_no_credentials(header: str | None) -> None:
    assert credentials_in(header) is None


@given(st.text(max_size=200))
def test_no_header_and_no_path_raises(text: str) -> None:
    credentials_in(text)
    identity_in(text)


def test_a_burst_passes_and_a_flood_waits() -> None:
    allowance = Allowance(per_s=10, burst=5)
    assert [allowance.wait_s(0.0) for _ in range(5)] == [0.0] * 5
    assert allowance.wait_s(0.0) == pytest.approx(0.1)
    assert allowance.wait_s(0.0) == pytest.approx(0.2)
    assert allowance.wait_s(10.0) == 0.0
