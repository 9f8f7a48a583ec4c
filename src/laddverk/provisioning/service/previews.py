"""What a template would find at the stations, before it is saved. Nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction
from laddverk.provisioning import rules
from laddverk.provisioning.model import Standing, StandingState, Template, TemplateDetails, TemplateId
from laddverk.provisioning.service.templates import STATIONS_AT_ONCE, checked_template, family_of, standings_at
from laddverk.provisioning.store import commands as commands_store
from laddverk.provisioning.store import templates as store

STATIONS_MAX: Final = 5_000  # looked at: some seconds; a network that is larger is told a part
SHOWN_MAX: Final = 50


class Preview(Struct, frozen=True, kw_only=True):
    """How many stations would stand how to a template, and the first of those that differ."""

    in_step: int
    drifted: int
    unknown: int
    differing: tuple[Standing, ...]
    is_part: bool
    """There are more stations than were looked at."""


async def preview_template(
    tx: Transaction, actor: Actor, details: TemplateDetails, now: datetime, template_id: TemplateId | None = None
) -> Preview:
    """Return what `details` would find at the stations that `actor` sees, as a new template or in place of one.

    Needs stations:write. Raises as creating a template does, but for its name, which may be left out.
    """
    actor.require(Permission.STATIONS_WRITE)
    draft = _draft(details, now, template_id)
    others = [one for one in await store.live(tx) if one.id != draft.id]
    found: list[Standing] = []
    looked_at, after = 0, None
    while batch := await commands_store.all_traits(tx, after, STATIONS_AT_ONCE):
        seen = [one for one in batch if actor.site_ids is None or one.site_id in actor.site_ids]
        meant = [one for one in seen if rules.is_meant_for(draft, one)]
        standings = await standings_at(tx, meant, [*others, draft]) if meant else []
        found += [one for one in standings if one.template_id == draft.id]
        looked_at, after = looked_at + len(batch), batch[-1].station_id
        if looked_at >= STATIONS_MAX:
            break
    states = [one.state for one in found]
    return Preview(
        in_step=states.count(StandingState.IN_STEP),
        drifted=states.count(StandingState.DRIFTED),
        unknown=states.count(StandingState.UNKNOWN),
        differing=tuple(one for one in found if one.state is not StandingState.IN_STEP)[:SHOWN_MAX],
        is_part=looked_at >= STATIONS_MAX,
    )


def _draft(details: TemplateDetails, now: datetime, template_id: TemplateId | None) -> Template:
    checked = checked_template(structs.replace(details, name=details.name.strip() or "-"))
    return Template(
        id=template_id or TemplateId(new_id()),
        name=checked.name,
        vendor=checked.vendor,
        model=checked.model,
        site_id=checked.site_id,
        family=family_of(checked.wanted),
        checks_at_start=checked.checks_at_start,
        version=0,
        version_at=now,
        wanted=checked.wanted,
    )
