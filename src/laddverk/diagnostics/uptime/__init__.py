"""Uptime: one timeline of what each outlet was, and what named, versioned policies make of it.

Nouns: an *interval* is a stretch of time in which an outlet was one thing; a *policy* says which of them count as out
of order, and is a file; an *exclusion* is an outage that a policy need not count, with reason, evidence, and two people
who stand for it; a *correction* is proof that a silent outlet worked.

What always holds:
- The timeline follows from facts that are only ever added: what chargers said, when they were connected, our orders,
  findings. Nobody edits it.
- Offline is *unknown*, shown by itself; whether it counts as down is the policy's business.
- What is excluded is published beside the raw value, and is never more than the outage it excuses.
"""
