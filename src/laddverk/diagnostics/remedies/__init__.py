"""Self-healing: the smallest safe step first, never with a car on charge, never where people could be hurt.

`rules.next_step` decides and says why; `service` collects what it must know and carries the step out as a command of
`stations`, like any operator's. A step counts as a cure only when a real session has succeeded after it.
"""
