"""The demo network: twelve sites around Göteborg and the chargers that stand there. Invented, on real streets."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.car import Supply
from laddverk.simulator.places import Rhythm

AC22: Final = Supply(3, 32.0, 22_000)
AC11: Final = Supply(3, 16.0, 11_000)
AC7: Final = Supply(1, 32.0, 7_360)
DC50: Final = Supply(0, 125.0, 50_000)
DC150: Final = Supply(0, 400.0, 150_000)


class Kind(Struct, frozen=True):
    """A kind of charger: who made it, what it speaks, and its outlets."""

    vendor: str
    model: str
    firmware: str
    protocol: Protocol
    outlets: tuple[Supply, ...]


VINGA_HEM: Final = Kind("Vinga Kraft", "Hem 11", "2.4.1", Protocol.V16, (AC11,))
VINGA_DUO: Final = Kind("Vinga Kraft", "Duo 22", "2.6.0", Protocol.V16, (AC22, AC22))
NORDAN: Final = Kind("Nordan", "N1 Smart", "7.11.3", Protocol.V201, (AC22,))
NORDAN_DUO: Final = Kind("Nordan", "N2 Smart", "7.12.0", Protocol.V201, (AC22, AC22))
ELSTOLPEN: Final = Kind("Elstolpen", "ES-7", "1.0.19", Protocol.V16, (AC7,))
POLARIS_50: Final = Kind("Polaris Charge", "PC 50", "4.02", Protocol.V16, (DC50,))
POLARIS_150: Final = Kind("Polaris Charge", "PC 150", "5.10", Protocol.V21, (DC150, DC150))


class Spot(Struct, frozen=True):
    """One site of the demo."""

    name: str
    code: str
    address: str
    municipality: str
    latitude: float
    longitude: float
    rhythm: Rhythm
    kinds: tuple[tuple[Kind, int], ...]
    """Which chargers, and how many of each."""
    tariff: str


SPOTS: Final = (
    Spot("Brf Masthuggsterrassen", "MAST", "Masthuggsterrassen 8, 413 18 Göteborg", "Göteborg", 57.6966, 11.9428,
         Rhythm.HOME, ((VINGA_HEM, 5), (NORDAN, 3)), "home"),
    Spot("Brf Eriksbergsdockan", "ERIK", "Östra Eriksbergsgatan 60, 417 63 Göteborg", "Göteborg", 57.7016, 11.9137,
         Rhythm.HOME, ((NORDAN, 6),), "home"),
    Spot("P-hus Gamlestads torg", "GAML", "Gamlestads torg 3, 415 02 Göteborg", "Göteborg", 57.7277, 12.0051,
         Rhythm.PUBLIC, ((VINGA_DUO, 3), (NORDAN_DUO, 2)), "public"),
    Spot("Lindholmspiren", "LIND", "Lindholmspiren 5, 417 56 Göteborg", "Göteborg", 57.7069, 11.9387,
         Rhythm.WORK, ((NORDAN_DUO, 5),), "home"),
    Spot("Mölndals stad, depå Åbro", "ABRO", "Aminogatan 18, 431 53 Mölndal", "Mölndal", 57.6433, 12.0166,
         Rhythm.DEPOT, ((VINGA_HEM, 4), (VINGA_DUO, 2)), "home"),
    Spot("P-hus Mölndals innerstad", "MOLN", "Bergmansgatan 20, 431 30 Mölndal", "Mölndal", 57.6561, 12.0147,
         Rhythm.PUBLIC, ((VINGA_DUO, 4),), "public"),
    Spot("Brf Furulunden", "FURU", "Furulundsvägen 12, 433 30 Partille", "Partille", 57.7334, 12.1189,
         Rhythm.HOME, ((VINGA_HEM, 4), (ELSTOLPEN, 4)), "home"),
    Spot("Kungälvs resecentrum", "KUNG", "Trollhättevägen 1, 442 34 Kungälv", "Kungälv", 57.8683, 11.9746,
         Rhythm.PUBLIC, ((NORDAN_DUO, 3), (ELSTOLPEN, 1)), "public"),
    Spot("Borås Knalleland", "BORA", "Lundbygatan 1, 506 30 Borås", "Borås", 57.7344, 12.9391,
         Rhythm.PUBLIC, ((VINGA_DUO, 3), (NORDAN_DUO, 1)), "public"),
    Spot("Kungsbacka snabbladdning", "KBAC", "Kungsporten 2, 434 39 Kungsbacka", "Kungsbacka", 57.5049, 12.0689,
         Rhythm.FAST, ((POLARIS_150, 2), (POLARIS_50, 2)), "fast"),
    Spot("Brf Aspenäs strand", "ASPE", "Strandvägen 3, 443 30 Lerum", "Lerum", 57.7626, 12.2489,
         Rhythm.HOME, ((NORDAN, 3), (ELSTOLPEN, 2)), "home"),
    Spot("Alingsås, kvarteret Bryggaren", "ALIN", "Kungsgatan 29, 441 31 Alingsås", "Alingsås", 57.9297, 12.5331,
         Rhythm.WORK, ((VINGA_DUO, 3),), "home"),
)  # fmt: skip


class Stand(Struct, frozen=True):
    """One charger of the demo, where it stands."""

    spot: Spot
    kind: Kind
    number: int
    """Within the site, from 1."""

    @property
    def identity(self) -> str:
        """What the charger calls itself towards us."""
        return f"{self.spot.code}-{self.number:02}"

    @property
    def name(self) -> str:
        """What staff call it."""
        return f"{self.spot.name} {self.number}"


def stands() -> list[Stand]:
    """Return every charger of the demo."""
    return [
        Stand(spot, kind, number)
        for spot in SPOTS
        for number, kind in enumerate((kind for kind, count in spot.kinds for _ in range(count)), start=1)
    ]


SILENT: Final = "MOLN-03"
ACCENTED: Final = frozenset({"GAML-03", "LIND-02"})  # bend the standard in all they say
CANNOT_UPDATE: Final = "LIND-01"  # its installation of new firmware fails
"""Stands in the network and does not connect: somebody must look at it."""
AILING: Final = {
    "KUNG-04": ("silent_no_energy", 1.0),
    "KBAC-03": ("module_loss", 1.0),
    "MOLN-04": ("lock_wear", 0.7),
    "BORA-03": ("phase_loss", 1.0),
}
"""These have a worn part, and how far worn (`docs/fault-modes.md`): nothing is seen of it until cars come."""
FAULTED: Final = ("BORA-02", 1)
"""This outlet reports a fault from the beginning."""
BY_HAND: Final = frozenset({"GAML-01", "KUNG-01", "KBAC-01"})
"""Nobody charges here by himself: free for whoever tries the portal."""
