"""Where a new site is wanted: by drivers who say so, and by sites near by that have to send drivers away.

Nouns: a *wish* is a driver's request for a charger at a place; a *spot* is a part of the map of about a kilometre, with
the wishes in it and what spills over from sites near by.

What always holds:
- Of who wished nothing is kept but the account, where there is one, and a keyed digest that limits how many come.
- A score comes with its formula. Nothing is built by it: people decide.
"""
