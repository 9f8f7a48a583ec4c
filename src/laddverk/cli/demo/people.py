"""The people of the demo: drivers with their cards, and staff of every role. All invented, from a fixed seed."""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from laddverk.cli.demo.places import SPOTS, Spot
from laddverk.kernel.actors import Role
from laddverk.simulator.places import Rhythm

SEED: Final = 577_089  # the latitude of Göteborg; any number gives a network, this one gives the same each time
DRIVERS: Final = 120
ENGLISH_SHARE: Final = 0.12
SECOND_CARD_SHARE: Final = 0.3
PASSWORD: Final = "laddverk-demo"  # noqa: S105 - printed at start-up, and of a network that moves no money
MAIL_DOMAIN: Final = "example.com"  # RFC 2606: no mail ever arrives there

LOST_CARDS: Final = ("04A1B2C3D40001", "04A1B2C3D40002", "04A1B2C3D40003")
"""Cards of the first drivers that were reported lost and are blocked; now and then somebody shows one."""

_FIRST: Final = (
    "Anna Erik Maria Lars Karin Anders Eva Johan Lena Per Emma Karl Sara Nils Linnea Oskar Elin Gustav Ida Viktor "
    "Hanna Axel Maja Hugo Alva Elias Ebba Filip Astrid Liam Wilma Noah Agnes Leo Klara Amir Fatima Ali Zahra Mateusz "
    "Kasia Mehmet Leyla Ivan Mila Sven Birgitta Olof Ingrid Magnus"
)
_LAST: Final = (
    "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson "
    "Jansson Hansson Bengtsson Lindberg Lindqvist Lindström Berg Bergström Sandberg Forsberg Sjöberg Wallin Engström "
    "Eklund Lundgren Holm Hedlund Åkesson Öberg Hosseini Ahmed Kowalski Demir Novak Nyström Söderberg Ström Ek"
)
FIRST_NAMES: Final = _FIRST.split()
LAST_NAMES: Final = _LAST.split()
ASCII: Final = str.maketrans("åäöÅÄÖé", "aaoAAOe")


class Person(Struct, frozen=True):
    """One driver: where they usually charge, and with which cards."""

    name: str
    email: str
    language: str
    group: str
    settlement: str
    cards: tuple[str, ...]
    home: Spot


class Colleague(Struct, frozen=True):
    """One member of staff."""

    name: str
    email: str
    role: Role
    language: str
    site_codes: tuple[str, ...] = ()


STAFF: Final = (
    Colleague("Astrid Admin", "admin@example.com", Role.ADMIN, "sv"),
    Colleague("Olof Operatör", "operator@example.com", Role.OPERATOR, "sv"),
    Colleague("Tove Tekniker", "technician@example.com", Role.TECHNICIAN, "sv"),
    Colleague("Sam Support", "support@example.com", Role.SUPPORT, "en"),
    Colleague("Freja Finans", "finance@example.com", Role.FINANCE, "sv"),
    Colleague("Valdemar Värd", "host@example.com", Role.SITE_HOST, "sv", ("MAST", "ERIK")),
)
GROUPS: Final = {Rhythm.HOME: "residents", Rhythm.WORK: "staff", Rhythm.DEPOT: "fleet"}
SHARES: Final = {Rhythm.HOME: 5, Rhythm.WORK: 3, Rhythm.DEPOT: 2, Rhythm.PUBLIC: 2, Rhythm.FAST: 1}


def drivers(random: Random) -> list[Person]:
    """Return the drivers of the demo; no two share an address or a card."""
    spots = random.choices(SPOTS, [SHARES[spot.rhythm] for spot in SPOTS], k=DRIVERS)
    people: list[Person] = []
    taken: set[str] = set()
    for spot in spots:
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        address = f"{first}.{last}".translate(ASCII).lower()
        while address in taken:
            address += str(random.randint(2, 99))
        taken.add(address)
        cards = 2 if random.random() < SECOND_CARD_SHARE else 1
        people.append(
            Person(
                name=f"{first} {last}",
                email=f"{address}@{MAIL_DOMAIN}",
                language="en" if random.random() < ENGLISH_SHARE else "sv",
                group=GROUPS.get(spot.rhythm, ""),
                settlement="invoice",
                cards=tuple(f"04{random.getrandbits(48):012X}" for _ in range(cards)),
                home=spot,
            )
        )
    return people


def cards_at(people: list[Person], spot: Spot) -> list[str]:
    """Return the cards that are shown at a site: those of its own people, and in public those of everybody."""
    own = [card for person in people if person.home == spot for card in person.cards]
    if spot.rhythm in (Rhythm.PUBLIC, Rhythm.FAST) or not own:
        return own + [card for person in people for card in person.cards]
    return own
