"""Frames of a charger: what went over the wire, decoded beside raw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.platform import journal
from laddverk.web.console.desk import AtDesk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import seen_station

FRAMES_SHOWN: Final = 100
FRAMES_READ: Final = 1000  # among these an action is looked for: about the last day of a busy charger


class FrameLine(Struct, frozen=True):
    """A frame as people read it: decoded beside raw."""

    at: datetime
    direction: str
    kind: str
    """call, result, error or ?."""
    action: str
    message_id: str
    pretty: str
    raw: str


def frame_lines(frames: Sequence[journal.Frame]) -> list[FrameLine]:
    """Return `frames`, newest first, with each answer named after the call it answers."""
    actions: dict[tuple[str, str], str] = {}
    lines: list[FrameLine] = []
    for frame in reversed(frames):
        raw = frame.body.decode("utf-8", "replace")
        kind, message_id, action, payload = _taken_apart(raw)
        other = "<" if frame.direction == ">" else ">"
        if kind == "call":
            actions[frame.direction, message_id] = action
        elif kind in ("result", "error"):
            action = actions.get((other, message_id), action)
        lines.append(FrameLine(frame.received_at, frame.direction, kind, action, message_id, payload, raw))
    return lines[::-1]


KINDS: Final = {2: "call", 3: "result", 4: "error", 5: "error", 6: "call"}  # 2.1: a refused answer, and a SEND


def _taken_apart(raw: str) -> tuple[str, str, str, str]:
    """Return kind, message id, action and the indented payload of a frame, whatever it holds."""
    try:
        parts = msgspec.json.decode(raw)
        kind = KINDS[parts[0]]
        action = str(parts[2]) if kind in ("call", "error") else ""
        payload = parts[3] if kind == "call" else parts[2] if kind == "result" else parts[3:]
        return kind, str(parts[1]), action, msgspec.json.format(msgspec.json.encode(payload), indent=2).decode()
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, RecursionError):  # it nests too deep, for one
        return "?", "", "", raw


@get("/console/stations/{station_id:str}/frames", opt={NEEDS: Permission.STATIONS_READ})
async def show_frames(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What went over the wire, decoded beside raw."""
    if not desk.sees_raw:
        desk.actor.require(Permission.DRIVERS_READ)
    before = desk.instant_asked("before") or desk.now
    action = desk.asked("action")
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        frames = await journal.read(tx, station.id, before, FRAMES_READ if action else FRAMES_SHOWN)
    lines = frame_lines(frames)
    actions = sorted({line.action for line in lines if line.action})
    chosen = [line for line in lines if not action or line.action == action][:FRAMES_SHOWN]
    older = chosen[-1].at if len(chosen) == FRAMES_SHOWN else None
    return desk.page(
        "console/stations/frames.html", station=station, lines=chosen, actions=actions, older=older, tab="frames"
    )


ROUTES: Final = [show_frames]
