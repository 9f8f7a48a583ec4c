"""Situations: what a driver may be stuck in, each with how we see it, what we say, what we do, and what can be done.

One source for the live page, the chat, the phone's menu and the agent's screen. A situation is a file of
`catalogue/` (texts in Swedish and English, buttons, the automatic step) that names a predicate over `Facts`; the
predicates are pure, and the most pressing situation that holds is the one that is told.

What always holds:
- There is always one: `nothing_seen` says so, and leads on to a person.
- What is dangerous goes before all else, and offers neither another try nor a restart.
"""
