"""gatewayd as a peer: `python -m bench.peers.server SOCKET ROUTES`. Each line it reads is one route edit.

It translates each edit itself: what is measured includes all from the object to the wire.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.peers.record import beginning, change, filled
from bench.publishers import ToProxies
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta


async def serve(socket: Path, objects: Iterable[Delta], edit: Callable[[int], Delta]) -> None:
    """Serve what follows from objects; `edit` returns what the line of a number does."""
    tune_collector()
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    reconciler = filled(ToProxies(fleet), objects)
    server = AdsServer(fleet, (UnixListener(path=socket),))
    await server.start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    step = 0
    while line := await lines.readline():
        step += 1
        reconciler.submit((edit(step),))
        reconciler.step()
        print(line.decode().strip(), flush=True)
    await server.stop()


def main(socket: str, routes: str) -> None:
    count = int(routes)
    asyncio.run(serve(Path(socket), beginning(count, DEFAULT_ENVIRONMENT), lambda step: change(step, count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
