"""Promises to drivers: how soon somebody answers and how soon it is solved, in the hours in which we work.

A case has one promise, the first that fits it. Its clock runs in the promise's hours only, and stands still while we
wait for the driver and after the case is over. `hours` and `rules` are pure.
"""
