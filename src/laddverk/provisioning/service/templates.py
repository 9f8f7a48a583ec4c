"""Templates: making and revising them, comparing stations with them, writing them to chargers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import structs

from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem
from laddverk.ocpp.commands import NewValue
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.provisioning import rules
from laddverk.provisioning.model import (
    Family,
    Key,
    Present,
    RunId,
    Standing,
    StationTraits,
    Template,
    TemplateDetails,
    TemplateId,
)
from laddverk.provisioning.service.asking import write_values
from laddverk.provisioning.store import commands as commands_store
from laddverk.provisioning.store import templates as store
from laddverk.stations import rules as stations_rules

NAME_LENGTH_MAX: Final = 80
PATTERN_LENGTH_MAX: Final = 100
WANTED_MAX: Final = 40  # each may be a command of its own, and a station has at most 50 that are open
VARIABLE_LENGTH_MAX: Final = 150
VALUE_LENGTH_MAX: Final = 2_500
REASON_LENGTH_MIN: Final = 3
STATIONS_AT_ONCE: Final = 200  # compared in one go: some thousands of values
RUN_AT_ONCE: Final = 25  # stations that get their commands in one transaction
WRITE_WITHIN: Final = timedelta(hours=24)  # a charger that is away gets what a run wants when it is back the same day
ATTRIBUTES: Final = ("Actual", "Target", "MinSet", "MaxSet")
CHECK_ALL: Final = "provisioning.check_all"
RUN: Final = "provisioning.run"


async def create_template(
    tx: Transaction, actor: Actor, wanted: TemplateDetails, now: datetime, *, reason: str = ""
) -> TemplateId:
    """Make a template with its first version. Needs stations:write, and all sites or the one it is for.

    Raises `Invalid` for a bad or taken name, no values, too many, secrets, or keys of 1.6 mixed with variables of 2.x.
    """
    actor.require(Permission.STATIONS_WRITE)
    checked = checked_template(wanted)
    _require_reach(actor, checked)
    template_id = TemplateId(new_id())
    if not await store.insert(tx, template_id, checked, family_of(checked.wanted), now):
        raise _name_taken(checked.name)
    await _add_version(tx, actor, template_id, 1, checked, now, "template.created", reason)
    return template_id


async def revise_template(
    tx: Transaction, actor: Actor, template_id: TemplateId, wanted: TemplateDetails, now: datetime, *, reason: str
) -> int:
    """Change a template and return the number of its new version. Stations are compared anew. Raises as creating."""
    actor.require(Permission.STATIONS_WRITE)
    checked = checked_template(wanted)
    present = await _locked(tx, actor, template_id)
    _require_reach(actor, checked)
    _require_reason(reason)
    number = present.version + 1
    if not await store.revise(tx, template_id, checked, family_of(checked.wanted), number):
        raise _name_taken(checked.name)
    await _add_version(tx, actor, template_id, number, checked, now, "template.revised", reason)
    return number


async def retire_template(
    tx: Transaction, actor: Actor, template_id: TemplateId, now: datetime, *, reason: str
) -> None:
    """Take a template out of use. Its versions stay; chargers keep the values that they have."""
    actor.require(Permission.STATIONS_WRITE)
    template = await _locked(tx, actor, template_id)
    _require_reason(reason)
    await store.retire(tx, template_id, now, f"{template.name} ({template_id.hex[-12:]})")
    await audit.write(tx, actor, "template.retired", "template", template_id, at=now, reason=reason)
    await enqueue(tx, [NewJob(CHECK_ALL, {})])


async def _add_version(
    tx: Transaction,
    actor: Actor,
    template_id: TemplateId,
    number: int,
    details: TemplateDetails,
    now: datetime,
    action: str,
    reason: str,
) -> None:
    by = actor.name or actor.kind
    await store.insert_version(tx, template_id, number, details.wanted, now, by=by, reason=reason)
    detail = {"version": number, "name": details.name, "values": len(details.wanted)}
    await audit.write(tx, actor, action, "template", template_id, at=now, reason=reason, detail=detail)
    await enqueue(tx, [NewJob(CHECK_ALL, {})])


def _name_taken(name: str) -> Invalid:
    return Invalid("There is already a template called %(name)s.", field="name", name=name)


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LENGTH_MIN:
        raise Invalid("Say why, in a few words.", field="reason")


def _require_reach(actor: Actor, details: TemplateDetails) -> None:
    """Raise `Invalid` when a template would reach further than who makes it."""
    if actor.site_ids is not None and details.site_id not in actor.site_ids:
        raise Invalid("Choose one of your own sites.", field="site_id")


async def _locked(tx: Transaction, actor: Actor, template_id: TemplateId) -> Template:
    template = await store.lock(tx, template_id)
    if template is None or (actor.site_ids is not None and template.site_id not in actor.site_ids):
        raise NotFound("There is no such template.")
    if template.retired_at is not None:
        raise Conflict("The template is no longer in use.")
    return template


def checked_template(details: TemplateDetails) -> TemplateDetails:
    """Return `details` with blanks trimmed. Raises `Invalid` naming the first field at fault."""
    name = details.name.strip()
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise Invalid("Give the template a name of at most %(max)s characters.", field="name", max=NAME_LENGTH_MAX)
    for field, pattern in (("vendor", details.vendor), ("model", details.model)):
        if len(pattern) > PATTERN_LENGTH_MAX or not pattern.isprintable():
            raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.",
                          max=PATTERN_LENGTH_MAX)  # fmt: skip
    if not 1 <= len(details.wanted) <= WANTED_MAX:
        raise Invalid("A template holds from 1 to %(max)s values.", field="wanted", max=WANTED_MAX)
    wanted = tuple(_checked_value(value) for value in details.wanted)
    if len({rules.key_of(value) for value in wanted}) < len(wanted):
        raise Invalid("One setting is named twice.", field="wanted")
    if len({bool(value.component) for value in wanted}) > 1:
        raise Invalid(
            "Keys of OCPP 1.6 and variables of OCPP 2 cannot stand in one template.",
            field="wanted",
            remedy="Make one template for each.",
        )
    return structs.replace(
        details, name=name, vendor=details.vendor.strip(), model=details.model.strip(), wanted=wanted
    )


def _checked_value(value: NewValue) -> NewValue:
    component, variable = value.component.strip(), value.variable.strip()
    texts = (component, variable, value.value)
    if not variable or max(len(component), len(variable)) > VARIABLE_LENGTH_MAX or any("\x00" in t for t in texts):
        raise Invalid("This is no name of a setting: %(name)s", field="wanted", name=variable[:PATTERN_LENGTH_MAX])
    if value.attribute not in ATTRIBUTES or len(value.value) > VALUE_LENGTH_MAX:
        raise Invalid("The value of %(name)s cannot be used.", field="wanted", name=variable)
    if stations_rules.is_secret(variable):
        raise Invalid(
            "A secret cannot stand in a template: %(name)s",
            field="wanted",
            remedy="Each station has its own key, on its page.",
            name=variable,
        )
    return structs.replace(value, component=component, variable=variable)


def family_of(wanted: Sequence[NewValue]) -> Family:
    """Return which chargers a checked list of values is for: keys of 1.6 have no component."""
    return Family.DEVICE_MODEL if wanted[0].component else Family.KEYS


# Comparing


async def check_stations(tx: Transaction, station_ids: Sequence[StationId], now: datetime) -> None:
    """Compare stations with the templates that are meant for them, and keep how they stand."""
    templates = await store.live(tx)
    for chunk in rules.chunks(sorted(set(station_ids)), STATIONS_AT_ONCE):
        await _check(tx, chunk, templates, now)


async def _check(
    tx: Transaction, station_ids: Sequence[StationId], templates: Sequence[Template], now: datetime
) -> None:
    if not templates:
        await store.keep_standings(tx, station_ids, [], now)
        return
    stations = await commands_store.traits(tx, station_ids)
    await store.keep_standings(tx, station_ids, await standings_at(tx, stations, templates), now)


async def standings_at(
    tx: Transaction, stations: Sequence[StationTraits], templates: Sequence[Template]
) -> list[Standing]:
    """Return how these stations stand to those of `templates` that are meant for them."""
    names = {value.variable.lower() for template in templates for value in template.wanted}
    present: dict[StationId, dict[Key, Present]] = {}
    for row in await store.present(tx, [station.station_id for station in stations], sorted(names)):
        key = (row.component, row.variable, row.attribute)
        present.setdefault(row.station_id, {})[key] = row.as_present()
    return [
        standing
        for station in stations
        for standing in rules.standings(station, templates, present.get(station.station_id, {}))
    ]


async def check_all(tx: Transaction, after: StationId | None, now: datetime) -> StationId | None:
    """Compare the next batch of stations after one, by id; return the last of them, or None when all are done."""
    batch = [station.station_id for station in await commands_store.all_traits(tx, after, STATIONS_AT_ONCE)]
    await check_stations(tx, batch, now)
    return batch[-1] if len(batch) == STATIONS_AT_ONCE else None


# Writing


async def apply_template(
    tx: Transaction,
    actor: Actor,
    template_id: TemplateId,
    now: datetime,
    *,
    station_id: StationId | None = None,
    reason: str,
) -> RunId:
    """Write a template to every station that is not in step with it, or to one. Needs commands:send.

    The commands are queued by a job, some stations at a time. Raises `NotFound`, `Conflict` when all are in step.
    """
    actor.require(Permission.COMMANDS_SEND)
    _require_reason(reason)
    template = await store.lock(tx, template_id)
    reachable = template is not None and (
        actor.site_ids is None or template.site_id is None or template.site_id in actor.site_ids
    )
    if template is None or not reachable:
        raise NotFound("There is no such template.")
    if template.retired_at is not None:
        raise Conflict("The template is no longer in use.")
    run_id = RunId(new_id())
    sites = None if actor.site_ids is None else list(actor.site_ids)
    by = actor.name or actor.kind
    count = await store.start_run(
        tx, run_id, template, station_id=station_id, site_ids=sites, by=by, reason=reason, now=now
    )
    if not count:
        raise Conflict("Nothing is to be written: no station differs from the template.")
    detail = {"run_id": str(run_id), "version": template.version, "stations": count}
    await audit.write(tx, actor, "template.applied", "template", template_id, at=now, reason=reason, detail=detail)
    await enqueue(tx, [NewJob(RUN, {"run_id": str(run_id)})])
    return run_id


async def run_on(tx: Transaction, run_id: RunId, now: datetime) -> bool:
    """Queue the commands for the next stations of a run; return whether more of them wait."""
    begun = await store.run(tx, run_id)
    if begun is None:
        return False
    actor = rule("configuration template")
    waiting = await store.waiting(tx, begun, RUN_AT_ONCE)
    for one in waiting:
        values = [
            NewValue(
                component=each["component"],
                variable=each["variable"],
                attribute=each["attribute"],
                value=each["wanted"],
            )
            for each in one.differences
            if not each.get("pending")
        ]
        if not values:
            await store.queued(tx, run_id, one.station_id, [], "in step", now)
            continue
        try:
            async with tx.savepoint():
                commands = await write_values(
                    tx, actor, one.station_id, values, now,
                    reason=begun.reason, requested_by=begun.started_by, expires_at=now + WRITE_WITHIN,
                )  # fmt: skip
            await store.queued(tx, run_id, one.station_id, commands, "", now)
        except Problem as problem:
            await store.queued(tx, run_id, one.station_id, [], str(problem), now)
    return len(waiting) == RUN_AT_ONCE
