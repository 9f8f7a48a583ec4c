"""Live pages: one stream of server-sent events per page, carrying the parts of it that have changed.

A page says `<div hx-sse:connect="/console/live/station?id=…" hx-swap="none"></div>`; each message holds `<hx-partial>`
elements that htmx morphs into place by id. Hints say when to look again; because hints may be lost (law 9), the parts
are also made anew every few seconds. Only what differs from what was sent last goes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import structlog
from anyio import CancelScope
from litestar.response import Stream

from laddverk.kernel.problems import Problem, TooMany
from laddverk.platform.database import Away
from laddverk.platform.hints import Heard, Hints

log = structlog.get_logger()

STREAMS_MAX: Final = 200  # each may render twice a second; more viewers want another web process
BESIDE_MAX: Final = (
    400  # streams beside a page's own: who calls, on every page of who answers; they seldom say anything
)
AGAIN_S: Final = 15  # how soon a browser asks again that was told once, for want of a stream
TOPICS_MAX: Final = 8  # a page is about one thing, or about everything
GATHER_S: Final = 0.4  # hints within this time become one rendering: faster than a person reads
GATHER_ALL_S: Final = 2.0  # the same for pages about the whole network, where something happens all the time
REFRESH_S: Final = 10.0  # for lost hints and for what changes without one; also keeps proxies from closing
REFRESH_SLOW_S: Final = 300.0  # the same for pages of what jobs work out, which say when they did
LIFE_S: Final = 1800.0  # then the browser connects anew, and its sign-in is checked like any other request's
STOPPING: Final = "stopping"  # the topic on which the house says that it closes

Parts = Mapping[str, str]
"""Element id to its new HTML, the element itself included."""

Render = Callable[[], Awaitable[Parts]]


class Streams:
    """How many streams are open; one for each app."""

    def __init__(self, streams_max: int = STREAMS_MAX) -> None:
        self._streams_max = streams_max
        self.open = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one stream for as long as the block lasts."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    @property
    def is_full(self) -> bool:
        """Whether no further stream may be opened."""
        return self.open >= self._streams_max

    def refuse_when_full(self) -> None:
        """Raise `TooMany` when no further stream may be opened."""
        if self.is_full:
            raise TooMany(
                "Too many people watch live pages right now.", remedy="The page works; reload it to see news."
            )


def stream(
    streams: Streams,
    hints: Hints,
    topics: Iterable[str],
    render: Render,
    gather_s: float = GATHER_S,
    refresh_s: float = REFRESH_S,
) -> Stream:
    """Return the response that sends the changing parts of a page until the reader leaves."""
    streams.refuse_when_full()
    events = changes(streams, hints, list(topics)[:TOPICS_MAX], render, gather_s, refresh_s)
    return Stream(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def once(render: Render) -> Stream:
    """Return the response that tells how it is now and ends: the browser asks again. For what nobody may miss."""
    told = f"retry: {AGAIN_S * 1000}\n{message(await render())}"

    async def events() -> AsyncIterator[str]:
        yield told

    return Stream(events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def changes(
    streams: Streams,
    hints: Hints,
    topics: list[str],
    render: Render,
    gather_s: float = GATHER_S,
    refresh_s: float = REFRESH_S,
) -> AsyncIterator[str]:
    """Yield a message whenever a hint or the clock says so and parts have changed since they were last sent."""
    sent: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + LIFE_S
    with streams.counted(), hints.listening([*topics, STOPPING]) as heard:
        while loop.time() < ends_at:
            try:
                # A reader who leaves is cancelled anew until all has ended, which would break a ROLLBACK off as well.
                with CancelScope(shield=True):
                    parts = await render()
            except (
                Problem,
                *Away,
            ) as error:  # not to be seen any more, or the database is away: the page re-reads later
                log.info("live.ended", error=repr(error))
                return
            except Exception as error:
                # A half-sent answer cannot become an error page any more.
                log.error("live.failed", exc_info=error)
                return
            fresh = {name: html for name, html in parts.items() if sent.get(name) != html}
            sent.update(fresh)
            yield message(fresh) if fresh else ":\n\n"
            again_at = loop.time() + refresh_s
            while not (told := await _next(heard, gather_s)) and loop.time() < again_at:
                yield ":\n\n"
            if STOPPING in told:
                return


async def _next(heard: Heard, gather_s: float) -> set[str]:
    """Return the next topics: the first that is told, and those that come right after it; none after a long silence."""
    try:
        topics = {await asyncio.wait_for(anext(heard), REFRESH_S)}
    except TimeoutError:
        return set()
    if STOPPING not in topics:
        await asyncio.sleep(gather_s)
    return topics | heard.waiting()


def message(parts: Parts) -> str:
    """Return one server-sent event that puts `parts` in their places."""
    return "".join(f"data: {line}\n" for line in partials(parts).splitlines()) + "\n"


def partials(parts: Parts) -> str:
    """Return HTML from which htmx puts `parts` in their places: what an answer of several parts is made of."""
    return "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="outerMorph">{body}</hx-partial>' for name, body in parts.items()
    )
