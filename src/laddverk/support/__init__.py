"""Support: what people need help with, and everything that was said and done about it, on one timeline.

Nouns: a *case* is one thing that one person needs help with; its *entries* are messages, notes, calls, deeds and what
machines did; it *waits* for its driver or for an incident.

What always holds:
- A case that speaks of a charger's trouble has one voice among the drivers' reports: it joins the incident of its
  outlet by the same rule as they do, and goes with it when it turns out to be part of a larger one.
- A timeline is only added to; what a person did is in the audit log too.
- What a driver sees of a case is what was said to each other, and never notes or names of machines.
- A number that was guessed opens nothing: a driver's page has a signed address.

Hears `IncidentClosed`: cases that wait for it are told, and drivers who asked for it.
"""
