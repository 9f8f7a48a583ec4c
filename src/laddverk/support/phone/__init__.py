"""The desk's telephone: a spoken menu made of situations, a queue, people who answer, and what comes of a call.

Nouns: a *call*, its *place* in the menu, an *act* (what the carrier is to do next), a *carrier* (one file of
`providers/` for each), *presence* (who of ours takes calls).

What always holds:
- No dead end: every key, every silence and every wrong number leads to a deed, a person, or a promise to call back.
- Who calls is known by their number at best, and a number can be forged: nothing of an account is said aloud.
- What is dangerous is told first, and offers neither another try nor a restart.
- A webhook that comes twice, or late, changes nothing: each turn of a call counts once.
- Nothing is recorded before its caller has pressed a key for it.

`menu` and `lines` are pure; `service` does what they decide; `providers` speak to carriers.
"""
