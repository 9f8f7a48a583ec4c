"""What words of a mail tell: its subject, its language, outlets that it names, what somebody complains of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.situations.model import Complaint

PREFIX: Final = re.compile(r"^\s*(?:(?:re|sv|vs|fw|fwd|aw|vb|ang)\s*:\s*)+", re.IGNORECASE)
TAG: Final = re.compile(r"\[#\d{1,15}\]")
CODE: Final = re.compile(r"(?<![\w-])[A-ZÅÄÖ0-9]{2,12}(?:-[A-Z0-9]{1,8}){0,3}(?![\w-])")
CODES_MAX: Final = 60
TEXT_MAX: Final = 4_000  # characters that are looked through
ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)  # its letters are no words
SWEDISH: Final = frozenset(
    {
        "och", "att", "det", "jag", "inte", "som", "har", "med", "till", "kan", "min", "hej", "tack", "laddar",
        "kabeln", "den", "ett", "en", "av", "mig", "vill", "om", "var", "fel", "fungerar", "laddning", "laddningen",
        "laddaren", "laddstolpe", "uttaget", "uttag", "pengar", "pengarna", "tillbaka", "kvitto", "kvittot",
        "betalade", "startade", "startar", "stoppade", "kortet", "sitter", "fast", "varför", "hjälp",
    }
)  # fmt: skip
ENGLISH: Final = frozenset(
    {
        "the", "and", "to", "is", "not", "my", "have", "for", "with", "it", "can", "hello", "hi", "thanks", "charger",
        "this", "that", "you", "your", "me", "was", "were", "what", "does", "did", "need", "want", "please", "help",
        "wrong", "charging", "charged", "charge", "outlet", "cable", "plug", "stuck", "receipt", "invoice", "money",
        "back", "card", "paid", "payment", "refund", "started", "start", "stopped", "works", "work", "why",
    }
)  # fmt: skip
CABLE: Final = re.compile(
    r"\b(?:kabeln?|sladden|kontakten|cable|plug)\b.{0,60}\b(?:fast|fastnat|lossnar|loss|stuck|release|locked)",
    re.IGNORECASE | re.DOTALL,
)
RECEIPT: Final = re.compile(r"\b(?:kvitto|kvittot|kvitton|faktura|fakturan|receipt|invoice)\b", re.IGNORECASE)
MONEY: Final = re.compile(
    r"\b(?:pengar(?:na)?|återbetal\w*|dubbelt|reserv\w*|dragit|dragits|refund\w*|money back|charged twice|double)\b",
    re.IGNORECASE,
)

AUTOMATIC: Final = N_("An automatic answer came from %(email)s")
CAME_BACK: Final = N_("Mail to %(email)s does not arrive: %(reason)s")
CAME_LATE: Final = N_("Mail to %(email)s is late: %(reason)s")
FOLLOWS: Final = N_("It follows case %(number)s, which was closed long ago")
FROM_OTHER: Final = N_("This came from %(email)s, not from the address of the case")
LEFT_OUT: Final = N_("Files that were too large or too many were left out: %(count)s. They are in the mail as it came.")
BY_HAND: Final = N_("%(who)s made a case of this mail")

NO_SENDER: Final = N_("It has no sender that we could answer")
TOO_MANY: Final = N_("Too many mails came from this address within an hour")
NOT_OURS: Final = N_("It speaks of a mail that we did not send")
UNREADABLE: Final = N_("It could not be read: it is kept as it came")
NO_TEXT: Final = "–"


def said_of(subject: str) -> str:
    """Return what a subject says, without `Re:`, `SV:` and the number of a case."""
    return PREFIX.sub("", TAG.sub("", subject)).strip()


def language_of(text: str, default: str) -> str:
    """Return whether a text is rather Swedish or English; `default` where nobody can tell."""
    words = re.findall(r"[a-zåäö]+", ADDRESS.sub(" ", text[:TEXT_MAX]).lower())
    swedish, english = (sum(1 for word in words if word in known) for known in (SWEDISH, ENGLISH))
    if any(letter in "åäö" for word in words for letter in word):
        swedish += 2
    return default if swedish == english else "sv" if swedish > english else "en"


def codes_in(text: str) -> list[str]:
    """Return what may be codes of outlets in a text, in its order: letters and digits in capitals, a digit at least."""
    return list(dict.fromkeys(_codes(text[:TEXT_MAX].upper())))[:CODES_MAX]


def _codes(text: str) -> Iterator[str]:
    for found in CODE.finditer(text):
        if any(each.isdigit() for each in found[0]) and len(found[0]) > 2:
            yield found[0]


KIND_OF: Final = {Complaint.CABLE: "cable", Complaint.MONEY: "refund", Complaint.RECEIPT: "invoice"}


def kind_of(text: str) -> str:
    """Return what a case is about by the words of its mail."""
    return KIND_OF.get(complaint_of(text), "question")


def complaint_of(text: str) -> Complaint:
    """Return what somebody says that no machine sees. A cable that is stuck comes before what they say of money."""
    said = text[:TEXT_MAX]
    if CABLE.search(said):
        return Complaint.CABLE
    if RECEIPT.search(said):
        return Complaint.RECEIPT
    return Complaint.MONEY if MONEY.search(said) else Complaint.NONE
