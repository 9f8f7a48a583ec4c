"""Words of support: the case, its state, what it is about, and the entries of its timeline."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final, NewType
from uuid import UUID

from msgspec import Struct, field

from laddverk.diagnostics.incidents.words import REPORT_KINDS
from laddverk.kernel.ids import new_id
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

CaseId = NewType("CaseId", UUID)


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """Somebody of ours has to do something."""
    WAITING = "waiting"
    """For the driver, or for an incident: `waits_for`."""
    CLOSED = "closed"


class WaitsFor(StrEnum):
    """What a waiting case waits for."""

    NOTHING = ""
    DRIVER = "driver"
    INCIDENT = "incident"


class Channel(StrEnum):
    """How somebody reached us, or we them."""

    PORTAL = "portal"
    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    SMS = "sms"
    DESK = "desk"
    """Somebody of ours saw it."""
    API = "api"


class Priority(IntEnum):
    """What comes first."""

    URGENT = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


class Verified(StrEnum):
    """How sure we are of who it is, least first; `identity` says what each allows."""

    NOT = ""
    """An address or a number that somebody typed."""
    NUMBER = "number"
    """The call or text message shows a number of the driver's; numbers can be forged."""
    MAIL = "mail"
    """The driver's address, and their mail server vouches for it (DMARC)."""
    CHARGE = "charge"
    """Holds the secret address of a charge: it is theirs, whoever they are."""
    CODE = "code"
    """Read back a code that went to the number or address of the account."""
    ACCOUNT = "account"
    """Signed in when it was opened."""


class Outcome(StrEnum):
    """How a case ended."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    MENDED = "mended"
    MONEY_BACK = "money_back"
    NO_ANSWER = "no_answer"
    DUPLICATE = "duplicate"
    OTHER = "other"


class EntryKind(StrEnum):
    """What an entry of a timeline is."""

    MESSAGE_IN = "message_in"
    MESSAGE_OUT = "message_out"
    NOTE = "note"
    """Seen by staff only."""
    CALL = "call"
    """What was said on the phone, in the words of whoever had the call."""
    MACHINE = "machine"
    DEED = "deed"


OTHER_KINDS: Final = {
    "refund": N_("Money back"),
    "invoice": N_("Receipt or invoice"),
    "account": N_("Account, card or tag"),
    "question": N_("A question"),
}
KINDS: Final = REPORT_KINDS | OTHER_KINDS
"""What a case can be about. Those of `REPORT_KINDS` speak of a charger, and join the drivers' reports."""


class Case(Struct, frozen=True, kw_only=True):
    """One thing that one person needs help with, as it is kept."""

    id: CaseId
    number: int = 0
    subject: str
    kind: str
    state: State = State.OPEN
    waits_for: WaitsFor = WaitsFor.NOTHING
    channel: Channel
    priority: Priority = Priority.NORMAL
    verified: Verified = Verified.NOT
    driver_id: UUID | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    language: str = "sv"
    site_id: UUID | None = None
    station_id: UUID | None = None
    evse_number: int = 0
    session_id: UUID | None = None
    payment_id: UUID | None = None
    incident_id: UUID | None = None
    report_id: UUID | None = None
    tell_when_mended: bool = False
    assignee_id: UUID | None = None
    assignee_name: str = ""
    outcome: str = ""
    situation: str = ""
    """What was made out when it was opened: the key of a situation; '' for none."""
    team_id: UUID | None = None
    tags: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    merged_into_id: UUID | None = None
    answer_due_at: datetime | None = None
    solve_due_at: datetime | None = None
    promise_id: UUID | None = None
    paused_at: datetime | None = None
    """Since when the clock of its promise stands still."""
    paused_s: int = 0
    """How long it stood still before that, in seconds of the promise's hours."""
    created_at: datetime
    created_by: str
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    changed_at: datetime

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to do anything any more."""
        return self.state is State.CLOSED


class Links(Struct, frozen=True, kw_only=True):
    """What a case is about: any of these, as they are known."""

    driver_id: UUID | None = None
    station_id: UUID | None = None
    evse_number: int = 0
    session_id: UUID | None = None
    payment_id: UUID | None = None
    incident_id: UUID | None = None


class NewCase(Struct, frozen=True, kw_only=True):
    """What is said of a case when it is opened."""

    subject: str = ""
    kind: str = "question"
    text: str = ""
    channel: Channel = Channel.DESK
    priority: Priority = Priority.NORMAL
    links: Links = Links()
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    language: str = "sv"
    tell_when_mended: bool = False
    situation: str = ""
    """What was made out: the key of a situation."""
    tags: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """Something on a case's timeline. `text` is English and marked; `body` is somebody's own words."""

    case_id: UUID
    id: UUID = field(default_factory=new_id)
    at: datetime
    kind: EntryKind
    channel: str = ""
    by_kind: str
    by_name: str = ""
    text: str = ""
    params: dict[str, Any] = {}
    body: str = ""
    mail_id: UUID | None = None
    reference: str = ""
    """What carried it, by its carrier's name: a Message-ID, the id of a call or of a text message."""
