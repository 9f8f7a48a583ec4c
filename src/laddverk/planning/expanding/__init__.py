"""What would relieve a site, what it costs and when it pays: studies that a board can decide on.

Nouns: a *study* is a question about one site, kept with everything that its answer depends on; an *option* is one
change of the site; a *part* is the replay of one option in one draw; what comes out is *weighed* in kronor.

What always holds:
- A study keeps its stays, the site and the prices as they were: played again, it gives the same answer.
- Every option meets the same draws, so that differences are those of the option and not of chance.
- Money is in minor units. What is an example or an assumption says so.
- Who may not see a site sees none of its studies.
"""
