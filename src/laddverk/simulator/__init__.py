"""Simulated chargers and cars, which reach the network as real ones do: over a WebSocket, in OCPP 1.6, 2.0.1 or 2.1.

    car         what a car takes: its battery, its phases, the taper above 80 %            pure
    model       what a charger is made of, and what it has to say                          pure
    charger     what a charger does when a cable, a card, a command or the clock comes     pure, sans-I/O
    dialect16, dialect201   the same in the words of each version (201 also speaks 2.1)    pure
    abilities   what a charger can do beside charging, one file for each block            pure
    connection  the socket: reconnects, keeps what was not acknowledged, says it again
    ledger      what was metered and what was acknowledged, written down independently of the network
    fleet       sites full of chargers, and the cars that come and go
    faults      what goes wrong
    control     one charger driven by hand, for tests and demonstrations

It imports `kernel` and `ocpp` only. Nothing here knows how the network keeps its data: the ledger of the simulator is
the oracle that the network is compared with.
"""
