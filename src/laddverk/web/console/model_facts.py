"""What people know of a model of chargers: a form on its page."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, post

from laddverk.diagnostics.upkeep import model_facts
from laddverk.diagnostics.upkeep.model_facts import Facts
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid
from laddverk.web.console.desk import AtDesk
from laddverk.web.console.door import NEEDS

SIGNED: Final = {"": None, "yes": True, "no": False}


@post("/console/models/facts", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def say_facts(desk: AtDesk) -> Response[Any]:
    """Write down what is known of a model."""
    form = await desk.form()
    vendor, model = form.get("vendor", ""), form.get("model", "")
    try:
        until = date.fromisoformat(form["parts_until"]) if form.get("parts_until") else None
    except ValueError:
        raise Invalid("Enter a day.", field="parts_until", remedy="Write it like 2026-11-30.") from None
    said = Facts(
        parts_until=until, vendor_gone=form.get("vendor_gone") == "on",
        takes_signed=SIGNED.get(form.get("takes_signed", "")), note=form.get("note", ""),
    )  # fmt: skip
    async with desk.transaction() as tx:
        await model_facts.say(tx, desk.actor, vendor, model, said, desk.now)
    return desk.go(f"/console/models/one?{urlencode({'vendor': vendor, 'model': model})}", desk.words("Saved."))


ROUTES: Final = [say_facts]
