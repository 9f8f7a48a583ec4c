"""Disputes: a card holder's bank takes a payment back, or asks whether it should.

Nouns: a *dispute* of one payment; its *evidence* (what we show the bank); money *withdrawn* from us, and *returned*.

Promises
- A dispute is what the provider says of it now, joined to what was known: any order and repetition of messages ends in
  the same rows and the same postings.
- What is withdrawn stands on 1515 until it is returned (won) or written off (lost); the fee is posted as it is taken.
- While a payment is disputed nothing of it is refunded, and the card is not debited while nobody is there.
- Evidence is gathered from what was kept at the time: nothing is written for the occasion but what a person adds.
"""
