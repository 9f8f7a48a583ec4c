"""A Stripe for the benches, in a process of its own: `_stripe.py DOOR CARDS SEED`; one line of JSON when
ready.

It answers after a log-normal time, never answers some calls that it has carried out, and posts each of its messages
twice, late and in any order. On each line of its input it prints what it has done so far; it ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import uvloop

from tests.doubles.http import Answer, BreakConnection, Request
from tests.doubles.stripe_simulator import StripeSimulator, Thing

P50_S, P99_S = 0.120, 0.380
SIGMA = math.log(P99_S / P50_S) / 2.326  # the 99th percentile of a normal distribution is at 2.326
SILENT_SHARE = 0.01  # of the calls that move money: carried out, and never answered, however often it is asked
SILENT_S = 60.0  # longer than anybody waits
LATE_MAX_S = 2.0  # messages come this late, each copy by itself
COPIES = 2
POSTS_AT_ONCE = 16


@dataclass
class SlowStripe(StripeSimulator):
    """The double of the tests, with the manners of a busy day."""

    random: random.Random = field(default_factory=random.Random)
    silent: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """The keys of calls: those that are never answered, and all."""
    taken: Counter[str] = field(default_factory=Counter)
    """How often money was taken, by our payment's id."""
    post: Callable[[Thing], None] = print
    """Takes each message."""

    def saved_card(self, customer: str) -> tuple[str, str]:
        """Return a customer and a good card of theirs."""
        return customer, self._made("pm_", object="payment_method", customer=customer, behaves="good")["id"]

    async def _answer(self, request: Request) -> Answer:
        latency_s = self.random.lognormvariate(math.log(P50_S), SIGMA)
        await asyncio.sleep(latency_s / 2)
        answer = await super()._answer(request)
        if self._is_silent(request):
            await asyncio.sleep(SILENT_S)
            raise BreakConnection
        await asyncio.sleep(latency_s / 2)
        return answer

    def _is_silent(self, request: Request) -> bool:
        if request.method != "POST":
            return False
        key = request.headers["idempotency-key"]
        if key not in self.seen and self.random.random() < SILENT_SHARE:
            self.silent.add(key)
        self.seen.add(key)
        return key in self.silent

    def _take(self, intent: Thing, amount: int) -> None:
        super()._take(intent, amount)
        self.taken[intent["metadata"]["payment_id"]] += 1

    def _emit(self, kind: str, thing: Thing) -> None:
        super()._emit(kind, thing)
        self.post(self.events.pop())

    def _listed(self, kind: str, **wanted: str) -> Thing:
        """Return the newest hundred, as the real one lists them."""
        found = super()._listed(kind, **wanted)
        return {**found, "data": found["data"][:100]}


class Postman:
    """Brings messages to a door over a few sockets that stay open."""

    def __init__(self, door: str, sign: Callable[[Thing], tuple[dict[str, str], bytes]], chance: random.Random) -> None:
        self._door = urlsplit(door)
        self._sign = sign
        self._random = chance
        self._bag: asyncio.Queue[Thing] = asyncio.Queue()
        self.posted = 0
        self.refused = 0
        self.under_way = 0

    def take(self, event: Thing) -> None:
        """Post `event` some times, each copy after a while of its own."""
        loop = asyncio.get_running_loop()
        for _ in range(COPIES):
            self.under_way += 1
            loop.call_later(self._random.random() * LATE_MAX_S, self._bag.put_nowait, event)

    async def walk(self) -> None:
        """Post over one socket for ever."""
        while True:
            event = await self._bag.get()
            try:
                reader, writer = await asyncio.open_connection(self._door.hostname, self._door.port)
                while True:
                    self.refused += (await self._posted(reader, writer, event)) != 200
                    self.posted += 1
                    self.under_way -= 1
                    event = await self._bag.get()
            except (ConnectionError, asyncio.IncompleteReadError):
                self._bag.put_nowait(event)

    async def _posted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, event: Thing) -> int:
        headers, body = self._sign(event)
        lines = [f"POST {self._door.path} HTTP/1.1", f"host: {self._door.netloc}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        return int(answer.split(" ")[1])


async def main(door: str, cards: int, seed: int) -> None:
    """Serve until the input ends."""
    chance = random.Random(seed)
    stripe = SlowStripe(random=chance)
    postman = Postman(door, lambda event: stripe.signed_event(event, datetime.now(UTC)), chance)
    stripe.post = postman.take
    saved = [stripe.saved_card(f"cus_{number:05}") for number in range(cards)]
    walks = [asyncio.create_task(postman.walk()) for _ in range(POSTS_AT_ONCE)]  # kept, or they are collected

    def told() -> dict[str, Any]:
        intents = stripe.of_kind("payment_intent")
        return {
            "calls": len(stripe.calls),
            "silent": len(stripe.silent),
            "charged_twice": sum(times > 1 for times in stripe.taken.values())
            + len(intents)
            - len({intent["metadata"]["payment_id"] for intent in intents}),
            "taken": len(stripe.taken),
            "taken_minor": sum(intent["amount_received"] for intent in intents),
            "posted": postman.posted,
            "refused": postman.refused,
            "posts_waiting": postman.under_way,
            "posting": sum(not walk.done() for walk in walks),
        }

    async with stripe.serving() as server:
        print(json.dumps({"url": server.url, "key": stripe.key, "cards": saved}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(told()), flush=True)
        os._exit(0)  # nobody waits for the calls that are never answered


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
