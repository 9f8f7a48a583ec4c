"""Charging sessions: one visit of a car at a connector, from the wish to charge to the final energy and price.

Nouns: a *start request* is a wish to charge before the charger has said anything; a *session* is what the charger then
reports; an *orphan* is the end of a session that nobody saw start; a *doubt* is a reason to look before billing.

Invariants
- Each transaction message lands once in `session_event`, each reading once in `sample`. The session row is a pure fold
  over them (`fold.py`): any order and any repetition of the same messages gives the same row (law 2).
- A session has one tariff, that in force when it started, and keeps it.
- What is doubtful gets settlement `review`: it is priced and shown, and never billed by itself.
- A closed session changes only when late truth arrives: its `version` grows and it is priced anew, or, once its money
  has moved, it is left as settled and doubted.

Publishes `SessionOpened`, `SessionClosed`, `SessionPriced`, `StartFailed`. Hears `CommandFinished` of stations (a start
that the charger refused) and its own `SessionClosed` (to price it).
"""
