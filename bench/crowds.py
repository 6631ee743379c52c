"""Crowds: G Gateways with a route each, L ListenerSets with a certificate each, and S Secrets of which L matter.

`python -m bench.crowds G L S` prints one JSON line: CPU of each when cold, one change in the whole of it (CPU
milliseconds, median; queries, most), what a Secret that nobody refers to costs, and how many Secrets are read.
"""

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from bench.inputs import GROUP, delta, endpoints, service, surroundings
from bench.listenersets import Measured, gateway, listener_set, pairs, route, secret, secret_document
from bench.process import usage
from gatewayd.api.core import Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.identity.certificates import KeyPair
from gatewayd.ir.backoff import Backoff
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.kube.contents import Contents
from gatewayd.kube.heads import HeadListing
from gatewayd.kube.listing import decode_page
from gatewayd.kube.reflector import Timing
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta, Event
from gatewayd.translator.referred import CONTENTS, contents_of

PAIRS: Final = 20
"""Key pairs that certificates share: to make one takes as long as to translate a hundred sets."""
_VERSION: Final = {"resourceVersion": "7"}


def one_gateway(number: int) -> Iterator[Delta]:
    """Yield a Gateway in a namespace of its own, with a route to a Service beside it."""
    namespace = f"tenant-{number}"
    spec = {
        "gatewayClassName": "gatewayd",
        "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
    }
    yield delta({"apiVersion": GROUP, "kind": "Gateway", "metadata": _named("gw", namespace), "spec": spec})
    yield service("web", namespace)
    yield endpoints("web", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", namespace)
    yield gateway_route(namespace, 0)


def gateway_route(namespace: str, seed: int) -> Delta:
    """Return the route of a Gateway to the Service beside it."""
    rules = [{"matches": [{"path": {"value": f"/{seed}"}}], "backendRefs": [{"name": "web", "port": 80}]}]
    spec = {"parentRefs": [{"name": "gw"}], "rules": rules}
    return delta({"apiVersion": GROUP, "kind": "HTTPRoute", "metadata": _named("gw", namespace), "spec": spec})


def _named(name: str, namespace: str) -> dict[str, str]:
    return {"name": name, "namespace": namespace}


def of_gateways(count: int) -> dict[str, Any]:
    """Measure many Gateways: when cold, and one route of one that is edited."""
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(1)]
    measured = Measured([*events, *(each for number in range(count) for each in one_gateway(number))])
    measured.change([gateway_route("tenant-0", 1)])
    return {
        "gateways": count,
        "cold_ms_a_gateway": round(measured.cold / count * 1000, 3),
        **measured.changes("gateway_route", lambda at: [gateway_route(f"tenant-{at * 7919 % count}", at + 2)]),
        **measured.changes("gateway_added", lambda at: list(one_gateway(count + at))),
    }


def of_sets(count: int, secrets: int) -> dict[str, Any]:
    """Measure many ListenerSets with certificates: when cold, one certificate that is rotated, one route edited."""
    made = tuple(islice(pairs(), PAIRS))
    events = [Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *surroundings(1), gateway()]
    for number in range(count):
        name = f"tls-{number}"
        events += [listener_set(number, name), secret(name, made[number % PAIRS]), route(number, 0, 0)]
    measured = Measured(events)
    measured.change([route(0, 0, 1)])
    return {
        "sets": count,
        "cold_ms_a_set": round(measured.cold / count * 1000, 3),
        **measured.changes("set_route", lambda at: [route(at * 7 % count, 0, at + 2)]),
        **measured.changes("certificate", lambda at: [secret(f"tls-{at}", made[(at + 1) % PAIRS])]),
        **asyncio.run(_hear(measured, count, secrets, _Cluster(made[0]))),
    }


class _Cluster:
    """Answers for Secrets, and counts how often it is asked."""

    manager = "gatewayd"

    def __init__(self, pair: KeyPair) -> None:
        self.reads = 0
        self._pair = pair

    async def request(self, _method: str, path: str) -> bytes:
        self.reads += 1
        document = secret_document(path.rsplit("/", 1)[1], self._pair)
        document["metadata"] |= _VERSION
        return json.dumps(document).encode()


async def _hear(measured: Measured, wanted: int, count: int, cluster: _Cluster) -> dict[str, Any]:
    """Hear of many Secrets, as a watch tells of them, and read those that are referred to."""
    view, taken = measured.reconciler.store.engine, _Taken(wanted)
    contents = Contents(
        client=cluster,  # type: ignore[arg-type] # all that is asked of one here
        submit=taken.submit,
        contents_of=lambda row: contents_of(view, row),
        undecodable=lambda _note: None,
        timing=Timing(backoff=Backoff(first=0.2, longest=1.0), random=lambda: 0.5),
        on_failure=lambda _name: None,
    )
    heard = _heard(HeadListing(BY_STRUCT[Secret], contents.hear), count)
    contents.want({each.member: each.value for each in view.drain(CONTENTS) if each.value}, frozenset())
    reading = asyncio.ensure_future(contents.run())
    await taken.all.wait()
    reading.cancel()
    return {"secrets": count, **heard, "secrets_read": cluster.reads}


def _heard(listing: HeadListing, count: int) -> dict[str, Any]:
    """Tell of so many Secrets, as the API server lists them; return what each costs."""
    items = [{"metadata": _named(f"tls-{at}", "bench") | _VERSION} for at in range(count)]
    page = json.dumps({"metadata": {"resourceVersion": "9"}, "items": items}).encode()
    del items
    gc.collect()
    tracemalloc.start()
    cpu = time.process_time()
    listing.begin()
    for _ in listing.page(decode_page(page)):
        pass
    seconds = time.process_time() - cpu
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"head_us_each": round(seconds / count * 1e6, 2), "head_bytes_each": round(kept / count)}


class _Taken:
    """Hears of the Secrets that were read; `all` is set once there are so many."""

    def __init__(self, wanted: int) -> None:
        self.all = asyncio.Event()
        self._left = wanted

    def submit(self, events: Iterable[Event]) -> None:
        self._left -= sum(isinstance(each, Delta) and each.kind is Secret for each in events)
        if self._left <= 0:
            self.all.set()


def measure(gateways: int, sets: int, secrets: int) -> dict[str, Any]:
    tune_collector()
    return {**of_gateways(gateways), **of_sets(sets, secrets), "rss_mib": round(usage().rss, 1)}


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:4]))))
