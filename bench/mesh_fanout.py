"""One change of a route to N nodes of a mesh, over Unix sockets: `python -m bench.mesh_fanout NODES PORTS`.

Prints one JSON line, as `bench.fanout` does: bytes and CPU of the control plane a node, and how long it takes. Each of
PORTS Services has a route, and one route changes. A node is what its Envoy is to the control plane: the agent between
them passes messages on.
"""

import asyncio
import json
import sys
from itertools import chain
from pathlib import Path
from typing import Final

from bench.fanout import ROUNDS, one_change
from bench.mesh_objects import edited, mesh, routed
from bench.peers.goals import Row
from bench.peers.record import played
from bench.peers.server import serve
from bench.peers.session import Peer
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.store import Delta

BACKENDS: Final = 20
"""Services that routes lead to."""
_SERVE: Final = "serve"


def objects(ports: int) -> tuple[Delta, ...]:
    return tuple(chain(mesh(), routed(ports, BACKENDS)))


def control_plane(ports: int, changes: int) -> Peer:
    """Return gatewayd with a mesh, whose routes change so often."""
    record = played(objects(ports), (edited(step, ports, BACKENDS) for step in range(1, changes + 1)))

    def command(socket: Path) -> tuple[str, ...]:
        return (sys.executable, "-m", "bench.mesh_fanout", _SERVE, str(socket), str(ports))

    return Peer(name="gatewayd", record=record, command=command, fleet=str(MESH_FLEET))


async def measure(nodes: int, ports: int) -> Row:
    return {"nodes": nodes, "ports": ports, **await one_change(control_plane(ports, ROUNDS[nodes]), nodes)}


def main(first: str, *more: str) -> None:
    if first == _SERVE:
        socket, count = more
        ports = int(count)
        asyncio.run(serve(Path(socket), objects(ports), lambda step: edited(step, ports, BACKENDS)))
    else:
        [count] = more
        print(json.dumps(asyncio.run(measure(int(first), int(count)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
