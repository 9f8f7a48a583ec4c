"""Who may open a socket: what can be decided without one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.gateway.doorway import (
    Allowance,
    Credentials,
    FailureLimit,
    credentials_in,
    identity_in,
    protocol_among,
)
from laddverk.ocpp.protocol import Protocol

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


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


def test_the_newest_version_that_is_fully_handled_is_chosen() -> None:
    assert protocol_among(["ocpp1.6", "ocpp2.0.1"]) is Protocol.V201
    assert protocol_among(["ocpp2.1"]) is Protocol.V21
    assert protocol_among(["OCPP1.6 "]) is Protocol.V16


def test_without_a_common_version_nothing_is_assumed_unless_the_station_says_so() -> None:
    assert protocol_among([]) is None
    assert protocol_among(["soap"], pinned="ocpp1.6") is None
    assert protocol_among([], pinned="ocpp1.6") is Protocol.V16
    assert protocol_among([], pinned="nonsense") is None


def test_only_the_failing_address_is_held_back_and_only_for_its_minute() -> None:
    limit = FailureLimit(per_minute=3)
    for _ in range(3):
        assert not limit.is_reached("attacker", NOON)
        limit.failed("attacker", NOON)
    assert limit.is_reached("attacker", NOON)
    assert not limit.is_reached("genuine", NOON)
    assert not limit.is_reached("attacker", NOON + timedelta(minutes=1))


def test_a_burst_passes_and_a_flood_waits() -> None:
    allowance = Allowance(per_s=10, burst=5)
    assert [allowance.wait_s(0.0) for _ in range(5)] == [0.0] * 5
    assert allowance.wait_s(0.0) == pytest.approx(0.1)
    assert allowance.wait_s(0.0) == pytest.approx(0.2)
    assert allowance.wait_s(10.0) == 0.0
