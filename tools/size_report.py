"""Says which modules and functions have grown: over 400 lines and 50 lines they want to be two things.

Warns above the wish, fails above the hard cap. Generated files are exempt, by name and with the reason.
Usage: python tools/size_report.py [FOLDER ...]
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

MODULE_LINES_WISH: Final = 400
MODULE_LINES_MAX: Final = 600
FUNCTION_LINES_WISH: Final = 50
FUNCTION_LINES_MAX: Final = 100
FOLDERS: Final = ("src", "tools", "bench", "tests")

EXEMPT: Final = {
    "src/laddverk/ocpp/v16/messages.py": "generated from the OCA schemas",
    "src/laddverk/ocpp/v201/messages.py": "generated from the OCA schemas",
    "src/laddverk/ocpp/v21/messages.py": "generated from the OCA schemas",
}


class Size(NamedTuple):
    """How many lines something has, and whether that is more than it may have."""

    what: str
    lines: int
    wish: int
    most: int


def module_size(path: Path, source: str) -> Size:
    """Return the size of a whole file."""
    return Size(str(path), source.count("\n"), MODULE_LINES_WISH, MODULE_LINES_MAX)


def function_sizes(path: Path, source: str) -> Iterator[Size]:
    """Yield the size of every function in `source`, without its docstring: explaining is never too long."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = node.body[0] if ast.get_docstring(node) is not None else None
            explained = 0 if docstring is None else (docstring.end_lineno or 0) - docstring.lineno + 1
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - explained
            yield Size(f"{path}:{node.lineno} {node.name}", lines, FUNCTION_LINES_WISH, FUNCTION_LINES_MAX)


def main(folders: list[str]) -> int:
    modules: list[Size] = []
    functions: list[Size] = []
    for folder in folders or FOLDERS:
        for path in sorted(Path(folder).rglob("*.py")):
            if str(path) not in EXEMPT:
                source = path.read_text(encoding="utf-8")
                modules.append(module_size(path, source))
                functions.extend(function_sizes(path, source))
    too_much = [size for size in [*modules, *functions] if size.lines > size.wish]
    for size in sorted(too_much, key=lambda each: -each.lines / each.wish):
        print(f"{'FAIL' if size.lines > size.most else 'warn'}  {size.lines:4d} lines (wish {size.wish})  {size.what}")
    if modules and functions:
        print(
            f"{len(modules)} modules, median {statistics.median(size.lines for size in modules):.0f} lines;"
            f" {len(functions)} functions, median {statistics.median(size.lines for size in functions):.0f} lines"
        )
    return 1 if any(size.lines > size.most for size in too_much) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
