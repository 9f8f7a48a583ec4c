"""What other rooms ask of subscriptions, by the name they ask for it."""

from __future__ import annotations

from laddverk.subscriptions.sharing import payer_of, record_costs, restore, share_out, standing
from laddverk.subscriptions.subscribing import fees_due

__all__ = ["fees_due", "payer_of", "record_costs", "restore", "share_out", "standing"]
