"""The demo's hands: what can happen to a charger in the field, done by whoever looks at the demo."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.problems import Conflict, NotFound
from laddverk.platform.house import House
from laddverk.platform.languages import marked
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch
from laddverk.sessions import driver_queries
from laddverk.sessions.driver_queries import Outlet
from laddverk.web.visit import Visit, Visiting

TIMEOUT_S: Final = 3.0
BYTES_MAX: Final = 4_096
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
DEEDS: Final = {
    "plug": ("plug {evse}", marked("Plug in a car")),
    "unplug": ("unplug {evse}", marked("Pull out the cable")),
    "stick": ("stick {evse}", marked("Let the cable stick")),
    "stop": ("fail {evse} OtherError CX008", marked("Press the emergency stop")),
    "earth": ("fail {evse} GroundFailure CX002", marked("Let the earth fault protection trip")),
    "break": ("fail {evse} PowerMeterFailure", marked("Break the meter")),
    "lose": ("lose 120", marked("Cut the line for two minutes")),
    "reboot": ("reboot", marked("Cut the power for a moment")),
    "mend": ("mend {evse}", marked("Mend what is broken")),
}
"""What can be done, in words of `simulator.control`, and how it is called."""
IDENTITY: Final = "SELECT identity FROM station WHERE id = $1"


def is_there(house: House) -> bool:
    """Return whether there are simulated chargers to play with on this machine."""
    return house.settings.demo and urlsplit(house.settings.demo_hands_url).hostname in LOOPBACK


async def _outlet(visit: Visit, code: str) -> tuple[Outlet, str]:
    if not is_there(visit.house):
        raise NotFound("There is no such page.")
    async with visit.transaction() as tx:
        outlet = await driver_queries.outlet(tx, code.upper()[:40])
        identity = await tx.value(IDENTITY, outlet.station_id) if outlet else None
    if outlet is None or identity is None:
        raise NotFound("There is no outlet with this code.")
    return outlet, str(identity)


@get("/demo/outlet/{code:str}")
async def show_hands(visit: Visiting, code: FromPath[str]) -> Response[str]:
    """What can be done to an outlet of the demo."""
    outlet, _identity = await _outlet(visit, code)
    deeds = [(key, visit.words(word)) for key, (_line, word) in DEEDS.items()]
    return visit.page("portal/demo_outlet.html", outlet=outlet, deeds=deeds)


@post("/demo/outlet/{code:str}")
async def play(visit: Visiting, code: FromPath[str]) -> Response[Any]:
    """Let something happen to a charger of the demo."""
    outlet, identity = await _outlet(visit, code)
    deed = DEEDS.get((await visit.form()).get("what", ""))
    if deed is None:
        raise NotFound("There is nothing like that to do.")
    line = f"{identity} {deed[0].format(evse=outlet.evse_number)}"
    address = f"{visit.house.settings.demo_hands_url}/do"
    try:
        said = await fetch(
            "POST", address, body=urlencode({"line": line}).encode(), headers=FORM, timeout_s=TIMEOUT_S,
            bytes_max=BYTES_MAX,
        )  # fmt: skip
    except (NotAllowed, NoAnswer):
        raise Conflict("The demo's chargers do not answer.") from None
    came = visit.words(marked("Done. The charger tells it by itself.")) if said.status == 200 else ""
    return visit.go(f"/demo/outlet/{outlet.code}", came)


HANDLERS: Final = [show_hands, play]
