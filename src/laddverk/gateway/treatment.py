"""How one charger is treated: the rule of the house, its model's ways, and its own settings, which have the last word.

Also what a charger may say and be sent while its boot is not accepted (OCPP 2.x B02, B03). Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from laddverk.gateway import limits
from laddverk.ocpp import quirks
from laddverk.ocpp.answers import BootAnswer, Registration
from laddverk.ocpp.codec import TRANSACTION_ACTIONS
from laddverk.ocpp.commands import AnyCommand, StartCharging
from laddverk.ocpp.facts import Booted
from laddverk.ocpp.protocol import Protocol
from laddverk.stations.model import Credential

PREFERENCE: Final[tuple[Protocol, ...]] = (Protocol.V21, Protocol.V201, Protocol.V16)
"""Which version is chosen when a charger offers several: the newest. A station's settings may pin another."""

ANSWERS_TO: Final = {
    "GetBaseReport": frozenset({"NotifyReport"}),
    "GetReport": frozenset({"NotifyReport"}),
}
"""What a charger that is held back may send because it was asked for it, beside what was triggered (B02.FR.02)."""


class Treatment:
    """The settings that hold for one connection. They follow what the charger says of itself when it boots."""

    def __init__(self, credential: Credential, known: quirks.Registry) -> None:
        self._known = known
        self._own = quirks.read(credential.quirks)
        self._site_zone = credential.site_timezone
        self.held = Registration(credential.boot_answer)
        """How its last boot was answered, as far as is known: held back until it is accepted."""
        self.heartbeat_interval_s = limits.HEARTBEAT_INTERVAL_S
        """How often it was asked to send a heartbeat; until it has booted, how often it probably does."""
        self.quirks = quirks.NO_QUIRKS
        self.zone: tzinfo = UTC
        """Of times that come without one: the charger's own, else that of its site (quirk 45)."""
        self._learn(credential.vendor, credential.model, credential.firmware)

    def booted(self, boot: Booted) -> None:
        """Learn what charger it is."""
        self._learn(boot.vendor, boot.model, boot.firmware)

    def _learn(self, vendor: str, model: str, firmware: str) -> None:
        self.quirks = self._known.known(vendor, model, firmware, self._own).quirks
        self.zone = ZoneInfo(self.quirks.time_zone or self._site_zone)

    def answered(self, answer: BootAnswer) -> None:
        """Learn how its boot was answered."""
        self.held = answer.registration
        self.heartbeat_interval_s = answer.interval_s

    @property
    def is_strict(self) -> bool:
        """Whether what the schema refuses is refused, where no money hangs on it."""
        return self.quirks.is_strict

    @property
    def call_timeout_s(self) -> float:
        """How long an answer to our call is waited for."""
        return self.quirks.call_timeout_s or limits.CALL_TIMEOUT_S

    @property
    def unanswered_calls_max(self) -> int:
        """How many calls in a row it may leave unanswered."""
        return self.quirks.unanswered_calls_max or limits.UNANSWERED_CALLS_MAX

    @property
    def boot_grace_s(self) -> float:
        """How long a charger that does not boot is left alone."""
        return limits.BOOT_GRACE_S if self.quirks.boot_grace_s is None else self.quirks.boot_grace_s

    @property
    def waits_for_boot(self) -> bool:
        """Whether it breaks when it is called before its boot was answered (quirk 36)."""
        return self.quirks.call_before_boot is False

    @property
    def ping_interval_s(self) -> float | None:
        """How long it may be silent before it is pinged; None: never ping it (quirk 12)."""
        return None if self.quirks.no_ping else self.quirks.ping_interval_s or limits.PING_INTERVAL_S

    @property
    def ping_timeout_s(self) -> float:
        """How long the answer to a ping, or any frame, is waited for."""
        return self.quirks.ping_timeout_s or limits.PING_TIMEOUT_S

    @property
    def frame_bytes_max(self) -> int:
        """The largest frame it may send."""
        return self.quirks.frame_bytes_max or limits.FRAME_BYTES_MAX

    def adapted(self, command: AnyCommand) -> AnyCommand:
        """Return `command` as this charger understands it: with tags in the form that it takes (quirk 53)."""
        if isinstance(command, StartCharging) and self.quirks.id_tag_form:
            tag = command.token_uid
            tag = tag.upper() if self.quirks.id_tag_form == "upper" else tag.lower()
            return msgspec.structs.replace(command, token_uid=tag)
        return command

    def forbids(self, action: str, request: Any) -> str | None:
        """Return the entry of `never_send` that forbids a request, or None when it may be sent."""
        if not self.quirks.never_send:
            return None
        return quirks.forbidden(self.quirks, action, msgspec.to_builtins(request))


def spoken(offered: Sequence[str], settings: quirks.Quirks) -> Protocol | None:
    """Return the version to speak of those `offered`, or None when there is none in common.

    A station's own settings may name the only version to speak (quirk 10), and the one to assume when it offers
    nothing at all (quirk 1).
    """
    names = {name.strip().lower() for name in offered}
    if not names:
        return Protocol(settings.assume_protocol) if settings.assume_protocol else None
    if settings.pin_protocol:
        return Protocol(settings.pin_protocol) if settings.pin_protocol in names else None
    return next((protocol for protocol in PREFERENCE if protocol.value in names), None)


def may_say(protocol: Protocol, registration: Registration, action: str, asked: frozenset[str]) -> bool:
    """Return whether a charger may send `action` while its boot is answered with `registration`.

    `asked` is what it was asked for on this connection. A charger of 1.6 may say anything: many do not wait (quirk
    37). Messages that hold money are never refused (law 1).
    """
    if registration is Registration.ACCEPTED or protocol.is_16:
        return True
    if action == "BootNotification" or action in TRANSACTION_ACTIONS:
        return True
    return registration is Registration.PENDING and action in asked


def asked_by(action: str, request: Any) -> frozenset[str]:
    """Return the actions that a charger is asked for by the call `action`."""
    if action == "TriggerMessage":
        return frozenset({str(request.requested_message)})
    return ANSWERS_TO.get(action, frozenset())
