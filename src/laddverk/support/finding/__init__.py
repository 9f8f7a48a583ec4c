"""One search box: whatever somebody says on the phone leads to the person, charge, payment or charger that is meant.

`reading` is pure and says what a text may be; `looking` looks each of those up by an index, and says by what it found.
"""
