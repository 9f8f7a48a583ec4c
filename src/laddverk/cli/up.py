"""`laddverk up`: the whole network in one process, until Ctrl-C."""

from __future__ import annotations

import argparse

from laddverk import running
from laddverk.access import queries
from laddverk.cli.network import Say, check_ports, prepared_database, run_in_loop, stopped_by_signals
from laddverk.platform.house import House
from laddverk.platform.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose here: all is set in the environment."""
    parser.epilog = "Stops cleanly on Ctrl-C or SIGTERM. See docs/operations.md for the settings."


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Run the network until it is told to stop."""
    run_in_loop(up(settings, print_line))
    return 0


async def up(settings: Settings, say: Say) -> None:
    """Start the database, migrate it, run gateway, web and workers, and stop all in turn when a signal comes."""

    async def ready(house: House, addresses: running.Addresses) -> None:
        async with house.database.transaction() as tx:
            has_staff = bool(await queries.staff(tx))
        say(greeting(house.settings, addresses, has_staff=has_staff))

    check_ports(settings)
    stop = stopped_by_signals()
    async with prepared_database(settings, say) as prepared:
        await running.run(prepared, ready=ready, stop=stop)
        say("Stopping.")
    say("Stopped; everything is saved.")


def greeting(settings: Settings, addresses: running.Addresses, *, has_staff: bool) -> str:
    """Return what is printed when all runs."""
    hint = "" if has_staff else "Nobody can sign in yet. In another terminal: laddverk admin you@example.com\n"
    with_tls = f"  with TLS                  {addresses.ocpp_tls_url}\n" if addresses.ocpp_tls_url else ""
    return (
        f"\n{settings.operator_name} is running.\n"
        f"  Console, portal and API   {addresses.web_url}\n"
        f"  Chargers connect to       {addresses.ocpp_url}\n"
        f"{with_tls}"
        f"{hint}Ctrl-C stops it.\n"
    )


def print_line(text: str) -> None:
    """Print `text` at once, also into a pipe."""
    print(text, flush=True)
