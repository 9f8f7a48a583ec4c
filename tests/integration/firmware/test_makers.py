"""Roots of manufacturers: firmware that somebody else signed goes nowhere, and screens say whose it is."""

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from laddverk.firmware import service
from laddverk.firmware.model import NewCampaign
from laddverk.firmware.trust import Root
from laddverk.kernel.actors import Role
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from tests.integration.firmware.test_pages import desk, page  # noqa: F401 - a fixture
from tests.integration.firmware.world import NOW, signed, staff

ADMIN = staff(Role.ADMIN)
CONTENT = b"firmware 2.0.0"


def authority(name="Acme root"):
    key = ec.generate_private_key(ec.SECP256R1())
    return key, certificate(key, name, (key, None), ca=True)


def certificate(key, name, issuer, *, ca=False):
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(issuer[1].subject if issuer[1] else called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(NOW + timedelta(days=99))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer[0], hashes.SHA256())
    )


def text(of):
    return of.public_bytes(serialization.Encoding.PEM).decode()


def signed_by(issuer):
    """Return the signature of `CONTENT` by a signer whom `issuer` vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(CONTENT, ec.ECDSA(hashes.SHA256()))
    return {
        "signature": base64.b64encode(signature).decode(),
        "signing_certificate": text(certificate(key, "Acme firmware", issuer)),
    }


async def add(world, root, **changes):
    async with world.database.transaction() as tx:
        given = {"vendor": "Acme", "certificate": text(root[1])} | changes
        return await service.add_root(tx, ADMIN, Root(**given), world.clock.now, reason="from their site")


async def test_firmware_that_another_signed_goes_to_nobody_and_says_so(world, desk):  # noqa: F811 - the fixture
    acme = authority()
    station = await world.station()
    image = await world.image(CONTENT, **signed(CONTENT))
    wanted = NewCampaign(image_id=image, name="Höst", reason="test")
    async with world.database.transaction() as tx:
        campaign = await service.create_campaign(tx, ADMIN, wanted, world.clock.now)
    await add(world, acme)
    async with world.database.transaction() as tx:
        await service.advance(tx, world.reach, world.clock.now)
    assert (
        await world.value("SELECT state || ' ' || state_reason FROM firmware_campaign") == "aborted foreign_signature"
    )
    assert "does not lead to the manufacturer&#39;s root" in await page(desk, f"/console/campaigns/cmp_{campaign.hex}")
    for asking in (
        lambda tx: service.create_campaign(tx, ADMIN, wanted, world.clock.now),
        lambda tx: service.update_station(tx, ADMIN, station, image, world.reach, world.clock.now, reason="test"),
        lambda tx: service.publish(tx, ADMIN, station, image, world.reach, world.clock.now, reason="test"),
    ):
        with pytest.raises(Conflict, match="does not lead"):
            async with world.database.transaction() as tx:
                await asking(tx)
    assert await world.value("SELECT count(*) FROM command") == 0


async def test_firmware_of_the_manufacturer_goes_out_and_its_page_names_the_signer(world, desk):  # noqa: F811
    acme = authority()
    image = await world.image(CONTENT, **signed_by(acme))
    address = f"/console/firmware/fmw_{image.hex}"
    before = await page(desk, address)
    assert "Root unknown" in before
    assert "CN=Acme firmware" in before
    form = {"vendor": "Acme", "certificate": text(acme[1]), "reason": "from their site"}
    answer = await desk.post("/console/firmware/makers", data=form)
    assert answer.status_code == 303, answer.text[:2000]
    assert "CN=Acme root" in await page(desk, "/console/firmware/makers")
    assert "Manufacturer&#39;s root" in await page(desk, address)
    again = await desk.post("/console/firmware/makers", data=form)
    assert (again.status_code, "here already" in again.text) == (409, True)
    station = await world.station()
    async with world.database.transaction() as tx:
        await service.update_station(tx, ADMIN, station, image, world.reach, world.clock.now, reason="test")
    assert await world.value("SELECT command->>'signature' IS NOT NULL FROM command")
    root = await world.value("SELECT id FROM maker_root")
    gone = await desk.post(f"/console/firmware/makers/fmw_{root.hex}/retire", data={"reason": "a new one came"})
    assert gone.status_code == 303
    assert "Root unknown" in await page(desk, address)
    actions = await world.values("SELECT action FROM audit_log WHERE action LIKE 'maker_root%' ORDER BY at, id")
    assert sorted(actions) == ["maker_root.added", "maker_root.retired"]


async def test_only_a_valid_authority_is_a_root_and_only_who_may_adds_one(world):
    acme = authority()
    key = ec.generate_private_key(ec.SECP256R1())
    for wrong in ("", "nonsense", text(certificate(key, "x", acme)), text(acme[1]) * 2, "x" * 9000):
        with pytest.raises(Invalid):
            await add(world, acme, certificate=wrong)
    world.clock.pass_by(days=200)
    with pytest.raises(Invalid):
        await add(world, acme)
    root = Root(vendor="", certificate=text(acme[1]))
    with pytest.raises(NotAllowed):
        async with world.database.transaction() as tx:
            await service.add_root(tx, staff(Role.SUPPORT), root, NOW, reason="test")
