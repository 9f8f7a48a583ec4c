"""Tariffs: what charging costs, and why a session cost what it did.

Nouns: a *tariff* has a name and *versions*; a version is a list of price *components*, never changed once written; a
*choice* says where a tariff applies: on a station, a site or the whole network, for everybody or for one driver group.
A *charge* is what was used; *priced* is its price with one line for every part of it.

Invariants
- Prices are kept and shown including VAT, as exact decimals in major units.
- The total is exact until it is rounded once to the minor unit; its lines share it and add up to it.
- Energy that is split at a price change adds up to the energy of the charge, to the Wh.
- Windows are in the local time of the site; durations are real time, also in the nights when clocks change.

- A price of the exchange that has begun is never changed, and a session waits for those it needs.

Publishes `SpotPricesCame`; hears nothing.
"""
