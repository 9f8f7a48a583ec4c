"""The faces for people: console, portal and API. No business rule lives here."""
