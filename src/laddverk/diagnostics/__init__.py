"""What is wrong with chargers: found before drivers find it, told once, mended by itself where that is safe.

Nouns: an *observation* is one thing that a charger did or said, as far as diagnosis needs it; a *detector* is a small
streaming object that hears the observations of one station or outlet; a *finding* is what one detector holds against
one of them, raised and later cleared; an *incident* is one real problem, made of findings that belong together; an
*outcome* says how one attempt to charge went.

What always holds:
- Observations are written in the window that commits the message, and are taken away by the commit that keeps what the
  detectors made of them: none is lost, none is heard twice.
- A detector's fields are its whole memory, at most 2 KB an outlet; it reads no clock and no table.
- What a station does not send is *not observable*, never fine.
- A finding carries its evidence as data and can be worked out again from the frame journal.
"""
