"""Error codes: one vocabulary for the CALLERROR codes of all versions, which spell some of them differently."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from laddverk.ocpp.protocol import Protocol

DESCRIPTION_MAX: Final = 255  # characters an errorDescription may have (OCPP-J 4.2.3)


class Fault(StrEnum):
    """Why a call is answered with an error, in the spelling of OCPP 2.x."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL = "InternalError"
    PROTOCOL = "ProtocolError"
    SECURITY = "SecurityError"
    FORMAT = "FormatViolation"
    PROPERTY = "PropertyConstraintViolation"
    OCCURRENCE = "OccurrenceConstraintViolation"
    TYPE = "TypeConstraintViolation"
    GENERIC = "GenericError"
    MESSAGE_TYPE = "MessageTypeNotSupported"
    FRAMEWORK = "RpcFrameworkError"


SPELLED_IN_16: Final = {
    Fault.FORMAT: "FormationViolation",
    Fault.OCCURRENCE: "OccurenceConstraintViolation",  # one r: the typo is the standard
    Fault.MESSAGE_TYPE: "NotSupported",
    Fault.FRAMEWORK: "FormationViolation",
}
BY_CODE: Final = {
    **{fault.value.lower(): fault for fault in Fault},
    "formationviolation": Fault.FORMAT,
    "occurenceconstraintviolation": Fault.OCCURRENCE,
}


def spelled(protocol: Protocol, fault: Fault) -> str:
    """Return the code of `fault` as `protocol` spells it (quirk 24)."""
    return SPELLED_IN_16.get(fault, fault.value) if protocol.is_16 else fault.value


def understood(code: str) -> Fault:
    """Return what an error code from a charger means, in either version's spelling; a code of its own is generic."""
    return BY_CODE.get(code.strip().lower(), Fault.GENERIC)


class Undecodable(Exception):
    """A payload that cannot be understood even with goodwill. Becomes a CALLERROR, or a failed command."""

    def __init__(self, protocol: Protocol, fault: Fault, description: str) -> None:
        self.fault = fault
        self.error_code = spelled(protocol, fault)
        self.description = description[:DESCRIPTION_MAX]
        super().__init__(f"{self.error_code}: {self.description}")


class Untranslatable(Exception):
    """A command that this version of OCPP cannot express, in words for the operator who gave it."""
