"""The settings: what makes no sense, what is dangerous, what is misspelt."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import is_currency

from laddverk.cli.doctor.finding import Finding, fail, ok, warn
from laddverk.kernel.problems import Invalid
from laddverk.kernel.time import system_clock
from laddverk.payments.swish import papers
from laddverk.platform.settings import PREFIX, Settings
from laddverk.tariffs.ocpi import party_of

OTHER_VARIABLES: Final = frozenset({"LADDVERK_CI", "LADDVERK_TEST_DATABASE_URL"})  # read by the tests
LEVELS: Final = ("debug", "info", "warning", "error", "critical")


def look_at(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with the settings, or one line that nothing is."""
    found = [
        *unknown(environment),
        *faces(settings),
        *money(settings),
        *swish(settings),
        *partners(settings),
        *place(settings),
        *mail(settings),
    ]
    yield from found or [ok("Settings", "make sense")]


def unknown(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A variable that nobody reads is most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    for name in sorted(set(environment) - known - OTHER_VARIABLES):
        if name.startswith(PREFIX):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else "See docs/operations.md for those there are."
            yield warn("Settings", f"{name} is not a setting of Laddverk.", hint)


def faces(settings: Settings) -> Iterator[Finding]:
    """Addresses and ports that people and chargers use."""
    if settings.web_port == settings.ocpp_port != 0:
        yield fail("Settings", "chargers and web share one port.", "Give LADDVERK_OCPP_PORT another number.")
    open_to_others = not is_loopback(settings.host)
    if open_to_others and settings.demo:
        yield fail(
            "Settings",
            "this is a demo with known passwords, open to other machines.",
            "Set LADDVERK_HOST=127.0.0.1, or run without the demo.",
        )
    if open_to_others and not (settings.public_url or "").startswith("https://"):
        yield warn(
            "Settings",
            "other machines can connect, and nothing says that a TLS proxy is in front.",
            "Put one in front and set LADDVERK_PUBLIC_URL=https://…; see docs/operations.md.",
        )
    if settings.public_url and not settings.public_url.startswith(("https://", "http://")):
        yield fail("Settings", "LADDVERK_PUBLIC_URL is no web address.", "Give it with https:// at the start.")


def money(settings: Settings) -> Iterator[Finding]:
    """Who is paid, in what, and how."""
    if not is_currency(settings.currency):
        yield fail("Settings", f"{settings.currency} is no currency.", "Set LADDVERK_CURRENCY, for example to SEK.")
    if settings.payment_provider not in ("sandbox", "stripe"):
        yield fail(
            "Settings",
            f"there is no payment provider {settings.payment_provider}.",
            "Set LADDVERK_PAYMENT_PROVIDER to sandbox or stripe.",
        )
    if settings.payment_provider == "stripe" and not (settings.stripe_api_key and settings.stripe_webhook_secret):
        yield fail(
            "Settings",
            "Stripe is chosen, and its key or its webhook secret is missing.",
            "Set LADDVERK_STRIPE_API_KEY and LADDVERK_STRIPE_WEBHOOK_SECRET; both are in Stripe's dashboard.",
        )
    if settings.demo and (settings.stripe_api_key or "").startswith("sk_live"):
        yield fail("Settings", "the demo has a live Stripe key.", "Use a test key (sk_test_…), or take it away.")
    if not settings.demo and not (settings.operator_org_number and settings.operator_address):
        yield warn(
            "Settings",
            "invoices will lack who sends them.",
            "Set LADDVERK_OPERATOR_NAME, _ORG_NUMBER, _VAT_NUMBER and _ADDRESS: the law wants them on an invoice.",
        )


def partners(settings: Settings) -> Iterator[Finding]:
    """Who we are to other networks."""
    try:
        party_of(settings.ocpi_party)
    except Invalid:
        yield fail("Settings", f"{settings.ocpi_party} is no OCPI party.", "Set LADDVERK_OCPI_PARTY, like SE-ABC.")


def swish(settings: Settings) -> Iterator[Finding]:
    """The certificate that Swish knows the operator by."""
    for fault in papers.faults(settings, system_clock()):
        message = fault.message % {"day": fault.day} if fault.day else fault.message
        yield (fail if fault.stops else warn)("Swish", message, fault.remedy)


def place(settings: Settings) -> Iterator[Finding]:
    """Local time decides prices by the hour."""
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield fail("Settings", f"there is no time zone {settings.timezone}.", "Set LADDVERK_TIMEZONE=Europe/Stockholm.")
    if settings.log_level not in LEVELS:
        yield warn("Settings", f"{settings.log_level} is no log level.", f"Use one of {', '.join(LEVELS)}.")
    if settings.heartbeat_interval_s <= 0:
        yield fail("Settings", "the heartbeat interval is not above zero.", "Set LADDVERK_HEARTBEAT_INTERVAL_S=300.")


def mail(settings: Settings) -> Iterator[Finding]:
    """Drivers sign in by mail."""
    if settings.smtp_url is None and not settings.demo:
        yield warn(
            "Settings",
            "mails stay in the database: drivers get no sign-in links and no receipts.",
            "Set LADDVERK_SMTP_URL=smtp://name:password@host:587 and LADDVERK_MAIL_FROM.",
        )


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
