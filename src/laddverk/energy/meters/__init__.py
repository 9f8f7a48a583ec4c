"""Meters of circuits: what really flows through a fuse, chargers and everything else together.

Nouns: a *meter* belongs to a site and measures the circuits that name it; its *setup* says how it is read (Modbus TCP,
MQTT, or readings that a program pushes). A *reading* is the current on each phase at an instant; a *map* says which
register of a model holds what. *Trouble* is why nothing comes, as data.

What always holds:
- A reading that cannot be (no number, more than any meter measures, from the future) is refused, never rounded to one
  that can.
- Current has a sign: negative flows towards the grid. Where the meter tells no direction it counts as drawn, which
  leaves less to charge with, never more.
- An older reading never replaces a newer one; the same reading twice changes nothing.
- No meter holds up another: each is read by a task of its own, and one that does not answer is asked more seldom.
"""
