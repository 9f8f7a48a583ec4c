"""The messages of the benches: first a TransactionEvent of OCPP 2.0.1 with eight sampled values, about 1.5 kB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
SAMPLE_S = 15

MEASURANDS = (
    ("Energy.Active.Import.Register", None, "Wh"),
    ("Power.Active.Import", None, "W"),
    ("Current.Import", "L1", "A"),
    ("Current.Import", "L2", "A"),
    ("Current.Import", "L3", "A"),
    ("Voltage", "L1-N", "V"),
    ("Voltage", "L2-N", "V"),
    ("Voltage", "L3-N", "V"),
)


def _at(sequence: int) -> str:
    return (START + timedelta(seconds=sequence * SAMPLE_S)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _values(sequence: int) -> tuple[float, ...]:
    return 1_000_000 + sequence * 46, 11040, 16.01, 15.98, 16.0, 230.4, 229.9, 230.1


def _sampled(sequence: int) -> str:
    return ",".join(
        f'{{"value":{value},"context":"Sample.Periodic","measurand":"{measurand}","location":"Outlet",'
        + (f'"phase":"{phase}",' if phase else "")
        + f'"unitOfMeasure":{{"unit":"{unit}","multiplier":0}}}}'
        for value, (measurand, phase, unit) in zip(_values(sequence), MEASURANDS, strict=True)
    )


def _event(kind: str, trigger: str, number: int, sequence: int, more: str = "") -> str:
    return (
        f'[2,"{number:08x}-{sequence:04x}-4000-8000-000000000000","TransactionEvent",'
        f'{{"eventType":"{kind}","timestamp":"{_at(sequence)}","triggerReason":"{trigger}","seqNo":{sequence},'
        f'"transactionInfo":{{"transactionId":"bench-{number}-{START:%Y%m%d%H%M%S}","chargingState":"Charging"}},'
        f'"evse":{{"id":1,"connectorId":1}},{more}'
        f'"meterValue":[{{"timestamp":"{_at(sequence)}","sampledValue":[{_sampled(sequence)}]}}]}}]'
    )


def started(number: int) -> str:
    """Return the frame that begins the transaction of charger `number`."""
    return _event("Started", "Authorized", number, 0, '"idToken":{"idToken":"04A1B2C3D4E5F6","type":"ISO14443"},')


def updated(number: int, sequence: int) -> str:
    """Return the frame of the next reading of charger `number`."""
    return _event("Updated", "MeterValuePeriodic", number, sequence)


def metered_16(number: int, sequence: int) -> str:
    """Return a MeterValues of OCPP 1.6 with the same eight values, about 1.2 kB."""
    sampled = ",".join(
        f'{{"value":"{value}","context":"Sample.Periodic","measurand":"{measurand}","location":"Outlet",'
        + (f'"phase":"{phase.removesuffix("-N")}",' if phase else "")
        + f'"unit":"{unit}"}}'
        for value, (measurand, phase, unit) in zip(_values(sequence), MEASURANDS, strict=True)
    )
    return (
        f'[2,"{number:08x}-{sequence:04x}","MeterValues",{{"connectorId":1,"transactionId":{1000 + number},'
        f'"meterValue":[{{"timestamp":"{_at(sequence)}","sampledValue":[{sampled}]}}]}}]'
    )


def booted_16(number: int, sequence: int) -> str:
    """Return a BootNotification of OCPP 1.6."""
    return (
        f'[2,"{number:08x}-{sequence:04x}","BootNotification",{{"chargePointVendor":"Bench",'
        f'"chargePointModel":"Ladd 22","chargePointSerialNumber":"B-{number:06}","firmwareVersion":"1.4.2",'
        f'"iccid":"89460000000000000000","imsi":"240000000000000"}}]'
    )
