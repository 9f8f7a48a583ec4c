"""How much energy load management delivers on real sessions, how evenly, what it costs in CPU; and others beside it.

(a) ACN-Caltech, March 2019: 954 cars, three phases as a delta, 20, 30 and 40 kW. Beside ours: acnportal's own first
    come first served, earliest deadline, least laxity and round robin, on the same sessions, in an environment that
    this command makes under var/; of three days, for they are slow, unless --acnportal asks for the whole month.
    `optimum` knows every car before it comes.
(b) ACN-Caltech, 45 days from May 2019, three levels of information: none, what drivers said, everything.
(c) Site TRO_R in Norway, 407 days, one fuse of 25 to 63 A for 77 users, 6 A or nothing, nothing known of any car.
(d) Cost under a capacity tariff in a real year, beside uncontrolled, fair share and the optimum (`energy_cost`).
(e) CPU time of a decision for 10 to 5,000 outlets, beside one linear program.

In (a) and (b) three things of ours stand beside each other. `ships` is what runs: the allocator as the loop asks it on
a grid without neutral, with what drivers say, and, `planned`, guided by the plan ahead. `vectors` is the same allocator
told between which lines each outlet lies, which it can use and the loop does not tell it. `program` is a linear program
that is a yardstick, and no part of what runs (`bench/_energy_ahead.py`). In (c) and (e) it is the allocator as live.
All of it takes an hour on one quiet core.

`delivered` is of what the cars would have taken; `p05` the share of the session that is at the fifth percentile; `Jain`
how even the shares are; `over` the steps in which a line was over its limit; ms are CPU time for a step; `switches` how
often a session is let in or sent away.
Usage: make bench-energy [ARGS="--parts a,e --days 7 --acnportal"]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from bench import energy_cost
from bench._energy_acn import GRID_H, WORTH, Score, charged, most_possible, program_ahead, scored
from bench._energy_ahead import Leaning
from bench._energy_cpu import Cost, costs
from bench._energy_homes import HomeScore, allocator, charged_at_home, equal_share, least_attained
from bench._energy_live import Counts, Live, Way
from bench._energy_sessions import Session, days_of, of_experiment, with_estimates
from bench._norway import DATA, FILE, read
from bench._norway import Session as Home
from laddverk.energy.allocating import Policy

MARCH = DATA / "sessions" / "acn_caltech_2019-03.json.gz"
SUMMER = DATA / "sessions" / "acn_caltech_2019-05_2019-08.csv.gz"
COST_DAYS = 365  # of 2019: peaks are charged for by the month
SUMMER_DAYS = 45  # May to the middle of June: the window whose aims are known
CAPACITIES_KW = (20.0, 30.0, 40.0)
FUSES_A = (25.0, 35.0, 50.0, 63.0)
AIMS = {"a": (77.0, 91.7, 98.2), "b": (71.3, 84.7, 93.4), "c": (78.1, 88.3, 95.2, 97.7)}
HASTE = 0.02
HASTE_SAID = 0.1  # who may leave before or after what was said is better served soon; tuned on nine days of August
AIMS_P05 = (0.24, 0.64, 0.96)
AIMS_MS = {100: 1, 1_000: 10}
SIZES = (10, 100, 1_000, 5_000)
ENVIRONMENT = Path(__file__).resolve().parent.parent / "var" / "acnportal"
ACNPORTAL = "acnportal==0.3.3"
RULES = ("FCFS", "EDF", "LLF", "RR")


def of_acnportal(sessions: Sequence[Session]) -> list[Score]:
    """Return how acnportal's rules do on the sessions; nothing, and why, where it cannot be had."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists() and not _installed(python):
        return []
    found = []
    for capacity in CAPACITIES_KW:
        for rule in RULES:
            asked = {"sessions": msgspec.to_builtins(sessions), "capacity_kw": capacity, "rule": rule}
            answer = subprocess.run(
                [python, Path(__file__).with_name("_energy_acnportal.py")], input=json.dumps(asked), text=True,
                capture_output=True, check=True,
            )  # fmt: skip
            told = json.loads(answer.stdout)
            got = np.array(told["got_wh"])
            found.append(scored(f"acnportal {rule}", capacity, sessions, got, told["violations"], told["ms_a_step"]))
    return found


def _installed(python: Path) -> bool:
    try:
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", ACNPORTAL], check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"acnportal is not here and could not be installed ({problem}); its rules are left out.")
        return False
    return True


