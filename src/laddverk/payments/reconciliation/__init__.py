"""Reconciliation: do our payments, the provider's word, the bank and the ledger tell the same story?

Nouns: a *side by side* (one payment as each of the four sees it), a *flow* (the same, summed over a rail), a
*difference* (where two of them disagree: it is kept, told to staff once, and goes by itself when it agrees again, or is
explained by a person).

Promises
- Nothing is changed here but the list of differences: whoever looks at it corrects the cause.
- A difference is found from the records each time, never counted up: looking twice finds the same.
- Providers are asked for the truth by the port that all rails share; a silent one makes no difference, only no answer.
"""
