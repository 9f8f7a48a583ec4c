"""Whose SIM a station has, as far as its boots say: so that a carrier's outage is not taken for broken chargers.

Kept is the carrier alone: country and network from the IMSI, or the issuer from the ICCID. The numbers themselves name
one SIM, and nobody needs them here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from laddverk.ocpp import facts
from laddverk.platform.database import Transaction

IMSI: Final = re.compile(r"[0-9]{14,15}")
ICCID: Final = re.compile(r"89[0-9]{16,20}[0-9A-Fa-f]?")
IMSI_DIGITS: Final = 5  # three of the country, two of the network; where networks have three, the country tells enough
ICCID_DIGITS: Final = 7  # 89, the country, the issuer

WRITE: Final = """
INSERT INTO station_carrier (station_id, carrier, said_at)
SELECT DISTINCT ON (station_id) station_id, carrier, said_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS given (station_id, carrier, said_at)
ORDER BY station_id, said_at DESC
ON CONFLICT (station_id) DO UPDATE SET carrier = excluded.carrier, said_at = excluded.said_at
WHERE station_carrier.carrier <> excluded.carrier
"""


def carrier_of(iccid: str, imsi: str) -> str:
    """Return the carrier of a SIM; '' when neither number is one."""
    imsi, iccid = imsi.strip(), iccid.strip()
    if IMSI.fullmatch(imsi):
        return imsi[:IMSI_DIGITS]
    return iccid[:ICCID_DIGITS] if ICCID.fullmatch(iccid) else ""


async def record_boots(tx: Transaction, boots: Sequence[facts.Booted]) -> None:
    """Keep the carriers that boots name; written with the rest of the window."""
    for boot in boots:
        carrier = carrier_of(boot.iccid[:40], boot.imsi[:40])
        if carrier:
            tx.later(_write, (boot.station_id, carrier, boot.received_at))


async def _write(tx: Transaction, gathered: Sequence[Any]) -> None:
    await tx.execute(WRITE, *(list(column) for column in zip(*gathered, strict=True)))
