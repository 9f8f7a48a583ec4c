"""By which way a simulated charger comes: the address and the TLS of the security profile that it was told to use.

It trusts the roots that were installed in it and shows the certificate that it was given, as a real one does: who is
told to use profile 2 without a root, or 3 without a certificate, stays outside, and goes back to the way it knows.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from laddverk.simulator.abilities.certificates import SERVER_ROOT, STATION, Certificates, key_pem_of, pem_of
from laddverk.simulator.abilities.monitoring import Monitoring

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

TRIES: Final = 3  # NetworkProfileConnectionAttempts: then the next slot in the order


class Way(Struct, frozen=True):
    """An address without the charger's identity, and what is trusted and shown there; None is no TLS of its own."""

    url: str
    tls: ssl.SSLContext | None = None
    sends_key: bool = True


def chosen(charger: Charger, usual: Way, tls_url: str, failures: int) -> Way:
    """Return the way for the next try, after so many that failed."""
    if charger.hardware.protocol.is_16:
        profile = profile_16(charger)
        return _by_tls(charger, tls_url, profile) if profile > 1 and tls_url else usual
    setting = charger.configuration.one("OCPPCommCtrlr", "NetworkConfigurationPriority")
    slots = [int(part) for part in (setting.value if setting else "").split(",") if part.strip().isdigit()]
    if not slots:
        return usual
    told = charger.of(Monitoring).profiles.get(slots[failures // TRIES % len(slots)])
    return _by_network_profile(charger, told) if told else usual


def profile_16(charger: Charger) -> int:
    """Return the security profile that a charger of 1.6 is set to."""
    setting = charger.configuration.one("", "SecurityProfile")
    return int(setting.value) if setting is not None else 1


def _by_network_profile(charger: Charger, told: dict[str, Any]) -> Way:
    url, profile = str(told["ocppCsmsUrl"]), int(told["securityProfile"])
    return _by_tls(charger, url, profile) if url.startswith("wss:") else Way(url)


def _by_tls(charger: Charger, url: str, profile: int) -> Way:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    kept = charger.of(Certificates)
    for use, root in kept.roots:
        if use == SERVER_ROOT:
            context.load_verify_locations(cadata=pem_of(root))
    if profile > 2 and STATION in kept.own:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "own.pem"
            path.write_text(_own(kept))
            context.load_cert_chain(path)
    return Way(url, context, sends_key=profile <= 2)


def _own(kept: Certificates) -> str:
    return key_pem_of(kept.keys[STATION]) + "".join(map(pem_of, kept.own[STATION]))
