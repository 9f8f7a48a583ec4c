"""What Swish needs in the background: consents that end on either side, and the built-in Swish's own work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from laddverk.payments import settling
from laddverk.payments.inbox import receive_webhook
from laddverk.payments.providers import provider_named, swish_line
from laddverk.payments.providers.port import Refused
from laddverk.payments.providers.sandbox_swish_books import AT_WORK, settle
from laddverk.payments.providers.swish import ABOUT_HEADER, WEBHOOK, Swish
from laddverk.payments.swish import papers, telling
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call
from laddverk.platform.house import House
from laddverk.platform.jobs import Handler, Work

log = structlog.get_logger()

END: Final = "swish.end_consent"
"""The errand that gives a consent back to Swish: payload `{consent_id}`. It is repeated until Swish has heard it."""

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs about Swish by their kind; say in the log what is wrong with the certificate."""
    for fault in papers.faults(house.settings, house.clock()):
        log.warning("swish.certificate", fault=fault.message.replace("%(day)s", fault.day), remedy=fault.remedy)
    found: dict[str, Work] = {settling.TELL_ENDED: _telling(house)}
    if swish_line.is_offered(house.settings):
        found[END] = Ends(house)
        if swish_line.is_sandbox(house.settings):
            found[AT_WORK] = _at_work(house)
    return found


class Ends:
    """The errand `END`."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Payloads) -> list[Call | None]:
        """Return the calls; a consent that has ended already is no fault."""
        return [self._call(UUID(payload["consent_id"])) for payload in payloads]

    def _call(self, consent: UUID) -> Call:
        async def end() -> None:
            rail = provider_named(self._house, "swish")
            assert isinstance(rail, Swish)
            await rail.api.end_consent(consent)

        return end

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Let what was not heard be tried again: the errand fails with the silence, and rests."""
        for _, answer in came:
            if isinstance(answer, BaseException) and not isinstance(answer, Refused):
                raise answer


def _telling(house: House) -> Handler:
    async def tell(tx: Transaction, payloads: Payloads) -> None:
        """Mail to drivers whose consent has ended."""
        for payload in payloads:
            await telling.ended(tx, house, UUID(payload["method_id"]), house.clock())

    return tell


def _at_work(house: House) -> Handler:
    async def work(tx: Transaction, payloads: Payloads) -> None:
        """The built-in Swish's banks settle, and its callbacks come to our door."""
        for payload in payloads:
            if payload["do"] == "settle":
                await settle(tx, house, payload["kind"], payload["id"])
            else:
                about = payload["url"].rpartition(WEBHOOK)[2]
                await receive_webhook(house, "swish", {ABOUT_HEADER: about}, msgspec.json.encode(payload["body"]))

    return work
