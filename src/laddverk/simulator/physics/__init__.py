"""Chargers that age: what wear, weather and people do to an outlet, and how a charger tells of it in OCPP.

    condition   the state of each part, healthy until a fault wears it                 pure
    weather     how warm and wet it is, by place and hour                              pure
    heat        how hot contacts and cabinets become                                   pure
    box         a charger whose behaviour follows from its condition                   pure, sans-I/O
    complaints  what a worn part says of itself, in 1.6 and in 2.x
    modes       the faults: what they wear, how fast, and what they end in
    nuisances   what looks like a fault and is none
    patrons     who comes, when, with which car, and what they do when it fails
    town        sites full of boxes with their patrons, moved from event to event

Everything is drawn from seeds; the same seed without faults is the twin of the one with them. The tables of faults and
nuisances are printed in `docs/fault-modes.md`.
"""
