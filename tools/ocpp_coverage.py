"""Derive docs/ocpp-coverage.md: who handles or sends each action, where one sees it, and what proves it.

    python tools/ocpp_coverage.py write      # write the page;   `check` says whether it is up to date

Nothing in the table is claimed by hand but the screens: actions come from the schemas, facts and commands from the
transcripts that the tests follow, recorders from `wiring`. "Kept" is an action that is answered and stored, or that can
only be sent as a raw call.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from laddverk import wiring
from laddverk.ocpp import translate
from laddverk.ocpp.protocol import Protocol

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "ocpp-coverage.md"
TRANSCRIPTS: Final = ROOT / "tests" / "conformance" / "ocpp" / "transcripts"
VERSIONS: Final = {"16": Protocol.V16, "201": Protocol.V201, "21": Protocol.V21}
NOT_HANDLING: Final = {"OtherReported", "MessageBent"}
STATION: Final = "/console/stations/{station_id:str}"
COMMAND: Final = "/console/commands/{command_id:str}"
SCREENS: Final = {
    "Booted": STATION,
    "HeartbeatReceived": STATION,
    "StatusReported": STATION,
    "TokenPresented": "/console/sessions/{session_id:str}",
    "SessionStarted": "/console/sessions/{session_id:str}",
    "SessionUpdated": "/console/sessions/{session_id:str}",
    "SessionEnded": "/console/sessions/{session_id:str}",
    "EnergySampled": "/console/sessions/{session_id:str}",
    "VariablesReported": f"{STATION}/configuration",
    "MonitorsReported": f"{STATION}/monitoring",
    "EventNotified": f"{STATION}/monitoring",
    "StreamOpened": f"{STATION}/monitoring",
    "StreamReceived": f"{STATION}/monitoring",
    "StreamClosed": f"{STATION}/monitoring",
    "VendorMessage": "/console/vendor-data",
    "FirmwareStatusReported": f"{STATION}/software",
    "PublishStatusReported": f"{STATION}/software",
    "LogStatusReported": f"{STATION}/software",
    "SecurityEventReported": f"{STATION}/security",
    "CertificateRequested": f"{STATION}/security",
    "CertificateStatusAsked": "/console/certificates/contracts",
    "ChainStatusAsked": "/console/certificates/contracts",
    "ContractPresented": "/console/certificates/contracts",
    "EvCertificateAsked": "/console/certificates/contracts",
    "ReservationReleased": f"{STATION}/access",
    "CustomerDataReported": "/console/drivers/{driver_id:str}",
    "MessagesReported": f"{STATION}/display",
    "SettlementReported": f"{STATION}/display",
    "CostComputed": f"{STATION}/display",
    "VatNumberEntered": f"{STATION}/display",
    "BatterySwapped": f"{STATION}/display",
    "ProfilesReported": f"{STATION}/current",
    "LimitReported": f"{STATION}/current",
    "LimitCleared": f"{STATION}/current",
    "NeedsReported": f"{STATION}/current",
    "EvScheduleReported": f"{STATION}/current",
    "PriorityReported": f"{STATION}/current",
    "DynamicLimitAsked": f"{STATION}/current",
    "DerControlsReported": f"{STATION}/current",
    "DerAlarmed": f"{STATION}/current",
    "DerSwitched": f"{STATION}/current",
}
"""Where staff see what a fact did; every address must be one of the program's. Commands have their own page."""
ALSO: Final = {"EnergySampled": STATION}  # readings outside of sessions


@dataclass
class Row:
    """What is known of one action of one version."""

    action: str
    heard: bool
    means: list[str] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    screens: list[str] = field(default_factory=list)
    proof: str = ""

    @property
    def handled(self) -> bool:
        """Whether it has its effect, is shown somewhere, and a transcript proves it."""
        return bool(self.by and self.screens and self.proof)


def name_of(recorder: Any) -> str:
    """Return room and function of a recorder, as one would call it."""
    if isinstance(recorder, partial):
        recorder = recorder.func
    room: str = recorder.__module__.split(".")[1]
    return f"{room}.{recorder.__name__}"


def recorders() -> dict[str, list[str]]:
    """Return who records each kind of fact."""
    found: dict[str, list[str]] = {}
    for kind, recorder in wiring.RECORDERS:
        found.setdefault(kind.__name__, []).append(name_of(recorder))
    return found


