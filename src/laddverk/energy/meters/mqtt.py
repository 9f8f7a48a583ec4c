"""Meters that a broker tells of (MQTT 3.1.1): adapters of HAN and P1 ports, ESPHome, home automation."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Final

from laddverk.energy.meters import networks, payloads, sealing
from laddverk.energy.meters.model import Meter, Reading, Unreadable, Why
from laddverk.kernel.time import Clock
from laddverk.platform.settings import Secrets, Settings

CONNECT_S: Final = 5.0
SILENT_S: Final = 120.0  # a HAN port tells every ten seconds
QUEUED_MAX: Final = 10  # the latest counts


class MqttMeter:
    """One meter: its topic at its broker. Raises `Unreadable` alone."""

    def __init__(self, meter: Meter, settings: Settings, secrets: Secrets, clock: Clock) -> None:
        self._meter, self._settings, self._secrets, self._clock = meter, settings, secrets, clock

    async def readings(self) -> AsyncIterator[Reading | Unreadable]:
        """Yield what is told on the topic, as it comes."""
        # Here and not above: most networks never speak MQTT.
        import aiomqtt

        setup = self._meter.setup
        address = await networks.address_of(setup.host, setup.port, self._settings)
        try:
            async with aiomqtt.Client(
                setup.host if setup.is_tls else address,  # its certificate names the host
                setup.port,
                username=setup.user or None,
                password=self._password(),
                tls_context=ssl.create_default_context() if setup.is_tls else None,
                timeout=CONNECT_S,
                max_queued_incoming_messages=QUEUED_MAX,
            ) as client:
                await client.subscribe(setup.topic)
                messages = aiter(client.messages)
                while True:
                    async with asyncio.timeout(SILENT_S):
                        message = await anext(messages)
                    yield self._told(message.payload)
        except TimeoutError:
            raise Unreadable(Why.NO_ANSWER, setup.topic) from None
        except aiomqtt.MqttCodeError as error:
            raise Unreadable(Why.REFUSED, str(error)) from None
        except (aiomqtt.MqttError, OSError) as error:
            raise Unreadable(Why.NO_CONNECTION, f"{setup.host}:{setup.port}: {error}") from None

    def _told(self, payload: object) -> Reading | Unreadable:
        told = bytes(payload) if isinstance(payload, bytes | bytearray) else b""
        try:
            return payloads.reading_in(told, self._meter.setup.fields, self._meter.setup.ratio, self._clock())
        except Unreadable as trouble:
            return trouble

    def _password(self) -> str | None:
        if self._meter.secret is None:
            return None
        password = sealing.unsealed(self._secrets, self._meter.secret, self._meter.id)
        if password is None:
            raise Unreadable(Why.SEAL_BROKEN)
        return password
