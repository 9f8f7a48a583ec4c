"""Words of situations: the facts that they are read from, what a file of the catalogue holds, and what was made out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.model import Evidence, Family, Severity

Value = str | int | float | datetime | None
"""What stands in the places of a text. A name's ending says how it is shown: `_at`, `_s`, `_minor`, `_w`, `_a` …"""
CALM: Final = frozenset(
    {"asked-to-start", "charging-well", "just-begun", "outlet-well", "nothing-seen", "waiting-for-payment"}
)
"""Situations in which we see nothing wrong."""


class StartStage(StrEnum):
    """How far a wish to charge has come."""

    PAYING = "paying"
    ASKED = "asked"
    FAILED = "failed"
    BEGUN = "begun"


class Complaint(StrEnum):
    """What the driver says, where they say anything: no machine sees a cable that does not come loose."""

    NONE = ""
    CABLE = "cable"
    MONEY = "money"
    RECEIPT = "receipt"


class Rail(StrEnum):
    """How somebody pays."""

    CARD = "card"
    SWISH = "swish"
    BALANCE = "balance"


class OutletFacts(Struct, frozen=True, kw_only=True):
    """The outlet that a driver stands before, as it is now."""

    code: str
    station_name: str
    status: str
    """As a connector reports it: available, preparing, charging …; unknown."""
    status_since: datetime
    is_connected: bool
    connected_changed_at: datetime | None = None
    """Since when there is contact, or none."""
    families: tuple[Family, ...] = ()
    """What its codes speak of, worst first."""
    severity: Severity | None = None
    """Of the worst of them."""
    codes: tuple[str, ...] = ()
    is_stopped_by_hand: bool = False
    """Its emergency stop is pressed."""
    is_let_go: bool = False
    """Its emergency stop was pressed, and it says that it can be used again."""
    is_tethered: bool = False
    """Its cable is its own: nothing is locked at the charger."""
    is_direct_current: bool = False
    power_max_w: int = 0
    is_unlocked: bool = False
    """We let go of the cable since the last charge, and the charger said that it did."""
    is_reserved: bool = False
    incident_number: int | None = None
    """Of the problem that is known there."""


class StartFacts(Struct, frozen=True, kw_only=True):
    """The driver's wish to charge."""

    stage: StartStage
    asked_at: datetime
    expires_at: datetime
    failed_at: datetime | None = None
    why: str = ""
    """`WhyFailed`, where it came to nothing."""


class SessionFacts(Struct, frozen=True, kw_only=True):
    """The driver's charge, or the one that stands in their way."""

    is_drivers: bool = True
    started_at: datetime
    ended_at: datetime | None = None
    charging_ended_at: datetime | None = None
    energy_wh: int = 0
    power_w: int | None = None
    state: str = "charging"
    """charging, suspended_ev, suspended_evse, ev_connected, idle."""
    state_since: datetime | None = None
    stop_reason: str = ""
    stopped_by_us: str = ""
    """Why we asked it to stop: spent, wallet_stopped, reserve_ends."""
    soc_percent: int | None = None
    limit_a: float | None = None
    """What we allow it now; None where nothing of ours limits it."""
    limit_until: datetime | None = None
    phases_used: int | None = None
    phases_offered: int = 3
    usual_power_w: int | None = None
    """What this outlet gives at this stage of a charge, by its own history."""
    has_idle_fee: bool = False


class TokenFacts(Struct, frozen=True, kw_only=True):
    """The tag that was shown last there, and what we said."""

    at: datetime
    is_accepted: bool
    reason: str = ""
    """blocked, expired, unknown, owes, no_way, limit; '' for what is not for them to know."""
    is_foreign: bool = False
    """Another network answers for it."""


class PaymentFacts(Struct, frozen=True, kw_only=True):
    """How the charge is paid."""

    rail: Rail
    state: str
    failure: str = ""
    """expired, declined, cancelled, timed_out; '' where nothing failed."""
    reserved_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    due_minor: int | None = None
    reserved_at: datetime | None = None
    currency: str = "SEK"
    is_double: bool = False
    """The same charge was drawn more than once."""


