"""The face that chargers see: sockets in, facts to the rooms, answers and commands out.

Promise: a message is answered after the commit that holds it, or the socket is closed (law 1); every frame is in the
journal (law 3); a charger that misbehaves disturbs itself alone; nobody is let in without a key. No business rule
lives here: what a fact means is decided by the recorders that `wiring` hands over.
"""
