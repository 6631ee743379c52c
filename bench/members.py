"""N endpoints of two member clusters: what they say, as their API servers write it, to what proxies are sent.

`python -m bench.members N` prints one JSON line: listing by 500 objects a page and translating, RSS before and after,
then one endpoint that changes (CPU milliseconds, median), and what is kept over restarts. 20 endpoints of each member
are behind each Service.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any, Final

import msgspec

from bench.inputs import GROUP, delta, surroundings
from bench.process import usage
from bench.publishers import ToNobody
from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.kinds import BY_STRUCT, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.member_limits import MEMBER_KEPT_PARTS
from gatewayd.ir.members import Standing, WhenStale
from gatewayd.kube.listing import decode_page
from gatewayd.kube.member_listing import Allowance, MemberListing
from gatewayd.members.book import READ, Book
from gatewayd.members.declaration import MemberDeclaration
from gatewayd.members.kept import packed
from gatewayd.members.standing_rows import StandingRows
from gatewayd.reconciler import Reconciler
from gatewayd.run.memory import tune_collector
from gatewayd.store import Delta

EACH: Final = 20
CHANGES: Final = 40
PAGE: Final = 500
_CLUSTERS: Final = {"east": ip_network("10.64.0.0/10"), "west": ip_network("10.128.0.0/10")}
"""Members, and where their endpoints are."""
_MCS: Final = "multicluster.x-k8s.io/v1alpha1"


class Member:
    """One member, from the bytes of its API server to rows."""

    def __init__(self, cluster: str) -> None:
        self._first = int(_CLUSTERS[cluster].network_address)
        declaration = MemberDeclaration(
            cluster=cluster,
            namespaces=("shop",),
            networks=(_CLUSTERS[cluster],),
            trust=100,
            region="",
            when_stale=WhenStale.KEEP,
        )
        self.bytes = 0
        self.book = Book(declaration)
        self.rows = StandingRows(declaration)
        allowance = Allowance()
        self._listings = {
            struct: MemberListing(BY_STRUCT[struct], "shop", allowance, lambda _note: None) for struct in READ
        }

    def listed(self, services: int) -> tuple[Delta, ...]:
        """Take everything, page by page, and return the rows of it."""
        for struct, listing in self._listings.items():
            for start in range(0, services, PAGE):
                numbers = range(start, min(start + PAGE, services))
                text = _page(_document(BY_STRUCT[struct], each, self._addresses(each)) for each in numbers)
                self.bytes += len(text)
                self._settle(listing.page(decode_page(text)))
            self._settle(listing.listed("1"))
        return (*self.rows.stand(Standing.CURRENT), *self.rows.swap(self.book))

    def change(self, at: int, service: int) -> tuple[Delta, ...]:
        """Take another address of a Service, as a line of a watch."""
        addresses = [*self._addresses(service)[1:], str(ip_address(self._first + 1_000_000 + at))]
        document = _document(BY_STRUCT[EndpointSlice], service, addresses)
        line = json.dumps({"type": "MODIFIED", "object": document}).encode()
        return self.rows.follow(self.book, self._settle(self._listings[EndpointSlice].event(line)))

    def _settle(self, deltas: Iterator[Delta]) -> set[ObjectKey]:
        changed: set[ObjectKey] = set()
        for each in deltas:
            if isinstance(each.key, ObjectKey):
                changed |= set(self.book.put(each.kind, each.key, each.obj))
        for service in changed:
            self.book.settle(service)
        return changed

    def _addresses(self, service: int) -> list[str]:
        first = self._first + service * EACH
        return [str(ip_address(first + each)) for each in range(EACH)]


def _page(documents: Iterator[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({"metadata": {"resourceVersion": "1"}, "items": list(documents)})


def _document(kind: Kind, number: int, addresses: list[str]) -> dict[str, Any]:
    """Return an object as an API server has it, with what nobody here reads."""
    name = f"store-{number}"
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "shop",
        "uid": f"9c1c3a52-7a0c-4b5e-9d53-{number:012d}",
        "resourceVersion": str(1000 + number),
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:spec": {}}}],
    }
    document: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    if kind.kind == "Service":
        document["spec"] = {"ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 8080}]}
    elif kind.kind == "EndpointSlice":
        metadata["labels"] = {"kubernetes.io/service-name": name}
        target = {"kind": "Pod", "namespace": "shop", "name": f"{name}-7c9b-x2v4q", "uid": metadata["uid"]}
        conditions = {"ready": True, "serving": True, "terminating": False}
        document |= {
            "addressType": "IPv4",
            "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": [each], "conditions": conditions, "nodeName": "node-17", "zone": "a", "targetRef": target}
                for each in addresses
            ],
        }
    return document


def home(services: int) -> Iterator[Delta]:
    """Yield the imports and a route of each."""
    yield Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
    yield from surroundings(0)
    for number in range(services):
        name = f"store-{number}"
        metadata = {"name": name, "namespace": "shop"}
        yield delta(
            {"apiVersion": _MCS, "kind": "ServiceImport", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
        )
        backend = {"group": "multicluster.x-k8s.io", "kind": "ServiceImport", "name": name, "port": 80}
        spec = {
            "parentRefs": [{"name": "gw", "namespace": "bench"}],
            "hostnames": [f"h{number}.example"],
            "rules": [{"backendRefs": [backend]}],
        }
        yield delta({"apiVersion": GROUP, "kind": "HTTPRoute", "metadata": metadata, "spec": spec})


def measure(endpoints: int) -> dict[str, Any]:
    tune_collector()
    services = endpoints // len(_CLUSTERS) // EACH
    reconciler = Reconciler(publisher=ToNobody(), on_batch=lambda _batch: None, awaited=())
    reconciler.submit(home(services))
    reconciler.step()
    gc.collect()
    before = usage().rss
    members = [Member(cluster) for cluster in _CLUSTERS]
    began = time.process_time()
    for member in members:
        reconciler.submit(member.listed(services))
    listed = time.process_time()
    reconciler.step()
    translated = time.process_time()
    gc.collect()
    after = usage().rss
    changes = []
    for at in range(CHANGES):
        start = time.process_time()
        reconciler.submit(members[at % 2].change(at, at * 7919 % services))
        reconciler.step()
        changes.append(time.process_time() - start)
    kept = [packed(member.rows.rows, part, stale=False) for member in members for part in range(MEMBER_KEPT_PARTS)]
    return {
        "endpoints": sum(member.book.endpoints for member in members),
        "services": services,
        "listed_mib": round(sum(member.bytes for member in members) / 2**20, 1),
        "list_cpu_s": round(listed - began, 2),
        "translate_cpu_s": round(translated - listed, 2),
        "rss_mib_without": round(before, 1),
        "rss_mib_more": round(after - before, 1),
        "change_cpu_ms": round(statistics.median(changes) * 1000, 3),
        "kept_kib": round(sum(len(each or b"") for each in kept) / 1024, 1),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
