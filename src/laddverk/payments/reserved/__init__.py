"""What is reserved on a card while a session runs: raised in time, used up, about to end, or for nothing.

Promises
- A running session is never more than a look (`service.EVERY_S`) from being seen to outgrow its money.
- More is reserved where the card allows it; else, as the operator chooses, the charger is asked to stop or goes on.
- What was reserved and led to no charge is given back, and people are told.
- Nothing here takes money: what a session cost is captured when it is priced.
"""
