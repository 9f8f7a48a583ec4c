"""Registers of VAT numbers: one file for each behind the small interface of `port`."""

from __future__ import annotations

from laddverk.displays.providers.port import VatRegister
from laddverk.displays.providers.sandbox import Sandbox
from laddverk.displays.providers.vies import Vies
from laddverk.platform.settings import Settings


def chosen_register(settings: Settings) -> VatRegister | None:
    """Return the register that this operator asks; None when numbers are judged by their form alone."""
    match settings.vat_register:
        case "sandbox":
            return Sandbox()
        case "vies":
            return Vies(settings.vies_url)
        case _:
            return None
