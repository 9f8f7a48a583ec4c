"""The contract provisioning service of an ecosystem (OPCP): EXI of a car goes in, EXI for the car comes out, unread."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from typing import Any, Final

import msgspec

from laddverk.certificates.providers.port import AuthorityAway, AuthorityRefused
from laddverk.ocpp.certificate_answers import EvCertificateAnswer
from laddverk.ocpp.facts import EvCertificateAsked
from laddverk.platform import outgoing

PATH: Final = "/v1/ccp/signedContractData"
TIMEOUT_S: Final = 10.0  # the car waits a minute at most, and the charger less
BYTES_MAX: Final = 128 * 1024
EXI_LENGTH_MAX: Final = {False: 7_500, True: 17_000}
"""What fits into the answer; the second for chargers of 2.1, which ask with a number of contracts."""


async def signed_contract(
    base_url: str, token: str, asked: EvCertificateAsked, *, hosts: Collection[str], private_hosts: Collection[str]
) -> EvCertificateAnswer:
    """Return what the service gives for a car. Raises `AuthorityAway` or `AuthorityRefused`."""
    body = msgspec.json.encode(
        {"certificateInstallationReq": asked.exi_request, "xsdMsgDefNamespace": asked.schema_version}
    )
    headers = {"content-type": "application/json", "accept": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        answer = await outgoing.fetch(
            "POST", base_url.rstrip("/") + PATH, body=body, headers=headers, hosts=hosts,
            private_hosts=private_hosts, timeout_s=TIMEOUT_S, bytes_max=BYTES_MAX,
        )  # fmt: skip
    except (outgoing.NoAnswer, outgoing.NotAllowed) as error:
        raise AuthorityAway(str(error)) from None
    if answer.status >= 500 or answer.status in (401, 403, 429):
        raise AuthorityAway(f"the service answered {answer.status}")
    if answer.status not in (200, 201):
        raise AuthorityRefused(f"the service answered {answer.status}")
    return _read(answer.body, is_long=asked.contracts_max is not None)


def _read(body: bytes, *, is_long: bool) -> EvCertificateAnswer:
    try:
        contracts = _contracts(msgspec.json.decode(body))
        exi = contracts[0]["certificateInstallationRes"]
        base64.b64decode(exi, validate=True)
    except (msgspec.MsgspecError, KeyError, IndexError, TypeError, ValueError, binascii.Error):
        raise AuthorityAway("the answer of the service cannot be read") from None
    if not exi or len(exi) > EXI_LENGTH_MAX[is_long]:
        raise AuthorityRefused(f"the answer of the service has {len(exi)} characters, which no charger takes")
    return EvCertificateAnswer(
        accepted=True, exi_response=exi, remaining_contracts=len(contracts) - 1 if is_long else None
    )


def _contracts(answer: Any) -> list[dict[str, Any]]:
    """Return the contracts in an answer: one as it is, or several in the envelope that some services use."""
    if "CCPResponse" in answer:
        return [item["messageDef"] for item in answer["CCPResponse"]["emaidContent"]]
    return [answer]
