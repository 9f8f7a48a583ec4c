"""The plan ahead: when cars should charge over the next day and a half, and what it saves.

Nouns: a *capacity tariff* is what a grid operator takes for power; a *stay* is a car that is plugged in or expected; a
*forecast* is a value with an interval and where it comes from; a *plan* gives each stay a target for each period, and
says why.

What always holds:
- A plan never goes above a limit of the tree; the allocator is not bound by it and stands above it.
- A driver's own word goes before any forecast. A forecast re-orders; it never makes a car starve.
- Where nothing good is known, or no plan is found in time, the cap rule stands: a level of power learnt from the site's
  own past, which the tariff's hours weigh.
- Fees are exact: whole minor units, made of whole watt-hours and decimals.

All but `store`, `service` and `jobs` is pure. Publishes nothing and hears nothing.
"""
