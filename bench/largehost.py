"""Many rules under one host: what a request costs Envoy when they are a list, and when they are a tree.

Two Envoys side by side, one with each encoding of the same rules; the backend and the client are this process, rounds
alternate. CPU is that of Envoy alone, from /proc. `python -m bench.largehost RULES` prints one JSON line.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.process import usage
from bench.tables_envoy import TablesEnvoy, free_port, tables_envoy
from gatewayd.ir.backend import Protocol, ServiceBackend, Upstream
from gatewayd.ir.http import (
    NO_REWRITE,
    NO_TIMEOUTS,
    Forward,
    PrefixPath,
    RequestMatch,
    Retry,
    Route,
    RuleRef,
    WeightedBackend,
)
from gatewayd.xds import names
from gatewayd.xds.build.path_matcher import Tree
from gatewayd.xds.messages.route import route_entries, virtual_host_entry, virtual_host_head

ROUNDS = 5
REQUESTS = 4_000
CONNECTIONS = 16
DOMAIN = "shop.example"
UPSTREAM = Upstream(kind="Service", namespace="bench", name="backend", port=80, protocol=Protocol.HTTP1)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def rule(number: int, path: str, attempts: int = 0) -> Route:
    share = WeightedBackend(
        backend=ServiceBackend(upstream=UPSTREAM),
        weight=1,
        filters=(),
        mirrors=(),
        rewrite=NO_REWRITE,
        persistence=None,
    )
    return Route(
        source=RuleRef(kind="HTTPRoute", namespace="bench", name=f"route-{number // 16}", rule=number % 16, match=0),
        rule_name="",
        match=RequestMatch(path=PrefixPath(value=path), methods=(), headers=(), queries=(), grpc=False),
        action=Forward(
            backends=(share,),
            mirrors=(),
            rewrite=NO_REWRITE,
            timeouts=NO_TIMEOUTS,
            retry=Retry(codes=(503,), attempts=attempts, backoff_ms=0) if attempts else None,
            persistence=None,
        ),
        filters=(),
    )


def rules(count: int) -> tuple[Route, ...]:
    """Return rules of 50 teams, and one on "/" that all of them go before."""
    made = [rule(number, f"/team-{number % 50:02}/application-{number:05}") for number in range(count - 1)]
    return (*made, rule(count, "/"))


def path_of(of: Route) -> str:
    return str(of.match.path.value)  # type: ignore[union-attr]


@dataclass(slots=True)
class Encoding:
    """One way to write the rules, and the Envoy that has them."""

    body: Callable[[tuple[Route, ...], tuple[bytes, ...]], bytes]
    envoy: TablesEnvoy

    def load(self, of: tuple[Route, ...], entries: tuple[bytes, ...]) -> dict[str, float]:
        began = time.process_time()
        body = self.body(of, entries)
        built = time.process_time() - began
        before = cpu(self.envoy.pid)
        took = self.envoy.load("table", virtual_host_entry(virtual_host_head(DOMAIN) + body))
        return {
            "build_ms": built * 1e3,
            "load_ms": took * 1e3,
            "load_cpu_ms": (cpu(self.envoy.pid) - before) * 1e3,
            "kib": len(body) / 1024,
        }

    async def cost(self, path: str) -> float:
        """Return the microseconds of CPU that a request costs Envoy."""
        before = cpu(self.envoy.pid)
        await ask_many(self.envoy.ports["table"], path, REQUESTS)
        return (cpu(self.envoy.pid) - before) / REQUESTS * 1e6


def cpu(pid: int) -> float:
    """Return the seconds that all threads of a process have run."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


class Backend(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


async def ask_many(port: int, path: str, count: int, host: str = DOMAIN) -> None:
    """Send so many requests, one after the other on each of CONNECTIONS connections."""
    request = f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()

    async def some(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(number):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(2)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(some(count // CONNECTIONS) for _ in range(CONNECTIONS)))


def edited(of: tuple[Route, ...], at: int, seed: int) -> tuple[Route, ...]:
    """Change one rule's action."""
    return (*of[:at], replace(rule(at, path_of(of[at]), seed), source=of[at].source), *of[at + 1 :])


def medians(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    found = list(rows)
    return {name: round(statistics.median(row[name] for row in found), 2) for name in found[0]}


async def measure(count: int, encodings: dict[str, Encoding], port: int) -> dict[str, Any]:
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", port)
    of = rules(count)
    entries = tuple(route_entries(each, DOMAIN) for each in of)
    found: dict[str, Any] = {"rules": count}
    for name, each in encodings.items():
        each.envoy.load("table", b"")  # until then it is still starting
        empty = usage(each.envoy.pid).rss
        first = each.load(of, entries)
        found |= {f"{name}_first_{key}": round(first[key], 2) for key in ("build_ms", "load_ms", "load_cpu_ms", "kib")}
        found[f"{name}_rss_mib"] = round(usage(each.envoy.pid).rss - empty, 1)
    loads: dict[str, list[dict[str, float]]] = {name: [] for name in encodings}
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in encodings}
    for seed in range(1, ROUNDS + 1):
        at = seed * count // (ROUNDS + 1)
        of = edited(of, at, seed)
        entries = (*entries[:at], route_entries(of[at], DOMAIN), *entries[at + 1 :])
        for name, each in encodings.items():
            loads[name].append(each.load(of, entries))
            costs[name].append(
                {"first_us": await each.cost(path_of(of[0])), "last_us": await each.cost(path_of(of[-2]))}
            )
    server.close()
    for name in encodings:
        changed = medians(loads[name])
        found |= {f"{name}_change_{key}": changed[key] for key in ("build_ms", "load_ms", "load_cpu_ms")}
        found |= {f"{name}_{key}": value for key, value in medians(costs[name]).items()}
        last = [row["last_us"] for row in costs[name]]
        found |= {f"{name}_last_us_min": round(min(last), 2), f"{name}_last_us_max": round(max(last), 2)}
    found["last_rule_list_to_tree"] = round(found["list_last_us"] / found["tree_last_us"], 2)
    return found


def main() -> None:
    count, port = int(sys.argv[1]), free_port()
    tree = Tree()
    bodies: dict[str, Callable[[tuple[Route, ...], tuple[bytes, ...]], bytes]] = {
        "list": lambda _of, entries: b"".join(entries),
        "tree": lambda of, entries: tree.update(of, entries, b"") or b"".join(entries),
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        encodings = {}
        for name, body in bodies.items():
            own = Path(folder) / name
            own.mkdir()
            made = tables_envoy(own, ("table",), {names.cluster(UPSTREAM): port}, None)
            encodings[name] = Encoding(body, stack.enter_context(made))
        print(json.dumps(asyncio.run(measure(count, encodings, port))))


if __name__ == "__main__":
    main()
