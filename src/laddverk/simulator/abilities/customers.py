"""Customer information (2.x): what a charger remembers of a token, told in parts, or forgotten; and of its sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from laddverk.ocpp import times
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.abilities.local_list import KnownTokens
from laddverk.simulator.model import Ended, Sampled, Started, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

PART: Final = 512  # characters of one NotifyCustomerInformation
NOTHING: Final = "Nothing is known of this customer."


def _inform(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """Tell and forget, as asked. At least one part follows, also when there is nothing to tell (N09.FR.04)."""
    if asked.id_token is None and asked.customer_identifier is None and asked.customer_certificate is None:
        return {"status": "Invalid"}
    token = (asked.id_token.id_token if asked.id_token else asked.customer_identifier or "").upper()
    known = charger.of(KnownTokens)
    lines = []
    if token in known.entries:
        lines.append(f"{token} is in the local list, version {known.version}.")
    if token in known.cache:
        lines.append(f"{token} is in the authorization cache.")
    lines += [
        f"{token} charges at outlet {outlet.number} since {times.written(outlet.charging.started_at.astimezone(UTC))}."
        for outlet in charger.outlets.values()
        if outlet.charging is not None and outlet.charging.token.upper() == token
    ]
    if asked.clear:
        known.cache.pop(token, None)
        known.entries.pop(token, None)
    text = "\n".join(lines) or NOTHING if asked.report else ""
    parts = [text[start : start + PART] for start in range(0, len(text), PART)] or [""]
    for number, part in enumerate(parts if asked.report else []):
        fields = {
            "data": part, "seqNo": number, "generatedAt": times.written(at.astimezone(UTC)),
            "requestId": asked.request_id, "tbc": number < len(parts) - 1,
        }  # fmt: skip
        charger.say(Told(at=at, action="NotifyCustomerInformation", fields=fields))
    return {"status": "Accepted"}


def _transaction_status(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """Say whether a session runs, and whether messages about it (or any) still wait."""
    del at
    waiting = [item for item in charger.outbox if isinstance(item, Started | Sampled | Ended)]
    if asked.transaction_id is None:
        return {"messagesInQueue": bool(waiting)}
    return {
        "ongoingIndicator": charger.found(key=asked.transaction_id) is not None,
        "messagesInQueue": any(item.charging.key == asked.transaction_id for item in waiting),
    }


ORDERS_2X: Final[Orders] = {"CustomerInformation": _inform, "GetTransactionStatus": _transaction_status}
