"""Many ListenerSets on one Gateway: N HTTPS listeners, each with a hostname and M routes of its own.

`python -m bench.listenersets N M` prints one JSON line: cold translation, then one route edited, one Secret rotated
(its set has a certificate of its own) and one ListenerSet added, CPU milliseconds (median) and queries (most) each.
"""

import base64
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bench.inputs import GROUP, delta, surroundings
from bench.process import usage
from bench.publishers import ToNobody
from gatewayd.identity.certificates import KeyPair, Subject, issue, make_ca
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta
from gatewayd.xds.resource import LISTENER

CHANGES = 10


def pairs() -> Iterator[KeyPair]:
    now = datetime.now(UTC)
    authority = make_ca(now)
    while True:
        yield issue(authority, Subject(common_name="bench", dns_names=("*.example",), uris=()), now)


def secret(name: str, pair: KeyPair) -> Delta:
    return delta(secret_document(name, pair))


def secret_document(name: str, pair: KeyPair) -> dict[str, Any]:
    data = {"tls.crt": pair.certificate, "tls.key": bytes(pair.key)}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "bench"},
        "type": "kubernetes.io/tls",
        "data": {field: base64.b64encode(value).decode() for field, value in data.items()},
    }


def gateway() -> Delta:
    base = {"name": "base", "port": 8080, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    allowed = {"namespaces": {"from": "All"}}
    spec = {"gatewayClassName": "gatewayd", "listeners": [base], "allowedListeners": allowed}
    metadata = {"name": "gw", "namespace": "bench"}
    return delta({"apiVersion": GROUP, "kind": "Gateway", "metadata": metadata, "spec": spec})


def listener_set(number: int, certificate: str) -> Delta:
    tls = {"certificateRefs": [{"name": certificate}]}
    entry = {"name": "https", "port": 8443, "protocol": "HTTPS", "hostname": f"h{number}.example", "tls": tls}
    spec = {"parentRef": {"name": "gw"}, "listeners": [entry]}
    metadata = {"name": f"set-{number}", "namespace": "bench"}
    return delta({"apiVersion": GROUP, "kind": "ListenerSet", "metadata": metadata, "spec": spec})


def route(number: int, place: int, seed: int) -> Delta:
    match = {"path": {"type": "PathPrefix", "value": f"/{place}/{seed}"}}
    rules = [{"matches": [match], "backendRefs": [{"name": "service-0", "port": 80}]}]
    spec = {"parentRefs": [{"kind": "ListenerSet", "name": f"set-{number}"}], "rules": rules}
    metadata = {"name": f"set-{number}-{place}", "namespace": "bench"}
    return delta({"apiVersion": GROUP, "kind": "HTTPRoute", "metadata": metadata, "spec": spec})


def one_set(number: int) -> Delta:
    # The first ones have a certificate each, to be rotated; the others share one.
    return listener_set(number, f"tls-{number}" if number < CHANGES else "tls")


def everything(sets: int, routes: int, certified: Iterator[KeyPair]) -> Iterator[Delta]:
    yield Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
    yield from surroundings(1)
    yield gateway()
    for name in ("tls", *(f"tls-{number}" for number in range(CHANGES))):
        yield secret(name, next(certified))
    for number in range(sets):
        yield one_set(number)
        yield from (route(number, place, 0) for place in range(routes))


class Measured:
    """A translation that has been done once, and what changes of it cost."""

    def __init__(self, events: list[Delta]) -> None:
        self._batches: list[Batch] = []
        self.reconciler = Reconciler(publisher=ToNobody(), on_batch=self._batches.append, awaited=())
        gc.collect()
        self.cold = self.change(events)

    def change(self, events: list[Delta]) -> float:
        cpu = time.process_time()
        self.reconciler.submit(events)
        self.reconciler.step()
        return time.process_time() - cpu

    def changes(self, name: str, made: Callable[[int], list[Delta]]) -> dict[str, float]:
        seconds, queries = [], []
        for each in range(CHANGES):
            seconds.append(self.change(made(each)))
            queries.append(self._batches[-1].queries)
        return {f"{name}_cpu_ms": round(statistics.median(seconds) * 1000, 3), f"{name}_queries": max(queries)}


def measure(sets: int, routes: int) -> dict[str, Any]:
    tune_collector()
    certified = pairs()
    measured = Measured(list(everything(sets, routes, certified)))
    # The first change after a start also takes in what the start itself led to: rows that are derived, as LAST_GOOD is.
    measured.change([route(0, 0, 1)])
    rss = usage().rss
    listeners = measured.reconciler.snapshots[GatewayFleet(namespace="bench", name="gw")].of(LISTENER).values()
    return {
        "listener_sets": sets,
        "routes_each": routes,
        "cold_cpu_s": round(measured.cold, 2),
        "cold_cpu_ms_per_set": round(measured.cold / sets * 1000, 3),
        **measured.changes("route_edit", lambda at: [route(at * 7919 % sets, 0, at + 2)]),
        **measured.changes("certificate", lambda at: [secret(f"tls-{at}", next(certified))]),
        **measured.changes("set_added", lambda at: [one_set(sets + at), route(sets + at, 0, 0)]),
        "listener_bytes": sum(len(each.body) for each in listeners),
        "rss_mib": round(rss, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:3]))))
