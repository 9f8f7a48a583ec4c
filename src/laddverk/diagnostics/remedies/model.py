"""Words of self-healing: the steps of the ladder, what a decision must know, and what it says."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct

from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.kernel.ids import SiteId, StationId


class Rung(IntEnum):
    """How far a step goes (study of diagnostics, section 5.4)."""

    REFRESH = 0
    HARMLESS = 1
    STOP_OR_UNLOCK = 2
    RESET_SOFT = 3
    RESET_HARD = 4
    OUT_OF_SERVICE = 5
    WORK_ORDER = 6


class Action(StrEnum):
    """What is done, each of one rung."""

    ASK_STATE = "ask_state"
    MAKE_OPERATIVE = "make_operative"
    CLEAR_CACHE = "clear_cache"
    SEND_LIST = "send_list"
    CLEAR_LIMIT = "clear_limit"
    APPLY_TEMPLATE = "apply_template"
    STOP_SESSION = "stop_session"
    UNLOCK = "unlock"
    RESET_SOFT = "reset_soft"
    RESET_HARD = "reset_hard"
    TAKE_OUT_OF_SERVICE = "take_out_of_service"
    WORK_ORDER = "work_order"

    @property
    def rung(self) -> Rung:
        """Return how far it goes."""
        return _RUNGS[self]

    @property
    def is_reset(self) -> bool:
        """Whether the charger starts again, and forgets what it holds."""
        return self in (Action.RESET_SOFT, Action.RESET_HARD)


_RUNGS = {
    Action.ASK_STATE: Rung.REFRESH,
    Action.MAKE_OPERATIVE: Rung.HARMLESS,
    Action.CLEAR_CACHE: Rung.HARMLESS,
    Action.SEND_LIST: Rung.HARMLESS,
    Action.CLEAR_LIMIT: Rung.HARMLESS,
    Action.APPLY_TEMPLATE: Rung.HARMLESS,
    Action.STOP_SESSION: Rung.STOP_OR_UNLOCK,
    Action.UNLOCK: Rung.STOP_OR_UNLOCK,
    Action.RESET_SOFT: Rung.RESET_SOFT,
    Action.RESET_HARD: Rung.RESET_HARD,
    Action.TAKE_OUT_OF_SERVICE: Rung.OUT_OF_SERVICE,
    Action.WORK_ORDER: Rung.WORK_ORDER,
}


class Attempt(Struct, frozen=True, kw_only=True):
    """A step that was taken for an incident, or in a dry run would have been."""

    action: Action
    at: datetime
    state: str = "queued"
    """Of its command: queued, sent, accepted, confirmed, refused, timed_out, expired, failed."""
    dry: bool = False

    @property
    def is_open(self) -> bool:
        """Whether what became of it is not known yet."""
        return self.state in ("queued", "sent", "accepted") and not self.dry


class Patient(Struct, frozen=True, kw_only=True):
    """The station of an incident at this moment, and what was done to it lately."""

    incident_id: IncidentId
    family: Family
    severity: Severity
    is_safety: bool = False
    """Any finding of the incident is a safety code, though its family may not be."""
    opened_at: datetime
    station_id: StationId
    site_id: SiteId
    evse_number: int = 0
    vendor: str = ""
    model: str = ""
    connected: bool = True
    sessions_open: int = 0
    """Transactions on any outlet of the station, as we or the charger believe."""
    starts_pending: int = 0
    """Somebody was just let in, plugs in, or waits for a remote start, on any outlet."""
    in_hand: bool = False
    """Somebody has sent it a command that is open, or its firmware is being changed."""
    last_queued_at: datetime | None = None
    """When the last message came that the charger had kept while it was offline."""
    zombie_session: bool = False
    """The incident is a session that is none: it may be stopped."""
    attempts: tuple[Attempt, ...] = ()
    """For this incident, oldest first."""
    resets: tuple[datetime, ...] = ()
    """Of this station by self-healing within seven days, for whatever incident."""
    busy_hour: bool = False
    """People usually come at this hour."""
    forbidden: frozenset[Action] = frozenset()
    """By what is known of the model, or dropped because it did not help."""


class Network(Struct, frozen=True, kw_only=True):
    """The network at this moment, and what people have allowed."""

    switched_off: bool = False
    """The one kill switch."""
    dry_until: datetime | None = None
    """Of this model: until then it is only said what would be done."""
    model_excluded: bool = False
    stations: int
    reached_of_site: int = 0
    """Stations of the site with a step of self-healing within `TOGETHER`, this one apart."""
    reached_of_fleet: int = 0


class Why(Struct, frozen=True, kw_only=True):
    """The reason of a decision, as data: an English text marked for translation, and its values."""

    text: str
    values: dict[str, Any] = {}


class Step(Struct, frozen=True, kw_only=True):
    """Do this now; `dry`: only say so."""

    action: Action
    why: Why
    dry: bool = False


class Wait(Struct, frozen=True, kw_only=True):
    """Nothing yet; look again then."""

    until: datetime
    why: Why


class Stop(Struct, frozen=True, kw_only=True):
    """Nothing more by itself: it is for people."""

    why: Why


Decision = Step | Wait | Stop
