"""Whether a certificate that was issued here still opens the door. Pure."""

from __future__ import annotations

from laddverk.certificates.model import CertificateState, Shown
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Signing
from laddverk.stations.admission import Issue


def issue_of(shown: Shown | None, station_id: StationId) -> Issue:
    """Return what the door thinks of a certificate that `station_id` shows; None is one that was not issued here.

    One that was replaced opens until its successor has been used: the charger may not have taken it into use (A02).
    """
    if shown is None:
        return Issue.ELSEWHERE
    if shown.station_id != station_id or shown.kind is not Signing.STATION:
        return Issue.FOR_ANOTHER
    match shown.state:
        case CertificateState.SIGNED | CertificateState.ACTIVE:
            return Issue.HERE
        case CertificateState.SUPERSEDED:
            return Issue.ENDED if shown.newer_used else Issue.HERE
        case _:
            return Issue.ENDED
