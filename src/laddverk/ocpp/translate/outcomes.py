"""What a charger's answer to a command means, whatever the version's own word for it."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Fault, understood
from laddverk.ocpp.facts import Variable
from laddverk.ocpp.frames import CallError
from laddverk.ocpp.tolerance import plain, storable
from laddverk.ocpp.translate import provisioning

WILLING: Final = {"Accepted", "Scheduled", "Unlocked", "RebootRequired", "EmptyResultSet"}
DONE_BY_ANSWER: Final = (
    commands.ReadVariables,
    commands.WriteVariable,
    commands.SendData,
    commands.SetNetworkProfile,
)
REFUSALS: Final = {Fault.NOT_SUPPORTED, Fault.NOT_IMPLEMENTED, Fault.SECURITY}
"""Error codes that only say no: some chargers send them instead of Rejected (quirk 71)."""


def of_error(error: CallError) -> CommandOutcome:
    """Return the outcome of a command that was answered with an error, whatever characters are in it."""
    verdict = Verdict.REFUSED if understood(error.code) in REFUSALS else Verdict.FAILED
    detail = {"description": error.description} if error.description else {}
    told: dict[str, Any] = plain({**detail, **error.details})
    return CommandOutcome(verdict=verdict, word=storable(error.code), detail=told)


def of_answer(command: commands.Command, action: str, response: Any) -> CommandOutcome:
    """Return the outcome that `response`, the answer to `action`, tells."""
    if action == "GetConfiguration":
        return _read(*provisioning.configuration_read(response), {})
    if action == "GetVariables":
        variables, refused = provisioning.variables_read(response)
        return _read(variables, list(refused), refused)
    if action == "SetVariables":
        results = response.set_variable_result
        word = str(results[0].attribute_status) if results else ""
        return _worded(command, word, _info(results[0].attribute_status_info) if results else {})
    detail = _info(getattr(response, "status_info", None))
    if getattr(response, "data", None) is not None:
        detail["data"] = response.data
    if getattr(response, "transaction_id", None) is not None:
        detail["transaction_key"] = response.transaction_id
    return _worded(command, str(response.status), detail)


def _worded(command: commands.Command, word: str, detail: dict[str, Any]) -> CommandOutcome:
    if not word:
        return CommandOutcome(verdict=Verdict.FAILED, word="", detail={**detail, "why": "the answer has no status"})
    if word not in WILLING:
        return CommandOutcome(verdict=Verdict.REFUSED, word=word, detail=detail)
    # A report of which nothing follows is complete with its answer.
    is_done = isinstance(command, DONE_BY_ANSWER) and not _asked_for_report(command)
    verdict = Verdict.DONE if is_done or word == "EmptyResultSet" else Verdict.ACCEPTED
    return CommandOutcome(verdict=verdict, word=word, detail=detail)


def _asked_for_report(command: commands.Command) -> bool:
    """Whether reading all was put as a request for a report (2.x): the variables come later."""
    return isinstance(command, commands.ReadVariables) and not command.variables


def _read(variables: tuple[Variable, ...], unknown: list[str], refused: dict[str, str]) -> CommandOutcome:
    """Return the outcome of a reading: done if anything was read, or if there was nothing to read."""
    detail: dict[str, Any] = {"unknown": unknown} if unknown else {}
    if variables or not unknown:
        return CommandOutcome(verdict=Verdict.DONE, word="Accepted", detail=detail, variables=variables)
    word = next(iter(refused.values()), "UnknownKey")
    return CommandOutcome(verdict=Verdict.REFUSED, word=word, detail=detail)


def _info(info: Any) -> dict[str, Any]:
    """Return the statusInfo of 2.x in our words."""
    if info is None:
        return {}
    detail = {"reason": info.reason_code, "additional": info.additional_info}
    return {name: text for name, text in detail.items() if text}
