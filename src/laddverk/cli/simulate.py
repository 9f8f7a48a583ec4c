"""`laddverk simulate`: be chargers. A fleet that speaks OCPP to any network, or a replay of real sessions."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from laddverk.cli.network import Say, run_in_loop, stopped_by_signals
from laddverk.kernel.money import checked_currency
from laddverk.kernel.problems import Invalid
from laddverk.kernel.time import system_clock
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.settings import Settings
from laddverk.simulator.car import Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.control import HELP, Control
from laddverk.simulator.faults import Misfortune
from laddverk.simulator.fleet import Fleet, Place
from laddverk.simulator.ledger import Ledger
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES, Mode, Shape
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm

SESSIONS_DEFAULT: Final = 5000
STATIONS_MAX: Final = 5000  # of one process: beyond that, run several
REPORT_EVERY_S: Final = 30.0
WORN_FAR: Final = 0.8  # of the way to the hard failure: a fault that grows is there from the start, and plain
SPEED_MAX: Final = 600.0  # ten simulated minutes a second: beyond that the chargers do nothing but talk


class StationSpec(Struct, frozen=True, kw_only=True):
    """One line of the stations file: who the charger is, and the key it was given."""

    identity: str
    password: str
    protocol: Protocol = Protocol.V16
    outlets: int = 1
    phases: int = 3
    """0 makes it a fast charger."""
    power_max_w: int = 22_000
    vendor: str = "Simulated"
    model: str = "S1"


class FleetSpec(Struct, frozen=True, kw_only=True):
    """The stations file: JSON with the chargers, and the cards that are shown at them."""

    stations: list[StationSpec]
    cards: list[str] = []
    rhythm: Rhythm = Rhythm.PUBLIC


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what there is to choose."""
    parser.add_argument("--url", help="where the network's gateway is: ws://127.0.0.1:9000/ocpp")
    parser.add_argument(
        "--stations",
        metavar="FILE|N",
        help="a JSON file with identities and keys, or a number of chargers SIM-0001 ... with the key --password",
    )
    parser.add_argument("--password", default="", help="the key of all chargers when --stations is a number")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same cars")
    parser.add_argument(
        "--speed",
        type=float,
        default=1.0,
        help="how much faster than real time cars charge; a network does well to doubt it",
    )
    parser.add_argument("--faults", type=float, default=1.0, help="how often things go wrong; 0 is never")
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help="the first chargers have this fault of docs/fault-modes.md: contact_heating, silent_no_energy ...",
    )
    parser.add_argument("--ledger", type=Path, help="write what was metered and acknowledged to this file")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--control", action="store_true", help="read commands for single chargers from stdin")
    replay = parser.add_argument_group("replay of real sessions")
    replay.add_argument("--replay", type=Path, metavar="FILE", help="a CSV file of sessions; starts all it needs")
    replay.add_argument(
        "--sessions", default=str(SESSIONS_DEFAULT), help="how many of them, or `all` (default %(default)s)"
    )
    replay.add_argument("--currency", default="NOK", help="of the tariff (default %(default)s)")
    replay.add_argument("--timezone", default="Europe/Oslo", help="of the times in the file (default %(default)s)")
    parser.epilog = f"With --control:\n{HELP}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Replay, or run a fleet until it is told to stop."""
    del settings  # a fleet is a stranger to the network it speaks to, and a replay brings its own
    if given.replay is not None:
        return _replay(given)
    if given.url is None or given.stations is None:
        raise Invalid(
            "Say where the network is and which chargers to be.", remedy="Give --url and --stations, or --replay."
        )
    run_in_loop(_fleet(given, print_line))
    return 0


def _replay(given: argparse.Namespace) -> int:
    from laddverk.cli.replay.command import Order, replay

    if not given.replay.is_file():
        raise Invalid("There is no file %(file)s.", field="replay", file=str(given.replay))
    count = None if given.sessions == "all" else _positive(given.sessions, "sessions")
    order = Order(given.replay, count, checked_currency(given.currency), _zone(given.timezone))
    return run_in_loop(replay(order, print_line))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("There is no time zone %(name)s.", field="timezone", name=name) from None


