"""The software of chargers: images and their way into many of them, and the logs that chargers hand in.

Nouns: an *image* is one version of firmware for some models, with its fingerprints and signature. An *update* is the
way of one image into one station; a *campaign* is many of them, in *stages*, each of which waits for the one before.
A *publication* is an image at a local controller. A *log request* asks a station for a log, which becomes a *log
file*. A *link* is the address by which one station fetches or hands in one file.

What always holds:
- A station is only ever sent to a link of ours: secret, for one file, for a while, and for one upload (T17).
- An image whose signature is wrong goes nowhere. One without a signature goes to a charger that knows signatures only
  when an administrator says why (L01).
- A campaign never asks more stations than its stage has and never more at once than its plan says; it asks none that
  is in use, and none at all after as many failed as the plan allows. `rules.decide` is pure, and a property test.
- An update has succeeded when the station boots with the version, or says that it is installed; never before.
- What comes in is cut off at its limit, named by its content, and read only as far as a screen can show.

Hears `CommandFinished` of stations. Publishes nothing: its jobs look at the database, where the truth is.
"""
