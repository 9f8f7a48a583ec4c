"""Who may do what: staff and their roles, drivers and their tokens, sign-ins, API keys.

Nouns: an *operator* is a member of staff with a *role*; a *driver* charges, with *tokens* (RFID tags); a *standing* is
what a token that is shown comes to. A *web session* is a sign-in that lasts, a *sign-in link* one that is mailed and
works once, an *API key* lets a program in. Members of a *group* of tokens may stop each other's sessions; a *master*
token stops any session and starts none.

What always holds:
- Passwords are kept as argon2id; cookies, links and keys are 256 or 160 random bits and kept as hashes only: a copy of
  the database opens no door.
- Nobody learns from an answer or its time whether an e-mail address is known. Guessing is limited by who guesses, so
  that nobody can lock somebody else out.
- A token's uid is kept normalised: upper case, without separators and control characters (quirks 52, 53).
- Nobody hands out a role or a scope beyond their own, and there is always an administrator who can sign in.

Publishes `TokensChanged`. Hears nothing: the faces and `sessions` call it.
"""
