"""What holds a site back, decided from what was observed. Pure; the formulas are shown on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from laddverk.planning.bottlenecks.erlang import turned_away
from laddverk.planning.bottlenecks.model import (
    NEEDED,
    Circuit,
    Found,
    Held,
    Kind,
    Observed,
    PoolWeek,
    Proof,
    Room,
    Verdict,
)
from laddverk.planning.usage.censoring import rates
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

HOUR_S: Final = 3_600
UNEVEN: Final = 1.25  # a phase with a quarter more outlets than the mean of the three fills first
DEARER: Final = 1.10  # a tenth above the others is within what tariffs differ by
ELASTICITY: Final = 0.5  # assumed: a tenth dearer, a twentieth fewer sessions; nobody has measured it here
HOURS_LEAST: Final = 1.0  # a year: less is nothing
MORE_PORTS: Final = 4

FORMULAS: Final = {
    Kind.PORTS: N_(
        "Hours in which every outlet of a plug charged a car. Sessions lost: those hours × arrivals per hour while"
        " there was room, hour by hour of the week. Energy: sessions × mean energy of a session."
    ),
    Kind.OVERSTAY: N_(
        "Hours in which every outlet had a car, less those in which every one charged. Sessions and energy as for too"
        " few outlets."
    ),
    Kind.RELIABILITY: N_(
        "Hours in which there was no room, less those in which every outlet had a car; and hours in which all were out"
        " of order. Sessions lost: as for too few outlets, and starts that failed without another try within half an"
        " hour."
    ),
    Kind.POWER: N_(
        "Outlet hours in which load management gave a charging car less because a circuit was full. Energy lost: of"
        " cars that left while they still charged, what full power would have given meanwhile; it is at most this."
        " Sessions lost: that energy ÷ mean energy of a session; who stayed away because of it is not seen. Only seen"
        " where load management measures."
    ),
    Kind.PHASE: N_(
        "As for power, where the full phase has at least a quarter more outlets than the mean of the three, or where it"
        " is not known which phases outlets use. Only seen where load management measures."
    ),
    Kind.PRICE: N_(
        "People who opened the page to pay and did not. Where a kWh costs at least a tenth more than the median of the"
        " other sites: sessions × how much dearer × 0.5, which is an assumption. In which hours is not known."
    ),
}  # fmt: skip


def judged(seen: Observed) -> Verdict:
    """Return what holds a site back, the most energy lost first."""
    if _is_too_soon(seen):
        return Verdict(
            site_id=seen.site_id, name=seen.name, since=seen.since, until=seen.until, is_too_soon=True,
            is_managed=_is_managed(seen), found=(),
        )  # fmt: skip
    arriving = [rates(pool.slots) for pool in seen.pools]
    found = [*_of_room(seen, arriving), *_current(seen), *_price(seen)]
    return Verdict(
        site_id=seen.site_id, name=seen.name, since=seen.since, until=seen.until, is_too_soon=False,
        is_managed=_is_managed(seen),
        found=tuple(sorted(found, key=lambda one: (-one.energy_wh, -(one.hours or 0.0)))),
        began_per_year=seen.began * seen.per_year,
        more_ports=tuple(
            (pool.plug, pool.ports, _with_more(pool, each, seen.per_year))
            for pool, each in zip(seen.pools, arriving, strict=True)
        ),
    )  # fmt: skip


def refused(seen: Room) -> float:
    """Return how many sessions a site loses in a year for want of room; 0 where it is too soon to say."""
    if _is_too_soon(seen):
        return 0.0
    return sum(each.sessions or 0.0 for each in _of_room(seen, [rates(pool.slots) for pool in seen.pools]))


def _is_too_soon(seen: Room) -> bool:
    return seen.until - seen.since < NEEDED


def _is_managed(seen: Observed) -> bool:
    """Return whether load management measures there: a drawing of circuits without an outlet on them limits nobody."""
    return bool(seen.held) or any(any(one.on_phase) for one in seen.circuits.values())


def _with_more(pool: PoolWeek, arriving: Mapping[int, float], per_year: float) -> tuple[float, ...]:
    """Return who would be turned away in a year with none, one, two, three more outlets, by Erlang's formula."""
    if not pool.stay_s:
        return ()
    rates_h = np.array([*arriving.values()])
    hours = np.array([pool.slots[at].stood_h for at in arriving])
    return tuple(
        turned_away(pool.ports + more, rates_h, hours, pool.stay_s / HOUR_S) * per_year for more in range(MORE_PORTS)
    )


