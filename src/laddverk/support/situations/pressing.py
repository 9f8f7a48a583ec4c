"""A button on the page of a charge: that somebody wants help is noted, and what the button says is done."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.support import contacts
from laddverk.support.contacts import Contact
from laddverk.support.situations import choosing, doing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import DriverButton, Facts, Told


class Pressed(Struct, frozen=True, kw_only=True):
    """What came of a button: one of these."""

    said: str = ""
    """What to tell the driver (a msgid)."""
    outlet_code: str = ""
    """The outlet on whose page they begin anew."""
    refused: Problem | None = None


async def press(tx: Transaction, actor: Actor, subject: Subject, button: DriverButton, now: datetime) -> Pressed:
    """Do what `button` says. What is refused is undone by itself: that somebody tried stays noted.

    The caller publishes the hint `commands`.
    """
    facts = await facts_of(tx, subject, now)
    key = await _note_contact(tx, subject, choosing.told(facts), now)
    try:
        async with tx.savepoint():
            came = await _done(tx, actor, subject, button, facts, now)
    except Problem as problem:
        return Pressed(refused=problem)
    if key:
        await contacts.pressed(tx, key, button.value)
    return came


async def _note_contact(tx: Transaction, subject: Subject, told: Told, now: datetime) -> str:
    """Note that somebody wants help on the page of their charge: one contact, however often. Return its key."""
    if told.is_calm and not subject.complaint:  # to stop a charge that is well is no call for help
        return ""
    key = f"start:{subject.start_request_id}"
    contact = Contact(
        key=key, channel="page", station_id=subject.station_id, evse_number=subject.evse_number,
        driver_id=subject.driver_id, start_request_id=subject.start_request_id, session_id=subject.session_id,
        situation=told.situation.key,
    )  # fmt: skip
    await contacts.begin(tx, contact, now)
    return key


async def _done(
    tx: Transaction, actor: Actor, subject: Subject, button: DriverButton, facts: Facts, now: datetime
) -> Pressed:  # fmt: skip
    """Do it; where a page leads on, the driver's own start does not stand in their way there any more."""
    if button not in doing.LEADS:
        return Pressed(said=await doing.press(tx, actor, subject, button, now, facts))
    if facts.outlet is None:
        raise NotFound("There is no such outlet.")
    await doing.clear_way(tx, subject, button, now, facts)
    return Pressed(outlet_code=facts.outlet.code)
