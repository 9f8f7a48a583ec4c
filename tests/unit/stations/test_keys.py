"""Keys in all the forms that chargers send, old ones beside new ones, and sealed ones."""

from __future__ import annotations

import statistics
import time

import msgspec
import pytest

from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.stations import keys
from laddverk.stations.model import Credential

PEPPER = b"p" * 32
SALT = b"s" * 16
KEY = "00112233445566778899aabbccddeeff00ff1122"


def credential(key: str = KEY, *, retired: bool = False) -> Credential:
    return Credential(
        station_id=StationId(new_id()),
        site_id=SiteId(new_id()),
        identity="CP 1",
        key_hash=keys.hashed_key(PEPPER, SALT, bytes.fromhex(key)),
        key_salt=SALT,
        retired=retired,
    )


@pytest.mark.parametrize("password", [KEY.encode(), KEY.upper().encode(), bytes.fromhex(KEY)])
def test_a_key_is_taken_as_text_of_either_case_and_as_raw_bytes(password: bytes) -> None:
    assert keys.match(PEPPER, credential(), password)


@pytest.mark.parametrize(
    "password",
    [
        b"",
        KEY[:-1].encode(),
        KEY[:-2].encode(),
        (KEY + "00").encode(),
        bytes.fromhex(KEY)[:-1],
        b"\xff\x00",
        b"x" * 60_000,
    ],
)
def test_anything_else_is_not_the_key(password: bytes) -> None:
    assert not keys.match(PEPPER, credential(), password)


def test_a_key_that_looks_like_text_is_no_way_in_by_its_own_hash() -> None:
    known = credential()
    assert known.key_hash is not None
    assert not keys.match(PEPPER, known, known.key_hash)
    assert not keys.match(PEPPER, known, known.key_hash.hex().encode())


def test_another_pepper_or_salt_makes_the_key_worthless() -> None:
    assert not keys.match(b"q" * 32, credential(), KEY.encode())


def test_unknown_retired_and_keyless_stations_let_nobody_in() -> None:
    assert not keys.match(PEPPER, None, b"")
    assert not keys.match(PEPPER, None, bytes(32))
    assert not keys.match(PEPPER, credential(retired=True), KEY.encode())
    keyless = Credential(station_id=StationId(new_id()), site_id=SiteId(new_id()), identity="x")
    assert not keys.match(PEPPER, keyless, b"")


def test_an_unknown_station_takes_as_long_as_a_wrong_key() -> None:
    known = credential()

    def median_s(given: Credential | None) -> float:
        times = []
        for _ in range(400):
            begun = time.perf_counter()
            keys.match(PEPPER, given, b"0" * 40)
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    assert abs(median_s(None) - median_s(known)) < 0.001


def test_generated_keys_fit_every_version_and_differ() -> None:
    made = {keys.generated_key() for _ in range(100)}
    assert len(made) == 100
    assert all(keys.is_strong(key) and len(key) == 40 for key in made)


NEXT = "ffeeddccbbaa99887766554433221100ffeeddcc"


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (KEY.encode(), keys.Match("hex")),
        (bytes.fromhex(KEY), keys.Match("raw")),
        (NEXT.encode(), keys.Match("hex", is_next=True)),
        (bytes.fromhex(NEXT), keys.Match("raw", is_next=True)),
        (b"neither", None),
    ],
)
def test_during_a_change_the_old_and_the_new_key_open_and_it_is_known_which(
    password: bytes, expected: keys.Match | None
) -> None:
    known = msgspec.structs.replace(
        credential(),
        next_key_hash=keys.hashed_key(PEPPER, b"t" * 16, bytes.fromhex(NEXT)),
        next_key_salt=b"t" * 16,
    )
    assert keys.match(PEPPER, known, password) == expected


def test_a_key_that_people_brought_along_is_checked_slowly_and_not_as_hexadecimal() -> None:
    known = msgspec.structs.replace(
        credential(), key_hash=keys.slow_hash(PEPPER, SALT, b"cafe"), key_scheme=keys.ARGON, key_weak=True
    )
    assert keys.is_slow(known)
    assert keys.match(PEPPER, known, b"cafe") is None
    assert keys.slow_match(PEPPER, known, b"cafe") == keys.Match("text")
    assert keys.slow_match(PEPPER, known, bytes.fromhex("cafe")) is None
    assert keys.slow_match(b"q" * 32, known, b"cafe") is None
    assert keys.slow_match(PEPPER, msgspec.structs.replace(known, retired=True), b"cafe") is None


@pytest.mark.parametrize(
    ("key", "strong", "weak"),
    [
        (KEY, True, False),
        (KEY[:32], True, False),
        (KEY[:31], False, False),
        ("password", False, True),
        ("fifteen-letters", False, True),
        ("sixteen-letters!", False, False),
    ],
)
def test_short_passwords_are_weak_and_generated_keys_strong(key: str, strong: bool, weak: bool) -> None:
    assert (keys.is_strong(key), keys.is_weak(key)) == (strong, weak)


def test_a_sealed_key_opens_for_its_own_station_only_and_does_not_show_the_key() -> None:
    own, other = new_id().bytes, new_id().bytes
    box = keys.sealed(PEPPER, own, KEY)
    assert keys.unsealed(PEPPER, own, box) == KEY
    assert keys.unsealed(PEPPER, other, box) is None
    assert keys.unsealed(b"q" * 32, own, box) is None
    assert keys.unsealed(PEPPER, own, b"") is None
    assert KEY.encode() not in box
    assert bytes.fromhex(KEY) not in box
    assert box != keys.sealed(PEPPER, own, KEY)
