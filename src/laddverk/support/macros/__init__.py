"""Canned answers and macros: words with places to fill in, and several deeds in one click. `filling` is pure."""
