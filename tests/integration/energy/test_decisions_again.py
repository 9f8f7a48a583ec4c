"""What the live loop decided over sockets is found again, exactly, by the same function from what was kept of it."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from laddverk.energy.allocating.model import Reason, ReasonCode
from laddverk.energy.steering import placing, questions
from tests.integration.energy.garage import THREE, garage_on

SHARES = """
SELECT DISTINCT ON (station_id, evse_number) station_id, evse_number, at, limit_a, reason FROM steering_share
WHERE site_id = $1 AND at <= $2 ORDER BY station_id, evse_number, at DESC
"""


class Kept(msgspec.Struct):
    station_id: UUID
    evse_number: int
    at: datetime
    limit_a: float
    reason: dict


async def test_every_decision_of_the_live_loop_is_found_again_from_its_question(database, tmp_path):
    async with garage_on(database, tmp_path) as garage:
        site_id, began = garage.network.site_id, garage.clock()
        for _ in range(3):
            await garage.step()
        for name in THREE:
            garage.come(name)
            for _ in range(5):
                await garage.step()
        async with database.transaction() as tx:
            asked = await questions.between(tx, site_id, began, garage.clock() + timedelta(minutes=1))
            decided = {one.at: await tx.fetch(Kept, SHARES, site_id, one.at) for one in asked}
            await questions.drop_old(tx, garage.clock() + questions.KEPT_FOR + timedelta(minutes=1))
            assert not await questions.between(tx, site_id, began, garage.clock() + timedelta(minutes=1))

    compared, codes = 0, set()
    for question in asked:
        shares = {placing.key_of(one.station_id, one.evse_number): one for one in decided[question.at]}
        for grant in question.answer():
            share = shares[grant.key]
            assert (share.limit_a, share.reason["code"]) == (grant.limit_a, grant.reason.code)
            if share.at == question.at:  # a share is written when it changes: its words are of that instant
                assert msgspec.convert(share.reason, Reason) == grant.reason
                compared += 1
            codes.add(grant.reason.code)
    assert compared >= 6
    assert ReasonCode.CIRCUIT_FULL in codes
