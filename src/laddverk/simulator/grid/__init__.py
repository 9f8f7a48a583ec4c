"""A site's electricity as it really is: fuses that melt, a building, cars, chargers and meters that fail. No I/O.

What load management believes is one thing; what flows here is another, and only this one melts a fuse. Everything
happens in steps of a second, from one seed.
"""