SHIPS_UNTOLD = ("ships, nothing known", Way(Counts.AS_LIVE, "none"))
SHIPS_SAID = ("ships, drivers' word", Way(Counts.AS_LIVE, "said"))
SHIPS_PLANNED = ("ships, drivers' word, planned", Way(Counts.AS_LIVE, "said", is_planned=True))
SHIPS_TOLD = ("ships, all known", Way(Counts.AS_LIVE, "real"))
SHIPS_TOLD_PLANNED = ("ships, all known, planned", Way(Counts.AS_LIVE, "real", is_planned=True))
VECTORS_UNTOLD = ("vectors, nothing known", Way(Counts.AS_VECTORS, "none"))
VECTORS_SAID = ("vectors, drivers' word", Way(Counts.AS_VECTORS, "said"))
VECTORS_TOLD = ("vectors, all known", Way(Counts.AS_VECTORS, "real"))
LIVE_IN_MARCH = (SHIPS_UNTOLD, SHIPS_TOLD, SHIPS_TOLD_PLANNED, VECTORS_UNTOLD, VECTORS_TOLD)
"""Of March it is not known what drivers said."""
LIVE_IN_SUMMER = (SHIPS_UNTOLD, SHIPS_SAID, SHIPS_PLANNED, SHIPS_TOLD, VECTORS_UNTOLD, VECTORS_SAID, VECTORS_TOLD)
LEVELS = (("none", "nothing known"), ("said", "drivers' word"), ("real", "all known"))


def in_march(sessions: Sequence[Session]) -> list[Score]:
    """Return how what ships does, and the program that knows all of the cars that are there, and the optimum."""
    return _beside(sessions, LIVE_IN_MARCH, LEVELS[-1:])


def in_summer(sessions: Sequence[Session]) -> list[Score]:
    """Return how what ships and the program do with none, the drivers' and all information, and the optimum."""
    return _beside(sessions, LIVE_IN_SUMMER, LEVELS)


def _beside(
    sessions: Sequence[Session], live: Sequence[tuple[str, Way]], levels: Sequence[tuple[str, str]]
) -> list[Score]:
    found = []
    for capacity in CAPACITIES_KW:
        for name, way in live:
            found.append(charged(name, sessions, capacity, Live(sessions, capacity, way)))
        for knows, name in levels:
            leaning = Leaning(ends_h=GRID_H, worth=WORTH, haste=HASTE_SAID if knows == "said" else HASTE)
            rule = program_ahead(sessions, capacity, knows, leaning)
            found.append(charged(f"program, {name}", sessions, capacity, rule))
        found.append(_optimum(sessions, capacity))
    return found


def _optimum(sessions: Sequence[Session], capacity: float) -> Score:
    share = most_possible(sessions, capacity)
    return Score(name="optimum", capacity_kw=capacity, delivered=share, p05=0, jain=0, violations=0)


def print_scores(
    title: str, scores: Sequence[Score], aims: Sequence[float] = (), aims_p05: Sequence[float] = ()
) -> None:
    print(f"\n{title}\n{'':30}{'kW':>5}{'delivered %':>13}{'p05':>7}{'Jain':>7}{'over':>6}{'ms':>8}{'switches':>10}")
    for one in sorted(scores, key=lambda one: one.capacity_kw):
        head = f"{one.name:30}{one.capacity_kw:>5.0f}{100 * one.delivered:>13.2f}"
        if one.ms_a_step is None:
            print(head)
        else:
            switches = f"{one.switches:>10.1f}" if one.switches is not None else ""
            print(f"{head}{one.p05:>7.2f}{one.jain:>7.3f}{one.violations:>6}{one.ms_a_step:>8.2f}{switches}")
    if aims:
        print(f"{'aim':30}{'':5}{' / '.join(str(aim) for aim in aims):>13}")
    if aims_p05:
        print(f"{'aim of p05':30}{'':5}{' / '.join(str(aim) for aim in aims_p05):>13}")


ON_ONE_PHASE = (46.8, 58.2, 71.2)
"""What the study found for TRO_R with all cars on one phase: there every rule that wastes nothing delivers the same, so
the distance to it is what the study counts otherwise than this bench."""


def at_home(homes: Sequence[Home]) -> list[HomeScore]:
    """Return how ours and two simple rules do, and all cars on one phase."""
    found = []
    for fuse_a in FUSES_A:
        found.append(charged_at_home(homes, fuse_a, allocator(Policy())))
        found.append(charged_at_home(homes, fuse_a, least_attained, "the study's rule"))
        found.append(charged_at_home(homes, fuse_a, equal_share, "equal, first come"))
    on_one = [replace(one, phase=0) for one in homes]
    return found + [charged_at_home(on_one, fuse_a, equal_share, "all on one phase") for fuse_a in FUSES_A[:3]]


