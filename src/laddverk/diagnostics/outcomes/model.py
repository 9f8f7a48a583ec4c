"""What attempts to charge are made out of, and what is made out of it. Tokens are keyed digests already."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.outcomes.limits import Order
from laddverk.ocpp.facts import Status


class Why(StrEnum):
    """What decided the class of an attempt; the page has the words for it."""

    TECHNICIAN = "technician"
    REFUSED = "refused"
    NOT_PAID = "not_paid"
    PAYMENT = "payment"
    GIVEN_UP = "given_up"
    NEVER_PLUGGED = "never_plugged"
    NO_TOKEN = "no_token"  # noqa: S105 - a reason, no secret
    NO_SESSION = "no_session"
    UNREACHABLE = "unreachable"
    CHARGER_REFUSED = "charger_refused"
    NEVER_CHARGED = "never_charged"
    NO_ENERGY = "no_energy"
    FULL = "full"
    CHANGED_MIND = "changed_mind"
    OWN_LIMIT = "own_limit"
    LITTLE_ENERGY = "little_energy"
    STOP_REASON = "stop_reason"
    FAULT = "fault"


class SessionTold(Struct, frozen=True, kw_only=True):
    """A session that has ended, as outcomes need it."""

    session_id: UUID
    transaction_key: str
    evse_number: int
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    person: str = ""
    """Who charged: the digest of the driver, else of the token; '' where nobody can be told from another."""
    token: str = ""
    """The digest of the token itself."""
    stop_token: str = ""
    car_key: str = ""
    car_make: str = ""
    accepted: bool = True
    technician: bool = False
    stop_reason: str = ""
    soc_start: float | None = None
    charged: bool = False
    """The charger said at some time that energy flows."""


class StateTold(Struct, frozen=True, kw_only=True):
    """An outlet was in a state from some time on."""

    evse_number: int
    at: datetime
    status: Status
    codes: tuple[str, ...] = ()


class TokenTold(Struct, frozen=True, kw_only=True):
    """A token was shown, and what we said of it."""

    at: datetime
    token: str
    person: str
    accepted: bool
    technician: bool = False


class StartTold(Struct, frozen=True, kw_only=True):
    """A start that was asked for from afar and came to nothing."""

    id: UUID
    evse_number: int
    created_at: datetime
    cancelled_at: datetime
    why: str
    person: str = ""
    token: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """All that is known of one station from `since` on, and somewhat before; in any order, and any of it twice."""

    sessions: tuple[SessionTold, ...] = ()
    running: tuple[SessionTold, ...] = ()
    """Sessions that have not ended; `ended_at` is now."""
    states: tuple[StateTold, ...] = ()
    tokens: tuple[TokenTold, ...] = ()
    starts: tuple[StartTold, ...] = ()
    orders: tuple[Order, ...] = ()
    dc: frozenset[int] = frozenset()
    """The outlets that charge with direct current."""
    evses: tuple[int, ...] = (1,)
    since: datetime
    now: datetime


class Attempt(Struct, frozen=True, kw_only=True, order=True):
    """One attempt to charge and how it went."""

    evse_number: int
    began_at: datetime
    key: str
    ended_at: datetime
    outcome: OutcomeClass
    why: tuple[str, ...] = ()
    session_id: UUID | None = None
    energy_wh: int = 0
    person: str = ""
    car_key: str = ""
    car_make: str = ""
    stop_reason: str = ""
    codes: tuple[str, ...] = ()
    limit_a: float | None = None
