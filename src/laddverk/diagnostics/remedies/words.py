"""What self-healing says of its steps on a timeline: whole sentences, so that every language can say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from laddverk.diagnostics.remedies.model import Action
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

DONE: Final[Mapping[Action, str]] = {
    Action.ASK_STATE: N_("Self-healing asks the charger for its state."),
    Action.MAKE_OPERATIVE: N_("Self-healing puts the outlet back into service."),
    Action.CLEAR_CACHE: N_("Self-healing lets the charger forget the cards that it remembers."),
    Action.SEND_LIST: N_("Self-healing sends the list of cards anew."),
    Action.CLEAR_LIMIT: N_("Self-healing takes away the limits that the charger keeps."),
    Action.APPLY_TEMPLATE: N_("Self-healing writes the settings of its template again."),
    Action.STOP_SESSION: N_("Self-healing ends the session that is none."),
    Action.UNLOCK: N_("Self-healing unlocks the cable."),
    Action.RESET_SOFT: N_("Self-healing starts the charger's program again."),
    Action.RESET_HARD: N_("Self-healing switches the charger off and on."),
    Action.TAKE_OUT_OF_SERVICE: N_("Self-healing takes the outlet out of service."),
    Action.WORK_ORDER: N_("Self-healing has tried all it may: somebody must go there."),
}

WOULD: Final[Mapping[Action, str]] = {
    Action.ASK_STATE: N_("Dry run: it would ask the charger for its state."),
    Action.MAKE_OPERATIVE: N_("Dry run: it would put the outlet back into service."),
    Action.CLEAR_CACHE: N_("Dry run: it would let the charger forget the cards that it remembers."),
    Action.SEND_LIST: N_("Dry run: it would send the list of cards anew."),
    Action.CLEAR_LIMIT: N_("Dry run: it would take away the limits that the charger keeps."),
    Action.APPLY_TEMPLATE: N_("Dry run: it would write the settings of its template again."),
    Action.STOP_SESSION: N_("Dry run: it would end the session that is none."),
    Action.UNLOCK: N_("Dry run: it would unlock the cable."),
    Action.RESET_SOFT: N_("Dry run: it would start the charger's program again."),
    Action.RESET_HARD: N_("Dry run: it would switch the charger off and on."),
    Action.TAKE_OUT_OF_SERVICE: N_("Dry run: it would take the outlet out of service."),
    Action.WORK_ORDER: N_("Dry run: it would say that somebody must go there."),
}
