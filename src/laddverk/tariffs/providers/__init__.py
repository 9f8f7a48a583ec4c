"""Sources of the electricity exchange's prices: one file for each behind the small interface of `port`."""

from __future__ import annotations

from pathlib import Path

from laddverk.platform.settings import Settings
from laddverk.tariffs.providers.elprisetjustnu import Elprisetjustnu
from laddverk.tariffs.providers.entsoe import Entsoe
from laddverk.tariffs.providers.port import SpotSource
from laddverk.tariffs.providers.price_file import PriceFile
from laddverk.tariffs.providers.sandbox import Sandbox


def chosen_source(settings: Settings) -> SpotSource | None:
    """Return the source that this operator asks; None when no tariff follows the exchange."""
    match settings.spot_source:
        case "elprisetjustnu":
            return Elprisetjustnu(settings.spot_url)
        case "entsoe":
            return Entsoe(settings.spot_token, settings.spot_url)
        case "file":
            return PriceFile(Path(settings.spot_url))
        case "sandbox":
            return Sandbox()
        case _:
            return None
