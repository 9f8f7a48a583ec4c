"""Who may charge while nobody can be asked, who keeps which outlet, and what chargers remember of people.

Nouns: a *local list* is what a station keeps of our tokens; a *choice* says which tokens belong into it. A
*reservation* keeps an EVSE free for somebody until it is used or expires. A *customer request* asks stations what they
remember of a driver, or to forget it; each station and tag has one *answer*.

What always holds:
- What we believe of a station's list is what it accepted last; when in doubt it is asked, and gets the whole list.
- One message about a station's list is under way at a time; those who may no longer charge leave before others come.
- A reservation has one end: used, expired, cancelled, removed by the station, or refused.
- One station can neither use nor release a reservation of another, nor tell anything about another's customers.

Publishes nothing. Hears `TokensChanged` of access, `StationOnline` and `CommandFinished` of stations, and the facts
that tokens were shown, sessions started, reservations ended and customers were told of.
"""
