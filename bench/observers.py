"""What looking costs: one edit among R routes for those who watch `gatewayd up`, and one status of a replica.

`python -m bench.observers R` prints one JSON line. CPU milliseconds of an edit: to take it (progress and rows), to have
the board, to draw it, to tell its lines, without the translation. Of a status: the longest time for which it holds the
event loop (CPU time, so that other processes do not count), for the first one of a process and for a later one.
"""

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.inputs import delta, route, surroundings
from bench.process import usage
from bench.publishers import ToProxies
from gatewayd.ads.fleet import Fleet
from gatewayd.cli.view.board_table import Room, changed_lines, draw
from gatewayd.explain.live_findings import LiveFindings
from gatewayd.introspection.live_board import LiveBoard
from gatewayd.introspection.messages import pieces
from gatewayd.introspection.replica_status import Insight
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import FleetReport
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.manifests.folder import Folder
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.xds.resource import Snapshot

EDITS = 30
ONE_PROXY = FleetReport(connected=1, acked_listeners=frozenset(), rejections=())
ROWS = 30
"""Routes on a screen."""


class Watched:
    """A reconciler whose every batch is taken in by observers, as in `gatewayd up`; `spent` is their CPU time.

    The one proxy ACKs everything at once.
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self.board = LiveBoard(lambda _fleet, _type: lambda _name: 1)
        self.reconciler = Reconciler(publisher=self, on_batch=self._on_batch, awaited=())
        self.findings = LiveFindings(self.reconciler.store.engine)

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        self.board.reported(snapshot.fleet, ONE_PROXY, 0.0)
        began = time.process_time()
        self.board.published(config, began)
        self.board.answered(snapshot.fleet, began)
        self.spent += time.process_time() - began

    def retire(self, fleet: FleetKey) -> None:
        self.board.retired(fleet)

    def _on_batch(self, batch: Batch) -> None:
        began = time.process_time()
        described = tuple(self.reconciler.store.engine.drain(BOARD))
        self.board.described(described)
        self.findings.described(described)
        self.findings.concluded(batch.outcomes)
        self.spent += time.process_time() - began


def milliseconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    found = work()
    return (time.process_time() - began) * 1000, found


def edits(watched: Watched, routes: int, services: int) -> dict[str, Any]:
    folder = Folder()
    costs: dict[str, list[float]] = {"take": [], "board": [], "draw": [], "lines": []}
    before = watched.board.board((), ())
    rows = watched.board.rows_made
    for seed in range(1, EDITS + 1):
        watched.spent = 0.0
        watched.reconciler.submit((delta(route(seed * 7919 % routes, services, seed)),))
        watched.reconciler.step()
        costs["take"].append(watched.spent * 1000)
        spent, after = milliseconds(
            lambda: (tuple(watched.findings.findings(folder.place_of)), watched.board.board((), ()))
        )
        costs["board"].append(spent)
        costs["draw"].append(milliseconds(partial(draw, after[1], Room(width=120, height=ROWS)))[0])
        costs["lines"].append(milliseconds(partial(changed_lines, before, after[1]))[0])
        before = after[1]
    sums = [sum(each) for each in zip(*costs.values(), strict=True)]
    return {
        **{f"edit_{name}_ms": round(statistics.median(found), 3) for name, found in costs.items()},
        "edit_ms_median": round(statistics.median(sums), 3),
        "edit_ms_max": round(max(sums), 3),
        "edit_rows": (watched.board.rows_made - rows) / EDITS,
    }


class Loop:
    """Notes for how long others had to wait at most."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            began = time.process_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, time.process_time() - began)


async def status(insight: Insight) -> tuple[float, float, int]:
    """Return for how long a status held the event loop at most, its CPU time, both in ms, and its length."""
    loop = Loop()
    watching = asyncio.create_task(loop.watch())
    await asyncio.sleep(0)
    began, length = time.process_time(), 0
    found = await insight.status()
    for piece in pieces(found):
        length += len(piece)
        await asyncio.sleep(0)
    spent = time.process_time() - began
    watching.cancel()
    return round(loop.longest * 1000, 2), round(spent * 1000, 1), length


def filled(reconciler: Reconciler, routes: int, services: int) -> None:
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(services)]
    events += [delta(route(number, services, 0)) for number in range(routes)]
    reconciler.submit(events)
    reconciler.step()


def replica(routes: int, services: int) -> Insight:
    fleet = Fleet(on_report=lambda _fleet, _report: None)
    reconciler = Reconciler(publisher=ToProxies(fleet), on_batch=lambda _batch: None, awaited=())
    filled(reconciler, routes, services)
    return Insight(reconciler=reconciler, fleet=fleet, where="here", notices=lambda: ())


def measure(routes: int) -> dict[str, Any]:
    tune_collector()
    watched, services = Watched(), max(1, routes // 10)
    filled(watched.reconciler, routes, services)
    edited = edits(watched, routes, services)
    insight = replica(routes, services)
    gc.collect()
    before = usage().rss
    first, first_cpu, length = asyncio.run(status(insight))
    later, later_cpu, _ = asyncio.run(status(insight))
    return {
        "routes": routes,
        **edited,
        "first_status_holds_ms": first,
        "first_status_cpu_ms": first_cpu,
        "status_holds_ms": later,
        "status_cpu_ms": later_cpu,
        "status_bytes": length,
        "status_kept_mib": round(usage().rss - before, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
