"""What a route costs: queries, and calls of functions, which no other machine makes fewer."""

import json
import sys
from types import FrameType

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.xds.resource import Snapshot
from tests.unit.translator.ingress_manifests import annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import SHOP, deltas

ROUTES = 200
MOST_CALLS = 960
"""Of Python functions, a route of two rules: what there are and a little; 1,119 before they were counted."""


_WEB = "{kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}"


class _Nobody:
    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Drop a snapshot."""

    def retire(self, fleet: object) -> None:
        """Drop that a fleet is gone."""


def route(number: int, value: str = "a") -> tuple[Delta, ...]:
    backend = [{"name": "web", "port": 80}]
    header = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-a", "value": value}]}}
    rules = [
        {"matches": [{"path": {"value": f"/{number}"}}], "filters": [header], "backendRefs": backend},
        {"backendRefs": backend},
    ]
    spec = {"parentRefs": [{"name": "gw"}], "hostnames": [f"host-{number}.example"], "rules": rules}
    metadata = {"name": f"route-{number}", "namespace": "shop"}
    return tuple(deltas(json.dumps({"kind": "HTTPRoute", "metadata": metadata, "spec": spec})))


class Counted:
    """A reconciler with a Gateway and some routes; `calls` are those of Python functions that it made for them."""

    def __init__(self, routes: int) -> None:
        self.calls = 0
        self.batches: list[Batch] = []
        self._reconciler = Reconciler(publisher=_Nobody(), on_batch=self.batches.append, awaited=())
        self.step(Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT), *deltas(SHOP), *deltas(_WEB))
        many = [each for number in range(routes) for each in route(number)]
        sys.setprofile(self._count)
        try:
            self.step(*many)
        finally:
            sys.setprofile(None)

    def step(self, *events: Delta) -> None:
        self._reconciler.submit(events)
        self._reconciler.step()

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event == "call"


def test_calls_of_a_route() -> None:
    few, many = Counted(ROUTES), Counted(2 * ROUTES)

    assert (many.calls - few.calls) / ROUTES < MOST_CALLS


def test_queries_of_a_change() -> None:
    counted = Counted(ROUTES)
    counted.step(*route(7, "b"))
    counted.step(*route(7, "c"))

    # What it takes up, where it is attached, its rules, upstreams and outcome; its host, table, and Gateway thrice.
    assert counted.batches[-1].queries <= 10


def annotated(number: int, prefix: str = "a") -> tuple[Delta, ...]:
    spec = f"rules: [{{host: a.example, {paths(f'Prefix /{number}')}}}]"
    meta = noted(use_regex="true", x_forwarded_prefix=f"/{prefix}")
    return tuple(deltas(ingress(spec, name=f"ingress-{number}", meta=meta)))


def test_queries_of_a_change_of_one_of_many_ingresses_of_a_host() -> None:
    counted = Counted(0)
    counted.step(*deltas(annotated_class()), *[each for number in range(ROUTES) for each in annotated(number)])
    counted.step(*annotated(7, "b"))
    counted.step(*annotated(7, "c"))

    # What its annotations come to, and who makes the host's paths expressions; the rest as of a route.
    assert counted.batches[-1].queries <= 25
