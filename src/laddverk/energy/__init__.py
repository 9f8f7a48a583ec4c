"""How much current may flow: charging profiles, what they add up to, what cars need and what others limit.

Nouns: a *profile* is a limit over time for a charger or one of its outlets, with its purpose and stack level; a
*composite schedule* is what all profiles of an outlet allow together; *needs* are what a car said it wants; a *limit
from outside* is what somebody else (a grid operator, a local manager) told the charger; a *control* is a function of
a distributed energy resource (DER) that feeds back into the grid.

What always holds:
- What we believe to be installed, and what the charger says, are kept apart and compared; neither is silently taken
  for the other.
- A limit below 6 A is a pause and is sent as 0, for no car charges with less (IEC 61851); who asked is told so.
- A profile of a transaction names a transaction; it ends with it, on our side as well.
- The composite schedule is a pure function of the profiles and the instant.

Hears `CommandFinished` of stations. Publishes nothing.
"""
