"""Incidents: one line for each real problem, however many detectors, outlets and drivers speak of it.

Nouns: an *incident* is made of findings that have one cause; it is *held* back until it has lasted, *opens*, is worked
on, *verified* and *closed* with a confirmed cause. A *quiet span* is a silence or a maintenance window. A *report* is
what a driver says.

What always holds:
- An open finding belongs to exactly one incident that is not over, unless a person called that problem false.
- The same findings, groups and times give the same incidents, in whatever order they are read.
- Safety is never held back, silenced or muted.
- An incident that a person has taken is closed by a person, with a cause. What went away by itself, untouched, is
  closed by a rule that says so, and teaches nothing about the detectors.
- Its timeline is only added to; what a person did is in the audit log too.
"""
