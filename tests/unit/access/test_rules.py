"""Uids as they are shown, standings, passwords, secrets, and who may grant what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.access import rules
from laddverk.access.model import Standing
from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role
from laddverk.kernel.problems import Invalid, NotAllowed

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "shown", ["20:69:c0:21", "2069C021", "20-69-C0-21", " 2069c021\x10\x0e", "20 69 c0 21", "20.69.c0.21\x00"]
)
def test_a_uid_is_the_same_however_a_reader_writes_it(shown: str) -> None:
    assert rules.normalised_uid(shown) == "2069C021"


@pytest.mark.parametrize("uid", ["", "::::", "ABC", "ÅÄÖÅ", "x" * 256])
def test_a_uid_that_cannot_be_one_is_refused(uid: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked_uid(uid)
    assert refused.value.field == "uid"


@pytest.mark.parametrize(
    ("world", "word"),
    [
        ({}, Standing.ACCEPTED),
        ({"is_known": False, "has_driver": False}, Standing.INVALID),
        ({"has_driver": False}, Standing.INVALID),
        ({"token_blocked_why": ""}, Standing.BLOCKED),
        ({"driver_blocked_why": "unpaid"}, Standing.BLOCKED),
        ({"valid_until": NOW}, Standing.EXPIRED),
        ({"valid_until": NOW + timedelta(seconds=1)}, Standing.ACCEPTED),
        ({"valid_until": NOW, "token_blocked_why": "lost"}, Standing.BLOCKED),
    ],
)
def test_standing(world: dict[str, object], word: Standing) -> None:
    usual = {
        "is_known": True,
        "has_driver": True,
        "token_blocked_why": None,
        "driver_blocked_why": None,
        "valid_until": None,
        "now": NOW,
    }
    given, reason = rules.standing(**{**usual, **world})  # type: ignore[arg-type]
    assert given is word
    assert reason


@pytest.mark.parametrize(
    "text", ["", "a", "a@", "@b", "a b@c.se", "a@b\nBcc: x@y", "a,b@c.se", "<a@b.se>", "a" * 250 + "@b.se"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rules.checked_email(text)


def test_addresses_are_lower_case() -> None:
    assert rules.checked_email("  Anna.Berg@Example.COM ") == "anna.berg@example.com"


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaaaaaa", "anna@example.com", "Anna Bergström"])
def test_passwords_that_can_be_guessed_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked_password(password, "anna@example.com", "Anna Bergström")
    assert refused.value.field == "password"
    assert password not in str(refused.value)


def test_nobody_grants_more_than_they_have() -> None:
    for role in Role:
        actor = Actor("operator", None, role.value, PERMISSIONS[role])
        rules.check_may_grant(actor, PERMISSIONS[role])
        if role is not Role.ADMIN:
            with pytest.raises(NotAllowed):
                rules.check_may_grant(actor, frozenset(Permission))


def test_keys_are_recognisable_and_differ() -> None:
    keys = {rules.new_api_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(key.startswith("lvk_") and len(key) == 44 for key in keys)


@pytest.mark.parametrize(
    ("pair", "address", "subject", "stopped"),
    [(9, 59, 299, False), (10, 0, 0, True), (0, 60, 0, True), (0, 0, 300, True)],
)
def test_guessing_is_limited_by_who_guesses_and_at_whom(pair: int, address: int, subject: int, stopped: bool) -> None:
    assert rules.too_many_guesses({"pair": pair, "address": address, "subject": subject}) is stopped
