"""Upkeep: work on chargers, from the wish that somebody goes there to the charge that proves it was mended.

A *work order* has evidence, a checklist, parts, photos, time and cost; finishing it closes the incident it came from
with the cause that was found. It is *verified* by the next real charge, not by the one who did the work.
"""
