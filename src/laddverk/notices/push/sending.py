"""Handing one message to a push service: encrypted for the browser, signed by us, and a clear word about what came."""

from __future__ import annotations

from typing import Final

from laddverk.notices.push import keys, rules
from laddverk.notices.push.model import Subscription, Words
from laddverk.notices.rules import ADDRESS
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch
from laddverk.platform.settings import Secrets, Settings

TIMEOUT_S: Final = 10.0
ANSWER_MAX: Final = 4_096  # an error in words; more is not read
TTL_S: Final = 12 * 3600  # a phone that is off so long has slept through the night: what it then shows is old
SIGNED_S: Final = 12 * 3600  # at most 24 h (RFC 8292, 2)
WAITS_MAX_S: Final = 3600.0  # longer than a push service may make us wait
GONE: Final = (404, 410)
LATER: Final = (429, 500, 502, 503, 504)


class Gone(Exception):
    """There is no such subscription any more: it is taken away."""


class Refused(Exception):
    """It will not be taken, now or later."""


class Unanswered(Exception):
    """It may be taken later: no answer, or one that says to come back. `after_s` is what the service asked for."""

    def __init__(self, message: str, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


async def send(
    settings: Settings, secrets: Secrets, subscription: Subscription, words: Words, *, is_urgent: bool = False
) -> str:
    """Hand one notification over; return the push service's status. Raises `Gone`, `Refused`, `Unanswered`, no more."""
    try:
        parts = rules.checked_endpoint(subscription.endpoint, settings)
        body, headers = _sealed(settings, secrets, subscription, rules.payload_of(words))
        answer = await fetch(
            "POST",
            subscription.endpoint,
            body=body,
            headers=headers | {"urgency": "high" if is_urgent else "normal"},
            hosts=[parts.netloc],
            private_hosts=rules.listed(settings.private_hosts),
            timeout_s=TIMEOUT_S,
            bytes_max=ANSWER_MAX,
        )
    except NotAllowed as problem:
        raise Refused(str(problem)) from None
    except NoAnswer as problem:
        raise Unanswered(str(problem)) from None
    if answer.status in GONE:
        raise Gone(f"the push service answered {answer.status}")
    if answer.status in LATER:
        raise Unanswered(f"the push service answered {answer.status}", _seconds(answer.retry_after))
    if not 200 <= answer.status < 300:
        raise Refused(f"the push service answered {answer.status}")
    return str(answer.status)


def _sealed(
    settings: Settings, secrets: Secrets, subscription: Subscription, payload: bytes
) -> tuple[bytes, dict[str, str]]:
    """Return the body that only the browser can open, and the headers that prove who sends it."""
    # Here and not above: with what it needs it takes 20 MB, and most networks never send one.
    from webpush import WebPush  # type: ignore[import-untyped]  # it ships no types
    from webpush.types import WebPushSubscription  # type: ignore[import-untyped]

    private, public = keys.pems(secrets)
    pusher = WebPush(private, public, contact_of(settings), TTL_S, SIGNED_S)
    try:
        given = WebPushSubscription.model_validate(
            {"endpoint": subscription.endpoint, "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth}}
        )
        message = pusher.get(payload, given)
    except ValueError:  # a key that is no point of the curve
        raise Refused("the browser's key is none") from None
    return message.encrypted, {name: str(value) for name, value in message.headers.items()} | {
        "content-type": "application/octet-stream"
    }


def contact_of(settings: Settings) -> str:
    """Return the mail address at which a push service reaches who sends (RFC 8292, 2.1)."""
    return settings.operator_email if ADDRESS.fullmatch(settings.operator_email) else settings.mail_from


def _seconds(text: str) -> float:
    """Return what a Retry-After in seconds asks for, within reason; 0 for a date or anything else."""
    return min(float(text), WAITS_MAX_S) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0
