"""Payments: how money moves between drivers and the operator: through a provider outside, or by files to a bank.

What belongs to one rail alone has a folder: `direct_debit`, `swish`, `wallet`, `prepaid`, `deposits`.

Nouns: a *payment* (for a session, for an invoice, or to save a card), its *state* (goes forward only), a *method* (a
saved card by the provider's ids), a *refund*, a *snapshot* (what the provider says now), the *inbox* of webhooks.

Promises
- What the provider says is applied as a whole state, never as a change: any order and repetition of its messages gives
  the same payment. A webhook is only a hint to look again; one that is not signed, or old, does nothing.
- Every call that moves money carries a key made from our own ids. A call without an answer makes the payment `unknown`,
  and the provider is asked what became of it before anything else is tried.
- Refunds, with those under way, never exceed what was captured.
- What costs more than was authorised is captured as far as it goes; the rest becomes a receivable, no second debit.
- Each capture and each refund is posted to the ledger in the transaction that records it.
- No card number is seen, stored or logged. Bank accounts, and files that name them, are stored encrypted.

Publishes `PaymentAuthorised`, `PaymentCaptured`, `PaymentFailed`, `PaymentRefunded`.
Hears `SessionPriced` (`payments.capture`) and `StartFailed` (`payments.void`).
"""