def lines(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and content of each line of a version's transcripts."""
    for path in sorted(TRANSCRIPTS.glob(f"{version}_*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield f"{path.stem}:{number}", json.loads(line)


def rows(version: str, addresses: set[str]) -> list[Row]:
    """Return a row for each action, in order of names; calls to the charger after those from it."""
    protocol, recorded = VERSIONS[version], recorders()
    heard = {action: Row(action, True) for action in sorted(protocol.from_charger)}
    said = {action: Row(action, False) for action in sorted(translate.for_charger(protocol))}
    for place, line in lines(version):
        if "says" in line:
            call = json.loads(line["says"]) if isinstance(line["says"], str) else line["says"]
            if call[2] in heard:
                _hear(heard[call[2]], line, recorded, place)
        elif line["command"]["kind"] != "raw_call" and line["call"][2] in said:
            _say(said[line["call"][2]], line["command"]["kind"], place)
    found = [*heard.values(), *said.values()]
    for row in found:
        row.screens = [address for address in row.screens if address in addresses]
    return found


def _hear(row: Row, line: dict[str, Any], recorded: dict[str, list[str]], place: str) -> None:
    for fact in (fact["type"] for fact in line["facts"]):
        if fact in NOT_HANDLING or fact not in recorded:
            continue
        row.proof = row.proof or place
        _add(row.means, fact)
        for recorder in recorded[fact]:
            _add(row.by, recorder)
        _add(row.screens, SCREENS.get(fact, ""))
        _add(row.screens, ALSO.get(fact, ""))


def _say(row: Row, kind: str, place: str) -> None:
    row.proof = row.proof or place
    _add(row.means, kind)
    _add(row.by, "stations.request_command")
    _add(row.screens, COMMAND)


def _add(to: list[str], word: str) -> None:
    if word and word not in to:
        to.append(word)


def addresses() -> set[str]:
    """Return every address of the console's pages."""
    from litestar import Litestar

    from laddverk.web.console import routes

    return {route.path for route in Litestar(routes.ROUTES).routes}


def page() -> str:
    """Return the whole page."""
    known = addresses()
    tables = {version: rows(version, known) for version in VERSIONS}
    head = [
        "# What Laddverk does with each message of OCPP",
        "",
        "Derived by `python tools/ocpp_coverage.py write`; a test holds it to the code. *Handled*: it has an effect in",
        "a room, a screen shows it, and a transcript that the tests follow proves it. *Kept*: it lacks one of these;",
        "the row says which. Any call can be made by a tool (`POST /api/v1/stations/{id}/calls`).",
        "",
        "| version | actions | handled | kept |",
        "| --- | --- | --- | --- |",
    ]
    for version, protocol in VERSIONS.items():
        handled = {row.action for row in tables[version] if row.handled}
        kept = {row.action for row in tables[version] if not row.handled}
        total = len(protocol.actions)
        head.append(f"| {protocol} | {total} | {total - len(kept)} | {len(kept)} |")
        assert handled | kept == set(protocol.actions)
    body = []
    for version, protocol in VERSIONS.items():
        for is_heard, title in ((True, "from the charger"), (False, "to the charger")):
            body += ["", f"## {protocol}, {title}", ""]
            body.append("| action | read as / said by | by | screens | transcript |")
            body.append("| --- | --- | --- | --- | --- |")
            body += [_line(row) for row in tables[version] if row.heard is is_heard]
    return "\n".join([*head, *body]) + "\n"


def _line(row: Row) -> str:
    screens = ", ".join(address.replace(":str}", "}") for address in row.screens)
    cells = [", ".join(row.means), ", ".join(row.by), screens, row.proof]
    missing = ("no fact or command of its own", "recorded nowhere", "no screen", "no transcript")
    told = [cell or f"*kept: {why}*" for cell, why in zip(cells, missing, strict=True)]
    return f"| {row.action} | " + " | ".join(told) + " |"


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is what the code says."""
    derived = page()
    if arguments == ["write"]:
        PAGE.write_text(derived, encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} written")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == derived:
        return 0
    print("docs/ocpp-coverage.md is out of date. Remedy: .venv/bin/python tools/ocpp_coverage.py write")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
