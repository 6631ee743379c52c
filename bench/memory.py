"""What a control plane of R routes, R Services and R EndpointSlices keeps in memory, stage by stage.

`python -m bench.memory R` prints one JSON line, in MiB: after the imports, the store, the translation (with snapshot),
a connected client, M changes, the deletion of everything. The process has the environment of the image.
`python -m bench.memory R trace` prints who allocated what is kept. Objects come in as bytes, through the reflector's
own decoding; statuses are kept as the status writer keeps them.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import gatewayd.run.replica  # noqa: F401 - what a pod imports
from bench import stored
from bench.image import as_in_the_image
from bench.process import usage
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.api import compact
from gatewayd.api.kinds import KINDS
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.kube.listing import Listing, decode_page
from gatewayd.kube.live_statuses import LiveStatuses
from gatewayd.reconciler import Reconciler
from gatewayd.run.memory import CALM, Tide, tune_allocator, tune_collector
from gatewayd.store import Delta

CHANGES = 2_700
"""Half an hour of one change of a route a second and one of endpoints every other second."""
EARLY = 300
"""Growth is counted from here on: by then everything that is made once has been made."""
PAGE = 500
PAUSE = 0.002
SETTLED = 4.0
"""Seconds after which nothing is kept any more for others who might ask for the same at the same time."""


class Inflow:
    """The API server's words, decoded as in a cluster, one Listing for each kind."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self.live = LiveStatuses(lambda _kind, _key: None)
        self._listings = {self._path(kind): self._listing(kind) for kind in KINDS}

    @staticmethod
    def _path(kind: Any) -> str:
        return f"/{'apis' if kind.group else 'api'}/{kind.api_version}/{kind.plural}"

    def _listing(self, kind: Any) -> Listing:
        def hear(key: Any, raw: bytes | None) -> None:
            if kind.statused:
                self.live.hear(kind, key, raw)

        return Listing(kind, undecodable=_unreadable, live=hear)

    def page(self, path: str, page: bytes) -> None:
        """Take one page of a list."""
        self._reconciler.submit(tuple(self._listings[path].page(decode_page(page))))

    def listed(self) -> None:
        """Take it that all pages of all lists have come."""
        for listing in self._listings.values():
            self._reconciler.submit(tuple(listing.listed("1")))

    def event(self, path: str, kind: str, document: stored.Json) -> None:
        """Take one event of a watch."""
        line = json.dumps({"type": kind, "object": document}).encode()
        self._reconciler.submit(tuple(self._listings[path].event(line)))


def _unreadable(note: Any) -> None:
    raise ValueError(note)


def changes(routes: int) -> Iterator[tuple[str, stored.Json]]:
    """Yield the changes: two of three are of a route, one is of endpoints."""
    for seed in range(1, CHANGES + 1):
        number = seed * 7919 % routes
        if seed % 3:
            yield stored.ROUTES, stored.route(number, seed, 100_000 + seed)
        else:
            yield stored.SLICES, stored.endpoint_slice(number, seed % 100, 100_000 + seed)


