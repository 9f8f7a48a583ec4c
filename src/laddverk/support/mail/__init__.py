"""E-mail of support: what comes in by LMTP or IMAP, whose case it belongs to, and how our answers find their way back.

Nouns: a *mail* is what arrived, kept as it came; its *verdict* says what became of it; a *thread* is what our answers
carry so that theirs come back to the same case.

What always holds:
- Every mail that we said yes to is kept, also one that opens nothing: people see why, and can make a case of it.
- The same mail is one mail, however often and by however many inboxes it comes.
- A case is joined by what only its people can know: a signed address, or the id of a mail in it; by its number only
  where the sender's mail server vouches that the case's own driver wrote. Never by a subject or a sender alone.
- No machine's mail is answered by a machine; an address gets few automatic answers in an hour.
- What nobody vouches for is told nothing personal.
"""
