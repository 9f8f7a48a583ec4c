"""Words of the telephone: what a carrier tells, what it is told to do, and a call as it is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Place(StrEnum):
    """Where a caller is."""

    HELLO = "hello"
    """Chooses a language, and says whether it is about a charger or about money."""
    SITUATION = "situation"
    """Hears what is wrong, and what can be done."""
    CODE = "code"
    """Is to key in the number on the sticker."""
    CHOOSE = "choose"
    """Several outlets have this number."""
    CONFIRM = "confirm"
    """Hears which outlet was found."""
    PROVE = "prove"
    """Is to key in the number on the page of their charge."""
    DONE = "done"
    """Hears what came of a deed."""
    MONEY = "money"
    """Hears what is known of the last charge and its price."""
    CONSENT = "consent"
    """Is asked whether the talk may be recorded."""
    QUEUE = "queue"
    CONNECTED = "connected"
    CLOSED = "closed"
    """Nobody can answer."""
    MESSAGE = "message"
    """Speaks a message."""
    GOODBYE = "goodbye"


class Deed(StrEnum):
    """What a key asks us to do."""

    NOTHING = ""
    FIND = "find"
    TAKE_OUTLET = "take_outlet"
    OTHER_OUTLET = "other_outlet"
    COMPLAIN = "complain"
    PROVE = "prove"
    PRESS = "press"
    LOOK_AGAIN = "look_again"
    SEND_LINK = "send_link"
    MONEY = "money"
    PERSON = "person"
    CONSENT = "consent"
    REFUSE = "refuse"
    CALL_BACK = "call_back"
    HELPED = "helped"


class Menu(Struct, frozen=True, kw_only=True):
    """Where a caller is in the menu; kept with the call."""

    place: Place = Place.CODE
    misses: int = 0
    """How often in a row nothing came, or nothing that fits."""
    turns: int = 0
    """How often something was asked outside of the queue."""
    found: tuple[str, ...] = ()
    """Codes of outlets that fit what was keyed in."""
    is_unknown: bool = False
    """Whether no outlet, or no charge there, has the number that was keyed in last."""
    tries: int = 0
    """How often the number of a charge's page was keyed in."""
    is_proven: bool = False
    """Whether it was right: the caller has the page of the charge that the call is about."""
    presses: int = 0
    is_first: bool = True
    came: str = ""
    """What came of the last deed, a msgid."""
    is_about_money: bool = False
    """Whether the caller has asked what a charge cost, or for its receipt."""
    ending: str = ""
    """Why it says goodbye: helped, call_back, write."""


class Seen(Struct, frozen=True, kw_only=True):
    """What the menu has to know beside where the caller is."""

    operator: str
    is_open: bool = False
    """Whether somebody of ours takes calls, and the hours of the phone do not close it."""
    is_attended: bool = False
    """Whether somebody of ours takes calls: who waits when the door closes is still answered."""
    back: str = ""
    """When we are back, in the caller's language, while the hours of the phone close it."""
    can_text: bool = False
    """Whether a text message reaches the caller."""
    has_number: bool = False
    is_known: bool = False
    """Whether the number is that of an account, whose language it then has."""
    may_record: bool = False
    code: str = ""
    """The outlet that it is about; '' while none is known."""
    site: str = ""
    situation: str = ""
    is_danger: bool = False
    voice: str = ""
    """What is said of the situation, in the caller's language."""
    buttons: tuple[str, ...] = ()
    """What can be done by a key, most helpful first: values of `DriverButton`."""
    has_complained: bool = False
    """Whether the caller has said that the cable does not come loose."""
    is_own: bool = False
    """Whether it is the caller's own charge."""
    can_prove: bool = False
    """Whether somebody has wished to charge there of late, who may be the caller."""
    places: tuple[tuple[str, str], ...] = ()
    """Code and site of the outlets that fit what was keyed in."""
    came: str = ""
    """What came of the last deed, in the caller's language."""
    position: int = 0


class Then(StrEnum):
    """What a carrier does once it has said something."""

    GATHER = "gather"
    CONNECT = "connect"
    RECORD = "record"
    HANG_UP = "hang_up"


class Act(Struct, frozen=True, kw_only=True):
    """What a carrier is to do next with a call."""

    text: str = ""
    language: str = "sv"
    then: Then = Then.GATHER
    digits: int = 1
    timeout_s: int = 8
    number: str = ""
    """Whom to connect to."""
    records: bool = False
    """Whether what follows is recorded."""


class Call(Struct, frozen=True, kw_only=True):
    """A call as it is kept."""

    id: UUID
    key: str
    provider: str
    direction: str = "in"
    phone: str = ""
    our_number: str = ""
    started_at: datetime
    language: str = "sv"
    driver_id: UUID | None = None
    station_id: UUID | None = None
    site_id: UUID | None = None
    evse_number: int = 0
    code: str = ""
    start_request_id: UUID | None = None
    session_id: UUID | None = None
    payment_id: UUID | None = None
    complaint: str = ""
    situation: str = ""
    menu: Menu = Menu()
    turn: int = 0
    case_id: UUID | None = None
    queued_at: datetime | None = None
    taken_by: UUID | None = None
    taken_name: str = ""
    taken_number: str = ""
    taken_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_how: str = ""
    callback_at: datetime | None = None
    callback_due_at: datetime | None = None
    """From when the promised call comes, where we are closed; None: soon."""
    called_back_at: datetime | None = None
    called_back_by: str = ""
    record_consent_at: datetime | None = None
    record_paused_at: datetime | None = None
    record_stopped_at: datetime | None = None
    """When one of ours said that none of it is to be kept."""
    wrapped_up_at: datetime | None = None

    @property
    def reference(self) -> str:
        """What its carrier calls it."""
        return self.key.partition(":")[2]


class State(StrEnum):
    """Whether somebody of ours takes calls."""

    READY = "ready"
    PAUSE = "pause"
    WRAP_UP = "wrap_up"
    """Writes down what the last call was about."""


class Presence(Struct, frozen=True, kw_only=True):
    """Somebody of ours at the desk."""

    operator_id: UUID
    name: str
    state: State
    number: str
    since: datetime
    seen_at: datetime
