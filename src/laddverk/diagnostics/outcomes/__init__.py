"""How attempts to charge went: made out of what chargers said, in whatever order it came, and counted."""
