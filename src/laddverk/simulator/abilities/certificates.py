"""Certificates of a simulated charger: real keys and requests, what it was given, what it trusts, what it noticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from laddverk.ocpp.translate.certificates_16 import PLUG_AND_CHARGE
from laddverk.simulator.abilities.ability import Orders, Triggers
from laddverk.simulator.model import Happening, Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

STORE_MAX: Final = 20  # installed roots; a small box has room for about as many
PROFILE_MAX: Final = 3  # the one with a certificate of its own
STATION: Final = "ChargingStationCertificate"
V2G: Final = "V2GCertificate"
V2G_CHAIN: Final = "V2GCertificateChain"
SERVER_ROOT: Final = "CSMSRootCertificate"
OLD_WORDS: Final = {"CentralSystemRootCertificate": "CSMSRootCertificate"}


class Certificates:
    """What one charger keeps. It is made when it is first asked for, so that a fleet costs nothing."""

    def __init__(self) -> None:
        self.waiting: dict[str, ec.EllipticCurvePrivateKey] = {}
        """Keys for which a certificate was asked, by what it is for."""
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.own: dict[str, list[x509.Certificate]] = {}
        """The certificates in use, each with its chain."""
        self.roots: list[tuple[str, x509.Certificate]] = []


def pem_of(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a key as PEM, in clear: a simulated charger has no vault."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def ask_for(charger: Charger, kind: str, at: datetime) -> bool:
    """Make a new key and ask for a certificate for it."""
    kept = charger.of(Certificates)
    key = ec.generate_private_key(ec.SECP256R1())
    kept.waiting[kind] = key
    csr = request_of(charger, key)
    if charger.hardware.protocol.is_16 and kind == V2G:
        data = '{"csr":' + _quoted(csr) + ',"certificateType":"V2GCertificate"}'
        fields = {"vendorId": PLUG_AND_CHARGE, "messageId": "SignCertificate", "data": data}
        charger.say(Told(at=at, action="DataTransfer", fields=fields))
        return True
    fields = {"csr": csr} if charger.hardware.protocol.is_16 else {"csr": csr, "certificateType": kind}
    charger.say(Told(at=at, action="SignCertificate", fields=fields))
    return True


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'


def request_of(charger: Charger, key: ec.EllipticCurvePrivateKey) -> str:
    """Return a certificate request for `key` in the charger's own name, PEM."""
    wanted = ("", "CpoName") if charger.hardware.protocol.is_16 else ("SecurityCtrlr", "OrganizationName")
    setting = charger.configuration.one(*wanted)
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, charger.hardware.identity)]
    if setting is not None and setting.value:
        subject.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, setting.value))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def notice(charger: Charger, kind: str, at: datetime, info: str = "") -> None:
    """Tell of something that may be an attack; it is kept until it can be told (A04.FR.02)."""
    fields: dict[str, Any] = {"type": kind, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    charger.say(
        Told(
            at=at,
            durable=True,
            action="SecurityEventNotification",
            fields=fields | ({"techInfo": info} if info else {}),
        )
    )


def _signed(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """Take a certificate if it is for the key that waits, and valid."""
    kept = charger.of(Certificates)
    kind = getattr(asked, "certificate_type", None) or STATION
    key = kept.waiting.get(kind)
    try:
        chain = x509.load_pem_x509_certificates(asked.certificate_chain.encode())
    except ValueError:
        chain = []
    leaf = chain[0] if chain else None
    if key is None or leaf is None or leaf.public_key() != key.public_key() or at >= leaf.not_valid_after_utc:
        notice(charger, "InvalidChargingStationCertificate", at, "the certificate is not for the key that was made")
        return {"status": "Rejected"}
    kept.own[kind], kept.keys[kind] = chain, kept.waiting.pop(kind)
    charger.happenings.append(Happening("certificate", text=kind))
    return {"status": "Accepted"}


def _install(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    kept = charger.of(Certificates)
    try:
        root = x509.load_pem_x509_certificate(asked.certificate.encode())
    except ValueError:
        return {"status": "Failed" if charger.hardware.protocol.is_16 else "Rejected"}
    if at >= root.not_valid_after_utc or len(kept.roots) >= STORE_MAX:
        return {"status": "Rejected"}
    use = OLD_WORDS.get(asked.certificate_type, asked.certificate_type)
    if (use, root) not in kept.roots:
        kept.roots.append((use, root))
    return {"status": "Accepted"}


def _delete(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    kept = charger.of(Certificates)
    wanted = asked.certificate_hash_data
    gone = [
        (use, root)
        for use, root in kept.roots
        if hash_data(root, root, wanted.hash_algorithm)["issuerKeyHash"] == wanted.issuer_key_hash.lower()
        and f"{root.serial_number:x}" == wanted.serial_number.lower().lstrip("0")
    ]
    if not gone:
        return {"status": "NotFound"}
    kept.roots = [one for one in kept.roots if one not in gone]
    return {"status": "Accepted"}


def _list_16(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    use = OLD_WORDS.get(asked.certificate_type, asked.certificate_type)
    found = [hash_data(root, root) for kind, root in charger.of(Certificates).roots if kind == use]
    return {"status": "Accepted", "certificateHashData": found} if found else {"status": "NotFound"}


def _list_2x(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    kept, wanted = charger.of(Certificates), asked.certificate_type
    found: list[dict[str, Any]] = [
        {"certificateType": use, "certificateHashData": hash_data(root, root)}
        for use, root in kept.roots
        if not wanted or use in wanted
    ]
    chain = kept.own.get(V2G)
    if chain and len(chain) > 1 and (not wanted or V2G_CHAIN in wanted):
        found.append({"certificateType": V2G_CHAIN, "certificateHashData": hash_data(chain[0], chain[1])})
    return {"status": "Accepted", "certificateHashDataChain": found} if found else {"status": "NotFound"}


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256") -> dict[str, str]:
    """Return how OCPP names a certificate: CertificateHashDataType."""
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": _hashed(certificate.issuer.public_bytes(), algorithm),
        "issuerKeyHash": _hashed(_key_bits(issuer), algorithm),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _key_bits(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return b""


HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


def _hashed(data: bytes, algorithm: str) -> str:
    digest = hashes.Hash(HASHES[algorithm]())
    digest.update(data)
    return digest.finalize().hex()


def takes_profile(charger: Charger, wanted: str) -> bool:
    """Return whether a charger of 1.6 lets its security profile be raised; it is never lowered."""
    kept, setting = charger.of(Certificates), charger.configuration.one("", "SecurityProfile")
    if setting is None or not wanted.isdigit() or int(wanted) <= int(setting.value):
        return False
    trusts = any(use == SERVER_ROOT for use, _ in kept.roots)
    return trusts and int(wanted) <= PROFILE_MAX and (int(wanted) < PROFILE_MAX or STATION in kept.own)


def _extended_trigger(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    said = charger.trigger(asked.requested_message, asked.connector_id, at)
    return {"status": "Accepted" if said else "NotImplemented"}


def settings_16() -> list[Setting]:
    """Return the keys of the security white paper."""
    return [
        Setting("", "CertificateSignedMaxChainSize", "10000", False, "integer"),
        Setting("", "CertificateStoreMaxLength", str(STORE_MAX), False, "integer"),
        Setting("", "CpoName", "Laddverk"),
        Setting("", "SecurityProfile", "1", data_type="integer"),
    ]


def settings_2x() -> list[Setting]:
    """Return what SecurityCtrlr and ISO15118Ctrlr say of certificates; the organisation comes with the charger."""
    return [
        Setting("SecurityCtrlr", "CertificateEntries", "0", False, "integer"),
        Setting("SecurityCtrlr", "CertSigningRepeatTimes", "3", True, "integer"),
        Setting("SecurityCtrlr", "CertSigningWaitMinimum", "30", True, "integer", "s"),
        Setting("SecurityCtrlr", "MaxCertificateChainSize", "10000", False, "integer"),
        Setting("ISO15118Ctrlr", "CentralContractValidationAllowed", "true", True, "boolean"),
        Setting("ISO15118Ctrlr", "ContractValidationOffline", "true", True, "boolean"),
    ]


ORDERS_16: Final[Orders] = {
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "ExtendedTriggerMessage": _extended_trigger,
    "GetInstalledCertificateIds": _list_16,
    "InstallCertificate": _install,
}
ORDERS_2X: Final[Orders] = {
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "GetInstalledCertificateIds": _list_2x,
    "InstallCertificate": _install,
}
TRIGGERS: Final[Triggers] = {
    "SignChargePointCertificate": lambda charger, _number, at: ask_for(charger, STATION, at),
    "SignChargingStationCertificate": lambda charger, _number, at: ask_for(charger, STATION, at),
    "SignCombinedCertificate": lambda charger, _number, at: ask_for(charger, STATION, at),
    "SignV2GCertificate": lambda charger, _number, at: ask_for(charger, V2G, at),
}
