"""The folder of a bench's databases: one that is kept and used again, or one that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def databases(kept: Path | None) -> Iterator[Path]:
    """Yield `kept`, or a folder that is removed at the end. The embedded server, who is somebody else, may enter it."""
    folder = kept or Path(tempfile.mkdtemp(prefix="laddverk-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)
