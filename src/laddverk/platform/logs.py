"""Logs: one line per event on stderr, for people at a terminal and as JSON for machines.

Never per OCPP message at `info`; never a secret, a card or a password: who logs names fields, not whole objects.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, TextIO, cast

import msgspec
import structlog

DEFAULT: Final = "info"
OTHERS_LEVEL: Final = logging.WARNING  # libraries tell of trouble only

# What strangers send before they are let in is counted and shown under Knocking; a traceback for each would let
# anybody fill the disk. Of a meter that does not answer `energy.meters` logs once what is wrong, and the meter's page
# shows it; the library's own line for every attempt names neither meter nor site, or says "Repeating....".
SILENT: Final = ("websockets.server", "pymodbus.logging")


class _Stderr:
    """Whatever stands for stderr at the moment of writing: loggers are kept, and it may be replaced meanwhile."""

    def write(self, text: str) -> int:
        """Write to the stderr of now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush the stderr of now."""
        sys.stderr.flush()

    def isatty(self) -> bool:
        """Return whether people read it."""
        return sys.stderr.isatty()


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send everything from `level` (debug, info, warning, error, critical) up to `stream`, default stderr.

    A word that is no level means info: `laddverk doctor` tells of it, and a slip must not keep chargers waiting.
    """
    target = cast("TextIO", _Stderr()) if stream is None else stream
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_for_people() if target.isatty() else _for_machines()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=OTHERS_LEVEL, stream=target, format="%(levelname)s %(name)s: %(message)s")
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _for_people() -> list[Any]:
    # Plain tracebacks: the coloured ones show the values of variables, secrets among them.
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_machines() -> list[Any]:
    return [structlog.processors.format_exc_info, _as_json]


def _as_json(_logger: object, _method: str, event: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
