"""Usage: what happened at each outlet, hour by hour, and the figures made of it.

What always holds:
- Rows follow from `session`, `connector_state` and the outlets alone. A late or changed fact notes from when on its
  site is to be made anew (`usage_due`), and the same facts give the same rows whatever the order.
- A session that goes on counts its time, and its energy once it has ended. Its energy then lies evenly over its
  charging time, and the hours' shares sum to exactly its energy.
- What is said of a session as a whole (its length, price, whether it was empty) stands in the hour in which it began.
"""
