"""Run by the Python of an environment of its own, in which acnportal is: its rules on the sessions it is given.

Reads a JSON object from standard input (sessions, capacity in kW, the name of a rule) and writes one: what each session
got, how many steps had a line over its limit, and the CPU time. Imports nothing of Laddverk.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from datetime import UTC, datetime
from typing import Any

RULES = ("FCFS", "EDF", "LLF", "RR")
ROUND_ROBIN_A = 1.0  # its usual 0.1 A does not finish a month in eight minutes; the shares differ by less than 0.1 %


def main() -> None:
    """Answer one question."""
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    json.dump(_run(asked["sessions"], asked["capacity_kw"], asked["rule"]), sys.stdout)


def _run(sessions: list[dict[str, Any]], capacity_kw: float, rule: str) -> dict[str, Any]:
    import numpy as np
    from acnportal import acnsim, algorithms
    from acnportal.acnsim.network.sites import caltech_acn

    cars = {
        str(place): acnsim.EV(
            one["arrives"], one["departs"], one["energy_wh"] / 1_000, one["outlet"], str(place),
            acnsim.Battery(one["energy_wh"] / 1_000, 0, 6.6),
        )
        for place, one in enumerate(sessions)
    }  # fmt: skip
    orders = {
        "FCFS": algorithms.first_come_first_served, "EDF": algorithms.earliest_deadline_first,
        "LLF": algorithms.least_laxity_first,
    }  # fmt: skip
    scheduler = (
        algorithms.RoundRobin(algorithms.first_come_first_served, continuous_inc=ROUND_ROBIN_A)
        if rule == "RR"
        else algorithms.SortedSchedulingAlgo(orders[rule])
    )
    network = caltech_acn(basic_evse=True, transformer_cap=capacity_kw)
    simulation = acnsim.Simulator(
        network, scheduler, acnsim.EventQueue([acnsim.PluginEvent(car.arrival, car) for car in cars.values()]),
        datetime(2019, 3, 1, tzinfo=UTC), period=5, verbose=False,
    )  # fmt: skip
    began = time.process_time()
    simulation.run()
    spent_s = time.process_time() - began
    currents = network.constraint_current(simulation.charging_rates)
    over = (np.abs(currents) > network.magnitudes[:, None] * (1 + 1e-5) + 1e-7).any(axis=0)
    steps = (simulation.charging_rates > 0).any(axis=0)
    return {
        "got_wh": [simulation.ev_history[str(n)].energy_delivered * 1_000 for n in range(len(cars))],
        "violations": int(over.sum()), "ms_a_step": spent_s / max(1, int(steps.sum())) * 1_000,
    }  # fmt: skip


if __name__ == "__main__":
    main()
