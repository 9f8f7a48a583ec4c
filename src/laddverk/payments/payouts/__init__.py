"""Payouts: what a provider pays to our bank account, each krona of it traced to what we have in our books.

Nouns: a *payout*; its *items* (charges, refunds, disputes, the provider's fees); its *difference*.

Promises
- What a payout is said to be made of is found among our own payments, refunds and disputes, or shown as unknown.
- A payout that does not equal the sum of what we know is booked all the same, with the difference on an account of its
  own (1589), and an alarm; when what was missing turns up later, the difference goes away by itself.
- A payout that fails is booked back. Everything is posted once, whatever is read again.
"""
