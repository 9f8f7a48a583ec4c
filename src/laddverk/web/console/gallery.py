"""What `/console/_parts` shows: one believable evening of a small network, so that every part can be judged by eye."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from math import sin
from typing import Any, Final

from litestar import Response, get

from laddverk.kernel.actors import Permission
from laddverk.web.console.desk import AtDesk
from laddverk.web.console.door import NEEDS
from laddverk.web.rendering import View

POWER_KW: Final = (2.1, 2.4, 3.9, 6.2, 7.4, 7.1, 8.8, 11.0, 10.9, 10.4, 10.8, 11.0, 9.1, 7.7, 6.0, 6.1, 4.2, 3.1)
SESSION_ID: Final = "ses_019aa3f2c81e7b6f9d20c4e5a1b7f309"
CURVE_STEP_S: Final = 60

ROWS: Final = (
    ("Hamngatan 3/1", "energy", 11_000, 23_421, 11_475, "Elin Sjöberg", 42),
    ("Hamngatan 3/4", "energy", 7_200, 8_910, 4_366, "Volvofinans AB", 71),
    ("Mölndal P-hus 12", "off", None, 0, 0, "–", 49),
    ("Hamngatan 3/2", "broken", None, 1_204, 590, "Jonas Ek", 6),
    ("Lindholmen norra 7", "wait", 0, 41_288, 20_231, "Amina Warsame", 134),
    ("Lindholmen norra 8", "free", None, 0, 0, "–", 320),
)


@get("/console/_parts", opt={NEEDS: Permission.STATIONS_READ})
async def show_parts(desk: AtDesk) -> Response[str]:
    """Every part of the screens on one page."""
    return desk.page("console/_parts.html", **sample(desk.view))


@get("/console/_parts/curve.json", opt={NEEDS: Permission.STATIONS_READ})
async def give_curve(desk: AtDesk) -> dict[str, Any]:
    """The curve on that page."""
    return sample_curve(desk.now)


@get("/console/_parts/sites.json", opt={NEEDS: Permission.STATIONS_READ})
async def give_sites(desk: AtDesk) -> dict[str, Any]:  # noqa: ARG001 - the door looks at who asks
    """The sites on that page's map."""
    return sample_sites()


def sample(view: View) -> dict[str, Any]:
    """Return the context of the page."""

    def ago(minutes: float) -> datetime:
        return view.now - timedelta(minutes=minutes)

    return {
        "ago": ago,
        "power_kw": POWER_KW,
        "session_id": SESSION_ID,
        "price_kwh": Decimal("4.9"),
        "rows": ROWS,
    }


def sample_curve(now: datetime) -> dict[str, Any]:
    """Return a charging curve of two hours with a dip and a taper, as `power_chart` reads it."""
    minutes = range(121)
    start = int(now.timestamp()) - 120 * CURVE_STEP_S
    limit = [11.0 if minute < 35 or minute > 62 else 4.1 for minute in minutes]
    power = [
        round(min(ceiling, 11.0 if minute < 96 else 11.0 - (minute - 96) * 0.37) - 0.12 * abs(sin(minute / 3)), 2)
        for minute, ceiling in zip(minutes, limit, strict=True)
    ]
    return {
        "time": [start + minute * CURVE_STEP_S for minute in minutes],
        "series": [
            {"label": "Effekt", "unit": "kW", "kind": "power", "values": power},
            {"label": "Gräns", "unit": "kW", "kind": "limit", "values": limit},
        ],
        "events": [
            {"at": start + 35 * CURVE_STEP_S, "text": "6 A: central B är full"},
            {"at": start + 96 * CURVE_STEP_S, "text": "80 %"},
        ],
    }


def sample_sites() -> dict[str, Any]:
    """Return some sites as `charger_map` reads them."""
    sites = (
        ("Hamngatan 3", 11.966, 57.707, 4, 2, "wait"),
        ("Mölndal P-hus", 12.014, 57.656, 12, 0, "broken"),
        ("Lindholmen norra", 11.937, 57.709, 16, 9, "energy"),
        ("Borås resecentrum", 12.940, 57.721, 6, 1, "energy"),
        ("Jönköping Munksjön", 14.161, 57.779, 8, 5, "energy"),
        ("Linköping Tornby", 15.600, 58.430, 10, 3, "energy"),
        ("Uppsala Kungsgatan", 17.645, 59.859, 4, 0, "free"),
        ("Malmö Nyhamnen", 13.003, 55.611, 20, 14, "energy"),
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
                "properties": {
                    "name": name,
                    "href": f"#{name}",
                    "outlets": outlets,
                    "busy": busy,
                    "state": state,
                    "text": f"{busy} / {outlets}",
                },
            }
            for name, longitude, latitude, outlets, busy, state in sites
        ],
    }


ROUTES: Final = [show_parts, give_curve, give_sites]
