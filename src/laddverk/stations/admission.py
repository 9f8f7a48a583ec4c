"""Who is let in: what a charger shows at the door against what its station must show. Pure.

The security profiles of OCPP (1.6 security white paper; 2.x part A): 0 shows nothing, 1 a key, 2 a key over TLS, 3 a
certificate. A station has one profile at a time (A00.FR.001-003); only while it is being raised do two open the door.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.stations.keys import Match
from laddverk.stations.model import Credential

NOTHING, KEY, KEY_AND_TLS, CERTIFICATE = range(4)
"""The security profiles."""

PROFILES: Final = (NOTHING, KEY, KEY_AND_TLS, CERTIFICATE)


class Door(StrEnum):
    """By which way somebody came."""

    PLAIN = "plain"
    TLS = "tls"
    LEGACY_TLS = "legacy_tls"
    """The listener with the older cipher suites that OCPP asks for."""


class Refusal(StrEnum):
    """Why somebody was not let in. For staff only: outside all of them look the same."""

    UNKNOWN_STATION = "unknown_station"
    RETIRED = "retired"
    NO_CREDENTIALS = "no_credentials"
    WRONG_USER = "wrong_user"
    WRONG_KEY = "wrong_key"
    WRONG_PROFILE = "wrong_profile"
    NOT_PRIVATE = "not_private"
    """Without TLS, and not from a network where that is allowed."""
    PROFILE_ENDED = "profile_ended"
    """The time for which nothing was asked of it is over."""
    NO_CERTIFICATE = "no_certificate"
    WRONG_CERTIFICATE = "wrong_certificate"
    EXPIRED_CERTIFICATE = "expired_certificate"
    ENDED_CERTIFICATE = "ended_certificate"
    """It was issued here, and revoked or replaced since."""
    LEGACY_TLS = "legacy_tls"
    """By the listener with the older suites, which this station may not use."""


class Issue(StrEnum):
    """What we know of a client certificate because we issued it."""

    ELSEWHERE = "elsewhere"
    """By another authority that we take: its name alone says whose it is."""
    HERE = "here"
    """To this very station, and it still opens."""
    ENDED = "ended"
    """To this station; revoked, never taken, or replaced by one that has been used."""
    FOR_ANOTHER = "for_another"
    """To another station, or not for the door."""


class ShownCertificate(Struct, frozen=True, kw_only=True):
    """A client certificate that one of our authorities has signed."""

    common_name: str
    sha256: bytes
    not_before: datetime
    not_after: datetime
    issue: Issue = Issue.ELSEWHERE


class Shown(Struct, frozen=True, kw_only=True):
    """What somebody shows at the door, besides the identity in the path."""

    door: Door
    from_listed_network: bool
    """From a network in which a connection without TLS is allowed."""
    user: str | None = None
    """Of HTTP Basic; None when there were no credentials that can be read."""
    key: Match | None = None
    certificate: ShownCertificate | None = None


class Admission(Struct, frozen=True, kw_only=True):
    """Somebody is let in: as what, and what follows from how."""

    profile: int
    key: Match | None = None
    """The key, when it counted."""
    certificate_expired: bool = False


def decide(
    credential: Credential | None, shown: Shown, now: datetime, *, expired_may_renew: bool
) -> Admission | Refusal:
    """Return whether the charger that shows `shown` may come in as the station in `credential`.

    `expired_may_renew` lets in one whose certificate has expired, so that it can get a new one (A00.FR.429-430).
    """
    if credential is None:
        return Refusal.UNKNOWN_STATION
    if credential.retired:
        return Refusal.RETIRED
    if shown.user is not None and shown.user != user_of(credential) and credential.security_profile != NOTHING:
        return Refusal.WRONG_USER
    proven = _proven(credential, shown, now, expired_may_renew=expired_may_renew)
    profile = max(proven & accepted(credential, now), default=None)
    if profile is None:
        return _why_not(credential, shown, proven, now)
    if shown.door is Door.PLAIN and not shown.from_listed_network:
        return Refusal.NOT_PRIVATE
    if shown.door is Door.LEGACY_TLS and not credential.legacy_tls:
        return Refusal.LEGACY_TLS
    return Admission(
        profile=profile,
        key=shown.key if profile in (KEY, KEY_AND_TLS) else None,
        certificate_expired=profile == CERTIFICATE and _is_expired(shown, now),
    )


def user_of(credential: Credential) -> str:
    """Return the Basic user name of a station: its identity, unless staff know better (quirk 9)."""
    return credential.identity if credential.basic_user is None else credential.basic_user


def accepted(credential: Credential, now: datetime) -> frozenset[int]:
    """Return the profiles with which a station may connect now."""
    profiles = {credential.security_profile}
    if credential.profile_until is not None and credential.profile_until <= now:
        profiles -= {NOTHING}
    if credential.profile_next is not None:
        profiles.add(credential.profile_next)
    if credential.security_profile == CERTIFICATE and credential.may_step_down:
        profiles.add(KEY_AND_TLS)
    return frozenset(profiles)


def is_bound(credential: Credential, certificate: ShownCertificate) -> bool:
    """Return whether `certificate` belongs to the station.

    One that we issued belongs to whom we issued it. Of others, one that is pinned must be that very one; else its
    common name must be the identity, the name that staff expect, or the serial number that the charger told (quirk 88).
    """
    if certificate.issue is not Issue.ELSEWHERE:
        return certificate.issue is Issue.HERE
    if credential.certificate_sha256 is not None:
        return certificate.sha256 == credential.certificate_sha256
    name = certificate.common_name
    return bool(name) and name in (credential.identity, credential.certificate_name, credential.serial)


def _proven(credential: Credential, shown: Shown, now: datetime, *, expired_may_renew: bool) -> frozenset[int]:
    if shown.door is Door.PLAIN:
        return frozenset({NOTHING, KEY} if shown.key else {NOTHING})
    proven = {KEY_AND_TLS} if shown.key else set()
    certificate = shown.certificate
    in_time = expired_may_renew or not _is_expired(shown, now)
    if certificate is not None and is_bound(credential, certificate) and certificate.not_before <= now and in_time:
        proven.add(CERTIFICATE)
    return frozenset(proven)


def _is_expired(shown: Shown, now: datetime) -> bool:
    return shown.certificate is not None and shown.certificate.not_after <= now


def _why_not(credential: Credential, shown: Shown, proven: frozenset[int], now: datetime) -> Refusal:
    if proven - {NOTHING}:
        return Refusal.WRONG_PROFILE
    if CERTIFICATE in accepted(credential, now) and shown.door is not Door.PLAIN:
        if shown.certificate is None:
            return Refusal.NO_CERTIFICATE
        if shown.certificate.issue is Issue.ENDED:
            return Refusal.ENDED_CERTIFICATE
        bound = is_bound(credential, shown.certificate)
        return Refusal.EXPIRED_CERTIFICATE if bound else Refusal.WRONG_CERTIFICATE
    if credential.security_profile == NOTHING and shown.user is None:
        return Refusal.PROFILE_ENDED if shown.door is Door.PLAIN else Refusal.NO_CREDENTIALS
    return Refusal.NO_CREDENTIALS if shown.user is None else Refusal.WRONG_KEY
