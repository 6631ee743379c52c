"""What policies cost: a Gateway without any for the filters being there, and one with an AccessPolicy for all routes.

`python -m bench.policies N` prints one JSON line for N hosts: the CPU of a full build without and with the policy, the
queries of one route's edit below it, Envoy's CPU for a proxied request, and Envoy's memory with and without filters.
The Envoys of requests stand beside each other and are asked in rounds that alternate. Of policies the lowest of each
counts; of filters the median of what a round with them costs more than the one beside it without, and how far the
differences spread.
"""

import asyncio
import base64
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from bench.hosts import QUIET, running
from bench.in_turn import answer_in_turn, asked_in_turn, difference
from bench.inputs import delta, route, surroundings
from bench.largehost import Backend
from bench.process import usage
from bench.publishers import ToNobody
from bench.requests import beside, cost, objects
from bench.tables_envoy import free_port
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import API_VERSION
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta
from gatewayd.xds.build import route_tables
from gatewayd.xds.filters import chain
from gatewayd.xds.filters.scope import scoped_tail
from gatewayd.xds.messages.route import TABLE_TAIL

BUILDS = 3
ROUNDS = 10
CHAIN_ROUNDS = 80
"""For a difference of tenths of a microsecond, where a round is off by several."""
HOST = "host-7.example"
_ISSUER: Final = "https://idp.example"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs one token by RSA of 2048 bits, the usual way of providers."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = key.public_key().public_numbers()
        modulus, exponent = (
            _text(each.to_bytes((each.bit_length() + 7) // 8, "big")) for each in (numbers.n, numbers.e)
        )
        self.keys = json.dumps({"keys": [{"kty": "RSA", "alg": "RS256", "kid": "one", "n": modulus, "e": exponent}]})
        claims = {"iss": _ISSUER, "aud": "shop", "sub": "ann", "exp": 4_000_000_000}
        parts = ({"alg": "RS256", "kid": "one", "typ": "JWT"}, claims)
        signed = ".".join(_text(json.dumps(each).encode()) for each in parts)
        self.token = f"{signed}.{_text(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def policy(**sections: Any) -> Delta:
    """Return an AccessPolicy for the Gateway."""
    gateway = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw"}
    metadata = {"name": "all", "namespace": "bench"}
    spec = {"targetRefs": [gateway], "default": sections}
    return delta({"apiVersion": API_VERSION, "kind": "AccessPolicy", "metadata": metadata, "spec": spec})


def clients() -> Delta:
    return policy(clients={"deny": [{"cidr": "203.0.113.0/24"}]})


def tokens(issuer: Issuer) -> Delta:
    provider = {"name": "corp", "issuer": _ISSUER, "audiences": ["shop"], "keys": {"inline": issuer.keys}}
    return policy(jwt={"providers": [provider]})


def build(hosts: int, *policies: Delta) -> tuple[float, int]:
    """Return the seconds of CPU of a full build, and the queries of one route's edit after it."""
    batches: list[Batch] = []
    reconciler = Reconciler(publisher=ToNobody(), on_batch=batches.append, awaited=())
    services = max(1, hosts // 10)
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(services), *policies]
    events += [delta(route(number, services, 0)) for number in range(hosts)]
    began = time.process_time()
    reconciler.submit(events)
    reconciler.step()
    seconds = time.process_time() - began
    for seed in (1, 2):
        reconciler.submit((delta(route(hosts // 2, services, seed)),))
        reconciler.step()
    return seconds, batches[-1].queries


def builds(hosts: int, issuer: Issuer) -> dict[str, Any]:
    """Return the figures of full builds."""
    without: list[float] = []
    with_policy: list[float] = []
    queries = with_queries = 0
    for _ in range(BUILDS):
        seconds, queries = build(hosts)
        without.append(seconds)
        seconds, with_queries = build(hosts, tokens(issuer))
        with_policy.append(seconds)
    return {
        "build_cpu_s": round(min(without), 2),
        "build_with_policy_cpu_s": round(min(with_policy), 2),
        "build_times": round(min(with_policy) / min(without), 3),
        "edit_queries": queries,
        "edit_with_policy_queries": with_queries,
    }


async def requests(folder: Path, issuer: Issuer) -> dict[str, Any]:
    """Return what a proxied request costs: without a policy, with rules about addresses, with a token."""
    lowest = dict[str, float]()
    policies = {"plain": (), "clients": (clients(),), "token": (tokens(issuer),)}
    headers = {"token": f"\r\nauthorization: Bearer {issuer.token}"}
    given = {name: (RouteDiscovery.PER_LISTENER, more) for name, more in policies.items()}
    async with beside(folder, given) as envoys:
        for _ in range(ROUNDS):
            for name, (of, port) in envoys.items():
                spent = await cost(of, port, f"{HOST}{headers.get(name, '')}")
                lowest[name] = min(lowest.get(name, 1e9), spent)
    return {
        "request_us": round(lowest["plain"], 2),
        "clients_more_us": round(lowest["clients"] - lowest["plain"], 2),
        "token_more_us": round(lowest["token"] - lowest["plain"], 2),
    }


async def loaded(hosts: int, folder: Path) -> None:
    """Tell Envoy's memory with so many hosts, and whenever that is asked, what a request costs it."""
    backend, port = free_port(), free_port()
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", backend)
    async with running(folder) as of:
        services = max(1, hosts // 10)
        environment, *edge = objects(RouteDiscovery.PER_HOST, port, backend)
        await of.apply(environment, *edge, *surroundings(services, port), *_routes(hosts, services))
        await asyncio.sleep(QUIET)
        memory = {"rss_mib": usage(of.pid).rss, "in_use_mib": await in_use(folder / "admin")}
        await cost(of, port, HOST)
        await answer_in_turn(memory, lambda: cost(of, port, HOST))
    server.close()


async def in_use(admin: Path) -> float:
    """Return the MiB that an Envoy says it has allocated: its allocator asks the system for more, 2 MiB at once."""
    reader, writer = await asyncio.open_unix_connection(admin)
    writer.write(b"GET /memory HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    # One chunk, with its size before it.
    return int(json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])["allocated"]) / 2**20


def _routes(hosts: int, services: int) -> Iterator[Delta]:
    return (delta(route(number, services, 0)) for number in range(1_000, 1_000 + hosts))


def without_filters() -> None:
    """Leave all filters out of the chain but the router: for this process, which measures what they cost."""
    chain.CHAIN = chain.CHAIN[-1:]
    route_tables._SCOPED_TAIL = TABLE_TAIL + scoped_tail(())  # noqa: SLF001


def of_chain(hosts: int) -> dict[str, Any]:
    """Return what the filters cost that no route turns on; each Envoy has a process of gatewayd of its own."""
    commands = {name: [sys.executable, "-m", "bench.policies", str(hosts), name] for name in ("filters", "bare")}
    asked = asked_in_turn(commands, CHAIN_ROUNDS)
    filters, bare = asked["filters"], asked["bare"]
    more = difference(filters.numbers, bare.numbers)
    return {
        "filters": len(chain.CHAIN) - 1,
        "chain_mib": round(filters.found["rss_mib"] - bare.found["rss_mib"], 1),
        "chain_in_use_mib": round(filters.found["in_use_mib"] - bare.found["in_use_mib"], 1),
        "chain_request_us": round(more.median, 2),
        "chain_request_spread_us": round(more.spread, 2),
    }


def main() -> None:
    tune_collector()
    hosts, *part = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        if part == ["bare"]:
            without_filters()
        if part:
            asyncio.run(loaded(int(hosts), folder))
            return
        issuer = Issuer()
        measured = {**of_chain(int(hosts)), **builds(int(hosts), issuer), **asyncio.run(requests(folder, issuer))}
        print(json.dumps({"hosts": int(hosts), **measured}))


if __name__ == "__main__":
    main()
