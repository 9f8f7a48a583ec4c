"""Bottlenecks: what holds each site back, and what that costs in sessions and energy.

What always holds:
- What was seen (hours without room, starts given up, energy that load management held back) is kept apart from what is
  estimated from it (how many came and found no room).
- Hours without room are divided once: all outlets charging is too few outlets; all taken but some idle is overstay; not
  all taken is reliability. So nobody is lost twice.
- With less than four weeks of history nothing is said.
"""
