"""The demo's firmware: three versions in the store, a campaign that runs, one that waits, and logs that can be read.

The manufacturer and its keys are made up at the first start. The simulated chargers really fetch, check and install.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.firmware import service
from laddverk.firmware.model import ImageDetails, LogWish, NewCampaign, Plan, Stage, Window
from laddverk.firmware.service.images import IMAGE_BYTES_MAX
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.firmware.trust import Root
from laddverk.kernel.ids import CampaignId, FirmwareImageId
from laddverk.ocpp.commands import LogKind
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.simulator.abilities.firmware import HEADER
from laddverk.stations.model import COMMANDS_TOPIC

MAKER: Final = "Nordan"
SIGNED: Final = ImageDetails(
    version="7.13.0",
    vendor=MAKER,
    file_name="nordan-7.13.0.bin",
    notes="Rättar mätning efter strömavbrott.\nSnabbare start efter låg temperatur.",
)
OTHERS: Final = (
    ImageDetails(version="5.11", vendor="Polaris Charge", model="PC 150", file_name="pc150-5.11.bin"),
    ImageDetails(version="2.7.0", vendor="Vinga Kraft", model="Duo*", file_name="duo22_2.7.0.img"),
)
IMAGE_BYTES: Final = 200_000
CERTIFICATES_LAST: Final = timedelta(days=10 * 365)
LOGGED: Final = (("GAML-01", LogKind.DIAGNOSTICS), ("LIND-01", LogKind.SECURITY))

IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM firmware_image)"


async def equip(house: House, placed: Placed) -> None:
    """Fill the store, begin the campaigns and ask for logs, once."""
    now = house.clock()
    shelf = DirectoryShelf(house.settings.files_dir)
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        maker, signer = await asyncio.to_thread(made_up_maker, now)
        root = Root(vendor=MAKER, certificate=maker.public_bytes(Encoding.PEM).decode())
        await service.add_root(tx, ACTOR, root, now, reason="från tillverkarens webbplats")
        signed = await _add(tx, shelf, SIGNED, now, signer)
        _, plain = [await _add(tx, shelf, details, now) for details in OTHERS]
        await service.create_campaign(tx, ACTOR, rollout(signed), now)
        waiting = await service.create_campaign(tx, ACTOR, trial(plain), now)
        await service.pause_campaign(
            tx, ACTOR, CampaignId(waiting), now, reason="tillverkaren ska svara om signaturen först"
        )
        reach = service.reach_of(house.settings)
        for stand, station_id in placed:
            for identity, log in LOGGED:
                if stand.identity == identity:
                    wish = LogWish(log=log, reason="laddningar som bröts i natt")
                    await service.request_log(tx, ACTOR, station_id, wish, reach, now)
    house.hints.publish([COMMANDS_TOPIC])


def rollout(image_id: FirmwareImageId) -> NewCampaign:
    """Return the campaign that runs as somebody looks on: six chargers first, as cars stand at some of them."""
    plan = Plan(stages=(Stage(count=6), Stage(percent=40), Stage()), at_once=2, failed_share=0.2)
    return NewCampaign(image_id=image_id, name="Nordan 7.13.0", reason="rättar mätningen", plan=plan)


def trial(image_id: FirmwareImageId) -> NewCampaign:
    """Return the campaign that waits for an answer of the manufacturer."""
    plan = Plan(stages=(Stage(count=1), Stage()), at_once=5, window=Window(time(1), time(5)))
    return NewCampaign(
        image_id=image_id,
        name="Vinga Duo 2.7.0",
        reason="stöd för kabellås",
        plan=plan,
        unsigned_reason="tillverkaren signerar inte ännu",
    )


async def _add(
    tx: Transaction,
    shelf: DirectoryShelf,
    details: ImageDetails,
    now: datetime,
    signer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None,
) -> FirmwareImageId:
    content = HEADER + details.version.encode() + b"\n" + Random(details.version).randbytes(IMAGE_BYTES)
    if signer is not None:
        key, certificate = signer
        details = ImageDetails(
            version=details.version,
            vendor=details.vendor,
            file_name=details.file_name,
            notes=details.notes,
            signature=base64.b64encode(key.sign(content, ec.ECDSA(SHA256()))).decode(),
            signing_certificate=certificate.public_bytes(Encoding.PEM).decode(),
        )
    with shelf.incoming(IMAGE_BYTES_MAX) as incoming:
        incoming.write(content)
        image_id = await service.add_image(tx, ACTOR, details, incoming.digests(), now)
        await asyncio.to_thread(incoming.put, FIRMWARE, image_id)
    return image_id


def made_up_maker(
    now: datetime,
) -> tuple[x509.Certificate, tuple[ec.EllipticCurvePrivateKey, x509.Certificate]]:
    """Return the root of a manufacturer, and the key and certificate with which it signs its firmware."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{MAKER} Root CA", root_key, f"{MAKER} Root CA", root_key, now, is_authority=True)
    return root, (key, _certificate(f"{MAKER} Firmware", key, f"{MAKER} Root CA", root_key, now, is_authority=False))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    is_authority: bool,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + CERTIFICATES_LAST)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(issuer_key, SHA256())
    )


def _called(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, MAKER), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
