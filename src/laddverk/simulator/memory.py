"""What a charger keeps without power: meters, transactions, messages to send, settings, firmware, certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from laddverk.simulator.abilities.certificates import Certificates, key_pem_of, pem_of
from laddverk.simulator.abilities.monitoring import Monitoring
from laddverk.simulator.charger import Charger
from laddverk.simulator.model import Charging, Ended, Outlet, Sampled, Started


class Memory(Struct, frozen=True):
    """The flash memory of one charger."""

    outlets: list[Outlet]
    kept: list[Started | Sampled | Ended]
    written: list[tuple[str, str, str]] = []
    """Component, variable and value of the settings that were written."""
    firmware: str = ""
    """The version that was installed last; empty: the one it came with."""
    roots: list[tuple[str, str]] = []
    """What it trusts: use and PEM."""
    own: dict[str, tuple[str, str]] = {}
    """Its certificates by kind: chain and key, PEM."""
    network_profiles: dict[int, dict[str, Any]] = {}


def remembered(chargers: dict[str, Charger]) -> bytes:
    """Return the memory of all `chargers` as JSON."""
    return msgspec.json.encode({identity: _memory(charger) for identity, charger in chargers.items()})


def _memory(charger: Charger) -> Memory:
    durable = [item for item in charger.outbox if isinstance(item, Started | Sampled | Ended)]
    certificates = charger.of(Certificates)
    return Memory(
        list(charger.outlets.values()),
        durable,
        charger.configuration.written(),
        charger.hardware.firmware,
        roots=[(use, pem_of(root)) for use, root in certificates.roots],
        own={
            kind: ("".join(map(pem_of, chain)), key_pem_of(certificates.keys[kind]))
            for kind, chain in certificates.own.items()
        },
        network_profiles=charger.of(Monitoring).profiles,
    )


def recall(chargers: dict[str, Charger], memory: bytes) -> int:
    """Give `chargers` their memory back; return how many transactions go on. What cannot be read is forgotten."""
    try:
        known = msgspec.json.decode(memory, type=dict[str, Memory])
    except msgspec.MsgspecError:
        return 0
    for identity, charger in chargers.items():
        if identity in known and len(known[identity].outlets) == len(charger.outlets):
            _restore(charger, known[identity])
    return sum(outlet.charging is not None for charger in chargers.values() for outlet in charger.outlets.values())


def _restore(charger: Charger, memory: Memory) -> None:
    for component, variable, value in memory.written:
        charger.configuration.write(component, variable, value)
    if memory.firmware:
        charger.hardware = msgspec.structs.replace(charger.hardware, firmware=memory.firmware)
    _restore_trust(charger, memory)
    running: dict[str, Charging] = {}
    for outlet in memory.outlets:
        charger.outlets[outlet.number] = outlet
        if outlet.charging is not None:
            running[outlet.charging.key] = outlet.charging
    for item in memory.kept:
        shared: Any = running.setdefault(item.charging.key, item.charging)  # one transaction, one object
        charger.outbox.append(msgspec.structs.replace(item, charging=shared))


def _restore_trust(charger: Charger, memory: Memory) -> None:
    certificates = charger.of(Certificates)
    certificates.roots = [(use, x509.load_pem_x509_certificate(pem.encode())) for use, pem in memory.roots]
    for kind, (chain, key) in memory.own.items():
        loaded = serialization.load_pem_private_key(key.encode(), None)
        if isinstance(loaded, ec.EllipticCurvePrivateKey):
            certificates.own[kind] = x509.load_pem_x509_certificates(chain.encode())
            certificates.keys[kind] = loaded
    charger.of(Monitoring).profiles = memory.network_profiles


def save(path: Path, chargers: dict[str, Charger]) -> None:
    """Write the memory to `path`, for us alone: whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(remembered(chargers))
    fresh.replace(path)
