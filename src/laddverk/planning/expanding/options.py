"""Which changes of a site are played, the cheapest relief first, and what each costs. Pure.

Order: put phases right, share by a rule, take a fee for idle time, a larger fuse, more outlets, a battery, panels, a
new connection; then more outlets with the fuse they need.
"""

from __future__ import annotations

from typing import Final

from laddverk.planning.expanding.fuses import Fees
from laddverk.planning.expanding.model import Asked, Change, Kind, Option
from laddverk.planning.replaying.model import Ground

FUSE_STEPS: Final = 3


def options_of(ground: Ground, asked: Asked, fees: Fees) -> tuple[Option, ...]:
    """Return what is played for a site; the first is the site as it is."""
    is_limited = ground.fuse_a > 0
    found = [Option(kind=Kind.AS_IS)]
    found += _rules(ground, asked, is_limited=is_limited)
    if asked.idle_cut > 0:
        found.append(
            Option(kind=Kind.IDLE_FEE, change=Change(idle_cut=asked.idle_cut), capex_minor=asked.prices.idle_fee)
        )
    fuses = _fuses(ground, asked, fees) if is_limited else []
    found += fuses
    ports = [_ports(asked, more) for more in sorted(set(asked.ports_more)) if more > 0]
    found += ports
    if is_limited:
        found += _sources(asked)
    if is_limited and asked.connection_a > (fuses[-1].change.fuse_a if fuses else ground.fuse_a):
        found.append(_connection(ground, asked, fees))
    found += [_both(one, other) for one, other in zip(ports[-2:], fuses[-2:], strict=False)]
    if len(ground.ports) > 2:
        found.append(Option(kind=Kind.REFERENCE, change=Change(ports=-max(1, len(ground.ports) // 10))))
    below = fees.below(ground.fuse_a) if is_limited else None
    if below is not None:
        found.append(Option(kind=Kind.REFERENCE, change=Change(fuse_a=below)))
    return tuple(found)


def _rules(ground: Ground, asked: Asked, *, is_limited: bool) -> list[Option]:
    if not is_limited:
        return []
    found = []
    prices = asked.prices
    if any(port.wires is None and port.phases != 0 and port.lines_factor == 1.0 for port in ground.ports):
        found.append(
            Option(
                kind=Kind.ROTATION, change=Change(is_rotation_fixed=True),
                capex_minor=prices.rotation_per_port * len(ground.ports),
            )
        )  # fmt: skip
    if ground.is_steered:
        found.append(Option(kind=Kind.REFERENCE, change=Change(is_steered=False)))
    else:
        found.append(
            Option(
                kind=Kind.RULE, change=Change(is_steered=True), capex_minor=prices.rule,
                opex_year_minor=prices.rule_year,
            )
        )  # fmt: skip
    return found


def _fuses(ground: Ground, asked: Asked, fees: Fees) -> list[Option]:
    now = ground.fuse_a
    return [
        Option(
            kind=Kind.FUSE, change=Change(fuse_a=step), capex_minor=asked.prices.fuse_step,
            opex_year_minor=fees.year_minor(step) - fees.year_minor(now),
        )
        for step in fees.above(now, FUSE_STEPS)
    ]  # fmt: skip


def _ports(asked: Asked, more: int) -> Option:
    prices = asked.prices
    return Option(
        kind=Kind.PORTS, change=Change(ports=more), capex_minor=prices.port * more,
        opex_year_minor=prices.port_year * more,
    )  # fmt: skip


def _sources(asked: Asked) -> list[Option]:
    prices, found = asked.prices, []
    if asked.battery_kwh > 0 and asked.battery_kw > 0:
        found.append(
            Option(
                kind=Kind.BATTERY,
                change=Change(battery_kw=asked.battery_kw, battery_kwh=asked.battery_kwh),
                capex_minor=round(prices.battery_per_kwh * asked.battery_kwh),
            )
        )
    if asked.solar_kwp > 0:
        found.append(
            Option(
                kind=Kind.SOLAR, change=Change(solar_kwp=asked.solar_kwp),
                capex_minor=round(prices.solar_per_kwp * asked.solar_kwp),
            )
        )  # fmt: skip
    return found


def _connection(ground: Ground, asked: Asked, fees: Fees) -> Option:
    return Option(
        kind=Kind.CONNECTION, change=Change(fuse_a=asked.connection_a), capex_minor=asked.prices.connection,
        opex_year_minor=fees.year_minor(asked.connection_a) - fees.year_minor(ground.fuse_a),
    )  # fmt: skip


def _both(ports: Option, fuse: Option) -> Option:
    return Option(
        kind=Kind.BOTH, change=Change(ports=ports.change.ports, fuse_a=fuse.change.fuse_a),
        capex_minor=ports.capex_minor + fuse.capex_minor, opex_year_minor=ports.opex_year_minor + fuse.opex_year_minor,
    )  # fmt: skip
