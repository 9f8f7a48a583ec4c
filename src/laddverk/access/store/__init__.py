"""Staff, drivers, tokens, sign-ins and keys in PostgreSQL. No decision is made here."""
