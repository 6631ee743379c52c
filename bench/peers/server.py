"""gatewayd as a peer: `python -m bench.peers.server SOCKET ROUTES`. Each line it reads is one route edit.

It translates each edit itself: what is measured includes all from the object to the wire.
"""

import asyncio
import sys
from pathlib import Path

from bench.peers.record import change, filled
from bench.publishers import ToProxies
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import UnixListener
from gatewayd.ads.server import AdsServer
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.run.memory import tune_collector


async def serve(socket: Path, routes: int) -> None:
    tune_collector()
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    reconciler = filled(ToProxies(fleet), routes, DEFAULT_ENVIRONMENT)
    server = AdsServer(fleet, (UnixListener(path=socket),))
    await server.start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    step = 0
    while line := await lines.readline():
        step += 1
        reconciler.submit((change(step, routes),))
        reconciler.step()
        print(line.decode().strip(), flush=True)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
