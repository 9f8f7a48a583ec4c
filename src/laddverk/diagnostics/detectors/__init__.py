"""Detectors: each a small streaming object that hears what one station or outlet does and says when something is wrong.

One file for each kind of evidence. `registry` lists them all; `base` says what a detector is.
"""
