"""The house: what every face and job needs at hand, put together once by `running`."""

from __future__ import annotations

from dataclasses import dataclass

from laddverk.kernel.time import Clock
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Secrets, Settings


@dataclass(slots=True)
class House:
    """One running Laddverk. `worker.wake()` after a commit that left jobs makes them start at once."""

    settings: Settings
    secrets: Secrets
    database: Database
    hints: Hints
    clock: Clock
    worker: Worker