class Stages:
    """Memory after each stage."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def note(self, name: str) -> None:
        self.found[f"{name}_mib"] = round(usage().rss, 1)


async def measure(routes: int, folder: Path) -> dict[str, Any]:
    stages = Stages()
    stages.note("imports")
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    reconciler = Reconciler(publisher=_ToProxies(fleet), on_batch=lambda _batch: None, awaited=())
    server = AdsServer(fleet, (UnixListener(path=folder / "ads" / "socket"),))
    await server.start()
    tide = Tide(compact.forget, reconciler.store.engine.shrink)
    stages.note("started")
    inflow = Inflow(reconciler)
    reconciler.submit((Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT),))
    await _fill(inflow, routes)
    stages.note("decoded")
    translated = _cpu(reconciler.step)
    stages.note("translated")
    async with _client(folder / "ads" / "socket"):
        stages.note("client")
        await _churn(reconciler, inflow, islice(changes(routes), EARLY))
        stages.note("first_changes")
        spent = -time.process_time()
        await _churn(reconciler, inflow, islice(changes(routes), EARLY, CHANGES))
        spent += time.process_time()
        stages.note("changes")
        tide.look(reconciler.store.engine.size)
        await _empty(reconciler, inflow, routes)
        await asyncio.sleep(SETTLED)
        stages.note("deleted")
        _give_back(tide, reconciler.store.engine.size)
        stages.note("given_back")
    await server.stop()
    return {
        "routes": routes,
        **stages.found,
        "growth_percent": round((stages.found["changes_mib"] / stages.found["first_changes_mib"] - 1) * 100, 2),
        "peak_mib": round(usage().peak, 1),
        "cold_cpu_s": round(translated, 3),
        "change_cpu_ms": round(spent / (CHANGES - EARLY) * 1000, 3),
        "rows_left": reconciler.store.engine.size,
    }


def _give_back(tide: Tide, rows: int) -> None:
    for _ in range(CALM + 1):
        tide.look(rows)


def _cpu(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@asynccontextmanager
async def _client(socket: Path) -> AsyncIterator[None]:
    """Connect one client that has everything and takes every change."""
    command = [sys.executable, "-m", "bench.clients", str(socket), "1"]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    await child.stdout.readline()
    heard = asyncio.create_task(child.stdout.read())
    await asyncio.sleep(SETTLED)
    try:
        yield
    finally:
        child.terminate()
        await child.wait()
        await heard


async def _fill(inflow: Inflow, routes: int) -> None:
    """List everything, made by another process so that making it leaves nothing in this one."""
    command = [sys.executable, "-m", "bench.memory", str(routes), "objects"]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, limit=1 << 26)
    assert child.stdout is not None
    while line := await child.stdout.readline():
        path, _, page = line.partition(b" ")
        inflow.page(path.decode(), page)
    await child.wait()
    inflow.listed()


async def _churn(reconciler: Reconciler, inflow: Inflow, made: Iterator[tuple[str, stored.Json]]) -> None:
    for path, document in made:
        inflow.event(path, "MODIFIED", document)
        reconciler.step()
        # The client takes it before the next: a change a second, without the waiting.
        await asyncio.sleep(PAUSE)


async def _empty(reconciler: Reconciler, inflow: Inflow, routes: int) -> None:
    kinds: tuple[tuple[str, Callable[[int], stored.Json]], ...] = (
        (stored.ROUTES, lambda number: stored.route(number, 0, 200_000)),
        (stored.SLICES, lambda number: stored.endpoint_slice(number, 0, 200_000)),
        (stored.SERVICES, lambda number: stored.service(number, 200_000)),
    )
    for path, made in kinds:
        for number in range(routes):
            inflow.event(path, "DELETED", made(number))
            if number % 100 == 0:
                reconciler.step()
                await asyncio.sleep(PAUSE)
    reconciler.step()


def objects(routes: int) -> None:
    for path, documents in stored.everything(routes):
        for at in range(0, len(documents), PAGE):
            print(path, json.dumps({"metadata": {}, "items": documents[at : at + PAGE]}))


def trace(routes: int) -> None:
    """Print who allocated what is kept, by line."""
    tracemalloc.start(1)
    reconciler = Reconciler(publisher=_Nobody(), on_batch=lambda _batch: None, awaited=())
    reconciler.submit((Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT),))
    reconciler.step()
    inflow, before = Inflow(reconciler), tracemalloc.take_snapshot()
    asyncio.run(_fill(inflow, routes))
    decoded = tracemalloc.take_snapshot()
    print("--- decoded")
    for each in decoded.compare_to(before, "lineno")[:12]:
        print(f"{each.size_diff / 1024:9.0f} KiB {each.count_diff:8} {each.traceback}")
    reconciler.step()
    gc.collect()
    print("--- translated")
    for each in tracemalloc.take_snapshot().compare_to(before, "lineno")[:60]:
        print(f"{each.size_diff / 1024:9.0f} KiB {each.count_diff:8} {each.traceback}")


class _Nobody:
    def publish(self, snapshot: Any, config: Any) -> None:
        pass

    def retire(self, fleet: Any) -> None:
        pass


class _ToProxies:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def publish(self, snapshot: Any, config: Any) -> None:
        del config
        self._fleet.publish(snapshot)

    def retire(self, fleet: Any) -> None:
        self._fleet.retire(fleet)


def main() -> None:
    routes, mode = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    as_in_the_image("bench.memory")
    if mode == "objects":
        objects(routes)
    elif mode == "trace":
        trace(routes)
    else:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o700)
            tune_collector()
            tune_allocator()
            print(json.dumps(asyncio.run(measure(routes, Path(folder)))))


if __name__ == "__main__":
    main()