def _positive(text: str, field: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise Invalid("--%(field)s must be a number above zero.", field=field)
    return int(text)


async def _fleet(given: argparse.Namespace, say: Say) -> None:
    spec = described(given.stations, given.password)
    ledger = Ledger(given.ledger) if given.ledger else None
    fault = fault_named(given.fault) if given.fault else None
    links = [
        link_of(one, given.url, ledger, fault if fault and place < fault.stations else None, given.seed)
        for place, one in enumerate(spec.stations)
    ]
    misfortune = Misfortune(Random(given.seed), intensity=given.faults) if given.faults > 0 else None
    place = Place("the fleet", spec.rhythm, links, spec.cards)
    speed = min(max(given.speed, 0.01), SPEED_MAX)
    fleet = Fleet([place], clock=system_clock, random=Random(given.seed), misfortune=misfortune, say=say, speed=speed)
    fleet.populate(system_clock())
    tasks = [asyncio.create_task(fleet.run()), asyncio.create_task(_report(fleet, say))]
    if given.control:
        by_identity = {link.charger.hardware.identity: link for link in links}
        tasks.append(
            asyncio.create_task(_obey(Control(by_identity, clock=system_clock, random=Random(given.seed)), say))
        )
    stop = stopped_by_signals()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), given.seconds)
    await fleet.close(system_clock())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    say(summary(links))
    if ledger is not None:
        ledger.close()


def described(stations: str, password: str) -> FleetSpec:
    """Return the chargers that `--stations` means. Raises `Invalid` when it cannot be understood."""
    if stations.isdigit():
        count = min(_positive(stations, "stations"), STATIONS_MAX)
        return FleetSpec(
            stations=[
                StationSpec(
                    identity=f"SIM-{number:04}",
                    password=password,
                    protocol=Protocol.V16 if number % 2 else Protocol.V201,
                )
                for number in range(1, count + 1)
            ]
        )
    try:
        return msgspec.json.decode(Path(stations).read_bytes(), type=FleetSpec)
    except msgspec.MsgspecError as error:
        raise Invalid(
            "%(file)s is no description of chargers: %(reason)s",
            field="stations",
            remedy='Write {"stations": [{"identity": "CP1", "password": "...", "protocol": "ocpp1.6"}], "cards": []}.',
            file=stations,
            reason=str(error),
        ) from None


def link_of(one: StationSpec, url: str, ledger: Ledger | None, fault: Mode | None = None, seed: int = 1) -> Link:
    """Return the charger that `one` describes, with its line; with a `fault` it is as worn as that makes it."""
    supply = THREE_PHASE_22KW
    if one.phases != supply.phases or one.power_max_w != supply.power_max_w:
        supply = Supply(one.phases, 32.0 if one.phases else 500.0, one.power_max_w)
    hardware = Hardware(
        one.identity, one.protocol, one.vendor, one.model, serial=one.identity[-20:], outlets=(supply,) * one.outlets
    )
    charger = Charger(hardware) if fault is None else worn(hardware, fault, seed)
    return Link(charger, url, one.password, ledger=ledger)


def worn(hardware: Hardware, fault: Mode, seed: int) -> Box:
    """Return a charger that has `fault`: one that grows is far, one that breaks at once has broken."""
    box = Box(hardware, Weather(seed), Random(f"{seed} {hardware.identity}"))
    fault.wear(box, WORN_FAR)
    if fault.shape is Shape.SUDDEN and fault.ends is not None:
        fault.ends(box, system_clock())
    return box


def fault_named(name: str) -> Mode:
    """Return the fault of that name. Raises `Invalid` when there is none."""
    if name not in MODES:
        raise Invalid(
            "There is no fault %(name)s.", field="fault", remedy="They are %(known)s.",
            name=name, known=", ".join(MODES),
        )  # fmt: skip
    return MODES[name]


async def _report(fleet: Fleet, say: Say) -> None:
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        say(
            f"{sum(link.is_connected for link in fleet.links)} of {len(fleet.links)} connected, {fleet.active} charging"
        )


async def _obey(control: Control, say: Say) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        say(control.do(line))


def summary(links: Sequence[Link]) -> str:
    """Return what was said in all, and what went wrong."""
    said: Counter[str] = Counter()
    for link in links:
        said.update(link.counters.by_action)
    total = f"{sum(link.counters.acknowledged for link in links)} of {sum(said.values())} messages acknowledged"
    actions = ", ".join(f"{count} {action}" for action, count in said.most_common())
    problems = Counter(link.last_problem for link in links if link.last_problem)
    troubles = "".join(f"\n  {count} x {words}" for words, count in problems.most_common(5))
    return f"{total}: {actions}{troubles}"


def print_line(text: str) -> None:
    """Print `text` at once, also into a pipe."""
    print(text, flush=True)
