"""The doctor, the log and the start page say in plain words what is wrong with the certificate for Swish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from laddverk.cli.doctor import choices
from laddverk.payments.swish import papers
from laddverk.platform.settings import Settings
from tests import pki

NUMBER = "1231181189"
NOW = datetime.now(UTC)


def written(folder: Path, entity: pki.Entity, name: str, password: bytes = b"") -> tuple[Path, Path]:
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_text(entity.pem)
    key.write_bytes(entity.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
    return certificate, key


def settings(certificate: Path | None, key: Path | None = None, **more: object) -> Settings:
    return Settings(
        swish_number=NUMBER, swish_certificate=certificate, swish_key=key, public_url="https://laddverk.example",
        **more,  # type: ignore[arg-type] # fields of the settings
    )  # fmt: skip


def said(given: Settings, now: datetime = NOW) -> list[str]:
    return [fault.message for fault in papers.faults(given, now)]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return written(tmp_path, pki.entity(NUMBER), "merchant")


def test_nothing_is_said_where_all_is_well_or_swish_is_not_used(pair: tuple[Path, Path]) -> None:
    assert said(settings(*pair)) == []
    assert said(Settings()) == []


def test_one_file_may_hold_the_certificate_and_its_key(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(pair[0].read_bytes() + pair[1].read_bytes())
    assert said(settings(both)) == []


def test_a_key_with_a_password_wants_its_file(tmp_path: Path) -> None:
    certificate, key = written(tmp_path, pki.entity(NUMBER), "locked", b"secret")
    assert said(settings(certificate, key)) == ["The key for Swish cannot be read."]
    password = tmp_path / "password"
    password.write_text("secret\n")
    assert said(settings(certificate, key, swish_key_password_file=password)) == []


def test_what_is_missing_or_does_not_fit_is_named(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    other, other_key = written(tmp_path, pki.entity("1230000000"), "other")
    assert said(settings(None)) == ["A Swish number is set, and no certificate."]
    assert said(settings(tmp_path / "nowhere.pem")) == ["The certificate for Swish cannot be read."]
    assert said(settings(pair[1])) == ["The certificate for Swish cannot be read."]
    assert said(settings(pair[0], other_key)) == ["The key and the certificate for Swish do not belong together."]
    assert said(settings(other, other_key)) == [
        "The certificate for Swish is for another number than LADDVERK_SWISH_NUMBER."
    ]
    assert said(settings(*pair, currency="EUR")) == ["Swish pays in kronor only."]


def test_the_end_is_told_a_month_before(pair: tuple[Path, Path]) -> None:
    ends = x509.load_pem_x509_certificate(pair[0].read_bytes()).not_valid_after_utc
    assert said(settings(*pair), ends - timedelta(days=31)) in (
        [],
        ["The certificate for Swish holds from %(day)s on only."],
    )
    assert said(settings(*pair), ends - timedelta(days=29)) == ["The certificate for Swish ends on %(day)s."]
    (over,) = papers.faults(settings(*pair), ends + timedelta(seconds=1))
    assert over.stops
    assert over.day == ends.date().isoformat()


def test_the_doctor_fails_for_what_stops_and_warns_for_the_rest(pair: tuple[Path, Path]) -> None:
    assert [each.level for each in choices.swish(settings(None))] == ["fail"]
    plain = Settings(swish_number=NUMBER, swish_certificate=pair[0], swish_key=pair[1])
    assert [each.level for each in choices.swish(plain)] == ["warn"], "callbacks come by https only"
