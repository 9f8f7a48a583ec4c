"""Sessions of a live site, replayed as an expansion study does: the replay gives cars what the live loop gave them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Rotation, Window
from laddverk.energy.steering.model import CHANGE_MIN_A
from laddverk.energy.steering.sharing import IDLE_S
from laddverk.kernel.ids import new_id
from laddverk.ocpp.protocol import Protocol
from laddverk.planning import traces
from laddverk.planning.expanding import store
from laddverk.planning.expanding.grounding import ground_of
from laddverk.planning.replaying.engine import replay
from laddverk.simulator.car import Car, Supply
from tests.integration.energy.garage import STEP, Stand, garage_on, grid_of

ZONE = ZoneInfo("Europe/Stockholm")
FAST = Supply(0, 57.9, 22_000)  # 22 kW at the 380 V of a battery that is half full
BATTERY_WH = 1_000_000
BOARD = CircuitId(new_id())
BOARD_A = 32.0
WINDOW_A, WINDOW_FROM_MIN, WINDOW_LASTS_MIN = 20.0, 30, 15  # far below the fuse, which holds as much as before
LASTS = timedelta(minutes=61)
FOLLOWS_S = 90.0
"""How long the live loop takes after what a replay does at once: a limit is lowered, answered and measured before
another is raised, 6 A first, and a car rises once for each sample: four turns of ten seconds, twice where a turn of one
waits for another's."""


class Visit(Struct, frozen=True):
    """A car: where, when it comes and leaves (minutes), how much it takes until it is full, on how many phases."""

    at: str
    comes_min: float
    leaves_min: float
    wants_wh: float = 40_000.0
    phases: int = 3


VISITS = (
    Visit("A", 2, 60), Visit("B", 5, 60, wants_wh=3_000.0), Visit("C", 8, 40), Visit("D", 12, 60, phases=1),
    Visit("F", 15, 45), Visit("E", 20, 60, phases=1),
)  # fmt: skip
"""B goes first and gets full; C keeps 10 A; D is a one-phase car at a three-phase charger, E's charger has one phase;
F is DC."""


def stands():
    return {
        "A": Stand(Protocol.V16, place={"circuit_id": BOARD}),
        "B": Stand(Protocol.V201, wired=Rotation.STR, place={"circuit_id": BOARD, "rank": 1, "rotation": Rotation.STR}),
        "C": Stand(Protocol.V21, place={"circuit_id": BOARD, "reserved_a": 10.0}),
        "D": Stand(Protocol.V201, place={"weight": 2.0}),
        "E": Stand(Protocol.V16, Supply(1, 16.0, 3_680)),
        "F": Stand(Protocol.V201, FAST, place={"power_max_w": 22_000.0}),
    }  # fmt: skip


def car_of(visit):
    """Return a car whose battery is so large that its power and voltage stay the same."""
    full = 0.5 + visit.wants_wh / BATTERY_WH
    return Car(BATTERY_WH, BATTERY_WH / 2, phases=visit.phases, dc_max_w=22_000, target_share=full)


async def lived(garage):
    """Let cars come, charge and leave; return what each drew after each step, by seconds since 1970."""
    drawn, begins = {}, garage.clock()
    for number in range(int(LASTS / STEP)):
        since, until = number * STEP, (number + 1) * STEP
        for visit in VISITS:
            if since <= timedelta(minutes=visit.comes_min) < until:
                garage.come(visit.at, car_of(visit))
            if since <= timedelta(minutes=visit.leaves_min) < until:
                garage.leave(visit.at)
        await garage.step()
        drawn[(begins + until).timestamp()] = garage.currents()
    return drawn


async def recorded(garage, begins):
    """Return the site and its sessions as a study takes them, and the energy of each session."""
    async with garage.network.house.database.transaction() as tx:
        site_id = garage.network.site_id
        zone = ZoneInfo(await tx.value("SELECT timezone FROM site WHERE id = $1", site_id))
        tree, outlets = await circuits.tree(tx, site_id), await store.outlets(tx, site_id)
        seen = await store.sessions(tx, site_id, begins, begins + timedelta(days=1), 100)
    ground = ground_of(tree, outlets, garage.clock(), zone)
    return ground, traces.stays(seen, {one.key: (one.phases, one.current_max_a) for one in ground.ports})


def changes_of(moments):
    """Return when a replay changed each outlet's current (s), by how much (A), and until when the loop may follow."""
    found, before = [], {}
    for at, now in moments:
        is_full = any(amperes == 0.0 < before.get(key, 0.0) for key, amperes in now.items())
        follows_s = FOLLOWS_S + (IDLE_S if is_full else 0.0)
        for key in before.keys() | now.keys():
            found.append((key, at, abs(now.get(key, 0.0) - before.get(key, 0.0)), follows_s))
        before = now
    return found


@pytest.mark.slow
async def test_a_replay_of_a_live_sites_sessions_gives_each_car_what_the_live_loop_gave_it(database, tmp_path):
    now = datetime.now(ZONE)
    begins = now.replace(minute=0, second=0, microsecond=0) + timedelta(
        hours=1
    )  # typed hours are looked at by quarters
    starts = begins.hour * 60 + WINDOW_FROM_MIN
    window = Window(limit_a=(WINDOW_A,) * 3, starts_minute=starts, ends_minute=starts + WINDOW_LASTS_MIN)
    grid = grid_of(63.0, windows=(window,))
    board = Circuit(id=BOARD, name="Board", kind=CircuitKind.BOARD, limit_a=(BOARD_A,) * 3, parent_id=grid.id)
    async with garage_on(database, tmp_path, stands(), (grid, board)) as garage:
        garage.clock.now = begins.astimezone(UTC)
        drawn = await lived(garage)
        assert not garage.fuse.is_open
        ground, stays = await recorded(garage, begins)
        names = {f"{station}:1": name for name, station in garage.network.station_ids.items()}
    visits = {visit.at: visit for visit in VISITS}
    assert {names[one.outlet]: one.phases for one in stays} == {
        at: 0 if at == "F" else visit.phases for at, visit in visits.items()
    }

    assert replay(ground, stays).delivered > 0.995, "played as it was, cars get what they got"

    moments = []
    wanted = [replace(one, energy_wh=visits[names[one.outlet]].wants_wh) for one in stays]
    replay(ground, wanted, watched=lambda at_s, amperes: moments.append((at_s, dict(amperes))))
    changes = changes_of(moments)
    compared = 0
    for at, live in drawn.items():
        if any(change <= at <= change + follows_s for _key, change, _by, follows_s in changes):
            continue
        _since, replayed = max((one for one in moments if one[0] < at), key=lambda one: one[0], default=(at, {}))
        for key, amperes in replayed.items():
            # A raise of less is not worth a message, and a limit is told in tenths of what the car keeps to.
            assert abs(live[names[key]] - amperes) < CHANGE_MIN_A, (at - begins.timestamp(), names[key])
            compared += 1
    assert compared > 1_000
    for stay in stays:
        watts = traces.watts_per_a(stay.phases)
        gave_wh = sum(
            before.get(stay.outlet, 0.0) * (at - since) * watts / traces.SECONDS_PER_HOUR
            for (since, before), (at, _) in pairwise(moments)
        )
        # The loop follows each change within its time, evenly: half of what lies between is lacking at the most.
        lacks_as = sum(by * follows_s / 2 for key, _, by, follows_s in changes if key == stay.outlet)
        assert abs(gave_wh - stay.energy_wh) <= lacks_as * watts / traces.SECONDS_PER_HOUR, names[stay.outlet]
