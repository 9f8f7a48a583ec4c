"""Commands of tariff and cost (block I): the price while it runs, and, in 2.1, whole tariffs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.tariff_cost import TariffShown


class ShowCost(Command, frozen=True, kw_only=True, tag="show_cost"):
    """CostUpdated (2.x): what a running session costs so far, with tax."""

    SEND_WITHIN = timedelta(seconds=30)  # the next one follows

    transaction_key: str
    total: Decimal
    """Major units."""


class SetDefaultTariff(Command, frozen=True, kw_only=True, tag="set_default_tariff"):
    """SetDefaultTariff (2.1): what drivers pay who have no tariff of their own. EVSE 0 is all."""

    SEND_WITHIN = timedelta(hours=12)

    evse_number: int
    tariff: TariffShown


class ReadTariffs(Command, frozen=True, kw_only=True, tag="read_tariffs"):
    """GetTariffs (2.1). The answer holds them."""

    evse_number: int = 0


class ClearTariffs(Command, frozen=True, kw_only=True, tag="clear_tariffs"):
    """ClearTariffs (2.1): those named, else all; at one EVSE, else at all."""

    SEND_WITHIN = timedelta(hours=12)

    tariff_ids: tuple[str, ...] = ()
    evse_number: int | None = None


class ChangeSessionTariff(Command, frozen=True, kw_only=True, tag="change_session_tariff"):
    """ChangeTransactionTariff (2.1): another tariff for what is charged from now on."""

    SEND_WITHIN = timedelta(minutes=2)

    transaction_key: str
    tariff: TariffShown


AnyTariffCost = ShowCost | SetDefaultTariff | ReadTariffs | ClearTariffs | ChangeSessionTariff
