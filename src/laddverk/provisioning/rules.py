"""Decisions about templates, inventories, monitors and alarms. Pure: the same world gives the same answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from itertools import islice
from typing import Final, TypeVar

import msgspec

from laddverk.ocpp.commands import NewValue
from laddverk.ocpp.facts import EventNotified, Variable
from laddverk.provisioning.model import (
    Difference,
    Family,
    Key,
    Present,
    Standing,
    StandingState,
    StationTraits,
    Template,
)

T = TypeVar("T")

ITEMS_DEFAULT: Final = 20  # in one message, where a charger does not say: all known ones take so many
ITEMS_MAX: Final = 100  # a message of ours stays small, whatever a charger claims to take
QUIET_MAX: Final = timedelta(minutes=10)  # a report of which nothing more came for so long will not be completed
TRUE_WORDS: Final = {"true": "true", "false": "false"}
ALERTING: Final = "Alerting"
LISTS: Final = {"MemberList"}  # whose order says nothing; SequenceList is an order
ITEMS_VARIABLES: Final = {
    "read": ("ItemsPerMessageGetVariables", "ItemsPerMessage[GetVariables]", "GetConfigurationMaxKeys"),
    "write": ("ItemsPerMessageSetVariables", "ItemsPerMessage[SetVariables]"),
    "monitor": ("ItemsPerMessageSetVariableMonitoring", "ItemsPerMessage[SetVariableMonitoring]"),
}
"""Under which names chargers say how many items they take in one message: 2.0.1 wrote it in several ways."""

CORE_KEYS_16: Final = (
    "AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut", "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys", "HeartbeatInterval", "LocalAuthorizeOffline", "LocalPreAuthorize",
    "MeterValuesAlignedData", "MeterValuesSampledData", "MeterValueSampleInterval", "NumberOfConnectors",
    "ResetRetries", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTxnAlignedData",
    "StopTxnSampledData", "SupportedFeatureProfiles", "TransactionMessageAttempts",
    "TransactionMessageRetryInterval", "UnlockConnectorOnEVSideDisconnect",
)  # fmt: skip
"""The keys of OCPP 1.6 that every charger must have (section 9.1)."""
OTHER_KEYS_16: Final = (
    "AllowOfflineTxForUnknownId", "AuthorizationCacheEnabled", "BlinkRepeat", "ConnectorPhaseRotationMaxLength",
    "LightIntensity", "MaxEnergyOnInvalidId", "MeterValuesAlignedDataMaxLength", "MeterValuesSampledDataMaxLength",
    "MinimumStatusDuration", "StopTxnAlignedDataMaxLength", "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfilesMaxLength", "WebSocketPingInterval", "LocalAuthListEnabled", "LocalAuthListMaxLength",
    "SendLocalListMaxLength", "ReserveConnectorZeroSupported", "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods", "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled", "AdditionalRootCertificateCheck", "CertificateSignedMaxChainSize",
    "CertificateStoreMaxLength", "CpoName", "SecurityProfile", "SupportedFileTransferProtocols",
)  # fmt: skip
"""Those that it may have, with the feature profiles and the security extension."""


# Values


def same_value(one: str | None, other: str | None, data_type: str | None = None) -> bool:
    """Return whether two values mean the same: `True` and `true`, `60` and `60.0`, lists with other blanks."""
    return _plain(one or "", data_type) == _plain(other or "", data_type)


def _plain(text: str, data_type: str | None) -> object:
    text = text.strip()
    if text.lower() in TRUE_WORDS:
        return text.lower()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is not None and number.is_finite():
        return number
    parts = [part.strip() for part in text.split(",")]
    return sorted(parts) if data_type in LISTS else parts


# Templates


def matches(pattern: str, text: str) -> bool:
    """Return whether `text` fits `pattern`, in which `*` stands for any text; case and outer blanks do not matter."""
    if not pattern.strip():
        return True
    first, *others = pattern.strip().lower().split("*")
    text = text.strip().lower()
    if not others:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    *middle, last = others
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text[at:].endswith(last)


def is_meant_for(template: Template, station: StationTraits) -> bool:
    """Return whether a template is meant for a station: by how it is configured, its site, vendor and model."""
    family = Family.KEYS if station.protocol == "ocpp1.6" else Family.DEVICE_MODEL
    return (
        station.protocol is not None
        and template.family is family
        and template.site_id in (None, station.site_id)
        and matches(template.vendor, station.vendor)
        and matches(template.model, station.model)
    )


def specificity(template: Template) -> tuple[bool, int, int, str]:
    """Return how narrowly a template is meant, for ordering: a site before a model before a vendor."""
    return (
        template.site_id is not None,
        len(template.model.replace("*", "")),
        len(template.vendor.replace("*", "")),
        template.name,
    )


def key_of(value: NewValue) -> Key:
    """Return which variable attribute a value is for; names differ by more than their case."""
    return value.component.lower(), value.variable.lower(), value.attribute.lower()


def standings(station: StationTraits, templates: Iterable[Template], present: Mapping[Key, Present]) -> list[Standing]:
    """Return how a station stands to each template that is meant for it.

    `present` is by lower-case key. A variable that several templates name counts for the most specific one only.
    """
    taken: set[Key] = set()
    found: list[Standing] = []
    for template in sorted((t for t in templates if is_meant_for(t, station)), key=specificity, reverse=True):
        own = [value for value in template.wanted if key_of(value) not in taken]
        taken.update(map(key_of, own))
        differences = tuple(filter(None, (_difference(value, present, template.version_at) for value in own)))
        unknown = any(not one.is_known for one in differences)
        state = StandingState.UNKNOWN if unknown else StandingState.DRIFTED if differences else StandingState.IN_STEP
        found.append(
            Standing(
                station_id=station.station_id,
                template_id=template.id,
                version=template.version,
                state=state,
                differences=differences,
            )
        )
    return found


def _difference(wanted: NewValue, present: Mapping[Key, Present], version_at: datetime) -> Difference | None:
    known = present.get(key_of(wanted))
    if known is not None and same_value(known.value, wanted.value, known.data_type):
        return None
    return Difference(
        component=wanted.component,
        variable=wanted.variable,
        attribute=wanted.attribute,
        wanted=wanted.value,
        value=known.value if known else None,
        is_known=known is not None,
        since=max(known.changed_at, version_at) if known else version_at,
        pending=known is not None and known.pending_value == wanted.value,
    )


# Messages that hold many items


def chunks(items: Sequence[T], size: int) -> list[tuple[T, ...]]:
    """Return `items` in order, at most `size` together."""
    source = iter(items)
    found: list[tuple[T, ...]] = []
    while chunk := tuple(islice(source, max(1, size))):
        found.append(chunk)
    return found


def items_per_message(kind: str, known: Mapping[str, str | None]) -> int:
    """Return how many items a charger takes in one message. `known` are values by variable name; `kind` as above."""
    for name in ITEMS_VARIABLES[kind]:
        said = (known.get(name) or "").strip()
        if said.isdecimal() and len(said) < 6 and int(said) > 0:
            return min(int(said), ITEMS_MAX)
    return ITEMS_DEFAULT


def keys_to_ask(told: Iterable[str], before: Iterable[str], max_keys: int | None) -> list[str]:
    """Return the keys of 1.6 to ask for by name after an answer that should have held all of them (quirk 68).

    `told` are those of the answer, `before` those that the charger told earlier, `max_keys` its own limit. Below the
    limit only what every charger must have is missed.
    """
    have = {key.lower() for key in told}
    is_cut = max_keys is not None and len(have) >= max_keys
    wanted = [*CORE_KEYS_16, *before, *(OTHER_KEYS_16 if is_cut else ())]
    missing = {key.lower(): key for key in reversed(wanted) if key.lower() not in have}
    return sorted(missing.values())


# Inventories


class Progress(msgspec.Struct, frozen=True):
    """How far a report has come."""

    state: str
    """waiting, coming, complete, incomplete, or absent: nothing of it came, and nothing will."""
    parts: int
    missing: tuple[int, ...] = ()
    """Numbers of parts that should have come before the last one, at most the first ten."""


def progress(
    parts: Sequence[int], last_part: int | None, latest_at: datetime, now: datetime, *, is_over: bool
) -> Progress:
    """Return how far a report has come. `latest_at` is of the newest part, or of the request; `is_over` when the
    charger refused it or did not answer.
    """
    have = set(parts)
    top = last_part if last_part is not None else max(have, default=-1)
    missing = tuple(islice((number for number in range(top + 1) if number not in have), 10))
    if last_part is not None and not missing:
        return Progress("complete", len(have))
    if is_over and not have:
        return Progress("absent", 0)
    if is_over or now - latest_at > QUIET_MAX:
        return Progress("incomplete", len(have), missing)
    return Progress("coming" if have else "waiting", len(have), missing)


# Events


def event_key(event: EventNotified) -> str:
    """Return a digest of what an event says: the same event told again, in a later message, has the same."""
    said = (
        event.event_id, event.trigger, event.component, event.variable, event.value, event.monitor_id, event.cause,
        event.tech_code, event.tech_info, event.cleared, event.transaction_key,
    )  # fmt: skip
    return _digest(said)


def alarm_key(event: EventNotified) -> str | None:
    """Return a digest of what alerts, and None of what does not. What clears it names the same variable and monitor;
    the technical code is often left out then.
    """
    return _digest((event.component, event.variable, event.monitor_id)) if event.trigger == ALERTING else None


def _digest(parts: tuple[object, ...]) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=12).hexdigest()


def value_told(event: EventNotified) -> Variable:
    """Return the variable that an event tells of, with its value at that moment."""
    return Variable(component=event.component, variable=event.variable, value=event.value, mutability="")
