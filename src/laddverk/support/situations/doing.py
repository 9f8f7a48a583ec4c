"""What a driver may have done about their situation by one tap. Only what the situation offers is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, SessionId, StationId
from laddverk.kernel.problems import Conflict, NotFound, TooMany
from laddverk.ocpp.commands import UnlockConnector
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.sessions import driver_queries
from laddverk.sessions import service as sessions
from laddverk.sessions.model import WhyFailed
from laddverk.stations import service as stations
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import DriverButton, Facts

BY: Final = rule("driver's live page")
UNLOCKS_MAX: Final = 3  # within UNLOCK_WINDOW: a lock that does not open by then wants a person
UNLOCK_WINDOW: Final = timedelta(minutes=10)
DONE: Final = {
    DriverButton.WAIT_MORE: N_("You have a few more minutes."),
    DriverButton.SWAP: N_("We have asked the outlet where the cable is to start."),
    DriverButton.UNLOCK: N_("We have asked the charger to let go of the cable."),
    DriverButton.STOP: N_("We have asked the charger to stop."),
    DriverButton.TRY_AGAIN: N_("We have asked the charger to start again."),
}
"""What is said when it has been asked for; whether it came to pass is seen in the state."""
LEADS: Final = frozenset({DriverButton.PAY, DriverButton.TRY_AGAIN})
"""What a page does by leading to the outlet's own page, once the driver's own start is out of the way there."""

UNLOCKED_LATELY: Final = """
SELECT count(*)::int AS asked,
       (SELECT count(*) FROM session WHERE station_id = $1 AND evse_number = $3 AND ended_at IS NULL)::int AS charging
FROM command WHERE station_id = $1 AND kind = 'unlock_connector' AND created_at > $2
"""


class _Lately(Struct, frozen=True):
    asked: int
    charging: int


async def press(
    tx: Transaction, actor: Actor, subject: Subject, button: DriverButton, now: datetime, facts: Facts | None = None
) -> str:  # fmt: skip
    """Do what `button` says, and return what to tell the driver (a msgid).

    The situation is looked at anew, unless its `facts` of now are given: raises `Conflict` when it does not offer this
    any more, `TooMany` for a lock that has been tried too often, and what the deed itself raises. The caller publishes
    the hint `commands`.
    """
    facts = facts or await facts_of(tx, subject, now)
    if button not in DONE or button not in choosing.told(facts).situation.driver:
        raise Conflict("This is not what helps here any more.", remedy="Look at the page again.")
    if button is DriverButton.WAIT_MORE and subject.start_request_id is not None:
        await sessions.wait_more(tx, actor, subject.start_request_id, now)
    elif button is DriverButton.SWAP:
        await _swap(tx, actor, subject, facts, now)
    elif button is DriverButton.UNLOCK:
        await _unlock(tx, actor, subject, now)
    elif button is DriverButton.STOP and subject.session_id is not None:
        await sessions.request_stop(tx, actor, SessionId(subject.session_id), now, "driver")
    elif button is DriverButton.TRY_AGAIN:
        await _start_again(tx, actor, subject, now)
    else:
        raise NotFound("There is nothing to do this with.")
    return DONE[button]


async def clear_way(
    tx: Transaction, subject: Subject, button: DriverButton, now: datetime, facts: Facts | None = None
) -> None:  # fmt: skip
    """Give up the driver's own start that still waits, so that they can pay or start anew; its money is released.

    Looks as `press` does. Raises `Conflict` when the situation does not offer to begin anew.
    """
    facts = facts or await facts_of(tx, subject, now)
    if button not in LEADS or button not in choosing.told(facts).situation.driver:
        raise Conflict("This is not what helps here any more.", remedy="Look at the page again.")
    await _give_up(tx, subject, now)


async def _give_up(tx: Transaction, subject: Subject, now: datetime) -> None:
    if subject.start_request_id is not None:
        await sessions.cancel_start(tx, subject.start_request_id, WhyFailed.CANCELLED, now)


async def _start_again(tx: Transaction, actor: Actor, subject: Subject, now: datetime) -> None:
    """Start anew on the driver's account. Raises `Conflict` for who pays each charge first: they do so on its page."""
    driver = await access_queries.driver(tx, subject.driver_id) if subject.driver_id is not None else None
    if driver is None or driver.settlement == "card" or subject.station_id is None:
        raise Conflict("This charge is paid before it starts.", remedy="Open the outlet's page to pay and start.")
    await _give_up(tx, subject, now)
    prepared = await sessions.prepare_start(
        tx, actor, station_id=StationId(subject.station_id), evse_number=subject.evse_number,
        connector_number=subject.connector_number or 1, driver_id=DriverId(driver.id), now=now,
    )  # fmt: skip
    await sessions.begin_start(tx, actor, prepared.id, now, reason="the driver tries again")


async def _swap(tx: Transaction, actor: Actor, subject: Subject, facts: Facts, now: datetime) -> None:
    outlet = await driver_queries.outlet(tx, facts.elsewhere.code) if facts.elsewhere is not None else None
    if outlet is None or subject.start_request_id is None:
        raise NotFound("There is no such outlet.")
    await sessions.move_start(
        tx, actor, subject.start_request_id, outlet.station_id, outlet.evse_number, outlet.connector_number, now
    )


async def _unlock(tx: Transaction, actor: Actor, subject: Subject, now: datetime) -> None:
    if subject.station_id is None:
        raise NotFound("There is no such outlet.")
    lately = await tx.fetch_one(
        _Lately, UNLOCKED_LATELY, subject.station_id, now - UNLOCK_WINDOW, subject.evse_number
    )  # fmt: skip
    assert lately is not None, "an aggregate has one row"
    if lately.charging:
        raise Conflict("Somebody is charging there now.", remedy="Look whether this is your outlet.")
    if lately.asked >= UNLOCKS_MAX:
        raise TooMany("The charger has been asked several times.", remedy="Write or call us: a person looks at it.")
    wish = UnlockConnector(evse_number=subject.evse_number, connector_number=subject.connector_number or 1)
    await stations.request_command(
        tx, BY, StationId(subject.station_id), wish, now, reason="the cable does not come loose",
        requested_by=actor.name or actor.kind,
    )  # fmt: skip
    await audit.write(tx, actor, "outlet.unlock_asked", "station", subject.station_id, at=now)
