"""Which makers of cars have which addresses: our file, and the operator's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from laddverk.diagnostics.outcomes.cars import OUI_LENGTH

log = structlog.get_logger()

OURS: Final = Path(__file__).with_name("car_makes.toml")
OWN_NAME: Final = "car-makes.toml"
BYTES_MAX: Final = 1_000_000  # some ten thousand lines
NAME_MAX: Final = 40


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    makes: dict[str, str]


def makes_in(state_dir: Path) -> dict[str, str]:
    """Return the makes by prefix; a line of the operator's own file counts before ours. A bad file is left out."""
    return _read(OURS) | _read(state_dir / OWN_NAME)


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_bytes()[:BYTES_MAX].decode()
        given = msgspec.convert(tomllib.loads(text), _File).makes
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        log.warning("diagnostics.car_makes_unreadable", file=path.name, error=repr(error))
        return {}
    return {prefix(name): make.strip()[:NAME_MAX] for name, make in given.items() if len(prefix(name)) == OUI_LENGTH}


def prefix(name: str) -> str:
    """Return a prefix as it is compared: six capital hexadecimal digits, however it was written."""
    return name.replace(":", "").replace("-", "").strip().upper()
