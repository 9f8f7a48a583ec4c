"""The commands. Each file here is one: `arguments(parser)` says what it takes, `run(given, settings)` does it.

Exit codes: 0 done, 1 not done (the reason and the remedy are on stderr), 2 wrongly called, 130 interrupted.
"""