def _of_room(seen: Room, arriving: Sequence[Mapping[int, float]]) -> list[Found]:
    """Divide the time without room: too few outlets, overstay, reliability.

    A stretch without room belongs to reliability where not every outlet had a car, to overstay where each had one but
    not each charged, and else to too few outlets. Lost are each part × the arrivals per hour of that hour of the week.
    """
    hours: dict[Kind, float] = dict.fromkeys((Kind.PORTS, Kind.OVERSTAY, Kind.RELIABILITY), 0.0)
    lost: dict[Kind, float] = dict.fromkeys(hours, 0.0)
    for pool, each in zip(seen.pools, arriving, strict=True):
        for kind, parts in _parts(pool).items():
            for at, seconds in parts.items():
                hours[kind] += seconds / HOUR_S
                lost[kind] += seconds / HOUR_S * each.get(at, 0.0)
    lost[Kind.RELIABILITY] += seen.given_up
    return [
        Found(
            kind=kind, hours=hours[kind] * seen.per_year, sessions=lost[kind] * seen.per_year,
            energy_wh=lost[kind] * seen.per_year * (seen.session_wh or 0.0), is_estimate=True,
            proofs=_room_proofs(seen, kind, hours[kind], lost[kind]),
        )
        for kind in hours
        if hours[kind] * seen.per_year >= HOURS_LEAST or (kind is Kind.RELIABILITY and seen.given_up)
    ]  # fmt: skip


def _parts(pool: PoolWeek) -> dict[Kind, Mapping[int, float]]:
    return {
        Kind.PORTS: pool.full_charging_s,
        Kind.OVERSTAY: {
            at: max(0.0, all_s - pool.full_charging_s.get(at, 0.0)) for at, all_s in pool.full_busy_s.items()
        },
        Kind.RELIABILITY: {
            at: max(0.0, pool.full_s.get(at, 0.0) - pool.full_busy_s.get(at, 0.0)) + pool.dark_s.get(at, 0.0)
            for at in {**pool.full_s, **pool.dark_s}
        },
    }  # fmt: skip


def _room_proofs(seen: Room, kind: Kind, hours: float, lost: float) -> tuple[Proof, ...]:
    days = (seen.until - seen.since).days
    values = {"hours": round(hours, 1), "days": days, "lost": round(lost, 1)}
    if kind is Kind.PORTS:
        return (
            Proof(text=N_("Every outlet charged a car for %(hours)s h in %(days)s days."), values=values, page="usage"),
        )  # fmt: skip
    if kind is Kind.OVERSTAY:
        return (
            Proof(
                text=N_("Every outlet was taken, some by cars that had finished, for %(hours)s h in %(days)s days."),
                values=values, page="usage",
            ),
        )  # fmt: skip
    proofs = [
        Proof(
            text=N_("There was no room because outlets were out of order for %(hours)s h in %(days)s days."),
            values=values, page="uptime",
        )
    ]  # fmt: skip
    if seen.failed:
        proofs.append(
            Proof(
                text=N_("%(failed)s starts failed; after %(given_up)s of them nobody tried again within half an hour."),
                values={"failed": seen.failed, "given_up": seen.given_up}, page="outcomes",
            )
        )  # fmt: skip
    return tuple(proofs)


