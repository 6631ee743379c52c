"""What the hop through a node's proxy adds to a request between pods: `python -m bench.mesh_hop ROUNDS SECONDS`.

A node out of network namespaces, with a real Envoy, the table of the packet filter that an agent makes, and rules that
stand for kube-proxy's. One pod asks two Services with the same backend, of which one has a route; rounds of SECONDS
alternate, on connections that are kept, and with one for each request. Prints one JSON line: microseconds of a request
by the client's clock, p50 and p99, the median of the rounds, and what the hop adds, the median of the differences of
rounds beside each other; and the microseconds of Envoy's CPU. Takes root, nftables and Go.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.hosts import Running, running
from bench.in_turn import difference
from bench.inputs import delta, endpoints, service
from bench.largehost import Backend
from bench.mesh_objects import PORT, address, frontend, mesh, mesh_route
from conformance.build import built
from conformance.harness.node_network import NODE_ADDRESS, Namespace, Network, network
from gatewayd.agent.table import NodeTable, whole
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import PRODUCER_PORT, NodeRedirect

CONNECTIONS: Final = 2
PAUSE: Final = 0.002
"""Seconds between an answer and the next request on a connection: nothing waits for another request."""
ROUTED, PLAIN = "mesh", "plain"
PATHS: Final[Mapping[str, str]] = {PLAIN: address(1), ROUTED: address(0)}
"""The Service without a route, and that with one."""
WAYS: Final[Mapping[str, int]] = {"kept": 1 << 30, "fresh": 1}
"""Every so many requests one has a connection of its own."""
_CALLER, _BACKEND = "caller", "backend"
_PODS: Final = {_CALLER: "10.244.0.5", _BACKEND: "10.244.0.10"}
_BACKEND_PORT: Final = 8080
_KUBE_PROXY: Final = f"""
table ip kube-proxy {{
  chain services {{
    type nat hook prerouting priority -100; policy accept;
    ip daddr {{ {", ".join(PATHS.values())} }} tcp dport {PORT} dnat to {_PODS[_BACKEND]}:{_BACKEND_PORT};
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Microseconds of each request, and those of Envoy's CPU a request; `wrong` of them did not get a 200."""

    times: tuple[float, ...]
    cpu: float
    wrong: int

    def at(self, share: int) -> float:
        """Return a percentile."""
        return statistics.quantiles(self.times, n=100)[share - 1]


async def filtered(where: Namespace, *words: str, rules: str) -> None:
    """Have the packet filter of a namespace take rules."""
    command = where.command("nft", *words, "-f", "-")
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    await process.communicate(rules.encode())
    if process.returncode:
        raise RuntimeError(f"nft: exit code {process.returncode}")


def table() -> str:
    """Return the commands that lead what is sent to the routed Service to the Envoy."""
    redirect = NodeRedirect(proxy_port=PRODUCER_PORT, callers="", address=PATHS[ROUTED], port=PORT)
    led = NodeTable(addresses=(NODE_ADDRESS,), redirects=frozenset({redirect}), callers=frozenset(), fails_open=False)
    return json.dumps({"nftables": whole(led, alive=False)})


@asynccontextmanager
async def hop(folder: Path) -> AsyncIterator[tuple[Network, Running]]:
    """Run the node with its pods and its Envoy, which has the route."""
    async with network(_PODS) as where:
        socket = await where.pods[_BACKEND].listening(_PODS[_BACKEND], _BACKEND_PORT)
        server = await asyncio.get_running_loop().create_server(Backend, sock=socket)
        async with running(folder, MESH_FLEET, where.node.command()) as of:
            await of.apply(
                *mesh(),
                frontend(0),
                service("service-0"),
                endpoints("service-0", _PODS[_BACKEND], port=_BACKEND_PORT),
                delta(mesh_route(0, 1, 0)),
            )
            await filtered(where.node, rules=_KUBE_PROXY)
            await filtered(where.node, "--json", rules=table())
            yield where, of
        server.close()


async def asked(where: Network, of: Running, path: str, way: str, seconds: float, folder: Path) -> Round:
    """Let the pod ask for so long."""
    answers = folder / "answers"
    flags = ("-connections", str(CONNECTIONS), "-fresh", str(WAYS[way]), "-answers", str(answers))
    address_of = ("-address", f"{PATHS[path]}:{PORT}", "-log", str(folder / "wrong"))
    pipe = asyncio.subprocess.PIPE
    cpu = of.cpu()
    client = await asyncio.create_subprocess_exec(
        *where.pods[_CALLER].command(str(built("loadclient")), "closed", *flags, *address_of), stdin=pipe, stdout=pipe
    )
    assert client.stdin is not None
    client.stdin.write(f"pause\t{int(PAUSE * 1e9)}\nexpect\t0\tshop\t/\t200\n".encode())
    await client.stdin.drain()
    await asyncio.sleep(seconds)
    client.stdin.close()
    assert client.stdout is not None
    *_, told = (await client.stdout.read()).splitlines()
    await client.wait()
    totals = json.loads(told)
    return Round(
        times=tuple(times_of(answers.read_text().splitlines(), is_kept=way == "kept")),
        cpu=(of.cpu() - cpu) / totals["asked"] * 1e6,
        wrong=totals["wrong"] + totals["broken"],
    )


def times_of(lines: Sequence[str], *, is_kept: bool) -> Iterator[float]:
    """Yield the microseconds of each request; the first on a connection that is kept waits for that too."""
    seen: set[str] = set()
    for line in lines:
        began, ended, connection, *_ = line.split("\t")
        if not is_kept or connection in seen:
            yield (int(ended) - int(began)) / 1e3
        seen.add(connection)


async def measure(rounds: int, seconds: float, folder: Path) -> dict[str, Any]:
    found: dict[tuple[str, str], list[Round]] = defaultdict(list)
    async with hop(folder) as (where, of):
        for number in range(rounds + 1):
            for way in WAYS:
                # Who is first finds the caches of the one before.
                for path in sorted(PATHS, reverse=bool(number % 2)):
                    each = await asked(where, of, path, way, seconds, folder)
                    if number:  # the first ones warm up
                        found[way, path].append(each)
    row: dict[str, Any] = {
        "rounds": rounds,
        "requests": sum(len(each.times) for all_of in found.values() for each in all_of),
    }
    for way in WAYS:
        row |= {f"{way}_{name}": value for name, value in figures(found[way, PLAIN], found[way, ROUTED]).items()}
    return {**row, "wrong_answers": sum(each.wrong for all_of in found.values() for each in all_of)}


def figures(plain: Sequence[Round], routed: Sequence[Round]) -> dict[str, float]:
    """Return what a request takes without the hop, with it, and what it adds."""
    row: dict[str, float] = {}
    for share in (50, 99):
        without, with_hop = [each.at(share) for each in plain], [each.at(share) for each in routed]
        row |= {
            f"{PLAIN}_us_p{share}": round(statistics.median(without), 1),
            f"{ROUTED}_us_p{share}": round(statistics.median(with_hop), 1),
            f"added_us_p{share}": round(difference(with_hop, without).median, 1),
        }
    cpu = statistics.median(each.cpu for each in routed) - statistics.median(each.cpu for each in plain)
    return {**row, "envoy_cpu_us": round(cpu, 1)}


def main() -> None:
    rounds, seconds = map(int, sys.argv[1:])
    built("loadclient")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        print(json.dumps(asyncio.run(measure(rounds, seconds, Path(folder)))))


if __name__ == "__main__":
    main()
