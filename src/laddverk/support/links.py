"""The signed address of a case: its driver reads and answers there, without an account."""

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
SIGNATURE_BYTES: Final = 16  # 128 bits: nobody guesses it


def path_of(secrets: Secrets, case_id: UUID) -> str:
    """Return the path of the driver's page of a case."""
    return f"{PATH}{shown('cas', case_id)}-{_signed(secrets, case_id)}"


def case_behind(secrets: Secrets, token: str) -> UUID:
    """Return the case that an address names. Raises `NotFound` when it was not signed by us."""
    name, _, signature = token.partition("-")
    try:
        case_id = parsed("cas", name)
    except Invalid:
        raise NotFound("There is no such page.") from None
    if not hmac.compare_digest(signature.encode(), _signed(secrets, case_id).encode()):
        raise NotFound("There is no such page.")
    return case_id


def _signed(secrets: Secrets, case_id: UUID) -> str:
    digest = hashlib.blake2b(
        f"case:{case_id}".encode(), key=secrets.link_key[:64], digest_size=SIGNATURE_BYTES
    ).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=").replace("-", ".")
