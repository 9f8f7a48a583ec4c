"""Commands of reservations (block H): keep an EVSE free for somebody, and let it go again."""

from __future__ import annotations

from datetime import datetime, timedelta

from laddverk.ocpp.commands.base import Command


class ReserveNow(Command, frozen=True, kw_only=True, tag="reserve_now"):
    """ReserveNow. The answer says whether it holds: Accepted, Occupied, Faulted, Unavailable or Rejected.

    Without an EVSE it is for any one of the charger (1.6: connector 0, where ReserveConnectorZeroSupported); a
    connector type narrows that down (2.x).
    """

    SEND_WITHIN = timedelta(seconds=30)  # somebody waits for the answer

    reservation_number: int
    evse_number: int | None = None
    connector_type: str | None = None
    """As 2.x spells them: cType2, cCCS2 …"""
    token_uid: str
    token_type: str = "Central"  # noqa: S105 - a kind of token, not a secret
    group_token: str = ""
    expires_at: datetime


class CancelReservation(Command, frozen=True, kw_only=True, tag="cancel_reservation"):
    """CancelReservation. "Rejected" means that the charger has no such reservation."""

    SEND_WITHIN = timedelta(hours=1)  # it expires by itself at the latest a day after it was made

    reservation_number: int


AnyReservation = ReserveNow | CancelReservation
