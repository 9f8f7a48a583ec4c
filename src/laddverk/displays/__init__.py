"""What a charger shows to the people in front of it: messages, the price while it runs, its tariff; paying at it.

Nouns: a *message* is a text that we want on a charger's display, with the copy that the charger says it has; a *tariff
shown* is ours in the charger's words, beside what the charger says it uses; a *settlement* is money that a terminal in
the charger took; a *swap* is one battery in or out of a battery station.

What always holds:
- Our number of a message is never used for another one on the same charger, so that an old copy is never mistaken.
- What a charger is told to show as a price includes VAT and is what our own pricing says, to the öre.
- A tariff that the charger's words cannot express exactly is not sent at all: a wrong price is worse than none.
- Settlements are kept as integers of the minor unit, once each, whatever is repeated. They book nothing by themselves.

Hears `CommandFinished` of stations. Publishes nothing.
"""
