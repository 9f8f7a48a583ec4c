"""The double-entry ledger: the one place that says who owes what, and where money is.

Nouns: an *account* (BAS number, often with an owner), an *entry* (one business event, posted once), its *lines*
(debit positive, credit negative, whole minor units).

Promises
- An entry that does not sum to zero in each currency cannot be posted: refused here, and by the database at commit.
- The same `idempotency_key` posts once, whoever asks and how often.
- Nothing is changed or removed: a mistake is corrected by another entry.
- `account_balance` always equals the sum of the postings; `service.check` proves it.

Publishes and hears no events: those who move money call `service.post` in their own transaction.
"""
