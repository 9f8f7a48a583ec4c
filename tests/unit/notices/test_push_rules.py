"""What a browser gives as its subscription is hostile until it was checked."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.notices.push import keys, rules
from laddverk.notices.push.model import Words
from laddverk.platform.settings import Secrets, Settings

KEY = urlsafe_b64encode(b"\4" + b"k" * 64).decode().rstrip("=")
AUTH = urlsafe_b64encode(b"a" * 16).decode().rstrip("=")
AT = "https://push.example.com/send/abc?x=1"


def given(endpoint: object = AT, p256dh: object = KEY, auth: object = AUTH) -> str:
    return json.dumps({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}, "more": [1]})


def test_what_a_browser_gives_is_taken() -> None:
    found = rules.checked_subscription(given(), Settings())
    assert (found.endpoint, found.p256dh, found.auth) == (AT, KEY, AUTH)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "{", '"x"', "\x00", "{}",
        given(p256dh="AAAA"), given(p256dh=KEY[:-4]), given(p256dh="é" * 87), given(p256dh=7), given(auth="!"),
        given(auth=KEY), given(endpoint=None), given(endpoint=""), given(endpoint="/relative"),
        given(endpoint="http://push.example.com/x"), given(endpoint="https://push.example.com:8443/x"),
        given(endpoint="https://user:pass@push.example.com/x"), given(endpoint="file:///etc/passwd"),
        given(endpoint="javascript:alert(1)"), given(endpoint="https://push.example.com/a b"),
        given(endpoint="https://push.example.com/\r\nX-Evil: 1"), given(endpoint="https://pusħ.example.com/"),
        given(endpoint="https://push.example.com/#x"), given(endpoint="https://[::1/x"),
        given(endpoint="https://push.example.com/" + "x" * 1000),
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.checked_subscription(text, Settings())
    assert caught.value.field == "subscription"


def test_only_listed_push_services_are_taken_where_there_is_a_list() -> None:
    settings = Settings(push_hosts="push.example.com, updates.example.net")
    assert rules.checked_subscription(given(), settings).endpoint == AT
    with pytest.raises(Invalid):
        rules.checked_subscription(given("https://push.example.com.evil.net/x"), settings)


def test_a_push_service_of_ones_own_may_speak_without_tls_where_it_is_listed_as_private() -> None:
    mine = "http://push.lan:9001/x"
    assert rules.checked_subscription(given(mine), Settings(private_hosts="push.lan:9001")).endpoint == mine
    with pytest.raises(Invalid):
        rules.checked_subscription(given("http://push.lan:9002/x"), Settings(private_hosts="push.lan:9001"))


def test_a_browser_is_named_by_what_we_know_and_never_in_its_own_words() -> None:
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
    assert rules.device_name(agent) == "Chrome, Android"
    assert rules.device_name("Mozilla/5.0 (Windows NT 10.0) Gecko Firefox/131.0") == "Firefox, Windows"
    assert rules.device_name("<script>alert(1)</script>") == "?"


def test_the_longest_notification_fits_what_every_push_service_takes() -> None:
    body = rules.payload_of(Words(title="å" * 5000, body="\U0001f50c" * 5000, path="/x", tag="t"))
    said: dict[str, Any] = json.loads(body)
    assert (len(said["title"]), len(said["body"])) == (120, 300)
    assert len(body) < 4096 - 103, "RFC 8291, 4: what remains of 4096 bytes"


def test_the_same_house_has_the_same_key_and_another_house_another() -> None:
    one, same, other = (Secrets(b"p" * 32, each * 32) for each in (b"a", b"a", b"b"))
    assert keys.public_key(one) == keys.public_key(same) != keys.public_key(other)
    assert len(keys.public_key(one)) == 87
