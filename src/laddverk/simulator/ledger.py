"""What simulated meters showed and what the network acknowledged, written down as it happens.

The ledger is the oracle: it shares nothing with the network, and what it says was acknowledged must be found there,
once and exactly. One line of JSON for each entry, in the order of events; lines are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from laddverk.simulator.model import Charging, Ended, Item, Reading, Sampled, Started


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line: what happened (`metered`, `acknowledged`, `refused`) to which message of which transaction."""

    what: str
    message: str
    """started, sampled or ended."""
    station: str
    transaction: str
    at: datetime
    register_wh: int
    token: str = ""
    number: int | None = None
    """What the network called the transaction (1.6), once it has said so."""


class Account(Struct):
    """One transaction, summed up from its lines."""

    station: str
    transaction: str
    token: str = ""
    number: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    register_start_wh: int = 0
    register_end_wh: int | None = None
    acknowledged: dict[str, int] = {}
    """How many messages of each kind the network acknowledged."""
    refused: int = 0

    @property
    def energy_wh(self) -> int:
        """What the meter counted between start and end."""
        return 0 if self.register_end_wh is None else self.register_end_wh - self.register_start_wh

    @property
    def is_acknowledged(self) -> bool:
        """Whether the network said that it has both the start and the end."""
        return "started" in self.acknowledged and "ended" in self.acknowledged


class Ledger:
    """The book of one simulated fleet. Without a path it is kept in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._encoder = msgspec.json.Encoder()
        self._file: IO[bytes] | None = path.open("ab") if path is not None else None
        self._kept: list[Entry] = []

    def metered(self, station: str, item: Item) -> None:
        """Write down what the charger decided to say, whether or not anybody hears it."""
        self._write("metered", station, item)

    def acknowledged(self, station: str, item: Item) -> None:
        """Write down that the network answered."""
        self._write("acknowledged", station, item)

    def refused(self, station: str, item: Item) -> None:
        """Write down that the network would not take it."""
        self._write("refused", station, item)

    def _write(self, what: str, station: str, item: Item) -> None:
        for message, charging, reading in _told(item):
            entry = Entry(
                what, message, station, charging.key, reading.at, reading.register_wh, charging.token, charging.number
            )
            if self._file is None:
                self._kept.append(entry)
            else:
                self._file.write(self._encoder.encode(entry) + b"\n")

    def entries(self) -> list[Entry]:
        """Return the lines that this ledger keeps in memory."""
        return self._kept

    def close(self) -> None:
        """Write out what is buffered."""
        if self._file is not None:
            self._file.close()


def _told(item: Item) -> list[tuple[str, Charging, Reading]]:
    match item:
        case Started(charging=charging, reading=reading):
            return [("started", charging, reading)]
        case Sampled(charging=charging, readings=readings):
            return [("sampled", charging, reading) for reading in readings]
        case Ended(charging=charging, reading=reading):
            return [("ended", charging, reading)]
        case _:
            return []


def entries_in(path: Path) -> Iterable[Entry]:
    """Yield the lines of a ledger on disk."""
    decoder = msgspec.json.Decoder(Entry)
    with path.open("rb") as file:
        for line in file:
            yield decoder.decode(line)


def accounts(entries: Iterable[Entry]) -> dict[str, Account]:
    """Return one account for each transaction, by the charger's own key."""
    found: dict[str, Account] = {}
    for entry in entries:
        account = found.setdefault(entry.transaction, Account(entry.station, entry.transaction, acknowledged={}))
        account.number = entry.number if entry.number is not None else account.number
        if entry.what == "acknowledged":
            account.acknowledged[entry.message] = account.acknowledged.get(entry.message, 0) + 1
        elif entry.what == "refused":
            account.refused += 1
        elif entry.message == "started":
            account.token, account.started_at = entry.token, entry.at
            account.register_start_wh = entry.register_wh
        elif entry.message == "ended":
            account.ended_at, account.register_end_wh = entry.at, entry.register_wh
    return found
