"""How the desk does: how soon it answers and solves, why people come, who needed nobody, and what they thought.

`figures` is pure. Contacts are what people wanted (`support.contacts`); cases what was opened for them. A month that is
not over is counted as far as it goes.
"""
