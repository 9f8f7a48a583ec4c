"""Tariffs: making them, choosing where they apply, and finding the one that does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, StationId, TariffId, TariffVersionId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.tariffs import lint, queries, store
from laddverk.tariffs.model import Candidate, Choice, Place, Severity, Tariff, TariffVersion, Wish

NAME_MAX: Final = 80  # fits a row of the console and a line of an invoice
GROUP_MAX: Final = 40
ALWAYS: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Later than every version; what has an end does not apply then."""


async def create(tx: Transaction, actor: Actor, name: str, tariff: Tariff, now: datetime) -> TariffVersion:
    """Make a tariff with its first version. Raises `Invalid` for a bad or taken name, or prices that may not be."""
    actor.require(Permission.TARIFFS_WRITE)
    name = name.strip()
    if not name or len(name) > NAME_MAX:
        raise Invalid("Give the tariff a name of at most %(max)s characters.", field="name", max=NAME_MAX)
    _require_sound(tariff)
    tariff_id = await store.insert_tariff(tx, name, now)
    if tariff_id is None:
        raise Invalid(
            "There is already a tariff called %(name)s.",
            field="name",
            remedy="Choose another name, or add a version to that tariff.",
            name=name,
        )
    return await _add(tx, actor, tariff_id, tariff, now, "tariff.created")


async def revise(tx: Transaction, actor: Actor, tariff_id: TariffId, tariff: Tariff, now: datetime) -> TariffVersion:
    """Add a version. Sessions that have started keep theirs.

    Raises `NotFound`, or `Invalid` for impossible prices, another currency, or prices that the law does not allow at
    the power that is there.
    """
    actor.require(Permission.TARIFFS_WRITE)
    _require_sound(tariff)
    if not await store.lock_tariff(tx, tariff_id):
        raise NotFound("There is no such tariff.", field="tariff_id")
    before = await store.newest(tx, tariff_id)
    if before is not None and before.body.currency != tariff.currency:
        raise Invalid("A tariff keeps its currency.", field="currency", remedy="Add another tariff.")
    await _require_lawful(tx, tariff_id, tariff, "components")
    return await _add(tx, actor, tariff_id, tariff, now, "tariff.revised")


async def _add(
    tx: Transaction,
    actor: Actor,
    tariff_id: TariffId,
    tariff: Tariff,
    now: datetime,
    action: str,
    *,
    reason: str = "",
    **more: int,
) -> TariffVersion:
    version_id = await store.insert_version(tx, tariff_id, tariff, now, actor.name or actor.kind)
    version = (await store.versions(tx, [version_id]))[version_id]
    detail = {"version": version.number, **more}
    await audit.write(tx, actor, action, "tariff", tariff_id, at=now, reason=reason, detail=detail)
    return version


def _require_sound(tariff: Tariff) -> None:
    """Raise `Invalid` for the first error that no connector could excuse."""
    for finding in lint.findings(tariff):
        if finding.severity is Severity.ERROR:
            raise Invalid(finding.message, field="components", **finding.params)


def _require_usable(tariff: Tariff, power_max_w: int, *, field: str) -> None:
    """Raise `Invalid` for what may not be used at connectors of up to `power_max_w`, or cannot be booked."""
    for finding in lint.findings(tariff, power_max_w):
        if finding.severity is Severity.ERROR or finding.code in lint.UNUSABLE:
            raise Invalid(finding.message, field=field, **finding.params)


async def _require_lawful(tx: Transaction, tariff_id: TariffId, tariff: Tariff, field: str) -> None:
    """Raise `Invalid` for prices that may not be used where a tariff applies already."""
    if await store.is_chosen(tx, tariff_id):
        _require_usable(tariff, await queries.strongest_w(tx, tariff_id), field=field)


async def choose(
    tx: Transaction,
    actor: Actor,
    tariff_id: TariffId,
    now: datetime,
    *,
    site_id: SiteId | None = None,
    station_id: StationId | None = None,
    driver_group: str | None = None,
    reason: str = "",
    place: Place | None = None,
) -> UUID:
    """Let a tariff apply at a place, to some drivers, for a time: `place`, or its commonest parts by themselves.

    Replaces the choice that stood at exactly that place, for those and that time. Raises `NotFound` for an unknown
    tariff or driver, `Invalid` when the prices may not be used at the power that is there (AFIR article 5(4)).
    """
    actor.require(Permission.TARIFFS_WRITE)
    place = place or Place(site_id=site_id, station_id=station_id, driver_group=driver_group or None)
    _require_place(place)
    await _require_seen(tx, actor, place)
    version = await store.newest(tx, tariff_id)
    if version is None or not await store.lock_tariff(tx, tariff_id):
        raise NotFound("There is no such tariff.", field="tariff_id")
    if place.driver_id is not None and not await store.has_driver(tx, place.driver_id):
        raise NotFound("There is no such driver.", field="driver_id")
    is_for_all = place.driver_group is None and place.driver_id is None  # what the law asks of prices without agreement
    _require_usable(version.body, await store.power_max_w(tx, place) if is_for_all else 0, field="tariff_id")
    choice_id = await store.save_choice(tx, tariff_id, place)
    where = {name: getattr(place, name) for name in Place.__struct_fields__}
    detail = {name: str(value) for name, value in where.items() if value}
    await audit.write(tx, actor, "tariff.chosen", "tariff", tariff_id, at=now, reason=reason, detail=detail)
    return choice_id


