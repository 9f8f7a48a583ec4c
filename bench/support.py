"""Does support explain what is wrong, and is it mended without a person? Every situation, by every way to reach us.

Each text of the catalogue is made to happen at a simulated charger on a loopback socket of a whole house with a
clock that can be turned. A scripted driver then asks: on the page of their charge or outlet, in the chat, on the phone
(46elks' protocol) and by mail (LMTP); reads what is told, has done by one tap or key what is offered, and does with
their hands what they were told. What came of it is read from the house: energy, money to the öre, a cable that is out.
Usage: make bench-support [ARGS="--ways page,chat --situations no-energy,offline"].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvloop

from bench._support_acts import Ending, Event, Trouble, Who
from bench._support_troubles import EVENTS
from bench._support_ways import MOST, WAYS, Answer, Way
from bench._support_world import Bay, Visitor, World, world_on
from laddverk.ocpp.protocol import Protocol
from laddverk.support.situations.book import catalogue

ENERGY_MIN_WH = 100
FLOWS_WITHIN_S = 300.0
MONEY_WITHIN_S = 1800.0
PROTOCOLS = (Protocol.V16, Protocol.V201)

FLOWED = """
SELECT count(*) > 0 FROM session
WHERE station_id = $1 AND energy_wh >= $2 AND (started_at >= $3 OR coalesce(ended_at, 'infinity') > $3)
"""
# What was kept of anybody's money at this charger beyond the price of what flowed, and what was given back too much.
WRONG_MONEY = """
SELECT coalesce(sum(abs(payment.captured_minor - payment.refunded_minor - coalesce(session.price_minor, 0))), 0)::int
FROM payment
LEFT JOIN session ON session.id = payment.session_id
JOIN start_request ON start_request.payment_id = payment.id
WHERE start_request.station_id = $1 AND payment.state NOT IN ('created', 'checkout', 'unknown', 'authorised')
  AND (session.id IS NULL OR session.ended_at IS NOT NULL)
"""
HELD = """
SELECT count(*) FROM payment JOIN start_request ON start_request.payment_id = payment.id
LEFT JOIN session ON session.id = start_request.session_id
WHERE start_request.station_id = $1 AND payment.state = 'authorised'
  AND (start_request.cancelled_at IS NOT NULL OR session.ended_at IS NOT NULL)
"""
# A command that could hurt: at another charger than the one that it is about; a cable that is let go, or a restart,
# while anybody's charge runs there; a start, a restart or a cable let go where a protection has tripped.
UNSAFE = """
SELECT count(*) FROM command
CROSS JOIN LATERAL (SELECT coalesce((command.command->>'evse_number')::int, 0) AS evse) AS at
WHERE created_at >= $2
  AND kind IN ('start_charging', 'stop_charging', 'unlock_connector', 'reset', 'change_availability')
  AND ((station_id <> $1 AND requested_by <> 'payments.reserved')  -- a reserve that ends stops its own charge
       OR (kind IN ('unlock_connector', 'reset')
           AND EXISTS (SELECT FROM session WHERE session.station_id = command.station_id
                         AND (at.evse = 0 OR session.evse_number = at.evse) AND session.started_at <= command.created_at
                         AND coalesce(session.ended_at, 'infinity') > command.created_at))
       OR (kind IN ('start_charging', 'unlock_connector', 'reset')
           AND EXISTS (SELECT FROM finding WHERE finding.station_id = command.station_id AND severity = 0
                         AND (at.evse = 0 OR finding.evse_number IN (0, at.evse))
                         AND raised_at <= command.created_at
                         AND coalesce(cleared_at, 'infinity') > command.created_at)))
