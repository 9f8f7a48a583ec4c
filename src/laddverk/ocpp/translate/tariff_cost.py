"""Tariff and cost (functional block I): the running price, and, in 2.1, tariffs that the charger computes with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.facts import CostComputed, Fact, PriceShown, PriceWhen, TariffAssigned, TariffShown
from laddverk.ocpp.translate.block import Outcomes, Speakers
from laddverk.ocpp.translate.origin import Origin, place, said, stamp_at

ASSIGNMENTS_MAX: Final = 100  # more tariffs at one charger are no tariffs
VAT: Final = "VAT"
AMOUNT_MAX: Final = 10_000_000  # nobody pays more for charging a car; beyond it is a fault


def computed_21(event: Any, origin: Origin) -> list[Fact]:
    """Return what the charger computed for its transaction, if an event says it; an amount beyond sense is left out."""
    details = getattr(event, "cost_details", None)
    total = details.total_cost.total if details is not None else None
    if details is None or total is None:
        return []
    has_tax = total.incl_tax is not None
    amount = total.incl_tax if has_tax else total.excl_tax
    if not isinstance(amount, int | float) or abs(amount) > AMOUNT_MAX:
        return []
    failed = bool(details.failure_to_calculate)
    return [
        CostComputed(
            **stamp_at(origin, event.timestamp),
            transaction_key=said(event.transaction_info.transaction_id) or "",
            amount=Decimal(repr(amount)),
            currency=(said(details.total_cost.currency) or "")[:3].upper(),
            has_tax=has_tax,
            is_final=str(event.event_type) == "Ended",
            failure=(said(details.failure_reason) or "it did not say why") if failed else None,
        )
    ]


def cost_2x(command: commands.ShowCost) -> tuple[str, dict[str, Any]]:
    """Return CostUpdated."""
    return "CostUpdated", {"totalCost": float(command.total), "transactionId": command.transaction_key}


def default_21(command: commands.SetDefaultTariff) -> tuple[str, dict[str, Any]]:
    """Return SetDefaultTariff."""
    return "SetDefaultTariff", {"evseId": command.evse_number, "tariff": written(command.tariff)}


def change_21(command: commands.ChangeSessionTariff) -> tuple[str, dict[str, Any]]:
    """Return ChangeTransactionTariff."""
    return "ChangeTransactionTariff", {
        "transactionId": command.transaction_key, "tariff": written(command.tariff),
    }  # fmt: skip


def read_21(command: commands.ReadTariffs) -> tuple[str, dict[str, Any]]:
    """Return GetTariffs."""
    return "GetTariffs", {"evseId": command.evse_number}


def clear_21(command: commands.ClearTariffs) -> tuple[str, dict[str, Any]]:
    """Return ClearTariffs."""
    return "ClearTariffs", {"tariffIds": list(command.tariff_ids) or None, "evseId": command.evse_number}


def written(tariff: TariffShown) -> dict[str, Any]:
    """Return a tariff as a TariffType. A price travels as a float: 15 digits are kept."""
    return _given(
        {
            "tariffId": tariff.id,
            "currency": tariff.currency,
            "description": [
                _given({"format": "UTF8", "language": language or None, "content": text})
                for language, text in tariff.descriptions
            ]
            or None,
            "validFrom": times.written(tariff.valid_from) if tariff.valid_from else None,
            "energy": _dimension(tariff, "energy", "priceKwh"),
            "chargingTime": _dimension(tariff, "charging_time", "priceMinute"),
            "idleTime": _dimension(tariff, "idle_time", "priceMinute"),
            "fixedFee": _dimension(tariff, "fixed", "priceFixed"),
        }
    )


def _dimension(tariff: TariffShown, dimension: str, name: str) -> dict[str, Any] | None:
    prices: tuple[PriceShown, ...] = getattr(tariff, dimension)
    if not prices:
        return None
    percent = dict(tariff.own_taxes).get(dimension, tariff.tax_percent)
    rates = None if percent is None else [{"type": VAT, "tax": float(percent)}]
    return _given({"prices": [_price(one, name) for one in prices], "taxRates": rates})


def _price(price: PriceShown, name: str) -> dict[str, Any]:
    return _given({name: float(price.price), "conditions": _conditions(price.when) or None})


def _conditions(when: PriceWhen) -> dict[str, Any]:
    return _given(
        {
            "startTimeOfDay": when.from_time,
            "endTimeOfDay": when.to_time,
            "dayOfWeek": list(when.days) or None,
            "validFromDate": when.valid_from,
            "validToDate": when.valid_to,
            "minIdleTime": when.idle_from_s,
        }
    )


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _shown(_command: commands.Command, _response: Any) -> CommandOutcome:
    """An answer without words: it was heard."""
    return CommandOutcome(verdict=Verdict.DONE, word="Accepted")


def _worded(_command: commands.Command, response: Any) -> CommandOutcome:
    word = str(response.status or "")
    info = response.status_info
    detail = {"reason": info.reason_code} if info else {}
    return CommandOutcome(verdict=Verdict.DONE if word == "Accepted" else Verdict.REFUSED, word=word, detail=detail)


def _read(_command: commands.Command, response: Any) -> CommandOutcome:
    """Return the tariffs that the charger has, in `detail["tariffs"]`. NoTariff: it has none."""
    word = str(response.status or "")
    found = [_assigned(each) for each in (response.tariff_assignments or ())[:ASSIGNMENTS_MAX]]
    if word == "NoTariff":
        return CommandOutcome(verdict=Verdict.DONE, word=word, detail={"tariffs": []})
    outcome = _worded(_command, response)
    if outcome.verdict is not Verdict.DONE:
        return outcome
    return CommandOutcome(verdict=Verdict.DONE, word=word, detail={"tariffs": found})


def _assigned(item: Any) -> TariffAssigned:
    return TariffAssigned(
        tariff_id=said(item.tariff_id) or "",
        kind=str(item.tariff_kind),
        evse_numbers=tuple(place(number)[0] for number in item.evse_ids or ()),
        valid_from=times.parsed(item.valid_from)[0] if item.valid_from else None,
    )


def _cleared(_command: commands.Command, response: Any) -> CommandOutcome:
    """Done when none was kept: NoTariff means that there was none."""
    words = [str(each.status) for each in response.clear_tariffs_result]
    kept = [word for word in words if word not in ("Accepted", "NoTariff")]
    verdict = Verdict.REFUSED if kept or not words else Verdict.DONE
    return CommandOutcome(verdict=verdict, word=(kept or words or [""])[0], detail={})


def exactly(amount: Decimal) -> bool:
    """Return whether a price survives the way as a float."""
    return Decimal(repr(float(amount))) == amount


SPEAKERS_2X: Final[Speakers] = {
    commands.ShowCost: cost_2x,
    commands.SetDefaultTariff: default_21,
    commands.ChangeSessionTariff: change_21,
    commands.ReadTariffs: read_21,
    commands.ClearTariffs: clear_21,
}
OUTCOMES: Final[Outcomes] = {
    commands.ShowCost: _shown,
    commands.SetDefaultTariff: _worded,
    commands.ChangeSessionTariff: _worded,
    commands.ReadTariffs: _read,
    commands.ClearTariffs: _cleared,
}