def _current(seen: Observed) -> list[Found]:
    """Divide what load management held back: by phase where the full phase is heavier than the others, else power."""
    found: list[Found] = []
    by_kind = sorted(seen.held, key=lambda one: _held_by(one, seen.circuits.get(one.branch)))
    for kind, group in groupby(by_kind, key=lambda one: _held_by(one, seen.circuits.get(one.branch))):
        parts = list(group)
        hours = sum(one.limited_s for one in parts) / HOUR_S
        if hours * seen.per_year >= HOURS_LEAST:
            worst = max(parts, key=lambda one: one.limited_s)
            short_wh = sum(one.short_wh for one in parts) * seen.per_year
            found.append(
                Found(
                    kind=kind, hours=hours * seen.per_year,
                    sessions=short_wh / seen.session_wh if seen.session_wh else None, energy_wh=short_wh,
                    is_estimate=True,
                    proofs=_held_proofs(kind, parts, worst, seen.circuits.get(worst.branch)),
                )
            )  # fmt: skip
    return found


def _held_by(held: Held, circuit: Circuit | None) -> Kind:
    if circuit is None or held.phase not in (1, 2, 3):
        return Kind.POWER
    mean = sum(circuit.on_phase) / 3
    return Kind.PHASE if circuit.unknown or circuit.on_phase[held.phase - 1] > mean * UNEVEN else Kind.POWER


def _held_proofs(kind: Kind, parts: list[Held], worst: Held, circuit: Circuit | None) -> tuple[Proof, ...]:
    proofs = [
        Proof(
            text=N_("A full circuit slowed %(cars)s charges; %(short)s of them ended while the car still charged."),
            values={"cars": sum(one.cars for one in parts), "short": sum(one.cars_short for one in parts)}, page="load",
        ),
        Proof(
            text=N_("The tightest: L%(phase)s of %(circuit)s, %(hours)s outlet hours."),
            values={
                "phase": worst.phase, "circuit": circuit.name if circuit else "–",
                "hours": round(worst.limited_s / HOUR_S, 1),
            },
            page="load",
        ),
    ]  # fmt: skip
    if kind is Kind.PHASE and circuit is not None:
        first, second, third = circuit.on_phase
        proofs.append(
            Proof(
                text=N_("Outlets that may load L1, L2, L3 there: %(first)s, %(second)s, %(third)s; of %(unknown)s the"
                        " phases are not known."),
                values={"first": first, "second": second, "third": third, "unknown": circuit.unknown}, page="load",
            )
        )  # fmt: skip
    return tuple(proofs)


def _price(seen: Observed) -> list[Found]:
    """Count who opened the page to pay and did not; where it is dearer than elsewhere, add the assumed effect."""
    proofs: list[Proof] = []
    lost = float(seen.unpaid)
    if seen.unpaid:
        proofs.append(
            Proof(
                text=N_("%(unpaid)s people wanted to charge, saw the price, and did not pay."),
                values={"unpaid": seen.unpaid}, page="prices",
            )
        )  # fmt: skip
    if seen.price_minor and seen.network_price_minor and seen.price_minor >= seen.network_price_minor * DEARER:
        dearer = seen.price_minor / seen.network_price_minor - 1
        lost += seen.began * dearer * ELASTICITY
        proofs.append(
            Proof(
                text=N_("A kWh costs %(percent)s %% more than the median of other sites with such outlets. How many"
                        " that keeps away is assumed, not measured."),
                values={"percent": round(dearer * 100)}, page="prices",
            )
        )  # fmt: skip
    if not proofs:
        return []
    per_year = lost * seen.per_year
    return [
        Found(
            kind=Kind.PRICE, hours=None, sessions=per_year, energy_wh=per_year * (seen.session_wh or 0.0),
            is_estimate=True, proofs=tuple(proofs),
        )
    ]  # fmt: skip
