"""Dynamic profiles (2.1, K28): a limit is changed in the profile that is there, and asked for when nobody tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from laddverk.ocpp.facts import ProfileKind
from laddverk.simulator.abilities import smart_charging
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.abilities.smart_charging import Profiles
from laddverk.simulator.model import Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger


def pass_time(charger: Charger, at: datetime) -> None:
    """Ask for the limit of each dynamic profile that was not told one for its interval (K28.FR.10)."""
    known = charger.of(Profiles)
    for one in list(known.by_id.values()):
        every_s, profile = one.profile.update_every_s, one.profile
        if profile.kind is not ProfileKind.DYNAMIC or not every_s or not charger.online or not charger.booted:
            continue
        if profile.valid_until is not None and at >= profile.valid_until:
            continue
        last = max(profile.updated_at or one.since, known.asked_at.get(profile.id, one.since))
        if at - last >= timedelta(seconds=every_s):
            known.asked_at[profile.id] = at
            fields = {"chargingProfileId": profile.id}
            then = partial(_pulled, profile.id)
            charger.say(Told(at=at, action="PullDynamicScheduleUpdate", fields=fields, then=then))


def _pulled(number: int, charger: Charger, answer: dict[str, Any], at: datetime) -> None:
    """Take the limit that the network answered with; a no changes nothing."""
    limit = (answer.get("scheduleUpdate") or {}).get("limit")
    if answer.get("status") == "Accepted" and limit is not None:
        _change(charger, number, limit, at)


def _update(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    known = charger.of(Profiles)
    one = known.by_id.get(asked.charging_profile_id)
    if one is None or one.profile.kind is not ProfileKind.DYNAMIC or known.refuses_dynamic:
        return {"status": "Rejected"}
    _change(charger, one.profile.id, asked.schedule_update.limit, at)
    return {"status": "Accepted"}


def _change(charger: Charger, number: int, limit: float | None, at: datetime) -> None:
    """Give a dynamic profile another limit; one without any is only a sign that somebody is there (K28.FR.09)."""
    known = charger.of(Profiles)
    one = known.by_id.get(number)
    if one is None or one.profile.kind is not ProfileKind.DYNAMIC or known.ignores_updates:
        return
    schedule = one.profile.schedules[0]
    period = schedule.periods[0] if limit is None else replace(schedule.periods[0], limit=limit)
    profile = replace(one.profile, schedules=(replace(schedule, periods=(period,)),), updated_at=at)
    known.by_id[profile.id] = replace(one, profile=profile)
    smart_charging.pass_time(charger, at)


ORDERS_2X: Final[Orders] = {"UpdateDynamicSchedule": _update}
