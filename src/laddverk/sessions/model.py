"""What sessions are made of: messages and readings as kept, the row they fold into, doubts, and events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import DriverId, PaymentId, SessionId, StationId, TokenId


class Doubt(StrEnum):
    """A reason to look before billing, or something worth knowing. Kept with the session and shown in words."""

    NO_READINGS = "no_readings"
    REGISTER_RESET = "register_reset"
    REGISTER_WENT_BACK = "register_went_back"
    MORE_THAN_POSSIBLE = "more_than_possible"
    RELATIVE_READINGS = "relative_readings"
    ESTIMATED_END = "estimated_end"
    NO_START = "no_start"
    NO_END = "no_end"
    END_BEFORE_START = "end_before_start"
    CLOCK_CORRECTED = "clock_corrected"
    CLOCK_UNSURE = "clock_unsure"
    NO_PAYER = "no_payer"
    NOT_AUTHORISED = "not_authorised"
    NO_TARIFF = "no_tariff"
    CHANGED_AFTER_SETTLEMENT = "changed_after_settlement"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


INFORMS_ONLY: Final = frozenset({Doubt.RELATIVE_READINGS, Doubt.ESTIMATED_END, Doubt.CLOCK_CORRECTED})
"""Doubts under which the energy is still proved: they are shown, and do not hold the bill."""


STICKY: Final = frozenset({Doubt.CHANGED_AFTER_SETTLEMENT, Doubt.CREDITED, Doubt.WRITTEN_OFF})
"""Doubts about what was done with a session rather than about what happened: no fold takes them away."""


class Settlement(StrEnum):
    """How a session becomes money."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    FREE = "free"
    REVIEW = "review"


class Kind(StrEnum):
    """What a transaction message says."""

    STARTED = "started"
    UPDATED = "updated"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    """Ours: another session started on the same EVSE, so this one must be over. A real end outranks it."""


class Payer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who pays, as known when the token was recorded. Frozen into the event, so that the fold needs nothing else."""

    accepted: bool
    token_id: TokenId | None = None
    driver_id: DriverId | None = None
    driver_group: str = ""
    settlement: str = ""
    """`invoice` or `card`, as agreed with the driver; '' when there is none."""
    start_request_id: UUID | None = None
    payment_id: PaymentId | None = None


class Detail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a transaction message said, apart from when."""

    evse_number: int | None = None
    connector_number: int | None = None
    offline: bool = False
    token_uid: str | None = None
    payer: Payer | None = None
    register_wh: int | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    charging_state: str | None = None
    trigger: str | None = None
    reason: str | None = None
    flags: tuple[str, ...] = ()


class StoredEvent(Struct, frozen=True):
    """One transaction message, as kept in `session_event`."""

    station_id: StationId
    transaction_key: str
    content_key: str
    kind: Kind
    at: datetime
    received_at: datetime
    said_at: datetime | None
    detail: Detail


class StoredSample(Struct, frozen=True):
    """What the fold needs of one row of `sample`."""

    session_id: SessionId
    at: datetime
    received_at: datetime
    said_at: datetime | None
    context: str
    energy_wh: int | None
    power_w: int | None
    soc_percent: float | None


class Reading(Struct, frozen=True, order=True):
    """One value of the import register, as the meter showed it."""

    at: datetime
    """Corrected time, UTC."""
    register_wh: int


class Point(Struct, frozen=True):
    """Energy delivered since the start, at one instant."""

    at: datetime
    energy_wh: int


class Metered(Struct, frozen=True):
    """The energy that readings prove, how it grew, and what makes it doubtful."""

    energy_wh: int
    doubts: frozenset[Doubt] = frozenset()
    curve: tuple[Point, ...] = ()
    register_start_wh: int | None = None
    register_end_wh: int | None = None


class OpenRow(Struct, frozen=True):
    """What a recorder must know of a session it touches. The row is locked while its transaction lasts."""

    id: SessionId
    number: int
    station_id: StationId
    evse_number: int
    connector_number: int
    transaction_key: str
    token_uid: str | None
    started_at: datetime
    ended_at: datetime | None
    register_end_wh: int | None
    energy_wh: int
    charging_state: str | None
    state_at: datetime | None
    sampled_at: datetime | None


