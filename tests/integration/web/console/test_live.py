"""Live pages: only what changed goes out, and only as long as the reader may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from laddverk.kernel.problems import NotAuthenticated, TooMany
from laddverk.platform.hints import Hints
from laddverk.web.live import STOPPING, Streams, changes, message, stream


async def test_only_parts_that_changed_are_sent_again() -> None:
    hints, shown = Hints(), {"a": "<p id=a>1</p>", "b": "<p id=b>1</p>"}

    async def parts() -> Mapping[str, str]:
        return dict(shown)

    events = changes(Streams(), hints, ["station:1"], parts)
    first = await anext(events)
    assert first.count("<hx-partial") == 2
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    shown["b"] = "<p id=b>2</p>"
    hints.publish(["station:2"])
    hints.publish(["station:1", "station:1"])
    assert await waiting == message({"b": "<p id=b>2</p>"})
    await events.aclose()


async def test_a_stream_ends_when_its_reader_may_see_no_more_and_when_the_house_closes() -> None:
    allowed = True

    async def parts() -> Mapping[str, str]:
        if not allowed:
            raise NotAuthenticated("You have to sign in first.")
        return {"a": "x"}

    hints, streams = Hints(), Streams()
    events = changes(streams, hints, ["now"], parts)
    await anext(events)
    assert streams.open == 1
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)
    hints.publish([STOPPING])
    assert await waiting is None
    assert streams.open == 0

    events = changes(streams, hints, ["now"], parts)
    await anext(events)
    allowed = False
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)
    hints.publish(["now"])
    assert await waiting is None
    assert streams.open == 0


async def test_no_more_streams_are_opened_than_there_may_be() -> None:
    streams = Streams(streams_max=1)

    async def parts() -> Mapping[str, str]:
        return {}

    events = changes(streams, Hints(), ["now"], parts)
    await anext(events)
    with pytest.raises(TooMany):
        stream(streams, Hints(), ["now"], parts)
    await events.aclose()


def test_a_message_keeps_every_line_of_a_part() -> None:
    sent = message({"x": "<p>\n\n</p>"})
    assert sent.endswith("\n\n")
    assert all(line.startswith("data: ") for line in sent.strip().splitlines())
