"""Known chargers as data: what each model does in its own way, how to treat it, and what never to send it.

The `.toml` files beside this one hold the models, each with the reports it is known from; an operator may add a folder
of his own. `Quirks` are the settings themselves: of a model, or of one station, which has the last word.
"""

from __future__ import annotations

from laddverk.ocpp.quirks.registry import Known, Model, Registry, registry_of
from laddverk.ocpp.quirks.settings import NO_QUIRKS, Quirks, checked, forbidden, read

__all__ = [
    "NO_QUIRKS",
    "Known",
    "Model",
    "Quirks",
    "Registry",
    "checked",
    "forbidden",
    "read",
    "registry_of",
]
