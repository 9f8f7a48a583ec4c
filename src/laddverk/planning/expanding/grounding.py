"""A site as it is, and as it would be after a change, in the form that a replay plays on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import cos, pi
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits.loads import added
from laddverk.energy.circuits.model import NO_CURRENT, SourceKind, Tree
from laddverk.energy.steering import placing, unproven
from laddverk.energy.steering.envelope import times
from laddverk.energy.steering.model import Circuit, MeterState
from laddverk.energy.steering.other_load import highest, less
from laddverk.planning.expanding.model import Change
from laddverk.planning.replaying.model import (
    DAY_S,
    NO_LIMIT_A,
    WEEK_S,
    Battery,
    Feeder,
    Ground,
    PerPhase,
    Port,
    Stretch,
)
from laddverk.planning.traces import WATTS_PER_A_DC

STEP: Final = timedelta(minutes=15)  # hours that people type begin at quarters at the most
SITE: Final = "site"
NEW_PORT: Final = "new-{}"
SOLAR_KWH_PER_KWP: Final = (15, 35, 75, 115, 140, 140, 135, 115, 80, 45, 20, 10)
"""By month, southern Sweden, panels facing south: 925 kWh a year. An example, to be checked for the place."""
MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAYLIGHT_H: Final = (7, 9, 11, 14, 16, 17, 17, 15, 13, 11, 8, 7)
NOON_H: Final = 12.5


class Outlet(Struct, frozen=True, kw_only=True):
    """An outlet of a site as stations tell it: what hangs on no circuit is known by this alone."""

    key: str
    phases: int
    current_max_a: float
    power_max_w: float


def ground_of(
    tree: Tree, outlets: Sequence[Outlet], at: datetime, zone: ZoneInfo, *, fuse_a: float = 0.0, other_a: float = 0.0
) -> Ground:
    """Return a site as it is at `at`. Outlets on no circuit hang on the connection; without circuits on `fuse_a`.

    Steered is what the live loop steers: a site with circuits and an outlet on one of them. The site's own battery and
    panels help at the connection, wherever they hang: no circuit below has more room by them here.
    """
    ahead_s = (at.astimezone(zone).utcoffset() or timedelta()).total_seconds()
    if not tree.circuits:
        limit = max(0.0, fuse_a - other_a) if fuse_a > 0 else NO_LIMIT_A
        return Ground(
            feeders=(Feeder(key=SITE, limit_a=(limit,) * 3),), ports=tuple(_port(one, 0) for one in outlets),
            fuse_a=fuse_a, is_steered=False, local_ahead_s=ahead_s,
        )  # fmt: skip
    monday = (at.astimezone(zone) - timedelta(days=at.astimezone(zone).weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    names = {str(one.id): one.name for one in tree.circuits}
    sun_kwp = sum(one.power_max_w for one in tree.sources if one.kind is SourceKind.SOLAR) / 1_000
    stretches, last = [], None
    for number in range(int(WEEK_S // STEP.total_seconds())):
        limits = _limits(tree, (monday + number * STEP).astimezone(at.tzinfo), zone, other_a)
        if limits != last:
            stretches.append(Stretch(starts_s=number * STEP.total_seconds(), limits_a=limits))
            last = limits
    placed = {one.key: one for one in placing.outlets(tree)}
    circuits = placing.circuits(tree, (), at, zone, frozenset())
    meters = {one.key: MeterState.FRESH for one in circuits if one.is_metered}
    return Ground(
        feeders=tuple(
            Feeder(
                key=one.key, name=names[one.key], parent=one.parent, limit_a=_for_cars(one, one.carries_a, other_a),
                over_a=less(held, one.carries_a),
            )
            for one, held in zip(circuits, unproven.held_a(circuits, meters), strict=True)
        ),
        ports=tuple(
            Port(
                key=one.key, feeder=one.circuit, phases=one.phases, wires=one.wires, current_max_a=one.current_max_a,
                rank=one.rank, reserved_a=one.reserved_a, weight=one.weight, lines_factor=one.lines_factor,
            )
            for one in placed.values()
        )
        + tuple(_port(one, 0) for one in outlets if one.key not in placed),
        fuse_a=min(tree.circuits[0].limit_a),
        is_steered=bool(tree.places),
        battery=_battery(tree),
        solar_w=sun_w(sun_kwp) if sun_kwp > 0 else (),
        stretches=tuple(stretches) if len(stretches) > 1 else (),
        local_ahead_s=ahead_s,
    )  # fmt: skip


def _battery(tree: Tree) -> Battery | None:
    """Return the site's batteries as one; None where there is none."""
    found = [one for one in tree.sources if one.kind is SourceKind.BATTERY and one.energy_wh > 0]
    if not found:
        return None
    return Battery(power_w=sum(one.power_max_w for one in found), energy_wh=sum(one.energy_wh for one in found))


