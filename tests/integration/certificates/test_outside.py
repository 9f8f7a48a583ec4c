"""Whoever is outside, over real sockets: responders, authorities and services, good, slow, wrong and hostile."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import ocsp

from laddverk.certificates import reading
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.certificates.providers.est import Est
from laddverk.certificates.providers.port import AuthorityAway, AuthorityRefused
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import Signing
from laddverk.platform import outgoing
from tests import pki
from tests.doubles.http import BreakConnection, HttpDouble
from tests.network import ACTOR, ask

EMAID = "SELADC00000012"


def host_of(url):
    return url.removeprefix("http://")


class Responder:
    """Answers OCSP as `manner` says."""

    def __init__(self):
        self.manner = "good"
        self.asked = 0
        self.root = pki.entity("MO root", ca=True)
        self.sub = None
        self.leaf = None
        self.delegate = pki.entity("OCSP", self.root, answers_ocsp=True)
        self.stranger = pki.entity("Stranger", ca=True)

    async def answer(self, request):
        self.asked += 1
        revoked = {"status": ocsp.OCSPCertStatus.REVOKED} if self.manner == "revoked" else {}
        match self.manner:
            case "error":
                return 500, b"no"
            case "broken":
                raise BreakConnection
            case "endless":
                return 200, b"x" * 100_000
            case "text":
                return 200, b"hello"
            case "old":
                extra = {"this_update": -3 * pki.HOUR, "next_update": -2 * pki.HOUR}
            case "stranger":
                extra = {"signer": self.stranger}
            case "delegated":
                extra = {"signer": self.delegate}
            case _:
                extra = revoked
        return 200, pki.ocsp_answer(request.body, self.leaf, self.root, **extra)


@asynccontextmanager
async def contract_world(network):
    """Yield a responder whose root is trusted, and a socket of a charger."""
    responder = Responder()
    await network.add_station("CP1")
    async with HttpDouble(responder.answer) as http, network.socket("CP1", version="ocpp2.0.1") as socket:
        network.house.settings = msgspec.structs.replace(network.house.settings, private_hosts=host_of(http.url))
        responder.leaf = pki.entity(EMAID, responder.root, responder=http.url)
        async with network.house.database.transaction() as tx:
            new = NewAnchor(use=Use.MO_ROOT, pem=responder.root.pem, responders=(host_of(http.url),))
            await certificates.add_anchor(tx, ACTOR, new, network.house.clock())
        yield responder, http, socket


def target(responder, url):
    named = reading.named(responder.leaf.certificate, responder.root.certificate)
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": named.issuer_name_hash,
        "issuerKeyHash": named.issuer_key_hash,
        "serialNumber": named.serial_number,
        "responderURL": url,
    }


async def test_a_responders_answer_is_passed_on_and_kept_until_it_is_old(network):
    async with contract_world(network) as (responder, http, socket):
        asked = {"ocspRequestData": target(responder, http.url)}
        answers = [(await ask(socket, "GetCertificateStatus", asked))[2] for _ in range(3)]
    assert {one["status"] for one in answers} == {"Accepted"}
    told = ocsp.load_der_ocsp_response(base64.b64decode(answers[0]["ocspResult"]))
    assert told.serial_number == responder.leaf.certificate.serial_number
    assert responder.asked == 1


@pytest.mark.parametrize("manner", ["error", "broken", "endless", "text", "old", "stranger"])
async def test_what_cannot_be_believed_is_a_failure_and_a_contract_is_refused(network, manner):
    async with contract_world(network) as (responder, http, socket):
        responder.manner = manner
        status = (await ask(socket, "GetCertificateStatus", {"ocspRequestData": target(responder, http.url)}))[2]
        shown = {"idToken": {"idToken": EMAID, "type": "eMAID"}, "certificate": responder.leaf.pem}
        contract = (await ask(socket, "Authorize", shown))[2]
    assert status["status"] == "Failed"
    assert contract["certificateStatus"] == "CertChainError"
    assert contract["idTokenInfo"]["status"] != "Accepted"


@pytest.mark.parametrize(
    ("manner", "word"), [("good", "Accepted"), ("delegated", "Accepted"), ("revoked", "CertificateRevoked")]
)
async def test_a_contract_is_judged_by_its_chain_and_by_hashes_alone(network, manner, word):
    async with contract_world(network) as (responder, http, socket):
        responder.manner = manner
        token = {"idToken": {"idToken": EMAID, "type": "eMAID"}}
        by_chain = (await ask(socket, "Authorize", {**token, "certificate": responder.leaf.pem}))[2]
        by_hash = (
            await ask(socket, "Authorize", {**token, "iso15118CertificateHashData": [target(responder, http.url)]})
        )[2]
    assert by_chain["certificateStatus"] == by_hash["certificateStatus"] == word
    assert await network.value("SELECT count(*) FROM certificate_question WHERE kind = 'contract'") == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/", "http://localhost/", "http://169.254.169.254/latest/meta-data", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "file:///etc/passwd", "gopher://a/",
        "http://user:secret@ocsp.example.com/", "http://ocsp.example.com:22/", "http://evil.example.com/", "//a", "",
        "http://ocsp.example.com@127.0.0.1/", "http://ocsp.example.com.evil.example.com/",
        "http://ocsp.example.com\r\nX: y/",
    ],
)  # fmt: skip
async def test_an_address_that_a_charger_made_up_is_never_asked(url):
    with pytest.raises(outgoing.NotAllowed):
        await outgoing.fetch("POST", url, hosts=("ocsp.example.com",), timeout_s=1.0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"]
)
async def test_a_listed_host_at_a_private_address_is_not_asked_either(host):
    with pytest.raises(outgoing.NotAllowed):
        await outgoing.fetch("POST", f"http://{host}/", hosts=(host.strip("[]"),), timeout_s=1.0)


async def test_a_silent_server_is_given_up():
    async def silent(_request):
        await asyncio.Event().wait()

    async with HttpDouble(silent) as http:
        with pytest.raises(outgoing.NoAnswer):
            await outgoing.fetch("GET", http.url, timeout_s=0.2)


class EstDouble:
    """An authority by EST that behaves as `manner` says."""

    def __init__(self):
        self.manner = "good"
        self.root = pki.entity("EST root", ca=True)
        self.below = pki.entity("EST sub", self.root, ca=True)

    async def answer(self, request):
        if request.path.endswith("/cacerts"):
            return 200, self.bag([self.root.certificate, self.below.certificate])
        csr = x509.load_der_x509_csr(base64.b64decode(request.body))
        match self.manner:
            case "later":
                return 202, b""
            case "refused":
                return 400, b"\x1b[31mwrong name"
            case "down":
                return 503, b""
            case "rubbish":
                return 200, b"AAAA"
            case "another key":
                return 200, self.bag([pki.entity("CP1", self.below).certificate])
        leaf = pki.entity("CP1", self.below).certificate
        builder = x509.CertificateBuilder().subject_name(csr.subject).issuer_name(self.below.certificate.subject)
        builder = builder.public_key(csr.public_key()).serial_number(7)
        builder = builder.not_valid_before(leaf.not_valid_before_utc).not_valid_after(leaf.not_valid_after_utc)
        made = builder.sign(self.below.key, pki.hashes.SHA256())
        return 200, self.bag([self.root.certificate, self.below.certificate, made])

    @staticmethod
    def bag(found):
        return base64.encodebytes(pkcs7.serialize_certificates(found, serialization.Encoding.DER))


async def signed(manner):
    double = EstDouble()
    double.manner = manner
    async with HttpDouble(double.answer) as http:
        csr = x509.load_pem_x509_csr(pki.csr("CP1").encode())
        est = Est(http.url, "user", "secret")
        return double, await est.signed(csr, name="CP1", signing=Signing.STATION, now=pki.now()), await est.roots()


async def test_an_outside_authority_signs_and_the_chain_is_in_order_without_the_root():
    double, issued, roots = await signed("good")
    leaf, below = reading.certificates_in(issued.together)
    leaf.verify_directly_issued_by(below)
    assert below == double.below.certificate
    assert roots == [double.root.certificate]


@pytest.mark.parametrize(
    ("manner", "problem"),
    [("later", AuthorityAway), ("down", AuthorityAway), ("rubbish", AuthorityAway), ("refused", AuthorityRefused),
     ("another key", AuthorityRefused)],
)  # fmt: skip
async def test_an_authority_that_misbehaves_is_tried_later_or_believed_to_refuse(manner, problem):
    with pytest.raises(problem) as refused:
        await signed(manner)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("manner", ["good", "error", "text", "huge"])
async def test_a_car_gets_its_certificate_from_the_service_of_its_ecosystem(network, manner):
    heard = []

    async def service(request):
        heard.append((request.path, json.loads(request.body)))
        exi = "A" * 8_000 if manner == "huge" else "gJgD"
        answers = {"error": (500, b""), "text": (200, b"hello")}
        return answers.get(manner, (200, json.dumps({"certificateInstallationRes": exi}).encode()))

    await network.add_station("CP1")
    async with HttpDouble(service) as http, network.socket("CP1", version="ocpp2.0.1") as socket:
        network.house.settings = msgspec.structs.replace(network.house.settings, private_hosts=host_of(http.url))
        async with network.house.database.transaction() as tx:
            root = NewAnchor(use=Use.V2G_ROOT, pem=pki.entity("V2G", ca=True).pem, provisioning_url=http.url)
            await certificates.add_anchor(tx, ACTOR, root, network.house.clock())
        asked = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgC"}
        answer = (await ask(socket, "Get15118EVCertificate", asked))[2]
    wanted = {"certificateInstallationReq": "gJgC", "xsdMsgDefNamespace": "urn:iso:15118:2:2013:MsgDef"}
    assert heard == [("/v1/ccp/signedContractData", wanted)]
    assert answer["status"] == ("Accepted" if manner == "good" else "Failed")
    assert answer["exiResponse"] == ("gJgD" if manner == "good" else "")
