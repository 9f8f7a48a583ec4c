"""Security alarms told to staff by mail: at once, gathered when there are many, each once a day."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from laddverk.access import queries as people
from laddverk.certificates import rules_alarms, store_alarms
from laddverk.certificates.event_words import said
from laddverk.certificates.store_alarms import Untold
from laddverk.kernel.actors import PERMISSIONS, Permission, Role
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.platform.database import Transaction

log = structlog.get_logger()

AT_ONCE: Final = 1_000  # alarms that one mail speaks of
LISTED_MAX: Final = 20  # of them in words; the others are counted
INFO_MAX: Final = 200  # characters of what the charger says of it
PAGE: Final = "/console/security-events"


async def tell(tx: Transaction, web_url: str, operator: str, zone: str, now: datetime) -> int:
    """Mail what nobody was told of to staff who may change stations; return how many mails were written.

    Within ten minutes of a mail nothing is written: the next one speaks of all that came meanwhile.
    """
    if rules_alarms.waits(await notices.last_written(tx, Template.SECURITY_ALARM), now):
        return 0
    alarms = await store_alarms.untold(tx, now - rules_alarms.SAME_WITHIN, AT_ONCE)
    if not alarms:
        return 0
    news = rules_alarms.fresh(alarms)
    await store_alarms.set_told(tx, [alarm.id for alarm in alarms], now)
    written = 0
    for member in await people.staff(tx):
        if member.disabled_at is None and Permission.STATIONS_WRITE in PERMISSIONS[Role(member.role)]:
            written += await _mail(tx, member, news, web_url, operator, zone, now)
    return written


async def _mail(
    tx: Transaction,
    member: people.StaffRow,
    alarms: list[Untold],
    web_url: str,
    operator: str,
    zone: str,
    now: datetime,
) -> bool:
    if not alarms:
        return False
    params = {
        "operator": operator,
        "zone": zone,
        "link": f"{web_url}{PAGE}?only=open",
        "count": len(alarms),
        "alarms": [
            {
                "event": said(alarm.kind, member.language),
                "place": alarm.station_name or "",
                "info": alarm.tech_info[:INFO_MAX],
                "at": alarm.at,
            }
            for alarm in alarms[:LISTED_MAX]
        ],
    }
    try:
        mail = await notices.send(
            tx, recipient=member.email, language=member.language, template=Template.SECURITY_ALARM, params=params,
            now=now,
        )  # fmt: skip
    except Invalid as problem:
        log.warning("certificates.alarm_not_mailed", staff=str(member.id), error=str(problem))
        return False
    return mail is not None
