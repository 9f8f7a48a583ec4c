"""Writes the OCPP message Structs from the schemas of the Open Charge Alliance: `python tools/generate_messages.py`.

The schemas are read from the `ocpp` package, a development dependency, and are not part of this repository. Equal data
types are written once per version, under the name the standard gives them; OCPP 1.6 has inline types without names,
which are named after the property that holds them. The output is the same for the same schemas, byte for byte.
"""

from __future__ import annotations

import importlib.util
import json
import keyword
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
VERSIONS: Final = {"v16": "1.6", "v201": "2.0.1", "v21": "2.1"}
VAGUE: Final = {"status", "type"}  # inline enums with these names mean something else in every message

Schema = dict[str, Any]


@dataclass
class Module:
    """One version's messages while they are gathered: definitions in the order in which they can be written."""

    definitions: dict[str, str] = field(default_factory=dict)  # name -> source
    shapes: dict[str, str] = field(default_factory=dict)  # name -> the schema it was made from, to compare
    users: dict[str, set[str]] = field(default_factory=dict)  # name -> messages that use it
    lengths: set[int] = field(default_factory=set)
    actions: dict[str, tuple[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where in a message a schema was found: needed to name what has no name, and to resolve references."""

    message: str
    owner: str
    name: str
    definitions: Schema


def main() -> None:
    for version, text in generated().items():
        path = ROOT / "src" / "laddverk" / "ocpp" / version / "messages.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")


def generated() -> dict[str, str]:
    """Return the source of each version's `messages.py`, by folder name."""
    return {version: rendered(gathered(schema_folder(version)), name) for version, name in VERSIONS.items()}


def schema_folder(version: str) -> Path:
    """Return the folder of the `ocpp` package that holds the schemas of `version`, without importing the package."""
    package = importlib.util.find_spec("ocpp")
    if package is None or package.origin is None:
        raise SystemExit("the development dependency `ocpp`, which carries the schemas, is not installed")
    return Path(package.origin).parent / version / "schemas"


def gathered(folder: Path) -> Module:
    """Read all schemas of one version; files are sorted by name, so that the result does not depend on the disk."""
    module = Module()
    for path in sorted(folder.glob("*.json")):
        stem = path.stem
        action = stem.removesuffix("Response").removesuffix("Request")
        message = f"{action}Response" if stem.endswith("Response") else f"{action}Request"
        schema = json.loads(path.read_text(encoding="utf-8-sig"))
        place = Place(message, message, "", schema.get("definitions", {}))
        define_struct(
            module, message, schema, place, f"`{action}`: the {'answer' if 'Resp' in message else 'request'}."
        )
        request, response = module.actions.get(action, ("", None))
        module.actions[action] = (request, message) if message.endswith("Response") else (message, response)
    return module


def annotation(module: Module, schema: Schema, place: Place) -> str:
    """Return the type annotation for `schema`, defining what it needs on the way."""
    if "$ref" in schema:
        return referenced(module, schema["$ref"].rsplit("/", 1)[-1], place)
    if "enum" in schema:
        return define_enum(module, inline_name(module, schema, place), schema, place)
    kind = schema.get("type")
    if kind == "object":
        return inline_struct(module, schema, place)
    if kind == "array":
        items = annotation(module, schema["items"], place)
        return constrained(
            f"list[{items}]", {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
        )
    if kind == "string":
        return text_type(module, schema.get("maxLength"))
    if kind in ("integer", "number"):
        # `multipleOf: 0.1` of 1.6 is left out: binary floats cannot keep it, and no charger is refused for it.
        limits = {"ge": schema.get("minimum"), "le": schema.get("maximum")}
        return constrained("int" if kind == "integer" else "float", limits, whole=kind == "integer")
    return {"boolean": "bool", None: "Any"}[kind]


def constrained(base: str, limits: dict[str, float | None], *, whole: bool = True) -> str:
    given = {key: int(value) if whole else float(value) for key, value in limits.items() if value is not None}
    if not given:
        return base
    return f"Annotated[{base}, Meta({', '.join(f'{key}={value}' for key, value in given.items())})]"


def text_type(module: Module, length_max: int | None) -> str:
    if length_max is None:
        return "str"
    module.lengths.add(length_max)
    return f"Text{length_max}"


def referenced(module: Module, name: str, place: Place) -> str:
    """Return the name of a type from `definitions`; a namesake with other content gets the message's name before it."""
    if name == "CustomDataType":
        return name
    schema = place.definitions[name]
    within = Place(place.message, name, "", place.definitions)
    if "enum" in schema:
        return define_enum(module, name, schema, within)
    if not fits(module, name, schema):
        name = f"{place.message}{name}"
    return define_struct(module, name, schema, within, "")


def inline_struct(module: Module, schema: Schema, place: Place) -> str:
    """Return the name for an object without a name (1.6): that of an equal object, else after its property."""
    known = next((name for name, shape in module.shapes.items() if shape == shape_of(schema)), None)
    name = known or inline_name(module, schema, place)
    return define_struct(module, name, schema, Place(place.message, name, "", place.definitions), "")


def inline_name(module: Module, schema: Schema, place: Place) -> str:
    """Return a free or equal name for an inline type: `Measurand`, `IdTagInfoStatus`, or with its message before it."""
    short = place.name[:1].upper() + place.name[1:]
    owner = re.sub("(Request|Response)$", "", place.owner) if "enum" in schema else place.owner
    candidates = [f"{owner}{short}", f"{place.message}{place.owner}{short}", f"{place.message}{short}"]
    if place.name not in VAGUE:
        candidates.insert(0, short)
    return next(name for name in candidates if fits(module, name, schema))


def shape_of(schema: Schema) -> str:
    """Return what makes two schemas equal: all but the words in them."""

    def bare(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: bare(v) for k, v in node.items() if k not in ("description", "comment", "title", "default")}
        return [bare(item) for item in node] if isinstance(node, list) else node

    return json.dumps(bare(schema), sort_keys=True)


def fits(module: Module, name: str, schema: Schema) -> bool:
    return module.shapes.get(name, shape_of(schema)) == shape_of(schema)


def define_enum(module: Module, name: str, schema: Schema, place: Place) -> str:
    module.shapes[name] = shape_of(schema)
    module.users.setdefault(name, set()).add(place.message)
    values = ", ".join(json.dumps(value) for value in schema["enum"])
    module.definitions.setdefault(name, f"{name} = Literal[{values}]")
    return name


def define_struct(module: Module, name: str, schema: Schema, place: Place, doc: str) -> str:
    module.shapes[name] = shape_of(schema)
    module.users.setdefault(name, set()).add(place.message)
    required = set(schema.get("required", []))
    lines = []
    # Required properties come first, each group in the standard's own order.
    for key, value in sorted(schema.get("properties", {}).items(), key=lambda pair: pair[0] not in required):
        kind = annotation(module, value, Place(place.message, place.owner, key, place.definitions))
        lines += struct_field(key, kind, required=key in required)
    if name not in module.definitions:
        body = "\n".join(lines)
        module.definitions[name] = (
            f'class {name}(Message, frozen=True, kw_only=True):\n    """{doc or "{users}"}"""\n\n{body}'.rstrip()
        )
    return name


def struct_field(key: str, kind: str, *, required: bool) -> list[str]:
    """Return the line of one field, with `name=` where camelCase would not give the standard's spelling."""
    name = snake(key)
    odd = camel(name) != key
    shown = kind if required or kind == "Any" else f"{kind} | None"
    if required:
        return [f"    {name}: {shown}" + (f' = field(name="{key}")' if odd else "")]
    return [f"    {name}: {shown} = " + (f'field(default=None, name="{key}")' if odd else "None")]


def snake(key: str) -> str:
    """Return `evseId` as `evse_id`, `responderURL` as `responder_url`; Python's own words get a trailing underscore."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s$)[a-z])", "_", key).lower()
    return f"{name}_" if keyword.iskeyword(name) else name


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def rendered(module: Module, version: str) -> str:
    """Return the source text of one version's module."""
    texts = [f"Text{length} = Annotated[str, Meta(max_length={length})]" for length in sorted(module.lengths)]
    enums = [text for text in module.definitions.values() if not text.startswith("class")]
    structs = [described(name, text, module) for name, text in module.definitions.items() if text.startswith("class")]
    table = [f'    "{action}": ({both[0]}, {both[1]}),' for action, both in sorted(module.actions.items())]
    actions = "ACTIONS: Final[dict[str, tuple[type[Message], type[Message] | None]]] = {\n" + "\n".join(table) + "\n}"
    note = '"""Every action of OCPP {version}, with the Struct of its request and of its answer, if it has one."""'
    body = "\n".join([*texts, "", *enums, *structs, actions, note.format(version=version)])
    used = {name for name in ("Any", "CustomDataType", "field") if re.search(rf"\b{name}\b", body)}
    return formatted(header(version, used) + body)


def described(name: str, text: str, module: Module) -> str:
    """Return the source of a Struct; a data type says which messages it is part of."""
    users = sorted(module.users[name])
    shown = ", ".join(users[:2]) + (f" and {len(users) - 2} more" if len(users) > 2 else "")
    return text.replace("{users}", f"Part of {shown}.", 1)


def header(version: str, used: set[str]) -> str:
    typing = ", ".join(sorted({"Annotated", "Final", "Literal"} | used & {"Any"}))
    msgspec = ", ".join(["Meta", *sorted(used & {"field"})])
    structs = ", ".join([*sorted(used & {"CustomDataType"}), "Message"])
    return f'''\
"""The messages of OCPP {version} as Structs. Written by tools/generate_messages.py: change that, not this.

Required fields, enumerations, lengths and bounds are those of the schemas of the Open Charge Alliance.
"""

from __future__ import annotations

from typing import {typing}

from msgspec import {msgspec}

from laddverk.ocpp.structs import {structs}

'''


def formatted(source: str) -> str:
    """Return `source` laid out as the rest of the house is, by the formatter of the house."""
    command = [sys.executable, "-m", "ruff", "format", "--config", str(ROOT / "pyproject.toml"), "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
