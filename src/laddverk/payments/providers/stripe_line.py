"""The line to Stripe: an HTTP client for its SDK that keeps connections open and does little more than carry bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.request import getproxies

import stripe
import urllib3

from laddverk.platform.errands import OUTSIDE_MAX

NOT_TRUSTED: Final = "Stripe's certificate could not be checked."
NO_ANSWER: Final = "Stripe could not be reached, or did not answer in time."


def http_client(timeout_s: float) -> stripe.HTTPClient:
    """Return a client whose calls give up after `timeout_s` without a byte.

    Where the surroundings name a proxy, it is that of the SDK, which knows them; it costs half a millisecond more a
    call.
    """
    return stripe.RequestsClient(timeout=timeout_s) if getproxies() else PooledClient(timeout_s)


class PooledClient(stripe.HTTPClient):
    """Fills the SDK's `HTTPClient` with one pool of connections for all threads."""

    name = "urllib3"

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._pool = urllib3.PoolManager(
            maxsize=OUTSIDE_MAX,
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            retries=False,  # the SDK repeats, with the same key
            cert_reqs="CERT_REQUIRED",
            ca_certs=stripe.ca_bundle_path,
        )

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Return body, status and headers. Raises `APIConnectionError`, which says whether another try may do."""
        try:
            answer = self._pool.request(method.upper(), url, body=post_data, headers=headers, redirect=False)
        except urllib3.exceptions.SSLError as error:
            raise stripe.APIConnectionError(NOT_TRUSTED, should_retry=False) from error  # type: ignore[no-untyped-call]  # the SDK
        except urllib3.exceptions.HTTPError as error:
            raise stripe.APIConnectionError(f"{NO_ANSWER} ({error})", should_retry=True) from error  # type: ignore[no-untyped-call]  # the SDK
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()
