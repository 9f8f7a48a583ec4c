"""Whoever is outside: authorities, responders, provisioning services; one file for each, behind small interfaces."""

from __future__ import annotations

from laddverk.certificates.providers.builtin import Builtin, builtin_of
from laddverk.certificates.providers.est import Est
from laddverk.certificates.providers.port import Authority
from laddverk.ocpp.facts import Signing
from laddverk.platform.house import House

__all__ = ["Authority", "Builtin", "authority_for", "builtin_of"]


def authority_for(house: House, signing: Signing) -> Authority:
    """Return who signs for this use: an outside authority where the operator chose one, else our own."""
    settings = house.settings
    url = settings.est_url if signing is Signing.STATION else settings.est_v2g_url
    if url:
        return Est(url, settings.est_user, settings.est_password)
    return builtin_of(house)
