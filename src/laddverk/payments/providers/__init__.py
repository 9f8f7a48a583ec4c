"""Providers of payments: one file per outside system behind the small interface of `port`."""

from __future__ import annotations

from functools import lru_cache

from laddverk.kernel.problems import NotFound
from laddverk.payments.providers import swish_line
from laddverk.payments.providers.port import PaymentProvider
from laddverk.payments.providers.sandbox import Sandbox
from laddverk.payments.providers.wallet import Wallet
from laddverk.platform.house import House
from laddverk.platform.settings import Settings


def provider_named(house: House, name: str) -> PaymentProvider:
    """Return the provider called `name`. Raises `NotFound` when this operator does not use it."""
    if name == "sandbox" and house.settings.payment_provider == "sandbox":
        return Sandbox.inside(house)
    if name == "wallet":
        return Wallet(house)
    if name == "swish" and swish_line.is_offered(house.settings):
        return swish_line.swish_of(house)
    if name == "stripe" and house.settings.stripe_api_key:
        return _stripe(house.settings)
    raise NotFound("There is no such payment provider here.")


def chosen_provider(house: House) -> PaymentProvider:
    """Return the provider that new payments go to."""
    return provider_named(house, house.settings.payment_provider)


@lru_cache(maxsize=2)
def _stripe(settings: Settings) -> PaymentProvider:
    from laddverk.payments.providers.stripe import Stripe

    return Stripe(settings)
