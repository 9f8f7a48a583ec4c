"""Does load management ever trip a fuse? Thousands of episodes in which meters, chargers, cars, links and we fail.

Each episode is a site of its own from a seed (fuses of 20-80 A with gG curves in up to three levels, on 400 V or a
230 V IT grid, a building, four to nine outlets of one phase, three or DC that take limits in different ways, ranks,
own shares, an hour with less, a plan, cars that come and go), 25 minutes long in steps of a second, with one or two
faults at random times. Up to three chargers of a site fail alike, each at its own time: three that ignored their
limits in the same second would open a small fuse within ten, which no network can prevent, only a limit that is set in
the chargers themselves. For the same reason only one charger of a site draws all it can while we ourselves are down:
then nobody can lower the others.
The same seeds are played with an equal share that believes what it sends, and with nobody limiting: the physics can
open a fuse.
`--stress` plays both honestly: every charger of a site fails in the same second, and up to three fail while we are
down, with what opens and where, and the remedy: limits that are set in the chargers themselves.
Many episodes take hours: with `--into FOLDER` they are kept in pieces, and what is there is not played again. A piece
that other code has played is refused: figures of two codes do not belong in one table.
Usage: make bench-energy_safety [ARGS="--episodes 10000 --into var/safety --baselines 300 --stress 60"].
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random

from bench import _energy_episode as episode
from bench import _energy_rivals as rivals
from bench._energy_episode import Outcome
from laddverk.energy.allocating import allocated
from laddverk.simulator.grid.making import UNBOUND
from laddverk.simulator.grid.meter import MeterFault
from laddverk.simulator.grid.outlet import BoxFault
from laddverk.simulator.grid.world import Fault

FAULTS: tuple[Fault, ...] = (*BoxFault, *MeterFault)
NONE, KILLED, TWO = "no fault", "gateway killed", "two faults at once"
TOGETHER = (BoxFault.IGNORES, BoxFault.LIES, BoxFault.REBOOTS, BoxFault.APPLIES_LATE, BoxFault.LINK_LOST)
WHY_OPENED = """Chargers that ignore or forget their limits together draw all they can at once. A small fuse that they
share holds that for seconds, and no message from afar comes in time; on a board without a meter nothing but their
own readings tells of it. The remedy is a limit that is set in the chargers themselves, below what the circuit leaves
them."""
PIECE = 180  # episodes that are kept together: a minute or two
SOURCES = (
    "src/laddverk/energy/allocating", "src/laddverk/energy/steering", "src/laddverk/simulator/grid",
    "bench/_energy_episode.py", "bench/_energy_told.py", "bench/energy_safety.py",
)  # fmt: skip
KINDS = (NONE, *(one.value for one in FAULTS), KILLED, TWO)


def faults_of(kind: str, seed: int) -> tuple[Fault, ...]:
    """Return the faults of an episode of a kind. Of two at once one may be that we are down: see `is_killed`."""
    if kind == TWO:
        drawn = Random(seed).sample((*FAULTS, None), k=2)  # None: the network itself
        return tuple(one for one in drawn if one is not None)
    return tuple(one for one in FAULTS if one.value == kind)


def is_killed(kind: str, seed: int) -> bool:
    """Return whether the network itself is down for a while in an episode."""
    return kind == KILLED or (kind == TWO and len(faults_of(kind, seed)) < 2)


def episodes(count: int, first: int = 0) -> Iterator[tuple[int, str]]:
    """Return (seed, kind) from a seed on, each kind equally often."""
    return ((seed, KINDS[seed % len(KINDS)]) for seed in range(first, first + count))


def played(seed: int, kind: str) -> Outcome:
    """Play one episode with the loop. The site comes from the round, so that every kind meets the same sites."""
    killed = is_killed(kind, seed)
    faults = faults_of(kind, seed)
    return episode.played(seed // len(KINDS), faults, allocated, network_dies=killed)


def all_played(count: int, first: int, only: str, into: Path | None) -> Iterator[tuple[str, Outcome]]:
    """Yield (kind, outcome) of each episode, read from `into` where it was kept before, and kept there else."""
    if into is None:
        yield from ((kind, played(seed, kind)) for seed, kind in episodes(count, first) if only in kind)
        return
    into.mkdir(parents=True, exist_ok=True)
    code = code_digest()
    for begin in range(first, first + count, PIECE):
        path = into / f"{begin:05}.json"
        if not path.exists():
            _keep(path, begin, min(PIECE, first + count - begin), code)
        piece = json.loads(path.read_text())
        if piece["code"] != code:
            raise SystemExit(f"{path} was played by other code. Name an empty folder.")
        for one in piece["outcomes"]:
            kind, _ = one.pop("kind"), one.pop("episode")
            if only in kind:
                yield kind, Outcome(**{**one, "alarms": set(one["alarms"])})


def code_digest() -> str:
    """Return a digest of the code that decides how an episode ends."""
    root, whole = Path(__file__).parents[1], hashlib.sha256()
    for source in SOURCES:
        found = root / source
        for path in sorted(found.rglob("*.py")) if found.is_dir() else [found]:
            whole.update(path.read_bytes())
    return whole.hexdigest()


def _keep(path: Path, first: int, count: int, code: str) -> None:
    began = time.process_time()
    found = []
    for seed, kind in episodes(count, first):
        outcome = asdict(played(seed, kind))
        found.append({**outcome, "alarms": sorted(outcome["alarms"]), "kind": kind, "episode": seed})
    piece = {"first": first, "code": code, "cpu_s": time.process_time() - began, "outcomes": found}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(piece))
    part.rename(path)


def main() -> None:
    """Play, print a table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=720)
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with: many are played in pieces")
    parser.add_argument("--baselines", type=int, default=180, help="how many of them the usual ways play as well")
    parser.add_argument("--stress", type=int, default=20, help="sites on which all chargers fail in the same second")
    parser.add_argument("--only", default="", help="a part of the name of a fault: play that alone")
    parser.add_argument("--into", type=Path, help="a folder where pieces are kept, and looked for")
    asked = parser.parse_args()
    began = time.process_time()
    found: dict[str, list[Outcome]] = {kind: [] for kind in KINDS}
    for kind, outcome in all_played(asked.episodes, asked.first, asked.only, asked.into):
        found[kind].append(outcome)
    spent = time.process_time() - began
    healthy = {one.seed: one.delivered_as for one in found[NONE]}
    print(f"{'fault':30} {'episodes':>8} {'opened':>6} {'worst share':>12} {'A·s above':>10} {'energy':>7}  worst seed")
    print(f"{'':30} {'':8} {'':6} {'of the curve':>12} {'the curve':>10} {'vs none':>7}")
    for kind, outcomes in found.items():
        if outcomes:
            _print(kind, outcomes, healthy)
    everywhere = [one for outcomes in found.values() for one in outcomes]
    for name, some in (("all", everywhere), ("on a 230 V IT grid", [one for one in everywhere if one.is_delta])):
        if some:
            _print(name, some, healthy)
    summary = {
        "episodes": asked.episodes,
        "opened": sum(one.opened for one in everywhere),
        "above_curve_as": round(sum(one.above_curve_as for one in everywhere), 1),
        "worst_share": round(max((one.worst_share for one in everywhere), default=0.0), 4),
        "cpu_s": round(spent, 1),
        **_baselines(asked.baselines),
        **_stress(asked.stress),
    }
    print(json.dumps(summary))


