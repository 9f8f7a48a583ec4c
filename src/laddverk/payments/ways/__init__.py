"""Ways to pay: which of a driver's means is debited, when, what steps in when it fails, and when no start is let in.

Nouns: a *way* (the wallet, a saved card or consent, the bank account, the invoice), a driver's *choice* of a first way
and a fallback, a *try* (one debit of somebody who is not there), a *hold* of new starts, the operator's *policy*.

Promises
- A try is numbered: a session or an invoice is never debited twice at once, and every try can be seen.
- After a decline the fallback is tried once. What then remains goes to the driver's invoice if the operator lets the
  driver owe, else it is asked for on the driver's page. The driver is told either way: no debt is made silently.
- An invoice is tried again after 1, 3 and 7 days. What a bank said for good (lost, closed, revoked) is not repeated.
- One payment at a time for an invoice: who pays by hand meanwhile wins, and so does a collection by the bank.
- Starts are held back by rules that are shown with their reason; a session that runs is never touched.
"""
