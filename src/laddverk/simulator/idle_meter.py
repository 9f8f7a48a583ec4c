"""What a simulated charger tells of its meters while nobody charges: it is asked for it by a trigger."""

from __future__ import annotations

from typing import Any

from laddverk.simulator.model import Reading, Told


def told(is_16: bool, number: int, reading: Reading) -> Told:
    """Return the MeterValues of one outlet, which belong to no transaction (OCPP 2.x J01; 1.6 5.17)."""
    at = reading.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    value: dict[str, Any] = {"measurand": "Energy.Active.Import.Register", "context": "Trigger"}
    value |= {"value": str(reading.register_wh), "unit": "Wh"} if is_16 else {"value": float(reading.register_wh)}
    fields = {"connectorId" if is_16 else "evseId": number, "meterValue": [{"timestamp": at, "sampledValue": [value]}]}
    return Told(at=reading.at, action="MeterValues", fields=fields)
