"""A PostgreSQL of our own, so that one command starts everything.

The promise: after `running(state_dir)` there is a server that only this machine's right accounts can reach (Unix
socket in a directory of mode 0700, no TCP), with data checksums, that ends when we end, and that comes back with all
committed data however we or it were killed. One Laddverk at a time uses one state directory.

Why our own supervision and not that of the wheels: they create accounts and open parent directories to everybody.
"""

from __future__ import annotations

from laddverk.platform.embedded.binaries import Binaries, bundled_version, candidates
from laddverk.platform.embedded.cluster import remove, throw_away
from laddverk.platform.embedded.server import Server, reaching, running

__all__ = ["Binaries", "Server", "bundled_version", "candidates", "reaching", "remove", "running", "throw_away"]