def _limits(tree: Tree, at: datetime, zone: ZoneInfo, other_a: float) -> tuple[PerPhase, ...]:
    """Return what cars may take of each circuit at an instant, as the live loop reckons where nothing measures."""
    return tuple(
        _for_cars(one, one.usable_a, other_a) for one in placing.circuits(tree, (), at, zone, frozenset())
    )  # fmt: skip


def _for_cars(circuit: Circuit, may_flow_a: PerPhase, other_a: float) -> PerPhase:
    """Return what cars may take of what may flow through a circuit."""
    more = other_a if circuit.parent < 0 else 0.0
    return highest(NO_CURRENT, less(may_flow_a, added(added(circuit.typed_a, circuit.typed_below_a), (more,) * 3)))


def _port(one: Outlet, feeder: int) -> Port:
    amperes = one.power_max_w / WATTS_PER_A_DC if one.phases == 0 else one.current_max_a
    return Port(key=one.key, feeder=feeder, phases=one.phases, current_max_a=amperes)


def changed(ground: Ground, change: Change, *, port_current_a: float) -> Ground:
    """Return the site after a change. A new fuse is that of the connection; the circuits below stay as they are.

    A battery and panels come beside those that the site has.
    """
    ground = _with_ports(ground, change.ports, port_current_a)
    if change.is_rotation_fixed:
        ground = replace(ground, ports=tuple(_in_turn(one, number) for number, one in enumerate(ground.ports)))
    if change.fuse_a > 0:
        ground = _with_fuse(ground, change.fuse_a)
    if change.is_steered is not None:
        ground = replace(ground, is_steered=change.is_steered)
    if change.battery_kwh > 0:
        ground = _with_battery(ground, change.battery_kw * 1_000, change.battery_kwh * 1_000)
    if change.solar_kwp > 0:
        more = sun_w(change.solar_kwp)
        has = ground.solar_w or (0.0,) * len(more)
        ground = replace(ground, solar_w=tuple(one + other for one, other in zip(has, more, strict=True)))
    return replace(ground, idle_cut=change.idle_cut or ground.idle_cut)


def _with_battery(ground: Ground, power_w: float, energy_wh: float) -> Ground:
    has = ground.battery or Battery(power_w=0.0, energy_wh=0.0)
    return replace(
        ground, battery=replace(has, power_w=has.power_w + power_w, energy_wh=has.energy_wh + energy_wh)
    )  # fmt: skip


def _with_ports(ground: Ground, more: int, current_a: float) -> Ground:
    """More outlets hang where most hang already, on three phases, connected in turn; fewer: the last ones go."""
    if more < 0:
        return replace(ground, ports=ground.ports[: max(1, len(ground.ports) + more)])
    if more == 0:
        return ground
    feeders = [port.feeder for port in ground.ports] or [0]
    feeder = max(sorted(set(feeders)), key=feeders.count)
    factor = ground.ports[0].lines_factor if ground.ports else 1.0
    added = tuple(
        _in_turn(Port(key=NEW_PORT.format(number), feeder=feeder, current_max_a=current_a, lines_factor=factor), number)
        for number in range(more)
    )
    return replace(ground, ports=(*ground.ports, *added))


def _in_turn(port: Port, number: int) -> Port:
    if port.phases == 0 or port.lines_factor != 1.0:
        return port
    return replace(port, wires=(number % 3, (number + 1) % 3, (number + 2) % 3))


def _with_fuse(ground: Ground, fuse_a: float) -> Ground:
    """Change the connection's fuse: what cars may take grows or shrinks by the difference, in every hour."""
    more = fuse_a - ground.fuse_a

    def raised(limits: PerPhase) -> PerPhase:
        return max(0.0, limits[0] + more), max(0.0, limits[1] + more), max(0.0, limits[2] + more)

    root, hours = ground.feeders[0], ground.stretches
    root = replace(root, limit_a=raised(root.limit_a), over_a=times(root.over_a, fuse_a / ground.fuse_a))
    return replace(
        ground, fuse_a=fuse_a, feeders=(root, *ground.feeders[1:]),
        stretches=tuple(replace(one, limits_a=(raised(one.limits_a[0]), *one.limits_a[1:])) for one in hours),
    )  # fmt: skip


def sun_w(kwp: float) -> tuple[float, ...]:
    """Return what panels give in every hour of a year: each day of a month alike, half a cosine around noon."""
    found: list[float] = []
    for kwh, days, light_h in zip(SOLAR_KWH_PER_KWP, MONTH_DAYS, DAYLIGHT_H, strict=True):
        shape = [max(0.0, cos((hour + 0.5 - NOON_H) / light_h * pi)) if abs(hour + 0.5 - NOON_H) < light_h / 2 else 0.0
                 for hour in range(int(DAY_S // 3_600))]  # fmt: skip
        of_day_wh = kwh * 1_000 / days
        found += [round(kwp * of_day_wh * part / sum(shape), 1) for part in shape] * days
    return tuple(found)
