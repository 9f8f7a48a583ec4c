"""Stepping: what is done by itself when a situation arises, as the file of the situation names it.

What always holds:
- A step is taken once for each occurrence, and what held it back is kept with its reason; what passes is
  waited for: people at work, a driver who was asked a moment ago, prices of the exchange that are not there yet.
- Where something dangerous is known nothing is done by itself but closing the outlet; where people work, nothing.
- A command that is sent is confirmed by the state that follows, as any other.

Asking once more where a charger said no (`Step.TRY_AGAIN`) is carried out where starts are
(`sessions.waiting.ask_again`), before the money is let go of.
"""
