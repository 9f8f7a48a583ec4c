"""Usage: what happened at outlets, counted by day and hour, added up, and the figures made of it.

What always holds:
- Rows follow from `session`, `connector_state`, `session_outcome` and the outlets alone. A late or changed fact notes
  which days of its site are to be counted anew (`usage_due`), and the same facts give the same rows whatever the order.
- A session that goes on counts its time, and its energy once it has ended. Its energy then lies evenly over its
  charging time, and the hours' shares sum to exactly its energy.
- What is said of a session as a whole (its length, price, whether it was empty) stands in the hour in which it began.
- What is added up is the sum of what was counted: a month of its days, the network of its sites. The network follows
  when nothing else is due.
"""
