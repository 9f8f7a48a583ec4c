"""Words of macros."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for


class Scope(StrEnum):
    """Who can use a macro."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Deeds(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done besides the answer, in this order. What is empty is not done."""

    button: str = ""
    """What an agent does for the driver: the name of a button of the case's page that asks for nothing,
    or for nothing but a reason: the macro's name is the reason."""
    tags: tuple[str, ...] = ()
    team_id: UUID | None = None
    takes: bool = False
    """Whoever uses it has the case."""
    snooze: str = ""
    outcome: str = ""
    """Closes the case."""


class Macro(Struct, frozen=True, kw_only=True):
    """A canned answer with what is done at once; without a text, only deeds; without deeds, only a text."""

    id: UUID
    name: str
    scope: Scope = Scope.OWN
    owner_id: UUID | None = None
    team_id: UUID | None = None
    texts: dict[str, str] = {}
    deeds: Deeds = Deeds()
    used: int = 0
    changed_at: datetime | None = None

    def text(self, language: str) -> str:
        """Return its words in a language, else in any that it has."""
        return self.texts.get(language) or next((text for text in self.texts.values() if text), "")


VARIABLES: Final = {
    "driver": N_("The driver's first name"),
    "number": N_("Number of the case"),
    "charger": N_("Name of the charger"),
    "outlet": N_("Code on the outlet"),
    "site": N_("Name of the site"),
    "session": N_("Number of the session"),
    "energy": N_("Energy of the session"),
    "cost": N_("What the session cost"),
    "link": N_("Address of the driver's page of the case"),
    "agent": N_("Who uses it"),
    "operator": N_("Name of the operator"),
    "phone": N_("The desk's phone number"),
}
"""What can stand in a text, as {driver}."""
OPTIONAL: Final = frozenset({"driver", "phone"})
"""What is silently left out where it is not known: no driver minds a greeting without a name."""
EXAMPLE: Final = {
    "driver": "Ada", "number": "2041", "charger": "Hamngatan 3", "outlet": "GBG-014-2", "site": "Hamngatan",
    "session": "1187", "energy": "23,4 kWh", "cost": "114,66 kr", "link": "https://example.com/help/cases/…",
    "agent": "Eva", "operator": "Laddverk", "phone": "010-123 45 67",
}  # fmt: skip
"""Values for looking at a text before there is a case."""
