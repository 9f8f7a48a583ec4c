"""What other rooms ask of subscriptions, by the name they ask for it."""

from __future__ import annotations

from laddverk.subscriptions.model import Asking, Cost, DueFee, Payer, Standing, Used
from laddverk.subscriptions.sharing import left_wh, payer_of, record_costs, restore, share_out, standing
from laddverk.subscriptions.store_accounts import session_payer
from laddverk.subscriptions.subscribing import fees_due

__all__ = [
    "Asking",
    "Cost",
    "DueFee",
    "Payer",
    "Standing",
    "Used",
    "fees_due",
    "left_wh",
    "payer_of",
    "record_costs",
    "restore",
    "session_payer",
    "share_out",
    "standing",
]
