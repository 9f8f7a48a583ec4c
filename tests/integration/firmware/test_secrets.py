"""The secrets of links stand nowhere: not in a command, the audit log, the journal, nor any other row."""

from uuid import UUID

import pytest

from laddverk.firmware import service
from laddverk.firmware.model import LogWish
from laddverk.firmware.service.links import link_behind, secret_of
from laddverk.ocpp.commands import LogKind
from laddverk.ocpp.protocol import Protocol
from tests.integration.firmware.field import ADMIN, IMAGE
from tests.integration.firmware.world import signed

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
KEY, LINK = b"k" * 32, UUID(int=7)


async def everything(network):
    """Return all rows of all tables as text, by table; the frames of the journal are rows for their first hours."""
    async with network.house.database.transaction() as tx:
        return {table: str(await tx.values(f"SELECT t::text FROM {table} t")) for table in await tx.values(TABLES)}


async def test_the_secrets_of_used_links_are_found_nowhere_in_the_database(field):
    for identity, protocol in (("A16", Protocol.V16), ("B201", Protocol.V201)):
        await field.charger(identity, protocol)
    await field.all_connected()
    house, network = field.network.house, field.network
    image = await field.image(**signed(IMAGE))
    await field.campaign(image)
    await field.until("SELECT state FROM firmware_campaign", "done")
    async with house.database.transaction() as tx:
        for identity, log in (("A16", LogKind.DIAGNOSTICS), ("B201", LogKind.SECURITY)):
            wish = LogWish(log=log, reason="test")
            await service.request_log(tx, ADMIN, network.station_ids[identity], wish, field.reach, house.clock())
        await service.publish(
            tx, ADMIN, network.station_ids["B201"], image, field.reach, house.clock(), reason="a local controller"
        )
    house.hints.publish(["commands"])
    await field.until("SELECT count(*) FROM log_request WHERE state = 'received'", 2)
    await field.until("SELECT state FROM firmware_publication", "published")

    rows = await everything(network)
    async with house.database.transaction() as tx:
        links = await tx.values("SELECT id FROM file_link")
    secrets = [secret_of(each, house.secrets.link_key) for each in links]
    assert len(secrets) == 5
    proofs = [form for secret in secrets for form in (secret[-43:], secret[-43:].encode().hex())]
    assert {table for table, text in rows.items() for proof in proofs if proof in text} == set()
    kept = "/files/****************/firmware-2.0.0.bin"
    assert kept in rows["command"]
    assert kept in rows["audit_log"]
    assert kept.encode().hex() in rows["frame"]


def test_a_secret_tells_its_link_and_only_with_the_key_of_the_house():
    assert link_behind(secret_of(LINK, KEY), KEY) == LINK
    assert link_behind(secret_of(LINK, KEY), b"another key") is None


@pytest.mark.parametrize(
    "secret",
    ["", "A" * 64, "A" * 63, "Å" * 64, "=" * 64, "A" * 10_000, secret_of(LINK, KEY)[:-1] + "!", "A" * 62 + "=="],
)
def test_what_we_never_made_opens_nothing(secret):
    assert link_behind(secret, KEY) is None
