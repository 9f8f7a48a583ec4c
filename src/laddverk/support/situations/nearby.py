"""What is free near by: named to a driver by every situation that sends them elsewhere."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.notices.sms.rules import fits_one
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.situations import wording
from laddverk.support.situations.gathering import Subject
from laddverk.support.situations.model import DriverButton, Texts, Told

NEAREST_MAX: Final = 3  # what fits in one text, and what somebody chooses from
FAR_KM: Final = 50.0  # farther is not near

FREE_HERE: Final = N_("Free here: outlet %(code)s, %(power)s.")
FREE_NEAR: Final = N_("Nearest free: %(name)s, %(distance)s\xa0km away, free outlets: %(count)s, up to %(power)s.")

NEAREST: Final = """
SELECT * FROM (
    SELECT DISTINCT ON (site.id) site.id, site.name, connector.code, connector.power_max_w,
           count(*) OVER (PARTITION BY site.id)::int AS outlets,
           6371 * 2 * asin(sqrt(power(sin(radians(site.latitude - here.latitude) / 2), 2)
               + cos(radians(here.latitude)) * cos(radians(site.latitude))
               * power(sin(radians(site.longitude - here.longitude) / 2), 2))) AS distance_km
    FROM site AS here
    JOIN station AS own ON own.site_id = here.id AND own.id = $1
    JOIN site ON site.retired_at IS NULL AND (site.latitude IS NOT NULL OR site.id = here.id)
         AND (site.id = here.id OR (site.latitude BETWEEN here.latitude - 0.5 AND here.latitude + 0.5
                                    AND site.longitude BETWEEN here.longitude - 1 AND here.longitude + 1))
    JOIN station ON station.site_id = site.id AND station.retired_at IS NULL AND station.connected_at IS NOT NULL
    JOIN connector ON connector.station_id = station.id AND connector.status = 'available'
    WHERE (connector.station_id, connector.evse_number) <> ($1, $2) AND NOT ($5 AND station.id = $1)
      AND NOT EXISTS (SELECT FROM start_request WHERE start_request.station_id = connector.station_id
                        AND start_request.evse_number = connector.evse_number AND start_request.session_id IS NULL
                        AND start_request.cancelled_at IS NULL AND start_request.command_id IS NOT NULL)
      -- Events of 2.x change no status: what may be dangerous can say that it is free.
      AND NOT EXISTS (SELECT FROM finding WHERE finding.station_id = connector.station_id AND severity = 0
                        AND cleared_at IS NULL AND finding.evse_number IN (0, connector.evse_number))
    ORDER BY site.id, connector.power_max_w DESC, connector.code
) AS free WHERE coalesce(distance_km, 0) <= $3 ORDER BY coalesce(distance_km, 0), code LIMIT $4
"""


class Free(Struct, frozen=True):
    """The best free outlet of a site near by."""

    id: UUID
    name: str
    code: str
    power_max_w: int
    outlets: int
    """So many are free there."""
    distance_km: float | None
    """0 or None: the same site."""


async def nearest(tx: Transaction, station_id: UUID, evse_number: int, *, elsewhere: bool = False) -> list[Free]:
    """Return the best free outlet of each site near by, the nearest first; `elsewhere`: not at the same charger."""
    return await tx.fetch(Free, NEAREST, station_id, evse_number, FAR_KM, NEAREST_MAX, elsewhere)


async def spoken(tx: Transaction, subject: Subject, told: Told, language: str, zone: str = formats.HOME_ZONE) -> Texts:
    """Return what is said of a situation, with the nearest free outlet by name where it sends the driver elsewhere.

    A charger that is dangerous is not recommended for its other outlet. The text message keeps to one message.
    """
    texts = wording.spoken(told, language, zone)
    if DriverButton.NEAREST not in told.situation.driver or subject.station_id is None:
        return texts
    is_danger = told.situation.is_danger
    found = await nearest(tx, subject.station_id, subject.evse_number, elsewhere=is_danger)
    if not found:
        return texts
    where = sentence(found[0], language)
    sms = f"{texts.sms} {where}"
    return replace(texts, says=f"{texts.says} {where}", sms=sms if fits_one(sms) else texts.sms)


def sentence(free: Free, language: str) -> str:
    """Return one sentence that names a free outlet, or a site with some. Pure."""
    power = formats.power_kw(free.power_max_w, 0, language=language)
    if not free.distance_km:
        return gettext_for(language)(FREE_HERE) % {"code": free.code, "power": power}
    return gettext_for(language)(FREE_NEAR) % {
        "name": free.name, "distance": formats.number(free.distance_km, 1, language),
        "count": formats.number(free.outlets, 0, language), "power": power,
    }  # fmt: skip
