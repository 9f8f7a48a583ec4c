"""Stations for the benches, made through the rooms' services."""

from __future__ import annotations

from laddverk.kernel.actors import rule
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails

ACTOR = rule("bench")


async def stations_for_bench(house: House, count: int) -> list[tuple[str, str]]:
    """Make one site with `count` stations and return their identities with their keys."""
    async with house.database.transaction() as tx:
        site_id = await stations.create_site(tx, ACTOR, SiteDetails(name="Bench", code="BENCH"), house.clock())
        new = [
            NewStation(
                site_id=site_id,
                identity=f"BENCH{number:04}",
                name=f"Bench {number}",
                connectors=(NewConnector(evse_number=1),),
            )
            for number in range(count)
        ]
        made = await stations.create_stations(tx, ACTOR, new, house.clock(), pepper=house.secrets.charger_pepper)
    return [(each.identity, key.password) for each, key in zip(new, made, strict=True)]
