"""Tariffs that a charger has (2.1), the price that it shows, and that somebody pays on the web for an outlet."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.model import Happening, Setting

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

ELEMENTS_MAX: Final = 40  # prices in one tariff


class Prices:
    """What one charger shows of money."""

    __slots__ = ("costs", "defaults", "of_sessions", "paying")

    def __init__(self) -> None:
        self.costs: dict[str, float] = {}
        """The price that was last told, by transaction."""
        self.defaults: dict[int, Any] = {}
        """Default tariffs by EVSE."""
        self.of_sessions: dict[str, Any] = {}
        self.paying: set[int] = set()
        """Outlets for which somebody pays on the web."""


def _cost(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    charger.of(Prices).costs[asked.transaction_id] = asked.total_cost
    return {}


def _default(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    if asked.evse_id and asked.evse_id not in charger.outlets:
        return {"status": "Rejected"}
    if _elements(asked.tariff) > ELEMENTS_MAX:
        return {"status": "TooManyElements"}
    prices = charger.of(Prices)
    for number in (asked.evse_id,) if asked.evse_id else charger.outlets:
        prices.defaults[number] = asked.tariff
    return {"status": "Accepted"}


def _elements(tariff: Any) -> int:
    dimensions = (tariff.energy, tariff.charging_time, tariff.idle_time, tariff.fixed_fee)
    return sum(len(dimension.prices) for dimension in dimensions if dimension is not None)


def _get(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    if asked.evse_id and asked.evse_id not in charger.outlets:
        return {"status": "Rejected"}
    by_id: dict[str, list[int]] = {}
    for number, tariff in sorted(charger.of(Prices).defaults.items()):
        if asked.evse_id in (0, number):
            by_id.setdefault(tariff.tariff_id, []).append(number)
    if not by_id:
        return {"status": "NoTariff"}
    return {
        "status": "Accepted",
        "tariffAssignments": [
            {"tariffId": tariff_id, "tariffKind": "DefaultTariff", "evseIds": numbers}
            for tariff_id, numbers in by_id.items()
        ],
    }


def _clear(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    defaults = charger.of(Prices).defaults
    meant = [
        number
        for number, tariff in defaults.items()
        if asked.evse_id in (None, number) and (not asked.tariff_ids or tariff.tariff_id in asked.tariff_ids)
    ]
    gone = sorted({defaults.pop(number).tariff_id for number in meant})
    if not gone:
        return {"clearTariffsResult": [{"status": "NoTariff"}]}
    return {"clearTariffsResult": [{"status": "Accepted", "tariffId": each} for each in gone]}


def _change(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    if charger.found(key=asked.transaction_id) is None:
        return {"status": "TxNotFound"}
    charger.of(Prices).of_sessions[asked.transaction_id] = asked.tariff
    return {"status": "Accepted"}


def _paying(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    charger.of(Prices).paying.add(asked.evse_id)
    charger.happenings.append(Happening("web_payment", asked.evse_id, str(asked.timeout)))
    return {}


ORDERS_2X: Final[Orders] = {
    "CostUpdated": _cost,
    "SetDefaultTariff": _default,
    "GetTariffs": _get,
    "ClearTariffs": _clear,
    "ChangeTransactionTariff": _change,
    "NotifyWebPaymentStarted": _paying,
}


def settings_2x() -> list[Setting]:
    """Return the variables of TariffCostCtrlr."""
    return [
        Setting("TariffCostCtrlr", "Available[Cost]", "true", False, "boolean"),
        Setting("TariffCostCtrlr", "Enabled[Cost]", "true", True, "boolean"),
        Setting("TariffCostCtrlr", "Available[Tariff]", "true", False, "boolean"),
        Setting("TariffCostCtrlr", "Enabled[Tariff]", "true", True, "boolean"),
        Setting("TariffCostCtrlr", "Currency", "SEK", True),
    ]
