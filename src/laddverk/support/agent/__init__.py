"""What an agent does for a driver from the page of a case: each button a deed with guards, a reason and a result.

What always holds:
- A deed that is asked of a charger is a command: what became of it is the command's state, never our hope.
- Nothing dangerous is started again from afar, and nobody else's charge is ended or unlocked.
- What moves money needs to know who asks, a reason, and above a limit a second person.
- The same form twice does it once.
"""