def print_homes(scores: Sequence[HomeScore]) -> None:
    print("\n(c) TRO_R, 6 A or nothing, nothing known")
    print(
        f"{'':18}{'A':>4}{'delivered %':>13}{'aim':>7}{'>= 95 %':>9}{'starved %':>11}{'switches':>10}"
        f"{'p05':>7}{'over':>6}{'ms':>7}"
    )
    aims = dict(zip(FUSES_A, AIMS["c"], strict=True))
    of_study = dict(zip(FUSES_A, ON_ONE_PHASE, strict=False))
    for one in scores:
        aim = of_study[one.fuse_a] if one.rule == "all on one phase" else aims[one.fuse_a]
        print(
            f"{one.rule:18}{one.fuse_a:>4.0f}{100 * one.delivered:>13.2f}{aim:>7}{100 * one.nearly_full:>9.1f}"
            f"{100 * one.starved:>11.2f}{one.switches:>10.2f}{one.p05:>7.2f}{one.violations:>6}{one.ms_a_step:>7.2f}"
        )
    print("aim: starved <= 0.2 %, switches <= 3. 'All on one phase' has no aim but the study's own figure: no rule can")
    print("change it, so a distance there is the study's way of counting, in every row of this table.")


def print_costs(found: Sequence[Cost]) -> None:
    print("\n(e) CPU time of a decision, ms")
    print(f"{'outlets':>8}  {'fuse':8}{'allocator':>10}{'aim':>6}{'MB':>7}{'one LP':>10}")
    for one in found:
        aim = f"{AIMS_MS[one.outlets]:>6}" if one.outlets in AIMS_MS else f"{'':6}"
        print(f"{one.outlets:>8}  {one.case:8}{one.decision_ms:>10.2f}{aim}{one.memory_mb:>7.1f}{one.lp_ms:>10.2f}")
    print("One LP maximises the current only; sharing evenly by LPs takes several of them.")


def measured(parts: set[str], days: int | None, acnportal_days: int | None) -> dict[str, Any]:
    """Run the parts and return what each found."""
    results: dict[str, Any] = {}
    if "a" in parts and MARCH.exists():
        sessions = of_experiment(MARCH)
        month = sessions if days is None else days_of(sessions, 0, days)
        results["a"] = in_march(month)
        print_scores(f"(a) ACN-Caltech, March 2019, {len(month)} sessions", results["a"], AIMS["a"], AIMS_P05)
        some = month if acnportal_days is None else days_of(month, 0, acnportal_days)
        results["a_acnportal"] = of_acnportal(some)
        if results["a_acnportal"]:
            beside = [*results["a_acnportal"], *(results["a"] if some == month else in_march(some))]
            print_scores(f"(a) acnportal's rules on {len(some)} of these sessions, ours beside them", beside)
    if "b" in parts and SUMMER.exists():
        summer = with_estimates(SUMMER, days or SUMMER_DAYS)
        results["b"] = in_summer(summer)
        print_scores(f"(b) ACN-Caltech from May 2019, {len(summer)} sessions", results["b"], AIMS["b"])
    if "c" in parts and FILE.exists():
        homes = read("TRO_R")
        homes = homes if days is None else homes[: days * 16]
        results["c"] = at_home(homes)
        print_homes(results["c"])
    if "d" in parts:
        print("\n(d) Cost with a capacity tariff, beside uncontrolled, fair share and the optimum")
        results["d"] = energy_cost.measured(days or COST_DAYS)
    if "e" in parts:
        results["e"] = costs(SIZES if days is None else SIZES[:2], 30 if days is None else 3)
        print_costs(results["e"])
    return results


def main() -> None:
    """Run what is asked for; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="a,b,c,d,e")
    parser.add_argument("--days", type=int, help="only the first days of each file")
    parser.add_argument("--acnportal", action="store_true", help="acnportal on the whole month: half an hour")
    parser.add_argument("--acnportal-days", type=int, default=3)
    asked = parser.parse_args()
    if not MARCH.exists():
        print(f"Skipped: no real sessions in {MARCH.parent}; only CPU time is measured.")
    results = measured(set(asked.parts.split(",")), asked.days, None if asked.acnportal else asked.acnportal_days)
    print(json.dumps(msgspec.to_builtins(results)))


if __name__ == "__main__":
    main()
