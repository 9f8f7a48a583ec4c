"""Sites, stations, connectors, their states and commands in PostgreSQL. No decision is made here."""
