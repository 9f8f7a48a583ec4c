"""The web application in a process of its own, as an operator runs it: `python bench/_desk_server.py DSN STATE_DIR`.

Each answer says in `Server-Timing` how long it took from the request until it was ready (`app`), and the CPU time of
the process for it (`cpu`), both in milliseconds. Prints one line of JSON when ready, and ends with its input.
"""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop

from laddverk import running
from laddverk.access import queries
from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.gateway import limits
from laddverk.kernel.actors import Role, rule
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.web.app import create_app

AGENT: Final = "agent@example.com"


class Timed:
    """The application, saying of each answer what it took."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        began, cpu = time.perf_counter(), time.process_time()

        async def timed(message: Any) -> None:
            if message["type"] == "http.response.start":
                app_ms, cpu_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu) * 1e3
                took = f"app;dur={app_ms:.3f}, cpu;dur={cpu_ms:.3f}"
                message["headers"] = [*message["headers"], (b"server-timing", took.encode())]
            await send(message)

        await self.app(scope, receive, timed)


async def agent(house: House) -> str:
    """Let the agent of the bench in, in two teams, and return the password."""
    password, by = secrets.token_urlsafe(15), rule("bench")
    async with house.database.transaction() as tx:
        known = next((one for one in await queries.staff(tx) if one.email == AGENT), None)
        details = StaffDetails(email=AGENT, name="Agent", role=Role.SUPPORT)
        if known is None:
            operator_id = await access.create_staff(tx, by, details, password, house.clock())
            await tx.execute("UPDATE support_team SET members = members || $1::uuid WHERE name < 'Team 3'", operator_id)
            await tx.execute(
                "UPDATE support_case SET assignee_id = $1 WHERE id IN (SELECT id FROM support_case"
                " WHERE state <> 'closed' ORDER BY number LIMIT 25)", operator_id
            )  # fmt: skip
        else:
            await access.set_password(tx, by, known.id, password, house.clock())
    return password


async def main(dsn: str, state_dir: Path) -> None:
    """Serve until standard input ends."""
    settings = Settings(state_dir=state_dir, database_url=dsn, web_port=0, ocpp_port=0)
    async with running.opened(settings) as house:
        password = await agent(house)
        config = uvicorn.Config(
            Timed(create_app(house)), host="127.0.0.1", port=0, lifespan="on", log_level="warning", access_log=False,
            server_header=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        gc.freeze()  # as the program does when all of it has started
        gc.set_threshold(*limits.GC_THRESHOLDS)
        port = server.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"port": port, "email": AGENT, "password": password}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
