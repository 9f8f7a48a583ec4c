"""Passwords of brokers, sealed for their meter."""

from __future__ import annotations

from typing import Final

from laddverk.energy.sealing import Seal
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

PASSWORD_MAX: Final = 200
SEAL: Final = Seal(
    person=b"meter password", length_max=PASSWORD_MAX, too_long=N_("The password is too long."), field="password"
)  # fmt: skip
sealed, unsealed = SEAL.sealed, SEAL.unsealed
