"""The registry of known models: read once from `.toml` files, asked at each boot. What it answers is pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.kernel.problems import Invalid
from laddverk.ocpp.oddities import ALL_KINDS
from laddverk.ocpp.quirks.settings import NO_QUIRKS, Quirks

HERE: Final = Path(__file__).parent
NUMBER: Final = re.compile(r"\d+")
FILES_MAX: Final = 500  # of an operator's own folder
BYTES_MAX: Final = 200_000  # of one file


class Notes(Struct, frozen=True, forbid_unknown_fields=True):
    """What to know about a model, in sentences, in the languages of the console."""

    en: tuple[str, ...] = ()
    sv: tuple[str, ...] = ()


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One known model: whom it fits, what to know, how to treat it, and where that is from."""

    name: str
    vendor: str = "*"
    """Pattern with `*` and `?`, whatever the case, for what the charger says in its boot."""
    model: str = "*"
    firmware_from: str = ""
    firmware_before: str = ""
    notes: Notes = Notes()
    settings: Quirks = NO_QUIRKS
    sources: tuple[str, ...] = ()
    """Public reports: `repository#number`."""

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        """Return whether a charger that says this of itself is one of these."""
        return (
            fnmatchcase(vendor.strip().lower(), self.vendor.lower())
            and fnmatchcase(model.strip().lower(), self.model.lower())
            and (not self.firmware_from or numbers_in(firmware) >= numbers_in(self.firmware_from))
            and (not self.firmware_before or numbers_in(firmware) < numbers_in(self.firmware_before))
        )

    @property
    def weight(self) -> tuple[int, int]:
        """How precisely it is described: the more precise has the last word."""
        return len(self.vendor.replace("*", "")) + len(self.model.replace("*", "")), bool(
            self.firmware_from or self.firmware_before
        )


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Model, ...]


class Known(Struct, frozen=True):
    """What is known of one charger: the models that fit, and how to treat it, its own settings included."""

    models: tuple[Model, ...]
    quirks: Quirks


class Registry(Struct, frozen=True):
    """All known models."""

    models: tuple[Model, ...]

    def known(self, vendor: str, model: str, firmware: str, own: Quirks = NO_QUIRKS) -> Known:
        """Return what is known of a charger that says this of itself. `own` settings have the last word."""
        fitting = sorted((one for one in self.models if one.fits(vendor, model, firmware)), key=lambda one: one.weight)
        quirks = NO_QUIRKS
        for one in fitting:
            quirks = one.settings.over(quirks)
        return Known(tuple(fitting), own.over(quirks))


def numbers_in(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, in order, to compare by: 1.10.2-rc3 is (1, 10, 2, 3)."""
    return tuple(int(digits[:9]) for digits in NUMBER.findall(version[:100]))


@cache
def registry_of(own_folder: Path | None = None) -> Registry:
    """Return the models that come with Laddverk and those in `own_folder`. Raises `Invalid` naming a faulty file."""
    folders: Sequence[Path] = [HERE] if own_folder is None else [HERE, own_folder]
    return Registry(tuple(model for folder in folders for model in _models_in(folder)))


def _models_in(folder: Path) -> Iterable[Model]:
    files = sorted(folder.glob("*.toml"))
    if len(files) > FILES_MAX:
        raise Invalid("There are too many files in %(folder)s.", field="LADDVERK_QUIRKS_DIR", folder=str(folder))
    for path in files:
        yield from models_of(path.read_bytes()[:BYTES_MAX], path.name)


def models_of(content: bytes, name: str) -> tuple[Model, ...]:
    """Return the models in one file. Raises `Invalid` naming it."""
    try:
        models = msgspec.toml.decode(content, type=_File).model
        unknown = {kind for model in models for kind in model.settings.expects} - set(ALL_KINDS)
        if unknown:
            raise ValueError(f"no such kind of oddity: {', '.join(sorted(unknown))}")
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(
            "The file %(name)s of known chargers cannot be used: %(reason)s",
            field="LADDVERK_QUIRKS_DIR",
            remedy="See docs/chargers.md for how it is written.",
            name=name,
            reason=str(error)[:300],
        ) from None
    return models
