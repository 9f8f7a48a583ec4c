"""Keep the front-end files we did not write honest: `tools/vendor.py check` and `tools/vendor.py fetch`.

`src/laddverk/web/static/vendor/vendor.toml` lists every package, version, licence and file with its SHA-512. `check`
needs no network and fails on a file that was changed, is missing or is not listed. `fetch` gets the packages with
`npm pack`, copies the listed files, builds the icon sprite, and prints the hashes of what it got.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
STATIC: Final = ROOT / "src" / "laddverk" / "web" / "static"
VENDOR: Final = STATIC / "vendor"
FETCH_TIMEOUT_S: Final = 120  # the largest package is 6 MB; a registry that needs longer does not answer
SHAPE: Final = re.compile(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*/>", re.DOTALL)


def listed() -> dict[str, Any]:
    """Return the content of `vendor.toml`."""
    return tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))


def sha512(path: Path) -> str:
    """Return the SHA-512 of a file in hex."""
    return hashlib.sha512(path.read_bytes()).hexdigest()


def faults() -> list[str]:
    """Return what differs from `vendor.toml`, one line each."""
    expected = {STATIC / file["path"]: file["sha512"] for file in listed()["file"]}
    found = [f"{path.relative_to(STATIC)} is missing" for path in expected if not path.exists()]
    found += [
        f"{path.relative_to(STATIC)} was changed"
        for path, digest in expected.items()
        if path.exists() and sha512(path) != digest
    ]
    present = {path for path in VENDOR.rglob("*") if path.is_file() and path.name != "vendor.toml"}
    return found + [f"{path.relative_to(STATIC)} is not listed" for path in sorted(present - set(expected))]


def unpacked(package: str, version: str, into: Path) -> Path:
    """Fetch one package and return the folder it was unpacked in."""
    place = into / package
    place.mkdir(parents=True)
    subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"],
        cwd=place,
        check=True,
        timeout=FETCH_TIMEOUT_S,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with tarfile.open(next(place.glob("*.tgz"))) as archive:
        archive.extractall(place, filter="data")
    return place / "package"


def sprite(folder: Path, names: list[str]) -> str:
    """Return one SVG with a `<symbol>` for each icon, drawn by the shapes of its file."""
    symbols = []
    for name in sorted(names):
        shapes = SHAPE.findall((folder / f"{name}.svg").read_text("utf-8"))
        drawn = "".join(" ".join(shape.split()) for shape in shapes)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def fetch() -> None:
    """Fetch every npm package in the list and write its files."""
    content = listed()
    with tempfile.TemporaryDirectory() as scratch:
        for package in content["package"]:
            if package["registry"] != "npm":
                continue
            folder = unpacked(package["name"], package["version"], Path(scratch))
            for file in (each for each in content["file"] if each["package"] == package["name"]):
                target = STATIC / file["path"]
                target.parent.mkdir(parents=True, exist_ok=True)
                if "icons" in file:
                    target.write_text(sprite(folder / file["source"], file["icons"]), "utf-8")
                else:
                    sources = file["source"] if isinstance(file["source"], list) else [file["source"]]
                    target.write_bytes(b"\n".join((folder / source).read_bytes() for source in sources))
                print(f"{file['path']}\n  sha512 = {sha512(target)}")


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    if arguments not in (["check"], ["fetch"]):
        print(__doc__)
        return 2
    if arguments == ["fetch"]:
        fetch()
    found = faults()
    print("\n".join(found) if found else "every vendored file is what vendor.toml says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
