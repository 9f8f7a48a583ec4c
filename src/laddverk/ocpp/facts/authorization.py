"""Facts of authorization (block C): a token is shown."""

from __future__ import annotations

from laddverk.ocpp.facts.base import Fact


class TokenPresented(Fact, frozen=True, kw_only=True):
    """Somebody showed a token. Needs `AuthorisationAnswer`."""

    token_uid: str
    token_type: str = ""
