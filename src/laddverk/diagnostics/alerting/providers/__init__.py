"""Who carries text messages: one file for each provider, behind `port`. `provider_of` chooses by the settings."""

from __future__ import annotations

from laddverk.diagnostics.alerting.providers.elks import Elks
from laddverk.diagnostics.alerting.providers.port import TextMessages
from laddverk.diagnostics.alerting.providers.sandbox import Sandbox
from laddverk.kernel.problems import Invalid
from laddverk.platform.settings import Settings


def provider_of(settings: Settings) -> TextMessages | None:
    """Return who carries text messages, or None when nobody does. Raises `Invalid` for a name that is not known."""
    if not settings.sms_provider:
        return None
    if settings.sms_provider == "sandbox":
        return Sandbox()
    if settings.sms_provider == "46elks":
        return Elks(settings.elks_url, settings.elks_user, settings.elks_password, settings.sms_sender)
    raise Invalid(
        "There is no SMS provider called %(name)s.",
        field="LADDVERK_SMS_PROVIDER",
        remedy="Use 46elks or sandbox.",
        name=settings.sms_provider,
    )
