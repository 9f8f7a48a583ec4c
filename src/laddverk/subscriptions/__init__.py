"""Subscriptions: what somebody pays each month whatever they charge, and accounts that pay for several drivers.

Nouns: a *plan* has a name and *versions* (terms that never change); a *subscription* is a driver's or an account's, and
is a row of *pieces*, each saying which version counts on which days and whether it is on trial, active or paused; an
*account* is a family or a company whose *owner* pays for its *members*; a *charge* is what a member used.

Invariants
- The pieces of a subscription neither overlap nor leave gaps; nothing before today is ever changed.
- The fee of a month is the exact sum over its days, rounded once; its lines add up to it.
- The energy that is included is used by sessions in the order in which they end, split within a session, and never
  more of it than there is; a session that was settled keeps what it took.
- A session has one payer, decided when it started, and a driver is a member of at most one account at a time.
- A limit refuses a start; it never ends a session.

Publishes `SubscriberToTell`. Hears nothing: sessions and invoicing ask.
"""
