"""What the console calls circuits, outlets' phases, and what is unknown about them."""

from __future__ import annotations

from typing import Final

from laddverk.energy.circuits.checklist import Oddity
from laddverk.energy.circuits.model import CircuitKind, LimitFrom, Rotation, SourceKind, Wiring
from laddverk.platform.languages import marked

PHASES: Final = ("L1", "L2", "L3")

KINDS: Final = {
    CircuitKind.GRID: marked("Grid connection"),
    CircuitKind.BOARD: marked("Board"),
    CircuitKind.GROUP: marked("Group"),
}
WIRINGS: Final = {
    Wiring.STAR_400: marked("400 V with neutral (TN)"),
    Wiring.DELTA_230: marked("230 V between phases, no neutral (IT)"),
}
SOURCES: Final = {SourceKind.SOLAR: marked("Solar"), SourceKind.BATTERY: marked("Battery")}
LIMITERS: Final = {
    LimitFrom.SCHEDULE: marked("hours with a lower limit"),
    LimitFrom.DSO: marked("the grid operator"),
    LimitFrom.OPENADR: marked("OpenADR"),
    LimitFrom.PERSON: marked("a limit for a time"),
}
ROTATIONS: Final = {each: "-".join(f"L{phase + 1}" for phase in each.phases) for each in Rotation}
"""As it is written on a board: where the charger's L1, L2 and L3 lie."""

ODDITIES: Final[dict[Oddity, tuple[str, str]]] = {
    Oddity.NO_TREE: (
        marked("Nobody has entered what feeds this site."),
        marked("Enter the grid connection and its fuse; then boards and outlets."),
    ),
    Oddity.NOT_PLACED: (
        marked("Outlets hang nowhere: what they draw is not counted, and nothing steers them."),
        marked("Choose the circuit they hang on."),
    ),
    Oddity.STRAY: (
        marked("Outlets are in the tree that do not stand here any more."),
        marked("Take them out."),
    ),
    Oddity.NO_METER: (
        marked("Nothing measures the grid connection: other load is an estimate, at its highest all the time."),
        marked("A meter lets cars have what the building leaves."),
    ),
    Oddity.NO_ESTIMATE: (
        marked("Nothing measures the grid connection, and nobody has said what else draws current here."),
        marked("Enter the highest current of the building, or a meter."),
    ),
    Oddity.ROTATION: (
        marked("Nobody has looked which phases these outlets use: they count as if they used every one."),
        marked("Look on site and say that it is checked."),
    ),
    Oddity.CROWDED: (
        marked("All one-phase outlets here are on the same phase: the others stay empty."),
        marked("Let an electrician move every third to another phase."),
    ),
    Oddity.LARGER_CHILD: (
        marked("Its fuse is larger than the one that feeds it."),
        marked("That may be so; check that it was typed rightly."),
    ),
    Oddity.LARGER_OUTLET: (
        marked("Outlets can draw more than this circuit carries, even alone."),
        marked("Set them lower here and in the charger, or check the fuse: one that fails opens it, whatever is sent."),
    ),
    Oddity.FORGETS: (
        marked("These chargers came back from a restart without their lasting limit: alone they give what they can."),
        marked("Let an installer set a limit in the charger itself; how much stands under Current of each charger."),
    ),
    Oddity.LARGER_SOURCE: (
        marked("A source here can give more than this circuit carries."),
        marked("Check its power and where it is connected."),
    ),
    Oddity.SUN_UNSEEN: (
        marked("Nothing measures what the solar cells give: plans reckon the sun by the place and the season."),
        marked("Add their meter, and choose it at the source."),
    ),
    Oddity.NO_FALLBACK: (
        marked("No lasting limit lies in the charger: when it loses contact it gives what it can."),
        marked("It gets one by itself when load management is on; else set it under Current."),
    ),
}
"""What it is, and what helps."""
