"""The wallet: what a driver has with us, paid in by card or Swish, by prepaid cards, or given by us.

Nouns: the *balance* (what we owe the driver, account 2420 of the ledger), what is *held* for charges under way, what is
*available*; a *top-up*; a *balance refund*; *goodwill*, which can be charged for and not paid out.

Promises
- The balance is the ledger's: top-ups, redeemed cards and goodwill, less charges and refunds. It is kept nowhere else.
- Two charges never spend the same krona: each has a hold. The balance falls below zero only when a running charge used
  more than was held for it; it is never stopped by a debt, and the next one waits for a top-up.
- As a single-purpose voucher its VAT falls due when money is paid in, and waits on 2618 to be set off; when everything
  is spent or paid back, nothing waits (VAT directive 2006/112/EC art. 30a, 30b).
- A balance goes back the way it came, newest first, and never more than came that way; the rest to a bank account.
"""
