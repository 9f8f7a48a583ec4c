"""Phones in the browsers of those at the desk: an account at Asterisk for each, made when it is asked for.

What always holds:
- A password is random, is told once to the browser that asked, and is kept nowhere: Asterisk gets its digest.
- An account ends an hour after its page last asked; whoever may not be at the desk any more gets no other.
- With an account one can be rung, and nothing else: it may call nobody.
"""
