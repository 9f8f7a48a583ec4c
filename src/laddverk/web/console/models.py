"""The models of chargers: which stand in this network, what they bend, and what is known of models at all."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from laddverk.diagnostics.upkeep import model_facts
from laddverk.kernel.actors import Permission
from laddverk.ocpp import quirks
from laddverk.stations import quirk_queries as queries
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, found
from laddverk.web.console.door import NEEDS

NAME_LENGTH_MAX: Final = 100


@get("/console/models", opt={NEEDS: Permission.STATIONS_READ})
async def list_models(desk: AtDesk) -> Response[str]:
    """The models that stand here, with what they bend; and those that are known beside them."""
    listing = desk.listing("stations")
    known = quirks.registry_of(desk.house.settings.quirks_dir)
    async with desk.transaction() as tx:
        rows = await queries.models(tx, desk.sites, listing.search, PAGE_SIZE, listing.offset)
        total = await queries.count_models(tx, desk.sites, listing.search)
    return desk.page(
        "console/models/list.html",
        rows=[(row, known.known(row.vendor, row.model, "").models) for row in rows],
        listing=listing,
        total=total,
        known=[one for one in known.models if listing.search.lower() in one.name.lower()],
    )


@get("/console/models/one", opt={NEEDS: Permission.STATIONS_READ})
async def show_model(desk: AtDesk) -> Response[str]:
    """One model: what to expect of it, how it is treated, and what its chargers here bend."""
    vendor, model = (desk.asked(name)[:NAME_LENGTH_MAX] for name in ("vendor", "model"))
    async with desk.transaction() as tx:
        firmwares = await queries.firmwares(tx, desk.sites, vendor, model)
        kinds = await queries.kinds(tx, desk.sites, vendor, model)
        facts = await model_facts.facts(tx, vendor, model)
    found(firmwares or None)
    known = quirks.registry_of(desk.house.settings.quirks_dir).known(vendor, model, firmwares[0].firmware)
    return desk.page(
        "console/models/detail.html",
        vendor=vendor,
        model=model,
        firmwares=firmwares,
        kinds=kinds,
        facts=facts,
        known=known,
        treated=settings_of(known.quirks),
    )


def settings_of(settings: quirks.Quirks) -> list[tuple[str, Any]]:
    """Return the settings that differ from the rule, by name, as a page shows them."""
    shown: list[tuple[str, Any]] = []
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if value is not None and value not in ("", ()) and name not in ("expects", "note"):
            shown.append((name, ", ".join(value) if isinstance(value, tuple) else value))
    return shown


ROUTES: Final = [list_models, show_model]
