"""What screens and the API read of this room. SQL and nothing else; nothing is changed here."""
