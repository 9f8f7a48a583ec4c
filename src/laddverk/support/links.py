"""The signed addresses of cases and chats: their driver reads and answers there, without an account."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.settings import Secrets

PATH: Final = "/help/cases/"
SIGNED_AS: Final = {"cas": "case", "cht": "chat", "ses": "receipt", "rat": "rating"}
SIGNATURE_BYTES: Final = 16  # 128 bits: nobody guesses it
DIGITS: Final = 6  # on a telephone, where few tries are given, and only for charges of a day at one outlet


def path_of(secrets: Secrets, case_id: UUID) -> str:
    """Return the path of the driver's page of a case."""
    return f"{PATH}{token_of(secrets, 'cas', case_id)}"


def case_behind(secrets: Secrets, token: str) -> UUID:
    """Return the case that an address names. Raises `NotFound` when it was not signed by us."""
    return behind(secrets, "cas", token)


def token_of(secrets: Secrets, prefix: str, identity: UUID) -> str:
    """Return what opens the page of a thing to whoever has it."""
    return f"{shown(prefix, identity)}-{_signed(secrets, prefix, identity)}"


def behind(secrets: Secrets, prefix: str, token: str) -> UUID:
    """Return the thing that `token` opens. Raises `NotFound` when it was not signed by us for such a thing."""
    name, _, signature = token.partition("-")
    try:
        identity = parsed(prefix, name)
    except Invalid:
        raise NotFound("There is no such page.") from None
    if not hmac.compare_digest(signature.encode(), _signed(secrets, prefix, identity).encode()):
        raise NotFound("There is no such page.")
    return identity


def digits_of(secrets: Secrets, start_request_id: UUID) -> str:
    """Return the number that stands on the page of a charge: who keys it in on the phone has that page."""
    digest = hashlib.blake2b(f"digits:{start_request_id}".encode(), key=secrets.link_key[:64], digest_size=8).digest()
    return f"{int.from_bytes(digest) % 10**DIGITS:0{DIGITS}}"


def _signed(secrets: Secrets, prefix: str, identity: UUID) -> str:
    digest = hashlib.blake2b(
        f"{SIGNED_AS[prefix]}:{identity}".encode(), key=secrets.link_key[:64], digest_size=SIGNATURE_BYTES
    ).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=").replace("-", ".")
