"""Alerting: who is told of an incident, when, by what way, and who is called next when nobody answers.

Nouns: a *person* on call; a *step* of the chain, whose people take turns; a *swap* of a shift; an *alert* is one
message to one person or webhook.

What always holds:
- Only what is shown and not hidden is told. Safety is told at once and heeds no quiet hours.
- Whoever acknowledges ends the chain: from the console, over the API, or by the signed address in the message, which
  asks before it acts, so that what reads mails for people acknowledges nothing.
- A message that a provider did not take is tried again, and its last error is shown.
- That the pipeline itself stands still is told by a task that does not need the pipeline.
"""
