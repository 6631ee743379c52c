from typing import Any

import pytest

from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.backend_settings import ConnectionLimits
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.policies.backend import (
    UNGOVERNED_BACKEND,
    ServedPort,
    backend_effective,
    backend_problems,
    governed_backend,
)
from gatewayd.translator.policies.effective import NOTHING
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, scratch

CART = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
OUTSIDE = Upstream(kind="XBackend", namespace="shop", name="outside", port=443, protocol=Protocol.HTTP1)
SPARE = """
kind: Service
metadata: {name: spare, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
---
kind: EndpointSlice
metadata: {name: spare-1, namespace: shop, labels: {kubernetes.io/service-name: spare}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.0.0.9]}]
---
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: elsewhere.example}
"""


def view_of(*documents: dict[str, Any]) -> Scratch:
    return scratch(SHOP, SPARE, *map(delta, documents))


def limited(
    name: str, at: dict[str, str], requests: int, strategy: str = "default", *, namespace: str = "shop", **more: Any
) -> dict[str, Any]:
    sections = {strategy: {"limits": {"requests": requests}, **more}}
    return policy("BackendPolicy", name, at, namespace=namespace, **sections)


def requests(view: Scratch, upstream: Upstream = CART) -> int:
    return governed_backend(view, GW, upstream).settings.limits.requests


def failing_over(*services: tuple[str, int]) -> dict[str, Any]:
    written = {"failover": {"services": [{"name": name, "port": port} for name, port in services]}}
    return policy("BackendPolicy", "a", target("Service", "cart"), default=written)


def test_without_a_policy_there_is_one_value_for_all() -> None:
    assert governed_backend(view_of(), GW, CART) is UNGOVERNED_BACKEND
    of_requests = policy("RoutePolicy", "a", target("Gateway", "gw"), default={"timeouts": {"request": "1s"}})
    assert governed_backend(view_of(of_requests), GW, CART) is UNGOVERNED_BACKEND
    assert backend_effective(view_of(), GW, CART) == NOTHING


@pytest.mark.parametrize(
    "at",
    [
        target("GatewayClass", "gatewayd"),
        target("Gateway", "gw"),
        target("Namespace"),
        target("Service", "cart"),
        target("Service", "cart", "web"),
    ],
)
def test_targets(at: dict[str, str]) -> None:
    home = "gatewayd-system" if at["kind"] == "GatewayClass" else "shop"
    view = view_of(limited("a", at, 3, namespace=home))
    assert requests(view) == 3
    assert requests(view, OUTSIDE) == (0 if at["kind"] == "Service" else 3)


def test_targets_that_are_others() -> None:
    for at in (target("Gateway", "other"), target("Service", "cart", "metrics"), target("Service", "spare")):
        assert requests(view_of(limited("a", at, 3))) == 0
    assert requests(view_of(limited("a", target("XBackend", "outside"), 3)), OUTSIDE) == 3


def test_the_nearest_default_and_the_highest_override() -> None:
    wide, near = limited("wide", target("Gateway", "gw"), 1), limited("near", target("Service", "cart"), 2)
    assert requests(view_of(wide, near)) == 2
    assert requests(view_of(limited("wide", target("Gateway", "gw"), 1, "override"), near)) == 1


def test_what_is_the_same_is_in_memory_once() -> None:
    view = view_of(limited("a", target("Gateway", "gw"), 3))
    spare = Upstream(kind="Service", namespace="shop", name="spare", port=80, protocol=Protocol.HTTP2)
    assert governed_backend(view, GW, CART) is governed_backend(view, GW, spare)


def test_datagrams_are_not_governed() -> None:
    view = view_of(limited("a", target("Gateway", "gw"), 3))
    datagrams = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.UDP)
    assert governed_backend(view, GW, datagrams) is UNGOVERNED_BACKEND


def test_a_cluster_has_the_settings_and_who_takes_over() -> None:
    failover = [{"name": "spare", "port": 80}, {"name": "gone", "port": 80}]
    view = view_of(limited("a", target("Service", "cart"), 3, failover={"services": failover}))
    found = cluster(view, GatewayUpstream(GW, CART))
    assert found.settings.limits == ConnectionLimits(requests=3)
    (group,) = found.endpoints.failover  # type: ignore[union-attr]
    assert [each.address for each in group] == ["10.0.0.9"]


def test_who_cannot_take_over_is_left_out_and_named() -> None:
    row = failing_over(("spare", 80), ("gone", 80), ("elsewhere", 80))
    view = view_of(row)
    assert governed_backend(view, GW, CART).failover == (ServedPort(ObjectKey("shop", "spare"), 80),)
    stored = view.get(BackendPolicy, ObjectKey("shop", "a"))
    assert stored is not None
    external = "is of type ExternalName; one with endpoints is allowed"
    assert list(backend_problems(view, stored)) == [
        'spec.default.failover.services[1]: Service "shop/gone" does not exist',
        f'spec.default.failover.services[2]: Service "shop/elsewhere" {external}',
    ]


def test_a_port_that_is_not_there_cannot_take_over() -> None:
    view = view_of(failing_over(("spare", 81)))
    stored = view.get(BackendPolicy, ObjectKey("shop", "a"))
    assert stored is not None
    (problem,) = backend_problems(view, stored)
    assert problem.endswith('Service "shop/spare" has no port 81 (TCP); ports: 80/TCP')