class Folded(Struct, frozen=True, kw_only=True):
    """What the events and readings of one session say together."""

    evse_number: int
    connector_number: int
    token_uid: str | None
    payer: Payer | None
    started_at: datetime
    said_start_at: datetime | None
    ended_at: datetime | None
    said_end_at: datetime | None
    charging_ended_at: datetime | None
    register_start_wh: int | None
    register_end_wh: int | None
    energy_wh: int
    power_w: int | None
    soc_percent: int | None
    sampled_at: datetime | None
    charging_state: str | None
    state_at: datetime | None
    stop_reason: str | None
    stop_token_uid: str | None
    doubts: frozenset[Doubt]
    curve: tuple[Point, ...]
    remote_start_id: int | None
    told_at: datetime
    """When we received the last message about it."""


class StartRequest(Struct, frozen=True):
    """A wish to charge: made by the portal, the console or the API before the charger has said anything."""

    id: UUID
    remote_start_id: int
    station_id: StationId
    evse_number: int
    connector_number: int
    token_uid: str
    created_at: datetime
    expires_at: datetime
    driver_id: DriverId | None = None
    payment_id: PaymentId | None = None
    tariff_version_id: UUID | None = None
    command_id: UUID | None = None
    session_id: SessionId | None = None
    cancelled_at: datetime | None = None
    cancelled_why: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may still become a session."""
        return self.session_id is None and self.cancelled_at is None


class PreparedStart(Struct, frozen=True):
    """A start request that was made. `access_token` opens `/s/<token>`, the page of this charge; shown once."""

    id: UUID
    access_token: str
    token_uid: str
    remote_start_id: int
    currency: str
    """Of the prices that it was shown, in which it is paid."""


class WhyFailed(StrEnum):
    """Why a wish to charge came to nothing; the portal has the words for it."""

    EXPIRED = "expired"
    """It was not paid in time."""
    TIMED_OUT = "timed_out"
    """The charger was asked and did not start in time."""
    REFUSED = "refused"
    """The charger said no."""
    UNREACHABLE = "unreachable"
    """The charger could not be asked."""
    BUSY = "busy"
    """Another payer was first, or the request had become a session already."""
    PAYMENT_FAILED = "payment_failed"
    """The driver did not complete the payment."""
    PAYMENT_UNAVAILABLE = "payment_unavailable"
    """The payment service did not answer."""
    CANCELLED = "cancelled"
    """Whoever wished for it gave it up."""


class LiveSession(Struct, frozen=True):
    """A session as its driver sees it while it runs and after."""

    id: SessionId
    number: int
    station_id: StationId
    evse_number: int
    connector_number: int
    driver_id: DriverId | None
    payment_id: PaymentId | None
    settlement: Settlement
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    soc_percent: int | None
    charging_state: str | None
    stop_reason: str | None
    doubts: tuple[str, ...]
    price_minor: int | None
    vat_minor: int | None
    currency: str | None
    timezone: str
    version: int


class LiveStart(Struct, frozen=True):
    """What the link of an ad-hoc driver opens: the wish, and the session once there is one."""

    start_request: StartRequest
    session: LiveSession | None


class SessionOpened(Event, frozen=True, kw_only=True):
    """A charger reported a session that we did not know."""

    session_id: SessionId
    start_request_id: UUID | None


class SessionClosed(Event, frozen=True, kw_only=True):
    """A session ended, or what is known of an ended one changed: version `version` is there to be priced."""

    session_id: SessionId
    version: int


class SessionPriced(Event, frozen=True, kw_only=True):
    """A session has a price. With settlement `review` nobody may bill it yet."""

    session_id: SessionId
    version: int
    price_minor: int
    vat_minor: int
    vat_percent: Decimal
    currency: str
    settlement: Settlement
    payment_id: PaymentId | None
    driver_id: DriverId | None


class ForeignTransactionNamed(Event, frozen=True, kw_only=True):
    """A charger ended a transaction that is another charger's: it is kept as an orphan, and changes nothing."""

    station_id: StationId
    number: int
    at: datetime


class StartFailed(Event, frozen=True, kw_only=True):
    """A wish to charge came to nothing: what was reserved for it may be given back."""

    start_request_id: UUID
    why: str
