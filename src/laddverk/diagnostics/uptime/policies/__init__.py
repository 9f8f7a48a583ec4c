"""Policies of uptime as data: the `.toml` files beside this one, and an operator's own `contract-*.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from laddverk.diagnostics.uptime.model import Policy, State

log = structlog.get_logger()

HERE: Final = Path(__file__).parent
FILES_MAX: Final = 50  # of an operator's own: each is a column in reports
BYTES_MAX: Final = 50_000
OWN: Final = "contract-*.toml"
HONEST: Final = "honest"
WAYS: Final = frozenset({"power", "payment", "connector"})
REASONS: Final = ("utility", "vehicle", "maintenance", "vandalism", "disaster", "site_host", "other")
"""Reasons of the ledger of exclusions; which of them count is the policy's business."""


class PolicyFault(Struct, frozen=True):
    """Why a file of the operator's is not used."""

    name: str
    reason: str


class Policies(Struct, frozen=True):
    """All policies, ours first, and the files that are left out."""

    all: tuple[Policy, ...]
    faults: tuple[PolicyFault, ...] = ()

    def named(self, name: str) -> Policy | None:
        """Return the policy of this name."""
        return next((one for one in self.all if one.name == name), None)


@cache
def ours() -> tuple[Policy, ...]:
    """Return the policies that come with Laddverk, the honest one first."""
    read = [policy_of(path.read_bytes()) for path in HERE.glob("*.toml")]
    return tuple(sorted(read, key=lambda one: (one.name != HONEST, one.name)))


def policies_of(folder: Path | None = None) -> Policies:
    """Return our policies and the contracts in `folder`; files that cannot be used are named."""
    found, faults = list(ours()), []
    paths = sorted(folder.glob(OWN))[:FILES_MAX] if folder is not None and folder.is_dir() else []
    for path in paths:
        try:
            policy = policy_of(path.read_bytes()[:BYTES_MAX])
            if policy.name != path.stem:
                raise ValueError(f"its name must be {path.stem}, as the file's")
            found.append(policy)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            faults.append(PolicyFault(path.name, str(error)[:300]))
            log.warning("uptime_policy_left_out", file=path.name, reason=str(error)[:300])
    return Policies(tuple(found), tuple(faults))


def policy_of(content: bytes) -> Policy:
    """Return the policy in a file. Raises `ValueError` or `MsgspecError`, saying what is wrong."""
    policy = msgspec.toml.decode(content, type=Policy)
    states = {one.value for one in State} - {"planned", "closed"}
    known = states | {f"degraded:{way}" for way in WAYS}
    strange = sorted((set(policy.down) - known) | (set(policy.grace_minutes) - states))
    if strange:
        raise ValueError(f"no such state: {', '.join(strange)}; there are {', '.join(sorted(known))}")
    unknown = sorted(set(policy.excluded_reasons) - set(REASONS))
    if unknown:
        raise ValueError(f"no such reason of exclusion: {', '.join(unknown)}; there are {', '.join(REASONS)}")
    if any(not 0 <= minutes <= 1_440 for minutes in policy.grace_minutes.values()):
        raise ValueError("a grace is 0 to 1440 minutes")
    if policy.target is not None and not 0 <= policy.target <= 1:
        raise ValueError("a target is between 0 and 1")
    return policy
