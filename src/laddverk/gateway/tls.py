"""TLS of the listeners for chargers: what is offered, to whom, and certificates that change while sockets stay open.

Every handshake takes the newest context; a socket that is open keeps the one it was opened with.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import structlog

from laddverk.certificates.listener import CLIENTS, KINDS, server_files
from laddverk.gateway.certificates import files_in
from laddverk.platform.settings import Settings
from laddverk.stations.admission import Door

log = structlog.get_logger()

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""TLS 1.2 with forward secrecy; TLS 1.3 has its own list."""

LEGACY_CIPHERS: Final = "ECDHE+AESGCM:AES128-GCM-SHA256:AES256-GCM-SHA384"
"""With the RSA key exchange that OCPP asks for (A00.FR.317, A00.FR.318): no forward secrecy, so not for everybody."""

OLDEST_CIPHERS: Final = LEGACY_CIPHERS + ":ECDHE+AES:AES128-SHA:AES256-SHA:@SECLEVEL=0"
"""What TLS 1.0 and 1.1 have at all; their handshake signs with SHA-1."""

VERSIONS: Final = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2}

NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: whether a client certificate has expired is decided for each station."""


class Tls:
    """The contexts of both TLS listeners, made anew when their files change."""

    def __init__(self, directory: Path, oldest: str = "1.2") -> None:
        self._directory = directory
        self._oldest = VERSIONS[oldest]
        self._seen: tuple[object, ...] = ()
        self._contexts: dict[Door, ssl.SSLContext] = {}

    def refresh(self) -> bool:
        """Look at the files and take new ones into use; return whether there were any.

        Files that cannot be used are told in the log, and what was in use stays in use.
        """
        seen = _state_of(self._directory)
        if seen == self._seen:
            return False
        try:
            self._contexts = {Door.TLS: self._context(Door.TLS), Door.LEGACY_TLS: self._context(Door.LEGACY_TLS)}
        except (OSError, ValueError) as error:
            if not self._contexts:
                raise
            log.error("tls.certificates_unusable", directory=str(self._directory), error=str(error))
            return False
        finally:
            self._seen = seen
        log.info("tls.certificates_loaded", directory=str(self._directory))
        return True

    def context(self, door: Door) -> ssl.SSLContext | None:
        """Return the context for the next handshake at `door`; None for the one without TLS."""
        return None if door is Door.PLAIN else self._contexts[door]

    def _context(self, door: Door) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        if door is Door.LEGACY_TLS:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.minimum_version = self._oldest
            context.set_ciphers(LEGACY_CIPHERS if self._oldest is ssl.TLSVersion.TLSv1_2 else OLDEST_CIPHERS)
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        pairs = [server_files(self._directory, kind) for kind in KINDS]
        whole = [(chain, key) for chain, key in pairs if chain.exists() and key.exists()]
        if not whole:
            raise ValueError(f"there is no server certificate with its key in {self._directory}")
        for chain, key in whole:
            context.load_cert_chain(chain, key)
        clients = self._directory / CLIENTS
        if clients.exists():  # else no charger is asked for one, and one that it offers all the same is not looked at
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_OPTIONAL
            context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME) | ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        return context


def tls_of(settings: Settings) -> Tls | None:
    """Return the TLS that `settings` ask for, or None when there is no TLS listener."""
    if settings.ocpp_tls_port is None and settings.ocpp_legacy_tls_port is None:
        return None
    return Tls(settings.tls_dir or settings.state_dir / "tls", settings.ocpp_legacy_tls_oldest)


def _state_of(directory: Path) -> tuple[object, ...]:
    state: list[object] = []
    for path in files_in(directory):
        found = path.stat() if path.exists() else None
        state.append((path.name, found.st_mtime_ns, found.st_size, found.st_ino) if found else (path.name, None))
    return tuple(state)
