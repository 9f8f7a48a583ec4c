"""Reads what is told of faults from the public API alone, as a stranger with a key would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from bench._scoring import Alert
from laddverk.kernel.ids import parsed

PAGE = 500


@dataclass
class Reader:
    """Reads what is told from the API, as a stranger with a key would, and remembers when it first said what."""

    client: httpx.AsyncClient
    identities: dict[UUID, str]
    first: dict[tuple[str, str], Alert] = field(default_factory=dict)
    looked_at: datetime | None = None

    async def look(self, now: datetime) -> None:
        """Take in all incidents that changed since the last look."""
        offset = 0
        asked = {"state": "all", "limit": PAGE}
        if self.looked_at is not None:
            asked["changed_since"] = self.looked_at.isoformat()
        while True:
            response = await self.client.get("/api/v1/incidents", params={**asked, "offset": offset})
            response.raise_for_status()
            items: list[dict[str, Any]] = response.json()["items"]
            for one in items:
                self._take(one, now)
            if len(items) < PAGE:
                break
            offset += PAGE
        self.looked_at = now

    def _take(self, one: dict[str, Any], now: datetime) -> None:
        if one["raised_at"] is None or one["state"] in ("held", "merged") or one["hidden_by"]:
            return
        raised_at = datetime.fromisoformat(one["raised_at"])
        new = one["id"] not in {key for key, _ in self.first}
        named = [self.identities.get(parsed("sta", each, field="station")) for each in one["stations"]]
        stations = frozenset(each for each in named if each)
        known = self.first.get((one["id"], one["family"]))
        at = known.at if known else (raised_at if new else now)
        severity = min(one["severity"], known.severity) if known else one["severity"]
        stations |= known.stations if known else frozenset()
        self.first[one["id"], one["family"]] = Alert(
            one["id"], stations, one["family"], at, severity, one["confidence"], _why(one)
        )

    @property
    def alerts(self) -> list[Alert]:
        """What was told, each incident once for each cause it ever named."""
        return list(self.first.values())


def _why(one: dict[str, Any]) -> str:
    said = one["evidence"][-1] if one["evidence"] else {"text": "", "values": {}}
    return f"{'/'.join(one['detectors'])} {one['scope']} {one['state']}: {said['text'] % Lenient(said['values'])}"


class Lenient(dict[str, Any]):
    """Values for a text; what is missing is left empty."""

    def __missing__(self, key: str) -> str:
        return ""
