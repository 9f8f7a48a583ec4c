"""A driver wishes for a charger; staff decide what becomes of it; where the map wants one most."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound, TooMany
from laddverk.planning.seeking import store
from laddverk.planning.seeking.rules import STATES, Wish
from laddverk.platform import audit
from laddverk.platform.database import Transaction

PLACE_MAX: Final = 200
NOTE_MAX: Final = 1_000
WISHES_MAX: Final = 5  # of one driver or address in a day: a street, not a campaign
WITHIN: Final = timedelta(days=1)


async def wish(
    tx: Transaction, actor: Actor, sender: str, key: bytes, given: Wish, now: datetime
) -> UUID:  # fmt: skip
    """Keep a driver's wish; `sender` is what tells one from another without an account. Raises `TooMany`."""
    place, note = given.place.strip(), given.note.strip()
    if not 3 <= len(place) <= PLACE_MAX or "\0" in place:
        raise Invalid("Say where, such as a street and a town.", field="place")
    if len(note) > NOTE_MAX or "\0" in note:
        raise Invalid("This is longer than %(most)s characters.", field="note", most=NOTE_MAX)
    latitude, longitude = given.latitude, given.longitude
    if (latitude is None) != (longitude is None) or not (
        latitude is None or longitude is None or (-90 <= latitude <= 90 and -180 <= longitude <= 180)
    ):
        raise Invalid("This is no place on the map.", field="position", remedy="Write it like 57.7089, 11.9746.")
    digest = blake2b(sender.encode(), key=key[:64], digest_size=16).digest()
    driver = actor.id if actor.kind == "driver" else None
    if await store.count_recent(tx, digest, driver, now - WITHIN) >= WISHES_MAX:
        raise TooMany("You have sent several wishes today.", remedy="Come back tomorrow.")
    new = Wish(id=new_id(), at=now, who="", place=place, note=note, latitude=latitude, longitude=longitude, state="new")
    await store.add(tx, new, driver, digest)
    return new.id


async def decide(tx: Transaction, actor: Actor, identity: UUID, state: str, now: datetime, *, reason: str) -> None:
    """Keep what becomes of a wish. Needs stations:write for the whole network."""
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotFound("There is no such wish.")
    if state not in STATES:
        raise Invalid("Choose from the list.", field="state")
    place = await store.decide(tx, identity, state, actor.name or actor.kind, now)
    if place is None:
        raise NotFound("There is no such wish.")
    await audit.write(
        tx, actor, "place_wish.decided", "place_wish", identity, at=now, reason=reason,
        detail={"place": place, "state": state},
    )  # fmt: skip
