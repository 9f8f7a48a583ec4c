"""What is drawn of one outlet: readings and what drifts, beside its own usual and what is usual among its peers.

Peers are up to thirty chargers of the same model: those with the same firmware first, of these those at the same site.
SQL only.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

SESSIONS_DRAWN: Final = 1_000
SESSIONS_OF_USUAL: Final = 200
SESSIONS_OF_PEER: Final = 20
PEERS_FOR_BAND: Final = 4  # of fewer the quarters are not worth a line

MEASURED: Final = {
    "power": ("power_w", 0.9),
    "voltage": ("voltage_l1_v", 0.5),
    "temperature": ("temperature_c", 0.9),
    "current": ("current_l1_a", 0.9),
}
"""What can be drawn of readings: its column, and which quantile stands for a session. Never what somebody typed."""

OF_SESSIONS_SHOWN: Final = """
    SELECT s.started_at AS at, percentile_cont({quantile}) WITHIN GROUP (ORDER BY p.{column}) AS value
    FROM session AS s JOIN sample AS p ON p.station_id = s.station_id AND p.transaction_key = s.transaction_key
    WHERE s.station_id = {station} AND {place} AND s.started_at >= {since} AND s.started_at < {until}
      AND p.{column} IS NOT NULL
    GROUP BY s.id, s.started_at ORDER BY s.started_at DESC LIMIT {limit}
"""
"""One value for each session: what it reached, or, of the voltage, its middle."""

MIDDLE_SHOWN: Final = "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM ({sessions}) AS each"

PEERS_SHOWN: Final = """
SELECT peer.id
FROM station AS own JOIN station AS peer ON peer.vendor = own.vendor AND peer.model = own.model
     AND peer.id <> own.id AND peer.retired_at IS NULL
WHERE own.id = $1 AND own.model <> ''
ORDER BY peer.firmware <> own.firmware, peer.site_id <> own.site_id, peer.id LIMIT 30
"""

QUARTERS_SHOWN: Final = """
-- Each peer by its own sessions of that time: one voice each.
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY middle) AS quarters, count(*)::int AS peers
FROM (SELECT ({middle}) AS middle FROM ({peers}) AS peer) AS each WHERE middle IS NOT NULL
"""

DRIFTS: Final = """
SELECT DISTINCT detector FROM drift_day WHERE station_id = $1 AND evse_number = $2 AND day >= $3 ORDER BY detector
"""
DRIFT: Final = """
SELECT day, value, usual FROM drift_day
WHERE station_id = $1 AND evse_number = $2 AND detector = $3 AND day >= $4 ORDER BY day
"""
DRIFT_PEERS_SHOWN: Final = """
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY middle) AS quarters, count(*)::int AS peers
FROM (SELECT (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM drift_day
              WHERE station_id = peer.id AND detector = $2 AND day >= $3) AS middle
      FROM ({peers}) AS peer) AS each WHERE middle IS NOT NULL
"""


class Quarters(Struct, frozen=True):
    """What half of the peers lie between, and their middle."""

    low: float
    middle: float
    high: float
    peers: int

    @property
    def is_band(self) -> bool:
        """Whether there are enough for the quarters to say something."""
        return self.peers >= PEERS_FOR_BAND


class Curve(Struct, frozen=True, kw_only=True):
    """What is drawn: the outlet's own values, what was usual of it before, and its peers at the same time."""

    at: tuple[datetime | date, ...]
    values: tuple[float, ...]
    usual: float | None
    peers: Quarters | None


async def curve(
    tx: Transaction, station_id: UUID, evse_number: int, what: str, since: datetime, until: datetime, usual: datetime
) -> Curve:
    """Return the curve of one measured quantity (a key of `MEASURED`); its usual is of the time from `usual` on."""
    column, quantile = MEASURED[what]

    def of(station: str, place: str, since: str, until: str, limit: int) -> str:
        return OF_SESSIONS_SHOWN.format(
            column=column, quantile=quantile, station=station, place=place, since=since, until=until, limit=limit
        )

    own = of("$1", "s.evse_number = $2", "$3", "$4", SESSIONS_DRAWN)
    before = MIDDLE_SHOWN.format(sessions=of("$1", "s.evse_number = $2", "$3", "$4", SESSIONS_OF_USUAL))
    middle = MIDDLE_SHOWN.format(sessions=of("peer.id", "true", "$2", "$3", SESSIONS_OF_PEER))
    rows: list[Any] = await tx.rows(own, station_id, evse_number, since, until)
    peers: list[Any] = await tx.rows(QUARTERS_SHOWN.format(middle=middle, peers=PEERS_SHOWN), station_id, since, until)
    return Curve(
        at=tuple(row["at"] for row in reversed(rows)),
        values=tuple(float(row["value"]) for row in reversed(rows)),
        usual=await tx.value(before, station_id, evse_number, usual, since),
        peers=_quarters(peers),
    )


async def drifts(tx: Transaction, station_id: UUID, evse_number: int, since: date) -> list[str]:
    """Return the detectors that follow something of this outlet, and have learnt what is normal here."""
    return await tx.values(DRIFTS, station_id, evse_number, since)


async def drift(tx: Transaction, station_id: UUID, evse_number: int, detector: str, since: date) -> Curve:
    """Return what one detector follows, point by point, with the normal that it has learnt here."""
    rows: list[Any] = await tx.rows(DRIFT, station_id, evse_number, detector, since)
    peers: list[Any] = await tx.rows(DRIFT_PEERS_SHOWN.format(peers=PEERS_SHOWN), station_id, detector, since)
    return Curve(
        at=tuple(row["day"] for row in rows),
        values=tuple(row["value"] for row in rows),
        usual=rows[-1]["usual"] if rows else None,
        peers=_quarters(peers),
    )


def _quarters(rows: list[Any]) -> Quarters | None:
    if not rows or not rows[0]["peers"]:
        return None
    low, middle, high = rows[0]["quarters"]
    return Quarters(low, middle, high, rows[0]["peers"])
