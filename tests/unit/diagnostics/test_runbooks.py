"""Every detector has a runbook, complete in every language."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict

from laddverk.diagnostics import runbooks
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.platform.languages import SUPPORTED

LISTS = ("check_remotely", "ask_driver", "parts", "photos")


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.ABOUT.id)
def test_a_detector_has_a_runbook(kind: Any) -> None:
    assert runbooks.runbook(kind.ABOUT.runbook) is not None


@pytest.mark.parametrize("name", runbooks.names())
def test_a_runbook_is_complete_in_every_language_and_as_long_in_each(name: str) -> None:
    found = runbooks.runbook(name)
    assert found is not None
    every = [asdict(found.steps(language)) for language in SUPPORTED]
    for steps in every:
        for field, value in steps.items():
            texts = value if field in LISTS else [value]
            assert texts, field
            assert all(text.strip() == text and len(text) > 1 for text in texts), field
    assert [{field: len(steps[field]) for field in LISTS} for steps in every[1:]] == [
        {field: len(every[0][field]) for field in LISTS}
    ] * (len(every) - 1)
    assert every[0]["meaning"] != every[1]["meaning"]


def test_a_name_that_is_a_path_is_no_runbook() -> None:
    assert runbooks.runbook("../codes/ocpp16") is None
    assert runbooks.runbook("nowhere") is None
    assert runbooks.runbook("") is None


def test_a_checklist_is_read_in_the_language_of_whoever_stands_there() -> None:
    book = runbooks.runbook(runbooks.names()[0])
    assert book is not None
    for mine, theirs in zip(book.sv.checklist, book.en.checklist, strict=True):
        assert book.said_in(mine, "en") == theirs
        assert book.said_in(theirs, "sv") == mine
    assert book.said_in("Bring the dog", "sv") == "Bring the dog"
