"""Certificates of chargers, the roots they trust, the contracts of cars, and what may be an attack.

Nouns: an *authority* signs certificates: ours, or one outside behind a port. A *request* is a charger's wish for a
certificate; a *station certificate* is what it got. A *trust anchor* is a root that we know, with the responders and
the services of its ecosystem; the *inventory* is what a charger says is installed in it. A *question* is one that a
charger has about revocation, a contract or a car's certificate. A *security event* is what a charger, or the house
itself, noticed.

What always holds:
- A certificate is signed only for the station that is authenticated on the socket: its name, our organisation, a strong
  key, one open request for each use, and a quota for each day.
- The keys of our authority are on disk only, encrypted with a key derived from the secrets, and never in the database.
- A responder is asked only if it belongs to a trust anchor, and never at a private address unless that is listed.
- No recorder waits for anybody outside: questions are asked before the commit (`asking`), requests are signed after it.
- A contract certificate is good only if it is traced to a root that we trust for contracts and is not known as revoked.
- EXI is passed on and never read.

Hears `CommandFinished`, `IdentityShared`, `KeyGuessed` and `StationOnline` of stations. Publishes `ContractRefused` and
`SecurityEventNoted`, which it hears to tell staff.
"""
