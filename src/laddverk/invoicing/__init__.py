"""Invoices: what each driver owes for a month of charging, as documents that the law and the driver accept.

Nouns: an *invoice* and a *credit note* (one document table), their *lines* (one session each), the *series* that
numbers them without gaps, the *run* that makes a month's invoices, the *receipt* of a session that was paid at once.

Promises
- A session stands on at most one invoice that is not credited (`invoiced_session`); a second run changes nothing.
- The lines of an invoice sum to it, gross, net and VAT, to the öre; the gross is exactly what the driver was shown.
- Numbers have no gaps: each is taken from a locked row in the transaction that writes the document.
- A document never changes. Seller, buyer, lines and price explanation are frozen in it; its PDF keeps its fingerprint.
- Credit notes carry negative amounts and energy, so that plain sums over all documents tell the truth.
- Each document is posted to the ledger in the same transaction.

Publishes `InvoiceIssued`. Hears `PaymentCaptured` and `PaymentRefunded` (`invoicing.mark_paid`).
"""
