"""Text messages that go nowhere: they are seen in the console, and on the demo's phone."""

from __future__ import annotations


class Sandbox:
    """Takes everything."""

    async def send(self, to: str, text: str) -> str:
        """Return a reference that says what it is."""
        del to, text
        return "sandbox"
