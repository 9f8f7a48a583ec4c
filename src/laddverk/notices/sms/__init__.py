"""Text messages, out and in: kept, handed to a carrier after the commit, and followed until they arrive.

Nouns: a *text* (one message to or from one phone), its *carrier* (one file for each, behind `port`).

What always holds:
- A text is written in the transaction of its cause, and sent after the commit; with a `unique_key` once only.
- A number gets no more than a few texts in an hour: a stranger's phone is not ours to ring.
- What comes in is kept once, however often its carrier repeats it.
"""

from __future__ import annotations

from laddverk.kernel.problems import Invalid
from laddverk.notices.sms.elks import Elks
from laddverk.notices.sms.port import TextMessages
from laddverk.notices.sms.sandbox import Sandbox
from laddverk.platform.settings import Settings


def provider_of(settings: Settings, *, reports_to: str = "") -> TextMessages | None:
    """Return who carries text messages, or None when nobody does. Raises `Invalid` for a name that is not known.

    `reports_to` is the address that the carrier tells when a text has arrived.
    """
    if not settings.sms_provider:
        return None
    if settings.sms_provider == "sandbox":
        return Sandbox()
    if settings.sms_provider == "46elks":
        return Elks(settings.elks_url, settings.elks_user, settings.elks_password, settings.sms_sender, reports_to)
    raise Invalid(
        "There is no SMS provider called %(name)s.",
        field="LADDVERK_SMS_PROVIDER",
        remedy="Use 46elks or sandbox.",
        name=settings.sms_provider,
    )
