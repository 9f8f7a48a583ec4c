"""Clients' secrets at servers of others, sealed for their program."""

from __future__ import annotations

from typing import Final

from laddverk.energy.sealing import Seal
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SEAL: Final = Seal(person=b"vtn secret", length_max=1_000, too_long=N_("The secret is too long."), field="secret")
sealed, unsealed = SEAL.sealed, SEAL.unsealed
