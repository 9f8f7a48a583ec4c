"""Notifying the devices of one person at once, and what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.notices.push import sending, store
from laddverk.notices.push.model import Device, Words
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

NO_DEVICE: Final = "no device takes notifications any more"


class LaterStill(Unanswered):
    """No device took it; a push service asked to be left alone for `after_s`."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class Notified(Struct, frozen=True, kw_only=True):
    """What came of one notification to all devices of a person."""

    taken: tuple[UUID, ...] = ()
    gone: tuple[UUID, ...] = ()
    refused: tuple[tuple[UUID, str], ...] = ()
    later: tuple[tuple[UUID, str], ...] = ()
    after_s: float = 0.0

    @property
    def problem(self) -> Exception:
        """Why no device took it: `Refused` where trying again is of no use, else `Unanswered`."""
        if self.later:
            return LaterStill(self.later[0][1], self.after_s)
        return Refused(self.refused[0][1] if self.refused else NO_DEVICE)


async def sent(house: House, devices: Sequence[Device], words: Words) -> Notified:
    """Notify `devices` side by side; never raises for what one of them says."""
    came = await asyncio.gather(
        *(sending.send(house.settings, house.secrets, one.subscription, words, is_urgent=True) for one in devices),
        return_exceptions=True,
    )
    pairs = list(zip((one.id for one in devices), came, strict=True))
    waits = [one.after_s for one in came if isinstance(one, sending.Unanswered)]
    return Notified(
        taken=tuple(each for each, answer in pairs if isinstance(answer, str)),
        gone=tuple(each for each, answer in pairs if isinstance(answer, sending.Gone)),
        refused=tuple((each, str(answer)) for each, answer in pairs if isinstance(answer, sending.Refused)),
        later=tuple((each, str(answer)) for each, answer in pairs if _may_come(answer)),
        after_s=max(waits, default=0.0),
    )


def _may_come(answer: object) -> bool:
    return isinstance(answer, BaseException) and not isinstance(answer, sending.Gone | sending.Refused)


async def record(tx: Transaction, came: Notified, now: datetime) -> None:
    """Write down what push services said of each device, and take away those that are gone."""
    await store.mark_taken(tx, came.taken, now)
    for device_id, error in came.refused + came.later:
        await store.mark_refused(tx, device_id, error)
    await store.bury(tx, came.gone)
