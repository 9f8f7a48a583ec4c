"""How somebody shows on the phone that a charge is theirs: by the six digits on its page, which only they have.

A number can be forged, and who paid without an account has none that we know. The page of a charge is a secret of
whoever started it: its number opens what the page would, of that charge, and nothing of an account.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import links
from laddverk.support.phone import menu as menus
from laddverk.support.phone import store
from laddverk.support.phone.model import Call

SINCE: Final = timedelta(days=1)  # who asks later has the receipt, or writes from the page
TRIES_AT_OUTLET_MAX: Final = 30  # of all calls about an outlet within a day: nobody guesses a number by ringing again


async def proved(tx: Transaction, house: House, call: Call, keys: str, now: datetime) -> Call:
    """Return `call` about the charge at its outlet whose page has this number; as it was where there is none.

    A try counts before the number is looked at: many calls at once have no more of them than one after the other.
    """
    if call.station_id is None:
        return call
    said, since = menus.number_in(keys), now - SINCE
    starts = await store.starts_at(tx, call.station_id, call.evse_number, since)
    if not starts or not await store.tried(tx, call.station_id, call.evse_number, now, since, TRIES_AT_OUTLET_MAX):
        return call
    for start in starts:
        if hmac.compare_digest(links.digits_of(house.secrets, start.id).encode(), said.encode()):
            return replace(
                call, start_request_id=start.id, session_id=start.session_id, payment_id=start.payment_id,
                complaint="", menu=replace(call.menu, is_proven=True, is_unknown=False),
            )  # fmt: skip
    return call


async def can_prove(tx: Transaction, call: Call, now: datetime) -> bool:
    """Return whether a charge at the outlet of `call` may be the caller's, though we do not know it as theirs."""
    is_known = call.driver_id is not None and (call.session_id or call.start_request_id) is not None
    if call.station_id is None or call.menu.is_proven or is_known:
        return False
    if await store.tries_at(tx, call.station_id, call.evse_number, now - SINCE) >= TRIES_AT_OUTLET_MAX:
        return False
    return bool(await store.starts_at(tx, call.station_id, call.evse_number, now - SINCE))
