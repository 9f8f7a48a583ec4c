"""Direct debit: mandates, what is collected by them, and the files that go to and come from banks.

Nouns: a *mandate* (a payer lets us collect from an account), a *collection* (one try to collect an invoice, or a
repayment to the account it came from; a payment or a refund shares its fate), a *bank file* (one way or the other).

Promises: each order stands in one file and is given once; files from a bank may come twice, late and in any order and
end in the same books; what belongs to nothing is kept for people, and what people gave back is not collected again by
itself.
"""
