"""Words of notices: which templates there are, and a mail as it is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from laddverk.kernel.ids import MailId


class Template(StrEnum):
    """What can be said. Each has a `.txt` (its first line is the subject) and a `.html`."""

    SIGN_IN = "sign_in"
    """Needs `link`, `operator`."""
    RECEIPT = "receipt"
    """Needs `link`, `place`, `amount_minor`, `currency`, `energy_wh`, `operator`."""
    INVOICE = "invoice"
    """Needs `link`, `number`, `month`, `amount_minor`, `currency`, `due_on`, `reference`, `bankgiro`, `operator`."""
    CREDIT_NOTE = "credit_note"
    """Needs `link`, `number`, `credited`, `amount_minor` (positive), `currency`, `operator`."""
    CHARGING_FINISHED = "charging_finished"
    """Needs `link`, `place`, `amount_minor`, `currency`, `energy_wh`, `operator`."""
    COLLECTION_REFUSED = "collection_refused"
    """Needs `link`, `number`, `amount_minor`, `currency`, `reason` (in the reader's language), `again`, `operator`."""
    OVERPAID = "overpaid"
    CONSENT_ENDED = "consent_ended"
    """Needs `link`, `number`, `amount_minor`, `currency`, `operator`."""
    BOOKS_ALARM = "books_alarm"
    """For staff. Needs `link`, `operator`, `unsound` (whether the ledger disagrees with itself), `differences` (each
    `what`, in the reader's language, `amount_minor`, `currency`), `count`."""
    DEBIT = "debit"
    """What became of a debit. Needs `what` (session or invoice), `name`, `amount_minor`, `currency`, `then` (paid,
    confirm, invoice, to_pay, again, no_more), `again_at`, `tries` (each `way` and `reason`), `paid_by`, `reason`,
    `link`, `zone`, `operator`."""
    NOTHING_TAKEN = "nothing_taken"
    """Needs `place`, `released_minor`, `currency`, `started`, `link`, `operator`."""
    TOPPED_UP = "topped_up"
    """Needs `link`, `amount_minor`, `balance_minor`, `currency`, `by_itself`, `operator`."""
    TOP_UP_FAILED = "top_up_failed"
    """Needs `link`, `amount_minor`, `currency`, `stopped` (not tried again), `operator`."""
    PLAN_CHANGES = "plan_changes"
    """Needs `link`, `name`, `before_minor`, `fee_minor`, `before_wh`, `included_wh`, `currency`, `from_on`,
    `operator`."""
    PLAN_COMING = "plan_coming"
    """Needs `link`, `name`, `coming` (trial_ends, pause_ends or binding_ends), `day_on`, `fee_minor`, `currency`,
    `operator`."""
    LIMIT_NEAR = "limit_near"
    """Needs `link`, `account`, `member` (empty for all), `percent`, `spent_minor`, `limit_minor`, `currency`,
    `operator`."""
    ACCOUNT_INVITE = "account_invite"
    """Needs `link`, `account`, `owner`, `is_company`, `until_on`, `operator`."""
    SECURITY_ALARM = "security_alarm"
    """For staff. Needs `link`, `operator`, `zone`, `count`, `alarms` (each `event`, `place`, `info`, `at`)."""

    INCIDENT_ALERT = "incident_alert"
    """For those on call. Needs `link`, `console`, `operator`, `what` (opened, escalated or test), `title`, `began` and
    `action` (in the reader's language), `danger`."""
    CASE_OPENED = "case_opened"
    CASE_MENDED = "case_mended"
    """To the driver of a case. Need `link`, `number`, `operator`, `phone` (may be empty); the first `says` too: what we
    make out by ourselves, or nothing."""
    CASE_CLOSED = "case_closed"
    """Needs `link`, `number`, `operator`, `rate` (the address that takes one tap)."""
    CASE_LATE = "case_late"
    """For staff. Needs `link`, `number`, `subject`, `what` (answer or solve), `operator`."""
    CASE_REPLY = "case_reply"
    """Needs `link`, `number`, `operator`, `phone`, `text`: what somebody of support wrote."""
    CASE_CODE = "case_code"
    """To the driver whose account it is. Needs `code`, `operator`."""
    OWN_DATA_CODE = "own_data_code"
    """To somebody without an account. Needs `code`, `operator`."""
    ACCOUNT_ERASED = "account_erased"
    """The last mail to a driver. Needs `link`, `operator`."""
    DIAGNOSIS_STANDS = "diagnosis_stands"
    """For those on call. Needs `link`, `operator`, `since`, `zone`."""


class Written(Struct, frozen=True):
    """The words of a notice."""

    subject: str
    body_text: str
    body_html: str


class Thread(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Headers that keep a conversation together. Ids are without brackets."""

    reply_to: str = ""
    """Where answers go; mails that do not arrive come back to it too, where a person wrote them."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    """The mails before it, the oldest first."""
    is_personal: bool = False
    """A person of ours wrote it: nothing marks it as a machine's."""
    is_answer: bool = False
    """A machine of ours answers a mail: nobody is told when it does not arrive (RFC 3834)."""


class MailFile(Struct, frozen=True):
    """A file that leaves with a mail."""

    name: str
    media_type: str
    content: bytes


class Mail(Struct, frozen=True):
    """A mail as it is kept."""

    id: MailId
    recipient: str
    language: str
    subject: str
    body_text: str
    body_html: str
    created_at: datetime
    thread: Thread = Thread()
    files: tuple[MailFile, ...] = ()
