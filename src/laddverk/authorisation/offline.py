"""What a charger does when it cannot ask: the few settings that decide it, by the name each version has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from laddverk.access.rules import MASTER_GROUP
from laddverk.authorisation import queries
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import NotFound
from laddverk.ocpp.commands import AnyCommand, ReadVariables, WriteVariable
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

TRUE: Final = "true"


class Rule(Struct, frozen=True):
    """One thing that can be decided: its key of 1.6, and its component and variable of 2.x."""

    key: str
    key_16: str
    component: str
    variable: str


RULES: Final = (
    Rule("known", "LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline"),
    Rule("unknown", "AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    Rule("stop_invalid", "StopTransactionOnInvalidId", "TxCtrlr", "StopTxOnInvalidId"),
    Rule("pre", "LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize"),
    Rule("list", "LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled"),
    Rule("cache", "AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled"),
)
MASTER: Final = Rule("master", "", "AuthCtrlr", "MasterPassGroupId")


class Setting(Struct, frozen=True):
    """One rule as a charger has it: on, off, or None when it never told."""

    key: str
    name: str
    is_on: bool | None
    may_be_set: bool = True


def settings(told: Sequence[Variable], *, is_16: bool) -> list[Setting]:
    """Return what a charger told of the rules, in their order. Names differ by more than case (quirk 54)."""
    found = {(_component(one, is_16=is_16), one.variable.lower()): one for one in told}
    shown: list[Setting] = []
    for each in RULES:
        name = each.key_16 if is_16 else f"{each.component}.{each.variable}"
        one = found.get(_address(each, is_16=is_16))
        value = None if one is None or one.value is None else one.value.strip().lower() == TRUE
        shown.append(Setting(each.key, name, value, one is None or one.mutability != "ReadOnly"))
    return shown


def _component(one: Variable, *, is_16: bool) -> str:
    return "" if is_16 else one.component.lower()


def _address(each: Rule, *, is_16: bool) -> tuple[str, str]:
    return ("", each.key_16.lower()) if is_16 else (each.component.lower(), each.variable.lower())


def names(*, is_16: bool) -> ReadVariables:
    """Return the command that asks a charger for all the rules."""
    if is_16:
        return ReadVariables(variables=tuple(Variable(variable=each.key_16) for each in RULES))
    wanted = (*RULES, MASTER)
    return ReadVariables(variables=tuple(Variable(component=one.component, variable=one.variable) for one in wanted))


def writing(each: Rule, value: str, *, is_16: bool) -> WriteVariable:
    """Return the command that sets a rule."""
    if is_16:
        return WriteVariable(variable=each.key_16, value=value)
    return WriteVariable(component=each.component, variable=each.variable, value=value)


def changes(wanted: Mapping[str, bool], now_set: Sequence[Setting], *, is_16: bool) -> list[AnyCommand]:
    """Return the commands that bring a charger from what it told to what is wanted."""
    before = {one.key: one for one in now_set}
    return [
        writing(each, str(wanted[each.key]).lower(), is_16=is_16)
        for each in RULES
        if each.key in wanted and before[each.key].may_be_set and before[each.key].is_on is not wanted[each.key]
    ]


async def decide(
    tx: Transaction, actor: Actor, station_id: StationId, wanted: Mapping[str, bool], now: datetime, *, reason: str = ""
) -> list[CommandId]:
    """Write the rules that differ from what the charger told, and ask it for all of them anew; return the commands.

    A charger of 2.x also learns the group of master tags. Needs commands:send at a site that `actor` sees.
    """
    actor.require(Permission.COMMANDS_SEND)
    station = await queries.station_access(tx, actor.site_ids, station_id)
    if station is None:
        raise NotFound("There is no such station.", field="station_id")
    is_16 = station.protocol == "ocpp1.6"
    told = settings(await queries.told(tx, station_id), is_16=is_16)
    wishes = changes(wanted, told, is_16=is_16)
    if wishes and not is_16:
        wishes.append(writing(MASTER, MASTER_GROUP, is_16=False))
    wishes.append(names(is_16=is_16))
    return [await stations.request_command(tx, actor, station_id, wish, now, reason=reason) for wish in wishes]
