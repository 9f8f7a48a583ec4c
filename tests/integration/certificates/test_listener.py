"""The files of our own TLS listener: made, renewed in time, left alone when they are somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from laddverk.certificates import jobs, listener, reading
from laddverk.certificates.providers import builtin_of
from laddverk.certificates.providers.builtin import Builtin
from tests import pki
from tests.network import Network, network_on

DAY = timedelta(days=1)
NAMES = ["ladda.example", "192.0.2.7"]


@pytest.fixture
def authority(network: Network) -> Builtin:
    return builtin_of(network.house)


def leaf(folder: Path, kind: str) -> x509.Certificate:
    return reading.certificates_in(listener.server_files(folder, kind)[0].read_bytes())[0]


def test_both_kinds_are_made_once_for_our_names_and_only_we_can_read_the_keys(
    authority: Builtin, tmp_path: Path
) -> None:
    folder, now = tmp_path / "new", datetime.now(UTC)
    made = listener.keep_files(folder, authority, [], NAMES, now)
    assert sorted(made) == ["clients.pem", "server-ecdsa.pem", "server-rsa.pem"]
    assert listener.keep_files(folder, authority, [], NAMES, now + DAY) == []
    for kind, key in (("ecdsa", ec.EllipticCurvePublicKey), ("rsa", rsa.RSAPublicKey)):
        certificate = leaf(folder, kind)
        assert isinstance(certificate.public_key(), key)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert found.get_values_for_type(x509.DNSName) == ["ladda.example"]
        assert [str(one) for one in found.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
        assert listener.server_files(folder, kind)[1].stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert not list(folder.glob(".*")), "nothing half-written is left"


def test_ours_are_renewed_a_month_before_they_end_and_those_of_others_are_never_touched(
    authority: Builtin, tmp_path: Path
) -> None:
    folder, now = tmp_path / "new", datetime.now(UTC)
    listener.keep_files(folder, authority, [], NAMES, now)
    first = leaf(folder, "ecdsa")
    foreign = pki.entity("their own", life=DAY)
    listener.server_files(folder, "rsa")[0].write_text(foreign.pem)
    late = first.not_valid_after_utc - listener.RENEW_BEFORE
    assert listener.keep_files(folder, authority, [], NAMES, late - DAY) == []
    assert listener.keep_files(folder, authority, [], NAMES, late + DAY) == ["server-ecdsa.pem"]
    assert leaf(folder, "ecdsa").not_valid_after_utc > first.not_valid_after_utc
    assert leaf(folder, "rsa") == foreign.certificate


@pytest.mark.parametrize("missing", ["server-ecdsa.key", "server-ecdsa.pem"])
def test_half_a_pair_is_somebodys_unfinished_work(authority: Builtin, tmp_path: Path, missing: str) -> None:
    folder, now = tmp_path / "new", datetime.now(UTC)
    listener.keep_files(folder, authority, [], NAMES, now)
    (folder / missing).unlink()
    assert listener.keep_files(folder, authority, [], NAMES, now) == []


def test_who_may_sign_for_chargers_is_added_to_and_nobody_is_taken_away(authority: Builtin, tmp_path: Path) -> None:
    folder, now = tmp_path / "new", datetime.now(UTC)
    folder.mkdir()
    maker, outside = pki.entity("Maker", ca=True), pki.entity("Outside", ca=True)
    (folder / listener.CLIENTS).write_text(maker.pem)
    listener.keep_files(folder, authority, [outside.certificate], NAMES, now)
    taken = reading.certificates_in((folder / listener.CLIENTS).read_bytes())
    assert {maker.certificate, outside.certificate, authority.root()} <= set(taken)


async def test_the_job_keeps_our_root_and_the_files_where_there_is_tls(
    database, tmp_path: Path, network: Network
) -> None:
    async with network.house.database.transaction() as tx:
        await jobs.handlers(network.house)["certificates.keep_house"](tx, [])
        await jobs.handlers(network.house)["certificates.keep_house"](tx, [])
    assert await network.value("SELECT count(*) FROM trust_anchor WHERE own AND use = 'csms_root'") == 1
    assert not (network.house.settings.state_dir / "tls").exists(), "without TLS there is nothing to show"


async def test_with_tls_the_files_are_there_before_the_gateway_opens(database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path / "other", ocpp_tls_port=0, tls_names="localhost") as network:
        await jobs.prepare(network.house)
        assert (tmp_path / "other" / "tls" / "clients.pem").exists()
