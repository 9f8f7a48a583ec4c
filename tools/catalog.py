"""Keep the translations complete: `tools/catalog.py update [AREA…]` and `tools/catalog.py check [AREA…]`.

One `.po` file per area and language, `src/laddverk/locales/<language>/<area>.po`, so that people who work side by side
never touch the same file. The area follows from where the text is written:

    src/laddverk/web/console/…  src/laddverk/web/templates/console/…    console
    src/laddverk/web/portal/…   src/laddverk/web/templates/portal/…     portal
    src/laddverk/web/api/…                                              api
    the rest of src/laddverk/web                                        design
    src/laddverk/<package>/…                                            <package>

What is extracted: `_("…")`, `N_("…")`, `ngettext`, `pgettext` in Python and in templates, `{% trans %}`, and the
message and `remedy=` of every Problem but those of the terminal (`cli`, `platform`). A text that several areas use
lives in the first file that has it.

update   adds what is missing to the area's file (empty, for you to fill in) and removes what no source uses
check    fails when a text has no translation, is fuzzy, loses a %(place)s, is translated in two ways, or stands in a
         page without being marked
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

import bare_texts
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src" / "laddverk"
LOCALES: Final = SOURCE / "locales"
LANGUAGES: Final = ("sv",)  # English is the text itself

CALLS: Final = {"_": 1, "N_": 1, "marked": 1, "words": 1, "gettext": 1, "ngettext": 2, "pgettext": -1, "npgettext": -2}
"""Functions that mark a text: how many forms they take; negative when a context stands first."""

PROBLEMS: Final = {"Problem"}
"""The base of all Problems; `problem_classes` adds those that rooms derive from it."""

TERMINAL: Final = ("cli/", "platform/")
"""Where Problems are about the machine and are read in a terminal: these stay English, as all of the terminal does."""

TEMPLATE_SUFFIXES: Final = {".html", ".txt", ".xml", ".svg", ".j2", ".webmanifest"}
PLACE: Final = re.compile(r"%\((\w+)\)|(?<!%)%[sd]")
WEB_AREAS: Final = {"console", "portal", "api"}

HEADER: Final = """\
# Laddverk, {area}: kept by tools/catalog.py, see docs/translating.md.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


class Text(NamedTuple):
    """A text in the source: one form, or two when it is counted."""

    forms: tuple[str, ...]
    context: str | None = None

    @property
    def id(self) -> str | tuple[str, str]:
        return self.forms[0] if len(self.forms) == 1 else (self.forms[0], self.forms[1])

    @property
    def key(self) -> tuple[str | None, str]:
        """What makes a text the same in all files: gettext looks up by context and first form."""
        return (self.context, self.forms[0])


def area_of(path: Path) -> str:
    """Return the area that a source file belongs to."""
    first, *rest = path.relative_to(SOURCE).parts
    if first != "web":
        return first.removesuffix(".py")
    rest = rest[1:] if rest[0] == "templates" else rest
    return rest[0] if len(rest) > 1 and rest[0] in WEB_AREAS else "design"


def literal(node: ast.expr | None) -> str | None:
    """Return the string that `node` is, or None when it is computed."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def called(node: ast.Call) -> str:
    """Return the last name of what is called: `_` for `_()`, `gettext` for `words.gettext()`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def text_from(arguments: list[str | None], takes: int) -> Text | None:
    """Return the text in a call's literal arguments, or None when one of them is computed."""
    context = arguments.pop(0) if takes < 0 and arguments else None
    forms = arguments[: abs(takes)]
    complete = len(forms) == abs(takes) and all(forms) and (takes > 0 or context is not None)
    return Text(tuple(form for form in forms if form), context) if complete else None


def texts_in_python(path: Path) -> Iterator[Text]:
    """Yield the marked texts of a Python file, and the words of its Problems."""
    in_terminal = path.is_relative_to(SOURCE) and path.relative_to(SOURCE).as_posix().startswith(TERMINAL)
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in CALLS:
            text = text_from([literal(argument) for argument in node.args], CALLS[name])
            if text:
                yield text
        elif name in PROBLEMS and not in_terminal:
            words = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "remedy")]
            yield from (Text((found,)) for found in map(literal, words) if found)


def texts_in_template(path: Path) -> Iterator[Text]:
    """Yield the marked texts of a Jinja template."""
    options = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true", "extensions": "jinja2.ext.do"}
    with path.open("rb") as file:
        for _line, function, found, _comments in babel_extract(file, tuple(CALLS), [], options):
            arguments = list(found) if isinstance(found, tuple) else [found]
            text = text_from(arguments, CALLS[function])
            if text:
                yield text


def problem_classes() -> None:
    """Add the Problems that rooms define to the known ones."""
    classes = [
        (node.name, {base.id for base in node.bases if isinstance(base, ast.Name)})
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path)))
        if isinstance(node, ast.ClassDef)
    ]
    while new := {name for name, bases in classes if bases & PROBLEMS} - PROBLEMS:
        PROBLEMS.update(new)


