"""What a mail is by nature, so that no machine answers a machine. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.mail.model import Envelope, Letter, Nature

DAEMONS: Final = re.compile(r"^(?:mailer-daemon|postmaster)@")
ABSENT: Final = re.compile(
    r"^\s*(?:Autosvar|Automatiskt svar|Frånvaromeddelande|Frånvarande|Automatic reply|Auto(?:matic)?[ -]?response"
    r"|Out of office|Automatisk svar|Autosvar fra)\s*:",
    re.IGNORECASE,
)
ANSWERERS: Final = frozenset({"x-autoreply", "x-autorespond", "x-autoresponder"})
LISTS: Final = ("bulk", "list", "junk")

NOBODY_WANTS: Final = N_("It came without an address to answer to, as reports of machines do")
AUTO_SUBMITTED: Final = N_("It says that a machine wrote it (Auto-Submitted)")
AUTO_REPLY: Final = N_("It says that it is an automatic answer")
MAILING_LIST: Final = N_("It went to a mailing list or to many")
REPORT: Final = N_("A mail server reports on a mail")
OWN: Final = N_("It is our own mail, come back")


def nature_of(letter: Letter, envelope: Envelope, ours: Collection[str]) -> tuple[Nature, str]:
    """Return what kind of mail it is, and by what that shows (English, marked; '' for a person's).

    `ours` are addresses and ids of mails that are our own.
    """
    marks = letter.marks
    if letter.sender in ours or letter.message_id in ours:
        return Nature.OURS, OWN
    if letter.bounce is not None:
        return Nature.BOUNCE, REPORT
    why = _machine(letter, envelope)
    if why:
        return Nature.AUTOMATIC, why
    if "list-id" in marks or any(word in marks.get("precedence", "") for word in LISTS):
        return Nature.LIST, MAILING_LIST
    return Nature.PERSON, ""


def _machine(letter: Letter, envelope: Envelope) -> str:
    """Return by what a machine shows itself; '' where nothing does."""
    marks = letter.marks
    if marks.get("auto-submitted", "no").partition(";")[0].strip() not in ("no", ""):
        return AUTO_SUBMITTED
    if "x-failed-recipients" in marks or DAEMONS.match(letter.sender):
        return REPORT
    if {"x-autoreply", "x-autorespond", "x-autoresponder"} & marks.keys() or "auto_reply" in marks.get(
        "precedence", ""
    ):
        return AUTO_REPLY
    if ABSENT.match(letter.subject[:200]):
        return AUTO_REPLY
    if envelope.sender == "" or marks.get("return-path") == "<>":
        return NOBODY_WANTS
    return ""
