"""The clients that others wrote for Node: installed once into .venv/node, from the lock beside this file."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "node"
PLACE = Path(__file__).parents[3] / ".venv" / "node"
NODE_MIN = 18
INSTALL_TIMEOUT_S = 300.0


def node() -> str:
    """Return the program, or skip in one plain line where there is none, or an old one."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        pytest.skip("Node and npm are not here; the clients that others wrote for it were not tried")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < NODE_MIN:
        pytest.skip(f"Node {version} is too old for the clients that others wrote; they need {NODE_MIN}")
    return program


def installed() -> Path:
    """Return the folder with the clients in it, installing them when the lock has changed."""
    node()
    sources = sorted(path for path in HERE.rglob("*") if path.is_file())
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = PLACE / "installed"
        if not done.exists() or done.read_text() != stamp:
            shutil.copytree(HERE, PLACE, dirs_exist_ok=True)
            command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            told = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
            if told.returncode:
                pytest.skip(f"npm could not install the clients that others wrote: {told.stderr.strip()[-300:]}")
            done.write_text(stamp)
    return PLACE