def _print(kind: str, outcomes: list[Outcome], healthy: dict[int, float]) -> None:
    worst = max(outcomes, key=lambda one: one.worst_share)
    same = [one for one in outcomes if one.seed in healthy]
    whole = sum(healthy[one.seed] for one in same)
    energy = sum(one.delivered_as for one in same) / whole if whole else 0.0
    opened = sum(one.opened for one in outcomes)
    above = sum(one.above_curve_as for one in outcomes)
    print(
        f"{kind:30} {len(outcomes):8} {opened:6} {worst.worst_share:12.3f} {above:10.0f} {energy:7.0%}  {worst.seed}",
        flush=True,
    )


def _baselines(count: int) -> dict[str, float]:
    """Play the usual ways on the same episodes, and print how they fare; fault-free ones also with full knowledge."""
    ways = {"equal share, believed": rivals.equal_share, "nobody limits": rivals.uncontrolled}
    found: dict[str, float] = {}
    for name, way in ways.items():
        outcomes = [
            way(seed // len(KINDS), faults_of(kind, seed), network_dies=is_killed(kind, seed))
            for seed, kind in episodes(count)
        ]
        if outcomes:
            opened = sum(one.opened for one in outcomes)
            worst = max(one.worst_share for one in outcomes)
            print(f"{name:30} {len(outcomes):8} {opened:6} {worst:12.3f}")
            found[f"opened, {name}"] = opened
    rounds = range(max(0, count // len(KINDS)))
    if rounds:
        ours = sum(episode.played(one, (), allocated).delivered_as for one in rounds)
        most = sum(rivals.perfect(one, ()).delivered_as for one in rounds)
        found["energy of what full knowledge delivers"] = round(ours / most, 3)
        print(
            f"without faults the loop delivers {ours / most:.0%} of what full knowledge could, on {len(rounds)} sites"
        )
    return found


def _stress(count: int) -> dict[str, float]:
    """Let every charger of a site fail in the same second, as the loop alone and with limits in the chargers too."""
    if not count:
        return {}
    print(f"\nall chargers of a site fail in the same second, {count} sites for each fault")
    print(f"{'':40} {'opened':>6} {'unmetered':>9} {'worst share':>12}  opened with limits set in the chargers")
    opened = held = 0
    for fault in TOGETHER:
        ours = [episode.played(seed, (fault,), allocated, all_at_once=True) for seed in range(count)]
        boxed = [
            episode.played(one.seed, (fault,), allocated, all_at_once=True, in_boxes=True) for one in ours if one.opened
        ]
        opened, held = opened + sum(one.opened for one in ours), held + sum(one.opened for one in boxed)
        _print_stress(fault.value, ours, boxed)
    for fault in UNBOUND:
        ours = [episode.played(seed, (fault,), allocated, network_dies=True, several=True) for seed in range(count)]
        boxed = [
            episode.played(one.seed, (fault,), allocated, network_dies=True, several=True, in_boxes=True)
            for one in ours
            if one.opened
        ]
        opened, held = opened + sum(one.opened for one in ours), held + sum(one.opened for one in boxed)
        _print_stress(f"{fault.value}, we down", ours, boxed)
    print(WHY_OPENED)
    return {"opened, all at once": opened, "opened, all at once, limits in the chargers": held}


def _print_stress(name: str, ours: list[Outcome], boxed: list[Outcome]) -> None:
    print(
        f"{name:40} {sum(one.opened for one in ours):6} {sum(one.unmetered_opened for one in ours):9} "
        f"{max(one.worst_share for one in ours):12.3f}  {sum(one.opened for one in boxed)} of {len(boxed)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
