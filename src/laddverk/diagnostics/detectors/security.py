"""Detector of security events that ask for somebody (D31)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from msgspec import Struct, field

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import elapsed_s, later, recent
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed, SecuritySeen
from laddverk.platform.languages import marked

HOUR_S, DAY_S = 3_600.0, 86_400.0
CALM_S: Final = 7 * DAY_S
AGAIN_S: Final = HOUR_S  # the same is told again at most once an hour
KIND_MAX: Final = 50
KINDS_MAX: Final = 6  # different kinds that are counted at one time


class Policy(Struct, frozen=True):
    """How often within which time an event must come before it is told, and how bad it is then."""

    severity: Severity
    times: int = 1
    within_s: float = DAY_S
    family: Family = Family.SECURITY


REFUSED: Final = Policy(Severity.DEGRADED, times=5, within_s=HOUR_S)
"""A key that was changed makes some; a loop of them is a charger that is locked out, or somebody who tries."""
WEAK: Final = Policy(Severity.PLAN, times=3)
POLICIES: Final[dict[str, Policy]] = {
    "TamperDetectionActivated": Policy(Severity.DOWN, family=Family.PHYSICAL_DAMAGE),
    "SecurityLogWasCleared": Policy(Severity.DEGRADED),
    "AttemptedReplayAttacks": Policy(Severity.DEGRADED),
    "InvalidFirmwareSignature": Policy(Severity.DEGRADED),
    "InvalidFirmwareSigningCertificate": Policy(Severity.DEGRADED),
    "InvalidCsmsCertificate": Policy(Severity.DEGRADED),
    "InvalidCentralSystemCertificate": Policy(Severity.DEGRADED),
    "InvalidChargingStationCertificate": Policy(Severity.DEGRADED),
    "InvalidChargePointCertificate": Policy(Severity.DEGRADED),
    "FailedToAuthenticateAtCsms": REFUSED,
    "FailedToAuthenticateAtCentralSystem": REFUSED,
    "CsmsFailedToAuthenticate": REFUSED,
    "CentralSystemFailedToAuthenticate": REFUSED,
    "MaintenanceLoginFailed": REFUSED,
    "InvalidMessages": Policy(Severity.PLAN, times=10, within_s=HOUR_S),
    "InvalidTLSVersion": WEAK,
    "InvalidTLSCipherSuite": WEAK,
    "MemoryExhaustion": Policy(Severity.DEGRADED, family=Family.CONTROLLER),
    "CertificateExpiring": Policy(Severity.PLAN),
    "CertificateRefused": Policy(Severity.DEGRADED, times=3),
    "GuessedKeys": Policy(Severity.DEGRADED),
    "IdentityShared": Policy(Severity.DEGRADED),
    "ForeignTransaction": Policy(Severity.DEGRADED),
}
OTHER_CRITICAL: Final = Policy(Severity.PLAN)


class SecurityEvents(Detector, kw_only=True, omit_defaults=True):
    """D31: somebody tampers with it, or its locks no longer fit."""

    ABOUT: ClassVar[About] = About(
        id="D31",
        title=marked("Security event"),
        family=Family.SECURITY,
        severity=Severity.PLAN,
        scope=Scope.STATION,
        formula=marked(
            "By kind: tampering at once and as down; bad signatures and certificates, shared identities and cleared "
            "logs at once; failed log-ins five in an hour; bad messages ten in an hour; weak TLS three in a day. Over "
            "when none came for seven days."
        ),
        needs=(Input.SECURITY,),
        action=marked("Read what it says. After tampering look at its enclosure before anything else."),
        runbook="security",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (SecuritySeen,)

    times: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    last_at: datetime | None = None
    told_at: datetime | None = None
    told: str = ""

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if not isinstance(seen_now, SecuritySeen):
            return ()
        kind, at = seen_now.kind[:KIND_MAX], seen_now.received_at
        policy = POLICIES.get(kind) or (OTHER_CRITICAL if seen_now.critical else None)
        if policy is None:
            return ()
        if kind not in self.times and len(self.times) >= KINDS_MAX:
            del self.times[min(self.times, key=lambda one: self.times[one][-1])]
        self.times[kind] = recent(self.times.get(kind, ()), at, policy.within_s, policy.times)
        if len(self.times[kind]) < policy.times:
            return ()
        self.last_at = max(self.last_at or at, at)
        if self.raised and kind == self.told and elapsed_s(self.told_at, at) < AGAIN_S:
            return ()
        self.told, self.told_at = kind, at
        what = Evidence(
            text=marked("%(kind)s, %(times)s times: %(info)s") if policy.times > 1 else marked("%(kind)s: %(info)s"),
            values={"kind": kind, "times": len(self.times[kind]), "info": seen_now.tech_info[:200] or "–"},
            at=at,
        )
        return self.raise_it(
            at, what, since=self.times[kind][0], family=policy.family, severity=policy.severity, confidence=0.9
        )

    def due_at(self) -> datetime | None:
        return later(self.last_at, CALM_S) if self.raised and self.last_at is not None else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        self.times, self.last_at, self.told, self.told_at = {}, None, "", None
        return self.clear_it(now, Evidence(text=marked("None has come for seven days."), at=now))
