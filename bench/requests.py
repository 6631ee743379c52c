"""What a proxied request costs Envoy, by how its route is found: `python -m bench.requests`. Prints one JSON line.

Two Envoys beside each other, one with its routes in a table, the other with a scope for each host. They are asked for a
host that is known by name, for one under a wildcard, and for one in capitals; the backend and the client are this
process. CPU is that of Envoy alone, the lowest of ROUNDS rounds that alternate.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.hosts import Running, running
from bench.inputs import GROUP, delta, endpoints, service, surroundings
from bench.largehost import Backend, ask_many
from bench.tables_envoy import free_port
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.http import RouteDiscovery
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta

ROUNDS = 15
REQUESTS = 2_000
HOSTS = 500
ASKED = {"exact": "host-7.example", "wildcard": "any.wild.example", "capitals": "HOST-7.example"}


def objects(discovery: RouteDiscovery, port: int, backend: int) -> Iterator[Delta]:
    yield Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, discovery))
    yield from surroundings(0, port)
    yield service("backend")
    yield endpoints("backend", "127.0.0.1", port=backend)
    for host in ("*.wild.example", *(f"host-{number}.example" for number in range(HOSTS))):
        yield delta(_route(host))


def _route(host: str) -> dict[str, Any]:
    return {
        "apiVersion": GROUP,
        "kind": "HTTPRoute",
        "metadata": {"name": host.replace("*", "any"), "namespace": "bench"},
        "spec": {
            "parentRefs": [{"name": "gw"}],
            "hostnames": [host],
            "rules": [{"backendRefs": [{"name": "backend", "port": 80}]}],
        },
    }


async def cost(of: Running, port: int, host: str, requests: int = REQUESTS) -> float:
    """Return the microseconds of CPU that a request costs Envoy, of so many."""
    before = of.cpu()
    await ask_many(port, "/", requests, host)
    return (of.cpu() - before) / requests * 1e6


@asynccontextmanager
async def beside(
    folder: Path, given: Mapping[str, tuple[RouteDiscovery, Sequence[Delta]]]
) -> AsyncIterator[Mapping[str, tuple[Running, int]]]:
    """Run an Envoy for each name, with routes found in that way and what more is given; yield it and its port."""
    backend = free_port()
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", backend)
    async with AsyncExitStack() as stack:
        envoys = {}
        for name, (discovery, more) in given.items():
            own = folder / name
            own.mkdir(mode=0o700)
            port, of = free_port(), await stack.enter_async_context(running(own))
            await of.apply(*objects(discovery, port, backend), *more)
            envoys[name] = (of, port)
        yield envoys
    server.close()


async def measure(folder: Path) -> dict[str, Any]:
    lowest = dict[str, float]()
    async with beside(folder, {each: (each, ()) for each in RouteDiscovery}) as envoys:
        for _ in range(ROUNDS):
            for discovery, (of, port) in envoys.items():
                for name, host in ASKED.items():
                    key = f"{discovery}_{name}_us"
                    lowest[key] = min(lowest.get(key, 1e9), await cost(of, port, host))
    return {"hosts": HOSTS, **{name: round(value, 2) for name, value in lowest.items()}}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
