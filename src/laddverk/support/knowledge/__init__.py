"""The knowledge base: articles in Swedish and English that drivers read and agents quote.

Nouns: an *article* is one matter; in each language it has *versions*, of which one is published and one may be a
draft; its *address* (slug) is of one language. A *reader* is a keyed digest and never a name.

What always holds:
- What was published is never changed: an edit is a draft, and the draft becomes the next version.
- An address that was once given out leads to its article for ever.
- Articles that the program brings along are renewed by it only as long as nobody has edited them.
- Markdown becomes HTML by one way (`showing`), which lets through nothing that runs, and no picture but our own.
"""
