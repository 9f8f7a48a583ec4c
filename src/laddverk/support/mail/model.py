"""Words of mail that comes in: the mail as it was read, what it is by nature, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Dmarc(StrEnum):
    """What our own mail server says of the sender."""

    UNKNOWN = ""
    """It said nothing, or we do not know our own server's word from another's."""
    PASS = "pass"  # noqa: S105 - no secret
    FAIL = "fail"
    """It was checked and did not pass, or the sender's domain asks for no check."""


class Nature(StrEnum):
    """What kind of mail it is."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    """An answer that a machine wrote: nobody waits for ours."""
    LIST = "list"
    BOUNCE = "bounce"
    OURS = "ours"
    """Our own, come back to us."""


class Verdict(StrEnum):
    """What became of a mail."""

    TAKEN = "taken"
    """Being looked at; seen outside its transaction by nobody."""
    OPENED = "opened"
    JOINED = "joined"
    STORED = "stored"
    """It stands in its case, and wakes nobody."""
    IGNORED = "ignored"
    BOUNCED = "bounced"
    """It says that a mail of ours did not arrive."""
    REFUSED = "refused"
    """Too many from one sender, or no sender that we could answer."""
    BROKEN = "broken"
    """It could not be read; it is kept as it came."""


class Attached(Struct, frozen=True):
    """A file in a mail."""

    name: str
    content: bytes


class Bounce(Struct, frozen=True, kw_only=True):
    """What a mail server says of a mail that did not arrive (RFC 3464)."""

    recipient: str
    status: str = ""
    is_for_good: bool
    reason: str = ""
    message_id: str = ""
    """Of the mail that did not arrive."""


class Letter(Struct, frozen=True, kw_only=True):
    """A mail as it was read. Texts hold neither NUL nor halves of characters, and are bounded."""

    message_id: str
    """Without brackets; `sha256:…` where the mail has none that can be used."""
    fingerprint: str
    """Of sender and date: two mails with one id are one only when these agree."""
    answers: tuple[str, ...] = ()
    """The ids that it answers, the nearest first."""
    sender: str = ""
    sender_name: str = ""
    is_one_sender: bool = False
    """There is one From with one address in it: only then can anybody vouch for it."""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    html: str = ""
    """As it was sent: hostile."""
    attached: tuple[Attached, ...] = ()
    left_out: int = 0
    """Parts and files that were too many or too large."""
    is_readable: bool = True
    """Only its headers could be read, where not."""
    marks: dict[str, str] = {}
    """Headers by which machines show themselves, in lower case."""
    authentication: tuple[str, ...] = ()
    """Authentication-Results, the topmost first."""
    bounce: Bounce | None = None


class Envelope(Struct, frozen=True, kw_only=True):
    """How a mail came, as far as the server says that handed it over."""

    inbox: str
    """`lmtp`, or the name of a mailbox."""
    sender: str | None = None
    """'' is `<>`: nobody wants an answer. None: not known."""
    recipients: tuple[str, ...] = ()


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a mail that was handed to us."""

    mail_id: UUID
    verdict: Verdict
    case_id: UUID | None = None
    is_duplicate: bool = False


class How(StrEnum):
    """By what a mail was found to belong to a case."""

    ADDRESS = "address"
    REFERENCE = "reference"
    NUMBER = "number"
    NONE = ""
