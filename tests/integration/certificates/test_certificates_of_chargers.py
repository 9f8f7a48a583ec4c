"""From a charger's new key to a certificate in use, over real sockets, in all versions."""

from __future__ import annotations

import pytest
from cryptography import x509

from laddverk.certificates import service as certificates
from laddverk.certificates.providers import builtin_of
from laddverk.ocpp.facts import Signing
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.certificates import STATION, V2G, Certificates, ask_for, notice
from laddverk.stations.model import COMMANDS_TOPIC
from tests import pki
from tests.integration.certificates.conftest import charger_on, until
from tests.network import ACTOR, ask

ACTIVE = "SELECT count(*) FROM station_certificate WHERE station_id = $1 AND kind = $2 AND state = 'active'"
EVERY_VERSION = pytest.mark.parametrize("protocol", Protocol)


@EVERY_VERSION
async def test_a_charger_gets_the_certificate_it_asked_for_and_uses_it(network, protocol):
    async with charger_on(network, protocol) as charger:
        station_id = network.station_ids["CP1"]
        ask_for(charger, STATION, network.house.clock())
        await until(lambda: network.value(ACTIVE, station_id, "station"), network=network)
        leaf, below = charger.of(Certificates).own[STATION]
        root = builtin_of(network.house).root()
    assert leaf.subject.rfc4514_string() == "O=Laddverk,CN=CP1"
    leaf.verify_directly_issued_by(below)
    below.verify_directly_issued_by(root)
    assert await network.value("SELECT state FROM certificate_request") == "delivered"


@EVERY_VERSION
async def test_staff_ask_for_a_new_certificate_and_the_old_one_is_superseded(network, protocol):
    async with charger_on(network, protocol) as charger:
        station_id = network.station_ids["CP1"]
        ask_for(charger, STATION, network.house.clock())
        await until(lambda: network.value(ACTIVE, station_id, "station"), network=network)
        first = charger.of(Certificates).own[STATION][0]
        async with network.house.database.transaction() as tx:
            command_id = await certificates.ask_now(
                tx, ACTOR, station_id, Signing.STATION, network.house.clock(), reason="a test"
            )
        network.house.hints.publish([COMMANDS_TOPIC])
        superseded = "SELECT count(*) FROM station_certificate WHERE state = 'superseded'"
        await until(lambda: network.value(superseded), network=network)
        assert charger.of(Certificates).own[STATION][0] != first
    assert await network.value("SELECT state FROM command WHERE id = $1", command_id) == "confirmed"
    assert await network.value(ACTIVE, station_id, "station") == 1


async def test_a_certificate_for_cars_is_under_another_authority(network):
    async with charger_on(network, Protocol.V201) as charger:
        ask_for(charger, V2G, network.house.clock())
        await until(lambda: network.value(ACTIVE, network.station_ids["CP1"], "v2g"), network=network)
        leaf, below = charger.of(Certificates).own[V2G]
    assert below.subject.rfc4514_string() == "O=Laddverk,CN=Laddverk v2g"
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


async def test_the_request_of_another_station_is_refused_with_the_reason_and_noted(network):
    await network.add_station("CP1")
    await network.add_station("CP2")
    async with network.socket("CP1", version="ocpp2.0.1") as socket:
        request = {"csr": pki.csr("CP2"), "certificateType": "ChargingStationCertificate"}
        answer = await ask(socket, "SignCertificate", request)
    assert answer[2]["status"] == "Rejected"
    assert "CP2" in answer[2]["statusInfo"]["additionalInfo"]
    assert await network.value("SELECT count(*) FROM station_certificate") == 0
    assert await network.value("SELECT kind FROM security_event") == "CertificateRequestRefused"


async def test_a_station_that_asks_all_day_is_refused(network):
    await network.add_station("CP1")
    async with network.socket("CP1", version="ocpp2.1") as socket:
        answers = [(await ask(socket, "SignCertificate", {"csr": pki.csr("CP1")}))[2]["status"] for _ in range(12)]
    assert answers == ["Accepted"] * 10 + ["Rejected"] * 2
    open_ones = "SELECT count(*) FROM certificate_request WHERE state = 'taken'"
    assert await network.value(open_ones) == 1, "a charger has one key that counts: the newest"


async def test_the_same_request_again_changes_nothing(network):
    await network.add_station("CP1")
    async with network.socket("CP1", version="ocpp1.6") as socket:
        same = {"csr": pki.csr("CP1")}
        assert [(await ask(socket, "SignCertificate", same))[2] for _ in range(3)] == [{"status": "Accepted"}] * 3
    assert await network.value("SELECT count(*) FROM certificate_request") == 1
    await network.house.worker.run_until_idle()
    assert await network.value("SELECT count(*) FROM station_certificate") == 1


async def test_a_certificate_that_the_charger_does_not_take_ends_its_request(network):
    async with charger_on(network, Protocol.V201) as charger:
        ask_for(charger, STATION, network.house.clock())
        charger.of(Certificates).waiting.clear()
        failed = "SELECT count(*) FROM certificate_request WHERE state = 'failed'"
        await until(lambda: network.value(failed), network=network)
        told = "SELECT count(*) FROM security_event WHERE kind = 'InvalidChargingStationCertificate'"
        await until(lambda: network.value(told), network=network)
    assert await network.value("SELECT state FROM station_certificate") == "refused"
    assert await network.value("SELECT count(*) FROM security_event WHERE kind = 'CertificateRefused'") == 1


async def test_keys_of_the_authority_are_encrypted_and_on_disk_only(network):
    builtin_of(network.house).root()
    folder = network.house.settings.state_dir / "authority"
    keys = sorted(folder.glob("*.key"))
    assert [key.name for key in keys] == ["root.key", "servers.key", "stations.key", "v2g.key"]
    for key in keys:
        assert b"ENCRYPTED" in key.read_bytes()
        assert key.stat().st_mode & 0o077 == 0


@EVERY_VERSION
async def test_what_a_charger_noticed_is_kept_once_and_alarmed(network, protocol):
    async with charger_on(network, protocol) as charger:
        now = network.house.clock()
        notice(charger, "TamperDetectionActivated", now, "the door")
        notice(charger, "TamperDetectionActivated", now, "the door")
        notice(charger, "SettingSystemTime", now)
        await until(lambda: network.value("SELECT count(*) = 2 FROM security_event"))
    alarms = "SELECT string_agg(kind, ',') FROM security_event WHERE critical AND seen_at IS NULL"
    assert await network.value(alarms) == "TamperDetectionActivated"
