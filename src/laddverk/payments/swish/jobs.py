"""What Swish needs in the background: consents that are given back, and the built-in Swish's own work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.payments.inbox import receive_webhook
from laddverk.payments.providers import provider_named, swish_line
from laddverk.payments.providers.port import Refused
from laddverk.payments.providers.sandbox_swish_books import AT_WORK, settle
from laddverk.payments.providers.swish import ABOUT_HEADER, WEBHOOK, Swish
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Handler

END: Final = "swish.end_consent"
"""The job that gives a consent back to Swish: payload `{consent_id}`. It is repeated until Swish has heard it."""

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs about Swish by their kind."""

    async def end_consents(_tx: Transaction, payloads: Payloads) -> None:
        for payload in payloads:
            rail = provider_named(house, "swish")
            assert isinstance(rail, Swish)
            try:
                await rail.api.end_consent(UUID(payload["consent_id"]))
            except Refused:
                continue  # it has ended already

    async def at_work(tx: Transaction, payloads: Payloads) -> None:
        for payload in payloads:
            if payload["do"] == "settle":
                await settle(tx, house, payload["kind"], payload["id"])
            else:
                about = payload["url"].rpartition(WEBHOOK)[2]
                await receive_webhook(house, "swish", {ABOUT_HEADER: about}, msgspec.json.encode(payload["body"]))

    found: dict[str, Handler] = {}
    if swish_line.is_offered(house.settings):
        found[END] = end_consents
    if swish_line.is_offered(house.settings) and swish_line.is_sandbox(house.settings):
        found[AT_WORK] = at_work
    return found
