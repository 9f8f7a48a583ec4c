"""Prepaid cards: what a driver buys over a counter, and adds to what they have with us by its code.

Nouns: a *batch* of cards of one value, a *card* with its code, the *sheet* from which the codes are printed.

Promises
- A code is known to its card only: stored as a keyed hash, and encrypted until its sheet has been printed.
- A card is redeemed once, whoever tries and how often at a time.
- Guessing is limited for each driver and each network address; a slip of the pen is told apart by the check sign.
- What is sold is a debt in the ledger until it is used. The VAT of a multi-purpose voucher falls due when it is used,
  of a single-purpose voucher when it is sold (VAT directive 2006/112/EC art. 30a, 30b).
"""
