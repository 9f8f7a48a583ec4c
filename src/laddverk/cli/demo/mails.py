"""The demo's mail for support: a driver with a photo and what they quoted, a newsletter, somebody who is away."""

from __future__ import annotations

from base64 import b64decode
from email.message import EmailMessage
from typing import Final

from laddverk.platform.house import House
from laddverk.support.mail import service
from laddverk.support.mail.model import Envelope

ADDRESS: Final = "support@laddverk.example"
CODE: Final = "SELECT code FROM connector ORDER BY code LIMIT 1"
PHOTO: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR42mNkYPhfz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
"""Eight by eight pixels in one colour: what matters is that a picture came."""


async def arrive(house: House) -> None:
    """Let the demo's mails arrive. Once: the same mail again is no other mail."""
    async with house.database.transaction() as tx:
        code = await tx.value(CODE) or "GBG-001-1"
    for made in _mails(str(code)):
        await service.ingest(house, made.as_bytes(), Envelope(inbox="lmtp", sender=str(made["From"])))


def _mails(code: str) -> list[EmailMessage]:
    stuck = _mail("1", "Maja Lind <maja.lind@example.se>", f"Skärmen är svart på {code}")
    stuck.set_content(
        f"Hej!\n\nSkärmen på {code} är svart, se bilden. Går det att ladda ändå?\n\nSkickat från min iPhone\n\n"
        "Den sön 22 nov. 2026 kl 08:00 skrev Laddverk <noreply@laddverk.example>:\n> Tack för att du laddar hos oss.\n"
    )
    stuck.add_attachment(PHOTO, maintype="image", subtype="png", filename="skärmen.png")
    news = _mail("2", "Nyheter <news@example.com>", "Kablar på rea!")
    news["List-Id"], news["Precedence"] = "<news.example.com>", "bulk"
    news.set_content("Alla kablar halva priset.")
    away = _mail("3", "Per Ek <per.ek@example.se>", "Autosvar: Kvitto")
    away["Auto-Submitted"] = "auto-replied"
    away.set_content("Jag är på semester till den 1 december.")
    return [stuck, news, away]


def _mail(number: str, sender: str, subject: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, ADDRESS, subject
    made["Date"] = "Sun, 22 Nov 2026 09:00:00 +0100"  # always the same: what came before is known again
    made["Message-ID"] = f"<demo-{number}@example.se>"
    return made
