"""The demo's support: a few cases, one of them of a charger that is down, one answered, one over."""

from __future__ import annotations

from typing import Final

from laddverk.cli.demo import helpdesk, mails
from laddverk.kernel.actors import Actor, rule
from laddverk.platform.house import House
from laddverk.support import listing, service, working
from laddverk.support.model import Channel, Links, NewCase

DESK: Final = rule("demo")
# Somebody with an account; an outlet of an incident that people see; a charge that is over.
SEEN: Final = """
SELECT (SELECT id FROM driver ORDER BY created_at, id LIMIT 1) AS driver_id,
       (SELECT id FROM incident WHERE state IN ('new', 'acknowledged', 'in_work') AND station_id IS NOT NULL
        ORDER BY severity, since LIMIT 1) AS incident_id,
       (SELECT id FROM session WHERE ended_at IS NOT NULL AND driver_id IS NOT NULL
        ORDER BY started_at DESC LIMIT 1) AS session_id
"""


async def open_cases(house: House) -> None:
    """Open the demo's cases, once."""
    now = house.clock()
    async with house.database.transaction() as tx:
        if await listing.count(tx, None, listing.CaseFilter(state="all")):
            return
    await helpdesk.furnish(house, now)
    async with house.database.transaction() as tx:
        (seen,) = await tx.rows(SEEN)
        if seen["incident_id"]:
            dead = NewCase(
                text="Jag har provat två gånger. Det blinkar rött och inget händer.", kind="no_start",
                channel=Channel.PHONE, contact_name="Sven Ek", contact_phone="+46701234567",
                links=Links(incident_id=seen["incident_id"]),
            )  # fmt: skip
            case = await service.open_case(tx, house, DESK, dead, now)
            await working.wait_for_incident(tx, house, DESK, case.id, tell_driver=False, now=now)
        if seen["driver_id"]:
            asked = NewCase(text="Why was 300 kr reserved when I charged for 80?", kind="payment", language="en")
            driver = Actor("driver", seen["driver_id"], "driver")
            case = await service.open_by_driver(tx, house, driver, asked, now)
            answer = "Only what you charged for is drawn. The bank lets go of the rest within some days."
            await service.reply(tx, house, DESK, case.id, answer, now)
        if seen["session_id"]:
            bill = NewCase(
                text="Kvittot kom aldrig.", kind="invoice", channel=Channel.PHONE,
                links=Links(session_id=seen["session_id"]),
            )  # fmt: skip
            case = await service.open_case(tx, house, DESK, bill, now)
            await working.close(tx, house, DESK, case.id, "solved", "Skickat på nytt.", now)
        await service.open_by_driver(
            tx, house, Actor("anonymous"),
            NewCase(text="Finns det laddare som tar emot kontanter?", contact_email="kalle@example.se"), now,
        )  # fmt: skip
    await mails.arrive(house)
