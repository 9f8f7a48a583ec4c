"""Live pages: only what changed goes out, and only as long as the reader may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.problems import NotAuthenticated, TooMany
from laddverk.platform.hints import Hints
from laddverk.web import live
from laddverk.web.live import STOPPING, Streams, changes, message, stream
from tests.integration.web.console.conftest import SignedIn, World


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


async def test_a_page_of_what_jobs_work_out_is_made_anew_when_they_say_so_and_not_by_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "REFRESH_S", 0.01)
    hints, made = Hints(), 0

    async def parts() -> Mapping[str, str]:
        nonlocal made
        made += 1
        return {"a": f"<p id=a>{made}</p>"}

    events = changes(Streams(), hints, ["health"], parts, 0.01, 300.0)
    assert "<p id=a>1</p>" in await anext(events)
    for _silence in range(3):
        assert await anext(events) == ":\n\n"
    assert made == 1
    hints.publish(["health"])
    while (said := await anext(events)) == ":\n\n":
        pass
    assert said == message({"a": "<p id=a>2</p>"})
    await events.aclose()


async def test_lists_of_what_jobs_work_out_send_their_parts_and_unknown_ones_nothing(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.OPERATOR)
    parts = {
        "health": ("health-rows",),
        "uptime": ("uptime-sentence", "uptime-figures", "uptime-rows"),
        "versions": ("versions-sentence", "versions-rows"),
        "cars": ("cars-rows",),
        "outlets": ("outlets-sentence", "outlets-rows"),
    }
    pages = {"health": "/console/health", "uptime": "/console/uptime"}
    for kind, names in parts.items():
        page = (await browser.open(pages.get(kind, f"/console/diagnosis/{kind}"))).text
        assert f'hx-sse:connect="/console/live/lists/{kind}?' in page
        looking = asyncio.create_task(browser.open(f"/console/live/lists/{kind}?q=a"))
        while not looking.done():
            world.house.hints.publish([STOPPING])
            await asyncio.sleep(0.02)
        sent = (await looking).text
        for name in names:
            assert f'hx-target="#{name}"' in sent
            assert page.count(f'id="{name}"') == sent.count(f'id="{name}"') == 1
        assert "/console/live/lists" not in sent
    assert (await browser.open("/console/live/lists/nothing")).status_code == 404


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
