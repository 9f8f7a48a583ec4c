"""Which Swish a house speaks to: the real one with the merchant's certificate, the built-in one, or none."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import quote

import httpx
import structlog

from laddverk.kernel.problems import Unavailable
from laddverk.payments.providers.sandbox_swish import NUMBER
from laddverk.payments.providers.sandbox_swish_books import client_inside
from laddverk.payments.providers.swish import App, Swish
from laddverk.payments.providers.swish_api import SwishApi, client_for
from laddverk.platform.house import House
from laddverk.platform.settings import Settings

log = structlog.get_logger()

SANDBOX_APP: Final = "/sandbox/swish/"
SANDBOX_CALLBACKS: Final = "https://laddverk.sandbox.invalid"  # Swish wants https; only the path is used


class SandboxApp(App):
    """The built-in Swish has a page for an app."""

    def __init__(self, web_url: str) -> None:
        self._web_url = web_url

    def link(self, token: str, back: str) -> str:
        """Return the page's address."""
        return f"{SANDBOX_APP}{quote(token, safe='')}?callbackurl={quote(back, safe='')}"

    def code(self, token: str, back: str) -> str:
        """Return the page's whole address: any camera opens it."""
        return f"{self._web_url}{self.link(token, back)}"


def is_sandbox(settings: Settings) -> bool:
    """Return whether the built-in Swish is the one: with the built-in cards, while no number of one's own is given."""
    return not settings.swish_number and settings.payment_provider == "sandbox"


def is_offered(settings: Settings) -> bool:
    """Return whether people can pay by Swish here: it moves kronor only."""
    in_earnest = settings.swish_number and settings.swish_certificate
    return settings.currency == "SEK" and bool(in_earnest or is_sandbox(settings))


def swish_of(house: House) -> Swish:
    """Return the adapter to the Swish of this house, which must be offered; certificates are read once.

    Raises `Unavailable` when they cannot be used.
    """
    settings = house.settings
    if is_sandbox(settings):
        api = SwishApi(client_inside(house), NUMBER)
        return Swish(house, api, callback_base=SANDBOX_CALLBACKS, app=SandboxApp(settings.web_url))
    try:
        client = _client(settings)
    except (OSError, ValueError) as fault:  # SSLError is an OSError
        log.error("swish.certificate", error=str(fault))
        raise Unavailable("Swish cannot be used just now.", remedy="Pay another way.") from fault
    return Swish(house, SwishApi(client, settings.swish_number), callback_base=settings.web_url)


@lru_cache(maxsize=4)
def _client(settings: Settings) -> httpx.AsyncClient:
    certificate = settings.swish_certificate
    assert certificate is not None, "it is not offered without"
    return client_for(
        settings.swish_url,
        certificate,
        settings.swish_key or certificate,
        settings.swish_authority,
        settings.swish_key_password_file,
    )
