"""`laddverk openapi`: prints the description of the API (OpenAPI 3.1, JSON), without starting anything."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from laddverk.platform.settings import Settings
from laddverk.wiring import openapi_schema


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what it takes."""
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it to FILE and not to the terminal")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Print or write the description."""
    text = msgspec.json.format(msgspec.json.encode(openapi_schema(settings)), indent=2).decode()
    if given.output is None:
        print(text)
    else:
        given.output.write_text(text + "\n", encoding="utf-8")
    return 0
