"""What support has of somebody without an account: whoever reads back a code from the address or number gets it.

Nouns: a *person* is an address or a number; a *code* of six digits proves that it is read there.

What always holds:
- The answer to who asks is the same whether we know the address or not; a code goes out only where we do.
- A code ends after ten minutes, five tries or one use.
- It opens cases, mails, chats and calls of just that address or number that belong to no account: an account's are
  handed out to who signs in.
"""
