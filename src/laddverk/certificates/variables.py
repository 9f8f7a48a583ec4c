"""What chargers told of their settings that certificates depend on. Reads only."""

from __future__ import annotations

from typing import Final

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

CHAIN_MAX: Final = 10_000  # characters in CertificateSigned, in all versions
CHAIN_MIN: Final = 1_000  # less than any certificate: a charger that says so means something else

CHAIN_ROOM = """
SELECT value FROM station_variable
WHERE station_id = $1 AND lower(variable) IN ('certificatesignedmaxchainsize', 'maxcertificatechainsize')
  AND attribute IN ('Actual', '') AND value ~ '^[0-9]{1,6}$'
LIMIT 1
"""


async def chain_room(tx: Transaction, station_id: StationId) -> int:
    """Return how many characters of a certificate chain a charger takes."""
    told = await tx.value(CHAIN_ROOM, station_id)
    return min(max(int(told), CHAIN_MIN), CHAIN_MAX) if told else CHAIN_MAX
