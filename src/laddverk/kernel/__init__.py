"""The words every room shares: identities, money, time, problems, events. No I/O, no clock, no engine."""