async def _require_seen(tx: Transaction, actor: Actor, place: Place) -> None:
    """Raise `NotFound` for a place that there is not, or that the actor may not see."""
    site_id = place.site_id
    if place.station_id is not None:
        site_id = await store.site_of(tx, place.station_id)
        if site_id is None:
            raise NotFound("There is no such station.", field="station_id")
    if actor.site_ids is not None and site_id not in actor.site_ids:
        raise NotFound("There is no such site.", field="site_id")


def _require_place(place: Place) -> None:
    """Raise `Invalid` for a place that contradicts itself."""
    if place.site_id is not None and place.station_id is not None:
        raise Invalid("Choose a site or a station, not both.", field="station_id")
    if place.driver_group is not None and len(place.driver_group) > GROUP_MAX:
        raise Invalid("A driver group has at most %(max)s characters.", field="driver_group", max=GROUP_MAX)
    if place.driver_group is not None and place.driver_id is not None:
        raise Invalid("Choose a driver group or one driver, not both.", field="driver_id")
    if place.evse_number is not None and place.station_id is None:
        raise Invalid("An outlet is one of a charger: choose the charger as well.", field="station_id")
    if place.connector_number is not None and place.evse_number is None:
        raise Invalid("A connector is one of an outlet: choose the outlet as well.", field="evse_number")
    if any(at is not None and at.tzinfo is None for at in (place.valid_from, place.valid_until)):
        raise Invalid("Write a time with its zone.", field="valid_from")
    if place.valid_from is not None and place.valid_until is not None and place.valid_from >= place.valid_until:
        raise Invalid("It would end before it begins.", field="valid_until", remedy="Choose a later day.")
    if len(place.label) > NAME_MAX:
        raise Invalid("A name has at most %(max)s characters.", field="label", max=NAME_MAX)


async def unchoose(tx: Transaction, actor: Actor, choice_id: UUID, now: datetime, reason: str = "") -> None:
    """Take a choice away: the less specific one applies again. Raises `NotFound`."""
    actor.require(Permission.TARIFFS_WRITE)
    if not await store.delete_choice(tx, choice_id):
        raise NotFound("There is no such choice of tariff.", field="choice_id")
    await audit.write(tx, actor, "tariff.unchosen", "tariff_choice", choice_id, at=now, reason=reason)


async def retire(tx: Transaction, actor: Actor, tariff_id: TariffId, now: datetime, reason: str = "") -> None:
    """Take a tariff out of use; sessions keep their copy. Raises `Conflict` while it is chosen, `NotFound`."""
    actor.require(Permission.TARIFFS_WRITE)
    if await store.is_chosen(tx, tariff_id):
        raise Conflict(
            "This tariff is in use.",
            field="tariff_id",
            remedy="Choose another tariff where it applies, then retire it.",
        )
    if not await store.retire(tx, tariff_id, now):
        raise NotFound("There is no such tariff.", field="tariff_id")
    await audit.write(tx, actor, "tariff.retired", "tariff", tariff_id, at=now, reason=reason)


async def chosen(
    tx: Transaction,
    wishes: Sequence[Wish | tuple[StationId, str]],
    at: Sequence[datetime] | None = None,
    *,
    now: datetime = ALWAYS,
) -> list[TariffVersion | None]:
    """Return the tariff version that applies to each wish (or station and driver group); None where none was chosen.

    The most specific choice wins: one for the driver alone, then by place (connector, EVSE, station, site, network),
    then one for the driver group, then one that ends, a campaign. With `at` (one instant for each wish) what applied
    and was newest then; else what applies at `now`.
    """
    if not wishes:
        return []
    asked = [wish if isinstance(wish, Wish) else Wish(*wish) for wish in wishes]
    return await store.chosen(tx, asked, at or [now] * len(asked))


async def candidates(tx: Transaction, actor: Actor, wish: Wish, at: datetime) -> list[Candidate]:
    """Return every choice that fits a wish at an instant, in the order in which they count: why a tariff applies."""
    actor.require(Permission.TARIFFS_READ)
    return await store.candidates(tx, wish, at)


async def restore(
    tx: Transaction, actor: Actor, tariff_id: TariffId, number: int, now: datetime, reason: str = ""
) -> TariffVersion:
    """Let a tariff be again as an earlier version of it: a new version with those prices. Raises `NotFound`.

    Raises `Invalid` where the law, as it is checked today, does not let them be used at the power that is there.
    """
    actor.require(Permission.TARIFFS_WRITE)
    earlier = await store.numbered(tx, tariff_id, number)
    if earlier is None or not await store.lock_tariff(tx, tariff_id):
        raise NotFound("There is no such version of the tariff.", field="version")
    await _require_lawful(tx, tariff_id, earlier.body, "version")
    return await _add(tx, actor, tariff_id, earlier.body, now, "tariff.restored", reason=reason, restored=number)


async def versions(tx: Transaction, version_ids: Sequence[TariffVersionId]) -> dict[UUID, TariffVersion]:
    """Return tariff versions by id; those that do not exist are missing."""
    return await store.versions(tx, version_ids)


async def choices(tx: Transaction) -> list[Choice]:
    """Return where which tariff applies."""
    return await store.choices(tx)
