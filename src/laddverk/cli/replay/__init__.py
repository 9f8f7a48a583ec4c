"""`laddverk simulate --replay FILE`: real sessions become real OCPP traffic, and every figure is reconciled.

source      the file: rows that can be true, and those that cannot, with the reason          pure
plan        a row becomes what a meter would have shown, hour by hour                         pure
network     a throw-away Laddverk with the sites, stations, drivers and the tariff
drive       the stations say it all over their sockets, closed-loop, in parallel
accounts    what the simulators' ledger and the database say
reconcile   the comparison, and what disagrees                                                pure
command     all of it in order
"""
