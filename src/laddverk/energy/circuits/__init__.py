"""What a site's electricity is made of: a tree of circuits with limits, and the outlets that hang on it.

Nouns: a *circuit* is a cable with a fuse: the grid connection, a board, a group; its limit is in amperes for each
phase. A *place* is where an outlet hangs, on which phases and in which order (*rotation*). A *source* feeds the site
(solar, battery). A *window* is a lower limit in the same hours of some days, typed by people; a *signal* is a lower
limit between two instants, from the grid operator or a program (OpenADR). The *tree* is all of a site's circuits,
places and sources together.

What always holds:
- A tree is never changed: each change makes the next version, with who and why. A decision names the version it was
  made for, so what the site looked like then can always be seen. Undoing is a change too.
- A tree has one grid connection or is empty; every other circuit has a parent in the tree, without a circle; an outlet
  hangs in one place.
- A phase without a limit (0 A) does not exist there. No outlet hangs on a phase that its circuit has not.
- What is unknown (rotation, phases) is kept as unknown and counts as the worst case, never as what is most usual.
"""
