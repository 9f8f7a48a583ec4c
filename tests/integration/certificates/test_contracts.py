"""Contracts of cars over real sockets: several roots side by side, every way to be no good, in 2.x and within 1.6."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import msgspec
import pytest
from cryptography.x509 import ocsp

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.ocpp.commands import Use
from laddverk.ocpp.translate.certificates_16 import PLUG_AND_CHARGE
from tests import pki
from tests.doubles.http import HttpDouble
from tests.network import ACTOR, Network, ask

EMAID = "SELADC00000012"
SHOWN = "SELECT status || ': ' || reason FROM authorisation ORDER BY received_at DESC LIMIT 1"


class Ecosystem:
    """A root of contracts with an authority below it, and its responder."""

    def __init__(self, name: str, url: str) -> None:
        self.root = pki.entity(f"{name} root", ca=True)
        self.sub = pki.entity(f"{name} sub", self.root, ca=True, path_length=0, responder=url)
        self.url = url

    def contract(self, emaid: str = EMAID, **other) -> pki.Entity:
        return pki.entity(emaid, self.sub, responder=self.url, **other)


@asynccontextmanager
async def two_ecosystems(network: Network):
    """Yield two ecosystems that are trusted side by side, and who is revoked; the responder serves both."""
    revoked: set[int] = set()
    known: dict[int, tuple[pki.Entity, pki.Entity]] = {}

    async def responder(request):
        serial = ocsp.load_der_ocsp_request(request.body).serial_number
        certificate, issuer = known[serial]
        status = ocsp.OCSPCertStatus.REVOKED if serial in revoked else ocsp.OCSPCertStatus.GOOD
        return 200, pki.ocsp_answer(request.body, certificate, issuer, status=status)

    async with HttpDouble(responder) as http:
        host = http.url.removeprefix("http://")
        network.house.settings = msgspec.structs.replace(network.house.settings, private_hosts=host)
        found = [Ecosystem(name, http.url) for name in ("One", "Two")]
        async with network.house.database.transaction() as tx:
            for one in found:
                known[one.sub.certificate.serial_number] = (one.sub, one.root)
                new = NewAnchor(use=Use.MO_ROOT, pem=one.root.pem, name=one.root.certificate.subject.rfc4514_string())
                await certificates.add_anchor(tx, ACTOR, new, network.house.clock())
            driver = DriverDetails(email="ada@example.com", name="Ada", address="Hamngatan 3, 411 06 Göteborg")
            driver_id = await access.create_driver(tx, ACTOR, driver, network.house.clock())
            token = NewToken(uid=EMAID, driver_id=driver_id, kind="emaid")
            await access.create_token(tx, ACTOR, token, network.house.clock())
        await network.add_station("CP1")

        def contract_of(ecosystem: Ecosystem, **other) -> pki.Entity:
            made = ecosystem.contract(**other)
            known[made.certificate.serial_number] = (made, ecosystem.sub)
            return made

        yield found, contract_of, revoked


async def authorize(network: Network, version: str, chain: str, emaid: str = EMAID) -> dict:
    """Return what an Authorize with a contract is answered, in the words of 2.x."""
    if version == "ocpp1.6":
        data = json.dumps({"idToken": emaid, "certificate": chain})
        fields = {"vendorId": PLUG_AND_CHARGE, "messageId": "Authorize", "data": data}
        async with network.socket("CP1", version=version) as socket:
            answer = (await ask(socket, "DataTransfer", fields))[2]
        found = json.loads(answer["data"])
    else:
        token = {"idToken": emaid, "type": "eMAID"}
        async with network.socket("CP1", version=version) as socket:
            found = (await ask(socket, "Authorize", {"idToken": token, "certificate": chain}))[2]
    await network.house.worker.run_until_idle()
    return found


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_contract_of_either_ecosystem_is_good_and_its_driver_may_charge(network: Network, version: str) -> None:
    async with two_ecosystems(network) as (ecosystems, contract_of, _):
        for one in ecosystems:
            answer = await authorize(network, version, contract_of(one).pem + one.sub.pem)
            assert answer["certificateStatus"] == "Accepted"
            assert answer["idTokenInfo"]["status"] == "Accepted"
            assert (await network.value(SHOWN)).startswith("Accepted")
    roots = "SELECT string_agg(DISTINCT root, ',' ORDER BY root) FROM certificate_question"
    assert await network.value(roots) == "CN=One root,CN=Two root"


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize(
    ("fault", "word", "told"),
    [
        ("foreign", "CertChainError", "Invalid"),
        ("forged", "SignatureError", "Invalid"),
        ("expired", "CertificateExpired", "Expired"),
        ("early", "CertificateExpired", "Expired"),
        ("revoked", "CertificateRevoked", "Invalid"),
        ("authority revoked", "CertificateRevoked", "Invalid"),
        ("another's", "CertChainError", "Invalid"),
    ],
)
async def test_every_way_to_be_no_good_is_refused_and_so_it_stands_on_record(
    network: Network, version: str, fault: str, word: str, told: str
) -> None:
    async with two_ecosystems(network) as ((one, two), contract_of, revoked):
        sub, contract = one.sub, contract_of(one)
        match fault:
            case "foreign":
                stranger = Ecosystem("Stranger", one.url)
                sub, contract = stranger.sub, stranger.contract()
            case "forged":
                contract = one.contract(signed_with=two.sub.key)
            case "expired":
                contract = contract_of(one, begins=-2 * pki.YEAR, life=pki.YEAR)
            case "early":
                contract = contract_of(one, begins=pki.HOUR)
            case "revoked":
                revoked.add(contract.certificate.serial_number)
            case "authority revoked":
                revoked.add(one.sub.certificate.serial_number)
            case "another's":
                contract = contract_of(one, emaid="SELADC00000099")
        answer = await authorize(network, version, contract.pem + sub.pem)
    assert answer["certificateStatus"] == word
    assert answer["idTokenInfo"]["status"] == told
    assert (await network.value(SHOWN)).startswith(f"{told}: ")
    assert await network.value(SHOWN) != f"{told}: ", "the reason is kept"
    outcome = "SELECT outcome FROM certificate_question WHERE kind = 'contract'"
    assert await network.value(outcome) == word


async def test_a_root_that_is_trusted_no_longer_ends_its_contracts(network: Network) -> None:
    async with two_ecosystems(network) as ((one, _), contract_of, _):
        anchor = await network.value("SELECT id FROM trust_anchor WHERE name = 'CN=One root'")
        async with network.house.database.transaction() as tx:
            await certificates.retire_anchor(tx, ACTOR, anchor, network.house.clock(), reason="left the ecosystem")
        answer = await authorize(network, "ocpp2.0.1", contract_of(one).pem + one.sub.pem)
    assert answer["certificateStatus"] == "CertChainError"


async def test_within_1_6_a_car_gets_its_certificate_from_the_service_of_its_ecosystem(network: Network) -> None:
    heard = []

    async def service(request):
        heard.append(json.loads(request.body))
        return 200, json.dumps({"certificateInstallationRes": "gJgD"}).encode()

    await network.add_station("CP1")
    async with HttpDouble(service) as http, network.socket("CP1") as socket:
        host = http.url.removeprefix("http://")
        network.house.settings = msgspec.structs.replace(network.house.settings, private_hosts=host)
        async with network.house.database.transaction() as tx:
            root = NewAnchor(use=Use.V2G_ROOT, pem=pki.entity("V2G", ca=True).pem, provisioning_url=http.url)
            await certificates.add_anchor(tx, ACTOR, root, network.house.clock())
        wanted = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgC"}
        fields = {"vendorId": PLUG_AND_CHARGE, "messageId": "Get15118EVCertificate", "data": json.dumps(wanted)}
        answer = (await ask(socket, "DataTransfer", fields))[2]
    assert answer["status"] == "Accepted"
    told = json.loads(answer["data"])
    assert (told["status"], told["exiResponse"]) == ("Accepted", "gJgD")
    assert heard[0]["certificateInstallationReq"] == "gJgC"
