"""Problems: what went wrong, in words for the person who can mend it.

A service raises a `Problem`; the faces turn it into a page or an RFC 9457 answer. `message` and `remedy` are English
msgids with `%(name)s` places: the faces translate them first and fill in `params` after.
"""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """Something a person asked for that cannot be done, with the field it is about and the remedy."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "problem"

    def __init__(self, message: str, *, field: str | None = None, remedy: str | None = None, **params: object) -> None:
        self.message = message
        self.field = field
        self.remedy = remedy
        self.params = params
        super().__init__(message % params if params else message)


class Invalid(Problem):
    """What was given cannot be understood or is out of bounds."""

    status = 422
    code = "invalid"


class NotFound(Problem):
    """There is no such thing, or the asker may not see it: both look the same from outside."""

    status = 404
    code = "not_found"


class Conflict(Problem):
    """The thing is not in a state in which this can be done."""

    status = 409
    code = "conflict"


class NotAuthenticated(Problem):
    """Nobody is signed in, or the credentials are wrong."""

    status = 401
    code = "not_authenticated"


class NotAllowed(Problem):
    """The asker is known and may not do this."""

    status = 403
    code = "not_allowed"


class TooMany(Problem):
    """A limit was reached; trying later helps."""

    status = 429
    code = "too_many"


class Unavailable(Problem):
    """A part that is needed does not answer now; nothing was done."""

    status = 503
    code = "unavailable"
