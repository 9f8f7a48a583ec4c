"""Trust anchors: the roots that we know, with the responders and services of their ecosystems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509

from laddverk.certificates import reading, store_roots
from laddverk.certificates.model import NewAnchor
from laddverk.certificates.store_roots import AnchorRow
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import Use
from laddverk.platform import audit, outgoing
from laddverk.platform.database import Transaction

TEXT_MAX: Final = 100
HOSTS_MAX: Final = 20
HOST_MAX: Final = 255
ROOT_USES: Final = tuple(use for use in Use if use is not Use.V2G_CHAIN)


async def add_anchor(tx: Transaction, actor: Actor, new: NewAnchor, now: datetime, *, reason: str = "") -> UUID:
    """Trust a root for a use; return its id. Needs stations:write, and no limit to some sites: all chargers trust it.

    Raises `Invalid` when the text holds no certificate that is a root, or one that has ended.
    """
    _check_may(actor)
    if new.use not in ROOT_USES:
        raise Invalid("A root cannot have this use.", field="use")
    certificates = _parsed(new.pem)
    root = next((one for one in certificates if reading.is_self_signed(one)), certificates[0])
    if not reading.is_authority(root):
        raise Invalid(
            "This certificate is no root: it may not sign others.",
            field="pem",
            remedy="Paste the root certificate itself, as PEM.",
        )
    read = reading.read(root)
    if read.not_after <= now:
        raise Invalid("This root was valid until %(until)s only.", field="pem", until=f"{read.not_after:%Y-%m-%d}")
    kept = await store_roots.keep_anchor(tx, _row(new, root, [one for one in certificates if one != root]), now)
    detail = {"name": new.name, "use": new.use.value, "fingerprint": read.fingerprint_sha256.hex()}
    await audit.write(tx, actor, "root.added", "trust_anchor", kept, at=now, reason=reason, detail=detail)
    return kept


def _check_may(actor: Actor) -> None:
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotFound("There is no such root.")


def _parsed(pem: str) -> list[x509.Certificate]:
    try:
        return reading.certificates_in(pem)
    except ValueError as error:
        raise Invalid(
            "This is no certificate: %(reason)s.",
            field="pem",
            remedy="Paste the text from BEGIN CERTIFICATE to END CERTIFICATE.",
            reason=str(error)[:TEXT_MAX],
        ) from None


def _row(new: NewAnchor, root: x509.Certificate, others: Sequence[x509.Certificate], *, own: bool = False) -> AnchorRow:
    read = reading.read(root)
    name = _text("name", new.name) or read.common_name[:TEXT_MAX] or read.subject[:TEXT_MAX] or read.serial_number
    return AnchorRow(
        id=new_id(),
        use=new.use,
        ecosystem=_text("ecosystem", new.ecosystem),
        name=name.replace("\x00", ""),
        intermediates=reading.together(one for one in others if reading.is_authority(one)),
        responders=checked_hosts(new.responders),
        provisioning_url=checked_url(new.provisioning_url),
        own=own,
        read=read,
        names=tuple(reading.named(root, root, algorithm) for algorithm in reading.ALGORITHMS),
    )


def _text(field: str, text: str) -> str:
    text = text.strip()
    if len(text) > TEXT_MAX or "\x00" in text:
        raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.", max=TEXT_MAX)
    return text


def checked_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return hosts (`name` or `name:port`) as they are listed. Raises `Invalid`."""
    found = tuple(dict.fromkeys(host.strip().lower() for host in hosts if host.strip()))
    if len(found) > HOSTS_MAX:
        raise Invalid("At most %(max)s responders can be listed.", field="responders", max=HOSTS_MAX)
    for host in found:
        try:
            parts = outgoing.checked(f"http://{host}/", None)
        except outgoing.NotAllowed:
            parts = None
        if parts is None or parts.path != "/" or parts.query or parts.fragment or len(host) > HOST_MAX:
            raise Invalid(
                "%(host)s is no host.",
                field="responders",
                remedy="Write it like ocsp.example.com.",
                host=host[:TEXT_MAX],
            )
    return found


def checked_url(url: str) -> str:
    """Return the address of a provisioning service, or ''. Raises `Invalid`."""
    url = url.strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = outgoing.checked(url, None)
    except outgoing.NotAllowed:
        parts = None
    if parts is None or len(url) > HOST_MAX:
        raise Invalid(
            "This is no address of a service.",
            field="provisioning_url",
            remedy="Write it like https://ccp.example.com.",
        )
    return url


async def keep_own_root(tx: Transaction, root: x509.Certificate, name: str, now: datetime) -> UUID:
    """Have the root of our own authority among the roots that chargers trust us by."""
    new = NewAnchor(use=Use.CSMS_ROOT, pem=reading.pem(root), name=name[:TEXT_MAX], ecosystem="Laddverk")
    return await store_roots.keep_anchor(tx, _row(new, root, (), own=True), now)


async def update_anchor(
    tx: Transaction, actor: Actor, anchor_id: UUID, new: NewAnchor, now: datetime, *, reason: str = ""
) -> None:
    """Change what is said of a root: its name, ecosystem, responders and provisioning service. Needs stations:write."""
    _check_may(actor)
    await _found(tx, anchor_id)
    await store_roots.update_anchor(
        tx, anchor_id, _text("name", new.name) or "?", _text("ecosystem", new.ecosystem),
        checked_hosts(new.responders), checked_url(new.provisioning_url),
    )  # fmt: skip
    detail = {"name": new.name, "responders": list(new.responders), "provisioning_url": new.provisioning_url}
    await audit.write(tx, actor, "root.changed", "trust_anchor", anchor_id, at=now, reason=reason, detail=detail)


async def retire_anchor(tx: Transaction, actor: Actor, anchor_id: UUID, now: datetime, *, reason: str) -> None:
    """Trust a root no longer. Chargers that have it keep it until it is deleted there. Needs stations:write."""
    _check_may(actor)
    await _found(tx, anchor_id)
    await store_roots.retire_anchor(tx, anchor_id, now)
    await audit.write(tx, actor, "root.retired", "trust_anchor", anchor_id, at=now, reason=reason)


async def _found(tx: Transaction, anchor_id: UUID) -> None:
    if await store_roots.anchor(tx, anchor_id) is None:
        raise NotFound("There is no such root.")
