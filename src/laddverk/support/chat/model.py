"""Words of chats: the conversation, its lines, what was asked last and what can be answered by one tap."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType
from uuid import UUID

from msgspec import Struct, field

from laddverk.kernel.ids import new_id
from laddverk.support.model import Verified
from laddverk.support.situations.gathering import Subject
from laddverk.support.situations.model import Complaint

ChatId = NewType("ChatId", UUID)


class ChatState(StrEnum):
    """Who answers."""

    OPEN = "open"
    """What we see of the charger."""
    WITH_US = "with_us"
    """A person of ours: it has a case."""
    CLOSED = "closed"


class Asks(StrEnum):
    """What we asked last, and so what the next words mean."""

    NOTHING = ""
    OUTLET = "outlet"
    COMPLAINT = "complaint"
    WORDS = "words"
    HELPED = "helped"
    REACH = "reach"


class Trouble(StrEnum):
    """What a driver can say is wrong, in the short menu."""

    NO_START = "no_start"
    CABLE = "cable"
    SLOW = "slow"
    STOPS = "stops"
    MONEY = "money"
    RECEIPT = "receipt"
    OTHER = "other"


class Speaker(StrEnum):
    """Who said a line."""

    DRIVER = "driver"
    MACHINE = "machine"
    AGENT = "agent"


FILES: Final = "files"
"""What a line keeps of files that came with it, among its `params`: each `id`, `name`, `media_type`."""


def files_in(params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what a line keeps of its files."""
    return list(params.get(FILES, ()))


class Line(Struct, frozen=True, kw_only=True):
    """One thing that was said. `text` is English and marked; `body` is somebody's own words."""

    id: UUID = field(default_factory=new_id)
    chat_id: UUID
    at: datetime
    who: Speaker
    name: str = ""
    text: str = ""
    params: dict[str, Any] = {}
    body: str = ""
    offers: tuple[str, ...] = ()
    picture_id: UUID | None = None
    carried: str = ""


class Chat(Struct, frozen=True, kw_only=True):
    """One conversation, as it is kept."""

    id: ChatId
    opened_at: datetime
    changed_at: datetime
    language: str
    state: ChatState = ChatState.OPEN
    asks: Asks = Asks.NOTHING
    complaint: str = ""
    """A `Trouble`, where the driver has said one."""
    situation: str = ""
    proof: Verified = Verified.NOT
    driver_id: UUID | None = None
    start_request_id: UUID | None = None
    session_id: UUID | None = None
    station_id: UUID | None = None
    evse_number: int = 0
    connector_number: int = 0
    case_id: UUID | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    seen_at: datetime
    read_at: datetime
    read_by_us_at: datetime | None = None
    driver_types_at: datetime | None = None
    agent_types_at: datetime | None = None
    agent_name: str = ""
    is_helped: bool | None = None
    closed_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        """Whose trouble it is, as situations read it."""
        return Subject(
            station_id=self.station_id, evse_number=self.evse_number, connector_number=self.connector_number,
            start_request_id=self.start_request_id, session_id=self.session_id, driver_id=self.driver_id,
            complaint=Complaint(self.complaint) if self.complaint in set(Complaint) else Complaint.NONE,
        )  # fmt: skip

    @property
    def can_be_reached(self) -> bool:
        """Whether an answer can follow a driver who leaves."""
        return self.driver_id is not None or bool(self.contact_email or self.contact_phone)


class Come(Struct, frozen=True, kw_only=True):
    """Where somebody comes from who begins to chat, and how sure we are of who it is."""

    subject: Subject = Subject()
    proof: Verified = Verified.NOT


class Written(Struct, frozen=True):
    """How much a driver has said in a chat."""

    lately: int
    in_all: int
    pictures: int