def extracted() -> dict[tuple[str | None, str], tuple[Text, set[str]]]:
    """Return all texts of the source by key, with the areas that use each. A counted form wins over a plain one."""
    problem_classes()
    texts: dict[tuple[str | None, str], tuple[Text, set[str]]] = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix == ".py":
            found = texts_in_python(path)
        elif path.suffix in TEMPLATE_SUFFIXES and "templates" in path.parts:
            found = texts_in_template(path)
        else:
            continue
        for text in found:
            known, areas = texts.get(text.key, (text, set()))
            best = text if len(text.forms) > len(known.forms) else known
            texts[text.key] = (best, areas | {area_of(path)})
    return texts


def key_of(message: Message) -> tuple[str | None, str]:
    """Return the key of a catalogue's message."""
    return (message.context, message.id if isinstance(message.id, str) else message.id[0])


def read(language: str) -> dict[str, Catalog]:
    """Return the catalogues of `language` by area."""
    catalogues = {}
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as file:
            catalogues[path.stem] = read_po(file, locale=language)
    return catalogues


def write(language: str, area: str, catalogue: Catalog) -> None:
    """Write one area's file: sorted, without dates and line numbers, so that only changed texts show in a diff."""
    body = BytesIO()
    write_po(body, catalogue, width=110, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = HEADER.format(area=area, language=language, plurals=catalogue.plural_forms)
    path = LOCALES / language / f"{area}.po"
    path.write_text(header + body.getvalue().decode("utf-8").lstrip("\n"), "utf-8")


def messages(catalogue: Catalog) -> list[Message]:
    """Return the messages of a catalogue without its header."""
    return [message for message in catalogue if message.id]


def update(language: str, areas: set[str]) -> None:
    """Bring the files of `areas` (all when empty) in line with the source."""
    texts, catalogues = extracted(), read(language)
    home = {key_of(message): area for area, each in catalogues.items() for message in messages(each)}
    for key, (_text, users) in texts.items():
        if key not in home and (chosen := sorted(users & areas if areas else users)):
            home[key] = chosen[0]
    for area in sorted(areas or set(home.values())):
        old = {key_of(message): message for message in messages(catalogues.get(area, Catalog(locale=language)))}
        new = Catalog(locale=language)
        for key, (text, _users) in texts.items():
            if home.get(key) != area:
                continue
            kept = old.get(key)
            same_shape = kept is not None and isinstance(kept.id, str) == isinstance(text.id, str)
            string = kept.string if kept is not None and same_shape else None
            flags = kept.flags - {"python-format"} if kept is not None and same_shape else set()
            new.add(text.id, string, context=text.context, flags=flags)
        if not messages(new):
            (LOCALES / language / f"{area}.po").unlink(missing_ok=True)
            continue
        write(language, area, new)
        empty = sum(1 for message in messages(new) if not filled(message))
        print(f"{language}/{area}.po: {len(messages(new))} texts, {empty} to translate")


def filled(message: Message) -> bool:
    """Return whether every form of a message has a translation."""
    return all(strings_of(message))


def strings_of(message: Message) -> list[str]:
    """Return the forms of a translation; an empty text for each that is missing."""
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return [string or "" for string in strings]


def places(text: str) -> set[str]:
    """Return the places in `text` that are filled in later."""
    return {match.group(0) for match in PLACE.finditer(text)}


def fault_of(message: Message, text: Text) -> str | None:
    """Return what is wrong with a translation, in words, or None."""
    if message.fuzzy:
        return "is fuzzy"
    if not filled(message):
        return "has no translation"
    strings = strings_of(message)
    if len(text.forms) > 1 and len(strings) < 2:
        return "is counted, and has only one form"
    wanted = set[str]().union(*map(places, text.forms))
    if any(places(string) - wanted for string in strings) or wanted - set[str]().union(*map(places, strings)):
        return "does not have the same %(places)s"
    return None


def faults(language: str, areas: set[str]) -> list[str]:
    """Return everything that is wrong with `language` in `areas` (all when empty), one line each."""
    texts, catalogues = extracted(), read(language)
    found: list[str] = []
    homes: dict[tuple[str | None, str], tuple[str, Message]] = {}
    for area, catalogue in catalogues.items():
        for message in messages(catalogue):
            key = key_of(message)
            other_area, other = homes.setdefault(key, (area, message))
            fault = fault_of(message, texts[key][0]) if key in texts else "is used nowhere: run update"
            if other.string != message.string:
                fault = f"is translated in another way in {other_area}.po"
            if fault and (not areas or area in areas):
                found.append(f"{language}/{area}.po: {key[1]!r} {fault}")
    for key, (_text, users) in texts.items():
        if key not in homes and (not areas or users & areas):
            found.append(f"{language}: {key[1]!r} ({', '.join(sorted(users))}) is in no file: run update")
    return sorted(found)


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    if not arguments or arguments[0] not in {"update", "check"}:
        print(__doc__)
        return 2
    areas = set(arguments[1:])
    if arguments[0] == "update":
        for language in LANGUAGES:
            update(language, areas)
        return 0
    found = [fault for language in LANGUAGES for fault in faults(language, areas)]
    found += bare_texts.faults(SOURCE / "web" / "templates")
    print("\n".join(found) if found else "every text is translated")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
