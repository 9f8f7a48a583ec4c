"""Deposits: money that somebody saw on the bank account, before files of the bank tell of it by themselves.

Nouns: a *deposit* (day, amount, what the payer wrote), the *invoice* it is for, the *split* of it (what settles the
invoice, what is rounded, what the payer has with us afterwards), money that is kept *aside* until somebody knows whose
it is.

Promises
- A form that is sent twice books once; the same day, amount and reference again is asked about first.
- No guess is booked: a reference that fits no invoice makes proposals, and a person chooses.
- What is paid beyond an invoice is the payer's (2420); less than a krona, or whole kronor, is rounding (3740).
- A mistake is undone on the same day by an entry that mirrors the first; nothing is removed.
"""
