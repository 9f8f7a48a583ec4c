"""Certificates at the door: which still open it, the first use of a new one, and withdrawing one at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.certificates import rules_door, rules_renewal, store, store_door
from laddverk.certificates.model import CertificateState, RequestState
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations.admission import Issue

REASON_MIN: Final = 3
REASON_MAX: Final = 200


async def issue(tx: Transaction, station_id: StationId, fingerprint: bytes) -> Issue:
    """Return what the door is to think of a certificate with this SHA-256, shown by somebody as `station_id`."""
    found = await store_door.shown(tx, [fingerprint])
    return rules_door.issue_of(found[0] if found else None, station_id)


async def ended(tx: Transaction, in_use: Mapping[StationId, bytes]) -> set[StationId]:
    """Return the stations whose open connection stands on a certificate (by SHA-256) that opens no more."""
    known = {one.fingerprint_sha256: one for one in await store_door.shown(tx, list(in_use.values()))}
    return {
        station_id
        for station_id, fingerprint in in_use.items()
        if rules_door.issue_of(known.get(fingerprint), station_id) in (Issue.ENDED, Issue.FOR_ANOTHER)
    }


async def used(tx: Transaction, station_id: StationId, fingerprint: bytes, now: datetime) -> None:
    """Note that a station has come in with a certificate. A new one is then in use, and those before it are closed.

    A charger may use its certificate before its answer to CertificateSigned has reached us, or without any: that it
    has the key is proof enough.
    """
    certificate_id = await store_door.first_used(tx, station_id, fingerprint, now)
    certificate = await store.lock_certificate(tx, certificate_id) if certificate_id is not None else None
    if certificate is None or certificate.state is not CertificateState.SIGNED:
        return
    next_step_at = rules_renewal.renew_at(certificate.not_before, certificate.not_after, station_id)
    await store.activate(tx, certificate, now, next_step_at)
    if certificate.request_id is not None:
        await store.set_request(tx, certificate.request_id, RequestState.DELIVERED, "", now)


async def revoke(
    tx: Transaction, actor: Actor, station_id: StationId, certificate_id: UUID, now: datetime, *, reason: str
) -> None:
    """Withdraw a certificate of a charger: it opens no more, and a connection that stands on it is closed.

    Needs stations:write. Raises `NotFound`, `Conflict` when it is withdrawn already, `Invalid` without a reason. The
    caller publishes the hint `DOORS_TOPIC`.
    """
    actor.require(Permission.STATIONS_WRITE)
    sites = None if actor.site_ids is None else sorted(actor.site_ids)
    if not await store_door.is_seen(tx, certificate_id, station_id, sites):
        raise NotFound("There is no such certificate.")
    why = reason.strip()
    if not REASON_MIN <= len(why) <= REASON_MAX or not why.isprintable():
        raise Invalid("Say in a few words why.", field="reason")
    certificate = await store.lock_certificate(tx, certificate_id)
    if certificate is None or certificate.state in (CertificateState.REVOKED, CertificateState.REFUSED):
        raise Conflict("This certificate is withdrawn already.")
    await store_door.revoke(tx, certificate_id, now, actor.name or actor.kind, why)
    if certificate.state is CertificateState.SIGNED and certificate.request_id is not None:
        await store.set_request(tx, certificate.request_id, RequestState.FAILED, why, now)
    detail = {"certificate": str(certificate_id), "kind": certificate.kind.value, "was": certificate.state.value}
    await audit.write(tx, actor, "certificate.revoked", "station", station_id, at=now, reason=why, detail=detail)
