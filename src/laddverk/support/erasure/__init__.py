"""Forgetting a driver for good (GDPR, article 17): done by itself once they or we asked and nothing is in the way.

Nouns: an *erasure* is one wish to be forgotten; what *stands in the way* is what somebody must do first: money that is
owed either way, a charge that runs, a case that is open.

What always holds:
- Whoever asked starts no more charges; until it is done they can take it back.
- Afterwards nothing that we keep names them, but for the documents of `clearing.KEPT`, each for the reason it says.
- The books stay whole: sums, invoices and charges, without a name where the law asks for none.
- Invoices lose the name seven years after the year they are of (bokföringslagen 7:2).
"""
