"""What of a browser's subscription is believed, and what a notification weighs. Pure."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from typing import Final
from urllib.parse import SplitResult

import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Invalid
from laddverk.notices.push.model import Subscription, Words
from laddverk.platform.outgoing import NotAllowed as NotAsked
from laddverk.platform.outgoing import checked
from laddverk.platform.settings import Settings

ENDPOINT_MAX: Final = 1_000  # the longest in use have some 350 characters
GIVEN_MAX: Final = 4_000
KEY_BYTES: Final = 65  # an uncompressed point of P-256
KEY_STARTS: Final = 4  # ... begins with this
AUTH_BYTES: Final = 16  # RFC 8291, 3.2
TITLE_MAX: Final = 120
BODY_MAX: Final = 300  # what a lock screen shows; also far below the 4096 bytes that push services must take
TLS_PORT: Final = 443

BROWSERS: Final = (
    ("edg/", "Edge"), ("opr/", "Opera"), ("samsungbrowser/", "Samsung Internet"), ("firefox/", "Firefox"),
    ("chrome/", "Chrome"), ("safari/", "Safari"),
)  # fmt: skip
SYSTEMS: Final = (
    ("android", "Android"), ("iphone", "iPhone"), ("ipad", "iPad"), ("windows", "Windows"), ("mac os", "Mac"),
    ("linux", "Linux"),
)  # fmt: skip


class _Keys(Struct):
    p256dh: str
    auth: str


class _Given(Struct):
    """The JSON of a `PushSubscription`; what else stands in it is not read."""

    endpoint: str
    keys: _Keys


def listed(text: str) -> list[str]:
    """Return the hosts in a setting with commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def checked_subscription(text: str, settings: Settings) -> Subscription:
    """Return what a browser's JSON says. Raises `Invalid` (field subscription) for anything that is not believed."""
    try:
        given = msgspec.json.decode(text[:GIVEN_MAX], type=_Given)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError):
        raise _refused() from None
    found = Subscription(endpoint=given.endpoint, p256dh=given.keys.p256dh, auth=given.keys.auth)
    key = _bytes(found.p256dh)
    if len(key) != KEY_BYTES or key[0] != KEY_STARTS or len(_bytes(found.auth)) != AUTH_BYTES:
        raise _refused()
    try:
        checked_endpoint(found.endpoint, settings)
    except NotAsked:
        raise _refused() from None
    return found


def checked_endpoint(endpoint: str, settings: Settings) -> SplitResult:
    """Return the parts of the address of a push service. Raises `outgoing.NotAllowed` for one that we do not ask.

    TLS on its usual port only, except at hosts that the operator lists as private (a push service of one's own).
    """
    if len(endpoint) > ENDPOINT_MAX:
        raise NotAsked("the address is too long")
    parts = checked(endpoint, listed(settings.push_hosts) or None)
    if parts.fragment:
        raise NotAsked("the address holds what does not belong in it")
    is_own = parts.netloc.lower() in {each.lower() for each in listed(settings.private_hosts)}
    if not is_own and (parts.scheme != "https" or (parts.port or TLS_PORT) != TLS_PORT):
        raise NotAsked("only https:// on its usual port is asked")
    return parts


def device_name(user_agent: str) -> str:
    """Return how a browser is told apart in a list: "Firefox, Android"; never what it sent itself."""
    said = user_agent.lower()
    browser = next((name for word, name in BROWSERS if word in said), "")
    system = next((name for word, name in SYSTEMS if word in said), "")
    return ", ".join(each for each in (browser, system) if each) or "?"


def payload_of(words: Words) -> bytes:
    """Return what the service worker of the browser reads."""
    body = {"title": shortened(words.title, TITLE_MAX), "body": shortened(words.body, BODY_MAX)}
    return msgspec.json.encode(body | {"path": words.path, "tag": words.tag})


def shortened(text: str, most: int) -> str:
    """Return `text` with at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (NotBase64, UnicodeError, ValueError):
        return b""


def _refused() -> Invalid:
    return Invalid(
        "This browser cannot be told: it gave no address of a push service that we ask.",
        field="subscription",
        remedy="Try another browser, or be told by mail.",
    )
