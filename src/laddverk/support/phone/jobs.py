"""What the telephone does in the background: rings somebody, fetches recordings, and forgets what is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from msgspec.structs import replace

from laddverk.notices.sms.port import Refused
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call as Outside
from laddverk.platform.errands import Later
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, NewJob, Work, delay_after, enqueue
from laddverk.support.phone import desk, service, store
from laddverk.support.phone.model import Call
from laddverk.support.phone.providers.carriers import CARRIERS

FORGET: Final = "phone.forget"
FORGET_COPY: Final = "phone.forget_copy"
VOICES_KEPT: Final = timedelta(days=30)  # a carrier keeps sounds by their address for about as long
ATTEMPTS_MAX: Final = 10  # a carrier keeps recordings for three days; ours is away for minutes

EVERY: Final = (Every(FORGET, timedelta(hours=6)),)

log = structlog.get_logger()


class Dialling:
    """The errand that rings one of ours, and then the one who is called back."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Outside | Later | None]:
        """Return a call for each; one that has ended meanwhile is left alone."""
        calls = [await store.by_id(tx, UUID(payload["call_id"])) for payload in payloads]
        return [partial(self._ring, call) if call is not None and call.ended_at is None else None for call in calls]

    async def _ring(self, call: Call) -> str:
        return await CARRIERS[call.provider].dial(self._house, call)

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Note what the carrier calls it, or that it did not ring. Nobody is rung twice: a person presses again."""
        now = self._house.clock()
        for payload, outcome in came:
            call = await store.by_id(tx, UUID(payload["call_id"]))
            if call is None or isinstance(outcome, str):
                continue
            log.warning("phone.not_dialled", call=str(call.id), error=str(outcome))
            await store.save(tx, replace(call, ended_at=now, ended_how="not_dialled"))
            service.tell(tx, self._house, call)


class Fetching:
    """The errand that fetches a recording from its carrier."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Outside | Later | None]:
        """Return a call for each that we do not have."""
        ids = [UUID(payload["recording_id"]) for payload in payloads]
        waiting = await store.unfetched(tx, ids)
        return [
            partial(CARRIERS[waiting[each].provider].fetch_recording, self._house.settings, waiting[each].url)
            if each in waiting
            else None
            for each in ids
        ]

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Keep what came; what may pass is tried again, slower each time."""
        for payload, outcome in came:
            recording_id, attempts = UUID(payload["recording_id"]), int(payload["attempts"])
            if isinstance(outcome, bytes):
                for known in (await store.unfetched(tx, [recording_id])).values():
                    if CARRIERS[known.provider].forget_recording is not None:
                        copy = {"provider": known.provider, "url": known.url, "attempts": 0}
                        await enqueue(tx, [NewJob(FORGET_COPY, copy)])
                await store.mark_fetched(tx, recording_id, outcome, "audio/wav")
                continue
            await store.mark_not_fetched(tx, recording_id, str(outcome))
            if not isinstance(outcome, Refused) and attempts + 1 < ATTEMPTS_MAX:
                again = {"recording_id": str(recording_id), "attempts": attempts + 1}
                await enqueue(tx, [NewJob(desk.FETCH, again, run_at=self._house.clock() + delay_after(attempts))])


class ForgettingCopies:
    """The errand that takes a recording that we have from its carrier: how long it is kept is for us to say."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Outside | Later | None]:
        """Return a call for each; one that forgets by itself is left alone."""
        del tx
        forgets = [CARRIERS[payload["provider"]].forget_recording for payload in payloads]
        return [
            partial(forget, self._house.settings, payload["url"]) if forget is not None else None
            for forget, payload in zip(forgets, payloads, strict=True)
        ]

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Try again where the carrier did not answer; what it refuses is gone already."""
        for payload, outcome in came:
            attempts = int(payload["attempts"])
            if isinstance(outcome, Exception) and not isinstance(outcome, Refused) and attempts + 1 < ATTEMPTS_MAX:
                again = payload | {"attempts": attempts + 1}
                await enqueue(tx, [NewJob(FORGET_COPY, again, run_at=self._house.clock() + delay_after(attempts))])


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of the telephone by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        await store.forget_voices(tx, now - VOICES_KEPT)
        await store.forget_recordings(tx, now - timedelta(days=house.settings.recordings_kept_days))

    return {
        desk.DIAL: Dialling(house),
        desk.FETCH: Fetching(house),
        FORGET_COPY: ForgettingCopies(house),
        FORGET: forget,
    }
