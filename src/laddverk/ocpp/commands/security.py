"""Commands of security (block A): the key with which a charger proves who it is."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command


class SetStationKey(Command, frozen=True, kw_only=True, tag="set_station_key"):
    """Give the charger a new key: AuthorizationKey (1.6), BasicAuthPassword (2.x, A01). Confirmed when it connects
    with it. What is stored of this command holds no key: `key` is filled in when it is sent.
    """

    SEND_WITHIN = timedelta(days=1)  # the old key goes on working; the charger may be away for a night
    CONFIRM_WITHIN = timedelta(days=1)  # many use a new key only when they next reconnect

    number: int
    """Which change of this station's key it is."""
    key: str = ""


AnySecurity = SetStationKey
