"""What a carrier of text messages does for us."""

from __future__ import annotations

from typing import Protocol


class Refused(Exception):
    """The carrier will not take it, now or later: the number or the agreement is wrong."""


class Unanswered(Exception):
    """Nobody knows whether it was taken: no answer, or one that says to come back."""


class TextMessages(Protocol):
    """Sends one text to one phone."""

    async def send(self, to: str, text: str) -> str:
        """Return the carrier's reference. Raises `Refused` or `Unanswered`, nothing else."""
        ...