class ElsewhereFacts(Struct, frozen=True, kw_only=True):
    """Another outlet of the site that saw a cable while the driver's own did not."""

    code: str
    plugged_at: datetime


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known of a driver's trouble at one instant."""

    now: datetime
    outlet: OutletFacts | None = None
    start: StartFacts | None = None
    session: SessionFacts | None = None
    token: TokenFacts | None = None
    payment: PaymentFacts | None = None
    elsewhere: ElsewhereFacts | None = None
    complaint: Complaint = Complaint.NONE


class Match(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a predicate saw: which variant of the text, the values in it, and what supports it."""

    variant: str = ""
    values: dict[str, Value] = {}
    evidence: tuple[Evidence, ...] = ()


class DriverButton(StrEnum):
    """What a driver can do about it by one tap."""

    TRY_AGAIN = "try_again"
    PAY = "pay"
    WAIT_MORE = "wait_more"
    SWAP = "swap"
    STOP = "stop"
    UNLOCK = "unlock"
    OTHER_OUTLET = "other_outlet"
    NEAREST = "nearest"
    RECEIPT = "receipt"
    REPORT = "report"
    WRITE = "write"


class AgentButton(StrEnum):
    """What an agent can do about it; each is a command or a deed with a result."""

    START = "start"
    EXTEND = "extend"
    SWAP = "swap"
    STOP = "stop"
    UNLOCK = "unlock"
    RESET = "reset"
    HARD_RESET = "hard_reset"
    CLEAR_CACHE = "clear_cache"
    PAYMENT_LINK = "payment_link"
    PAY_OWED = "pay_owed"
    REFUND = "refund"
    GOODWILL = "goodwill"
    NEAREST = "nearest"
    RECEIPT = "receipt"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    CLEAR_RESERVATION = "clear_reservation"
    WORK_ORDER = "work_order"
    SHOW_LOAD = "show_load"
    COME_FIRST = "come_first"
    SHOW_PAYMENT = "show_payment"
    CHECK_PAYMENT = "check_payment"
    ALLOW_TOKEN = "allow_token"  # noqa: S105 - a name, not a secret
    BLOCK_TOKEN = "block_token"  # noqa: S105 - a name, not a secret
    UNBLOCK_TOKEN = "unblock_token"  # noqa: S105 - a name, not a secret
    TELL_OWNER = "tell_owner"


class Step(StrEnum):
    """What is done by itself, once for each time the situation arises, under the guards of `stepping`."""

    NOTHING = ""
    EXTEND = "extend"
    TRY_AGAIN = "try_again"
    UNLOCK = "unlock"
    OUT_OF_SERVICE = "out_of_service"
    TELL_OWNER = "tell_owner"


class Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said in one language."""

    title: str
    says: str
    """To the driver, on the page and in the chat."""
    sms: str
    voice: str
    """To be read aloud: no signs, no abbreviations."""
    agent: str
    """What is wrong, in one sentence, for whoever helps."""


class Situation(Struct, frozen=True, kw_only=True):
    """One file of the catalogue."""

    key: str
    predicate: str
    rank: int
    """What is told first where several hold; smaller is more pressing."""
    is_danger: bool = False
    step: Step = Step.NOTHING
    then: Step = Step.NOTHING
    """What is done by itself when the step did not help."""
    driver: tuple[DriverButton, ...] = ()
    agent: tuple[AgentButton, ...] = ()
    texts: dict[str, dict[str, Texts]] = {}
    """By language, then by variant; '' is the usual one."""

    def text(self, language: str, variant: str = "") -> Texts:
        """Return what is said of it, in English where a language lacks it."""
        spoken = self.texts.get(language) or self.texts["en"]
        return spoken.get(variant) or spoken[""]


class Told(Struct, frozen=True, kw_only=True):
    """A situation that holds, and what was seen of it."""

    situation: Situation
    match: Match

    @property
    def is_calm(self) -> bool:
        """Whether we see nothing wrong."""
        return self.situation.key in CALM
