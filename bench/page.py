"""The page with R routes: how long until it is there, and until an edit is; what both send, and how long they hold.

`python -m bench.page R` prints one JSON line. The page of `gatewayd up --ui` is served over the loopback, and looked at
as a browser looks: the whole page once, then the stream of what changes. Milliseconds are of the clock, from the
question, or the edit, until the last byte of it is here. `holds` is the longest time that the event loop was held, in
CPU time, the edit's translation included. Edits are of routes that are seen; those of others must send nothing but
counts. No proxy runs: each route counts as ACKed.
"""

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from bench.inputs import delta, route
from bench.observers import ONE_PROXY, Loop, filled
from gatewayd.introspection.live_board import LiveBoard
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.page.server import page_served
from gatewayd.run.memory import tune_collector
from gatewayd.run.observer import Onlooker
from gatewayd.run.page_source import RunPage
from gatewayd.run.standalone import Options, Standalone

EDITS = 20
FLEET = GatewayFleet(namespace="bench", name="gw")
OPTIONS = Options(
    folder=Path("gateway"), address="127.0.0.1", envoy=Path("/nonexistent"), concurrency=1, drain=0.0, runtime=None,
    cache=None, route_discovery=None,
)  # fmt: skip
QUIET_SECONDS = 0.4
"""Without a part for so long, all that an edit changes of the page has come."""


class Came(NamedTuple):
    """Parts that came after an edit: their names, bytes, rows of routes in them, and when the last of them was here."""

    parts: tuple[str, ...]
    size: int
    rows: int
    at: float


def run_with(routes: int, services: int) -> tuple[Standalone, Onlooker]:
    """Return a run with so many routes, which its one proxy has ACKed."""
    onlooker = Onlooker(lambda: None)
    run = Standalone(OPTIONS, onlooker)
    run.board = LiveBoard(lambda _fleet, _type: lambda _name: 1)
    onlooker.run = run
    run.board.reported(FLEET, ONE_PROXY, 0.0)
    filled(run.reconciler, routes, services)
    return run, onlooker


@asynccontextmanager
async def viewed(run: Standalone, onlooker: Onlooker) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Serve the page and let in a client with its cookie."""
    async with page_served(RunPage(run, onlooker), 0) as address:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), read_bufsize=2**24)
        async with session, session.get(address, allow_redirects=False):
            yield session, address.partition("?")[0]


async def parts(stream: aiohttp.ClientResponse) -> Came:
    """Return what comes until it is quiet."""
    names: list[str] = []
    size = rows = 0
    at = time.monotonic()
    while True:
        try:
            line = await asyncio.wait_for(stream.content.readline(), QUIET_SECONDS)
        except TimeoutError:
            return Came(tuple(names), size, rows, at)
        if line.startswith(b"data: "):
            part = json.loads(line.removeprefix(b"data: "))
            names.append(part["id"])
            size += len(line)
            rows += rows_in(part["html"]) if part["id"] == "rows" else 0
            at = time.monotonic()


def rows_in(html: str) -> int:
    """Count the rows of routes in the list."""
    return html.count('<th scope="row">')


async def measured(routes: int, services: int) -> dict[str, Any]:
    run, onlooker = run_with(routes, services)
    gc.collect()
    loop = Loop()
    async with viewed(run, onlooker) as (session, address):
        began = time.monotonic()
        async with session.get(address) as response:
            page = await response.text()
        first = time.monotonic() - began
        watching = asyncio.create_task(loop.watch())
        async with session.get(f"{address}events") as stream:
            await parts(stream)
            loop.longest = 0.0
            seen = sorted(range(routes), key=lambda number: f"route-{number}")
            edits = [await edited(run, stream, seen[at], services, at + 1) for at in range(EDITS)]
            unseen, _ = await edited(run, stream, seen[-1], services, 1)
        watching.cancel()
    times = [seconds * 1000 for _, seconds in edits]
    return {
        "first_page_ms": round(first * 1000, 1),
        "first_page_bytes": len(page),
        "first_page_rows": rows_in(page.partition('id="rows"')[2].partition("</table>")[0]),
        "edit_ms_median": round(statistics.median(times), 1),
        "edit_ms_max": round(max(times), 1),
        "edit_bytes_max": max(came.size for came, _ in edits),
        "edit_rows_max": max(came.rows for came, _ in edits),
        "edit_parts_max": max(len(came.parts) for came, _ in edits),
        "unseen_edit_rows": unseen.rows,
        "edit_holds_ms": round(loop.longest * 1000, 1),
    }


async def edited(
    run: Standalone, stream: aiohttp.ClientResponse, number: int, services: int, seed: int
) -> tuple[Came, float]:
    """Make one edit; return what comes of it, and after how many seconds."""
    began = time.monotonic()
    run.reconciler.submit((delta(route(number, services, seed)),))
    run.reconciler.step()
    came = await parts(stream)
    return came, came.at - began


def measure(routes: int) -> dict[str, Any]:
    tune_collector()
    return {"routes": routes, **asyncio.run(measured(routes, max(1, routes // 10)))}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
