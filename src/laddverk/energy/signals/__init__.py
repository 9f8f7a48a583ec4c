"""Limits that others send: programs of OpenADR 3 servers that are asked, and become limits of a circuit over time.

Nouns: a *VTN* is the server (virtual top node) of a grid operator or an aggregator; a *program* of it holds *events*,
each a series of *intervals* with a *payload*: how much the site may take. We are the *VEN* (virtual end node).

What always holds:
- We ask, again and again; nobody has to reach us. What an answer does not hold any more is over.
- An event that says a limit which cannot be understood (wrong units, no number) holds as the limit of silence for its
  time, and is told; one whose times cannot be understood is told and left out.
- Between a later answer and a limit the lowest counts, whoever says it; a limit of others never lifts a fuse.
- When the VTN is silent for longer than people allowed, the limit of silence holds until it answers again. Without us
  running chargers fall back on their own defaults (`energy.steering`).
- Its clock may be wrong: what it says then holds by its clock and by ours.
"""
