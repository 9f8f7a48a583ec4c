"""The signed address in a message, and the secrets and signatures of webhooks. All made from our own key."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.settings import Secrets

PATH: Final = "/on-call/"
LASTS: Final = timedelta(days=7)  # older messages lie in inboxes that others read
SIGNATURE_BYTES: Final = 16  # 128 bits: nobody guesses it
SIGNATURE_HEADER: Final = "laddverk-signature"


def path_of(secrets: Secrets, alert_id: UUID) -> str:
    """Return the path on which an alert is acknowledged."""
    return f"{PATH}{shown('alt', alert_id)}-{_signed(secrets, f'alert:{alert_id}')}"


def alert_behind(secrets: Secrets, token: str) -> UUID:
    """Return the alert that an address names. Raises `NotFound` when it was not signed by us."""
    name, _, signature = token.partition("-")
    try:
        alert_id = parsed("alt", name)
    except Invalid:
        raise NotFound("There is no such page.") from None
    if not hmac.compare_digest(signature.encode(), _signed(secrets, f"alert:{alert_id}").encode()):
        raise NotFound("There is no such page.")
    return alert_id


def webhook_secret(secrets: Secrets, webhook_id: UUID) -> str:
    """Return the secret with which messages to a webhook are signed."""
    return "whsec_" + _signed(secrets, f"webhook:{webhook_id}", 32)


def signature(secret: str, at_s: int, body: bytes) -> str:
    """Return the header of a message: `t=<seconds>,v1=<HMAC-SHA-256 of "<seconds>.<body>">`."""
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def _signed(secrets: Secrets, text: str, size: int = SIGNATURE_BYTES) -> str:
    digest = hashlib.blake2b(text.encode(), key=secrets.link_key[:64], digest_size=size).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=").replace("-", ".")