"""


@dataclass
class Result:
    """What came of one trouble by one way."""

    key: str
    way: str
    protocol: str
    told: frozenset[str] = frozenset()
    diagnosed: bool = False
    solved: bool = False
    dead_end: bool = False
    energy_s: float | None = None
    unsafe: int = 0
    money_wrong_minor: int = 0
    problem: str = ""


async def played(world: World, event: Event, way: Way, protocol: Protocol) -> Result:
    """Let a driver be in trouble, ask by one way, and do what is told; return what came of it."""
    began, protocol = world.clock(), event.protocol or protocol
    bay = await world.bay(protocol, event.wired)
    visitor = Visitor(world)
    world.drivers += 1
    visitor.sender, visitor.phone = f"driver{world.drivers}@example.com", f"+4670{world.drivers:07}"
    if event.who is Who.ACCOUNT or (event.who is Who.AS_ASKED and way.needs_account):
        await visitor.sign_in()
    result = Result(event.name, way.name, protocol.value)
    try:
        trouble = await event.happen(bay, visitor)
        asked_at = world.clock()
        answer = await way.ask(trouble)
        result.told, result.diagnosed = answer.situations, is_right(answer, event, way)
        result.dead_end = not (answer.leads_on or answer.buttons)
        if trouble.press and trouble.press in answer.buttons:
            await way.press(trouble, trouble.press)
        if trouble.hands is not None and result.diagnosed:
            await trouble.hands()
        result.solved = result.diagnosed and await came_true(world, trouble, asked_at)
        if result.solved and event.ending is Ending.ENERGY:
            result.energy_s = (world.clock() - asked_at).total_seconds()
        result.money_wrong_minor = await lasting(world, WRONG_MONEY, bay)
        result.unsafe = int(await world.value(UNSAFE, bay.station_id, began))
    except Exception as problem:  # noqa: BLE001 - one trouble that cannot be made says nothing of the others
        result.problem = f"{type(problem).__name__}: {problem}"
        if world.verbose:
            traceback.print_exc()
    finally:
        await way.close()
        await visitor.close()
        await world.clear()
    return result


def is_right(answer: Answer, event: Event, way: Way) -> bool:
    """Return whether what is told is what happened, and nothing else.

    A variant may be told as usual where it is in all texts by which it was told: short ones leave things out.
    """
    told = answer.situations
    if way.tells_money_together and event.complaint in ("money", "receipt"):
        return event.told in told if event.ways else event.situation in {each.split()[0] for each in told}
    texts = next(each.texts["en"] for each in catalogue() if each.key == event.situation)
    usual, own = texts[""], texts[event.variant]
    is_alike = all(getattr(own, name) == getattr(usual, name) for name in answer.spoken)
    return told == {event.told} or (is_alike and told == {event.situation})


async def lasting(world: World, sql: str, bay: Bay) -> int:
    """Return what `sql` counts there once what goes back by itself has had its time; 0 as soon as nothing is left."""
    passed_s = 0.0
    while (counted := int(await world.value(sql, bay.station_id))) and passed_s < MONEY_WITHIN_S:
        await world.pass_time(60, step_s=60)
        passed_s += 60
    return counted


async def came_true(world: World, trouble: Trouble, asked_at: datetime) -> bool:
    """Return whether the trouble ended as it should, letting time pass for it."""
    bay = trouble.bay
    match trouble.event.ending:
        case Ending.TOLD:
            return True
        case Ending.FREE:
            await world.pass_time(20)
            return bay.outlet(1).car is None
        case Ending.HUMAN:
            return False
        case Ending.MONEY:
            return not await lasting(world, HELD, bay) and not await world.value(WRONG_MONEY, bay.station_id)
        case Ending.ENERGY:
            for _each in range(int(FLOWS_WITHIN_S / 10)):
                await world.pass_time(10)
                if await world.value(FLOWED, bay.station_id, ENERGY_MIN_WH, asked_at):
                    return True
    return False


async def run(options: argparse.Namespace) -> list[Result]:
    """Play every chosen situation by every chosen way on one house."""
    results = []
    with tempfile.TemporaryDirectory(prefix="laddverk-support-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        async with world_on(Path(folder) / "state") as world:
            world.verbose = options.verbose
            for number, event in enumerate(options.events):
                for name in options.ways:
                    if event.ways and name not in event.ways:
                        continue
                    protocol = PROTOCOLS[number % 2]
                    result = await played(world, event, WAYS[name](), protocol)
                    results.append(result)
                    sign = "ok" if result.solved else "told" if result.diagnosed else "NO"
                    told = ",".join(sorted(result.told)) or "nothing"
                    print(f"{sign:5}{event.name:46}{name:12}{told[:60]} {result.problem}", file=sys.stderr, flush=True)
    return results


def printed(results: list[Result], wall_s: float) -> None:
    """Print the table, and as the last line one JSON object."""
    by_way: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_way[result.way].append(result)
    print(
        f"{'way':12}{'asked':>7}{'right':>8}{'solved':>8}{'energy s':>10}{'unsafe':>8}"
        f"{'öre wrong':>11}{'dead ends':>11}"
    )
    summary = {}
    for way, came in [*by_way.items(), ("all", results)]:
        energy = [each.energy_s for each in came if each.energy_s is not None]
        row = {
            "asked": len(came),
            "right_percent": round(100 * sum(each.diagnosed for each in came) / len(came), 1),
            "solved_percent": round(100 * sum(each.solved for each in came) / len(came), 1),
            "energy_median_s": round(statistics.median(energy), 1) if energy else None,
            "unsafe": sum(each.unsafe for each in came),
            "money_wrong_minor": sum(each.money_wrong_minor for each in came),
            "dead_ends": sum(each.dead_end for each in came),
        }
        summary[way] = row
        print(
            f"{way:12}{row['asked']:>7}{row['right_percent']:>7} %{row['solved_percent']:>6} %"
            f"{row['energy_median_s'] or '-':>10}{row['unsafe']:>8}{row['money_wrong_minor']:>11}{row['dead_ends']:>11}"
        )
    for each in results:
        if not each.diagnosed or each.problem or each.unsafe or each.dead_end or each.money_wrong_minor:
            print(f"  {each.way} {each.key} ({each.protocol}): told {sorted(each.told) or 'nothing'} {each.problem}")
    print(f"{wall_s:.0f} s of the wall clock")
    print(json.dumps({"bench": "support", "ways": summary, "events": len({each.key for each in results})}))


def main() -> None:
    """Play, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--ways", default=MOST, type=lambda text: text.split(","), help=f"of {', '.join(WAYS)} (default: {MOST})"
    )
    parser.add_argument("--situations", default="", help="these of the catalogue, or one event by its whole name")
    parser.add_argument("--verbose", action="store_true", help="say where a trouble could not be made")
    options = parser.parse_args()
    chosen = set(options.situations.split(",")) if options.situations else set()
    options.events = [
        each for each in EVENTS.values() if not chosen or chosen & {each.situation, each.told, each.name}
    ]  # fmt: skip
    if not options.events:
        parser.error(f"--situations: none of them is one of {', '.join(EVENTS)}")
    options.events = [each for each in options.events if not each.ways or set(each.ways) & set(options.ways)]
    if not options.events:
        parser.error("--situations: they are asked about by other ways only")
    began = time.monotonic()
    results = uvloop.run(run(options))
    printed(results, time.monotonic() - began)


if __name__ == "__main__":
    asyncio.set_event_loop_policy(None)
    main()
