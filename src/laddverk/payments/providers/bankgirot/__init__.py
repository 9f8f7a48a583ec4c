"""Bankgirot's files of 80 columns, both ways, as pure functions: bytes to Structs and back to the same bytes.

`fields` says how one column range is read and written, `records` which fields each record has, `files` which records
make which file and what must add up, `bgmax` the same for payments that came in by themselves, `codes` what the bank's
numbers mean in words. Nothing here does I/O or knows of mandates and payments of the house.

Layouts: Bankgirot, "Bg Autogiro, technical manual" (July 2016), in the old and the new file layout.
"""
