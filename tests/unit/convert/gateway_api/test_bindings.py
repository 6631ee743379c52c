from typing import Any

import pytest

from tests.unit.convert.ingresses import converted, objects
from tests.unit.convert.old_api import gateway, old, route


def parents(*texts: str, of: str = "HTTPRoute") -> Any:
    [found] = objects(converted(*texts), of).values()
    return found["spec"].get("parentRefs", [])


def listener(**routes: Any) -> dict[str, Any]:
    return {"routes": {"kind": "HTTPRoute", **routes}}


SELECTED = {"matchLabels": {"gateway": "prod"}}


def test_a_listener_takes_routes_by_their_labels() -> None:
    selecting = gateway(listener(selector=SELECTED))
    assert parents(selecting, route(labels={"gateway": "prod"})) == [{"name": "web"}]
    assert parents(selecting, route(labels={"gateway": "test"})) == []


def test_expressions_of_selectors_count() -> None:
    selector = {"matchExpressions": [{"key": "gateway", "operator": "In", "values": ["prod", "test"]}]}
    assert parents(gateway(listener(selector=selector)), route(labels={"gateway": "test"})) == [{"name": "web"}]


def test_a_route_names_the_listeners_that_take_it() -> None:
    two = gateway({"hostname": "a.example"}, {"hostname": "*.b.example"}, {"port": 81, **listener(kind="TCPRoute")})
    assert parents(two, route(hostnames=["x.b.example"])) == [{"name": "web", "sectionName": "http-80-any-b-example"}]


@pytest.mark.parametrize(
    ("namespaces", "gateways", "taken"),
    [
        ({}, {}, False),
        ({"from": "All"}, {}, False),
        ({"from": "All"}, {"allow": "All"}, True),
        ({}, {"allow": "All"}, False),
        ({"from": "All"}, {"allow": "FromList", "gatewayRefs": [{"name": "web", "namespace": "infra"}]}, True),
        ({"from": "All"}, {"allow": "FromList", "gatewayRefs": [{"name": "web", "namespace": "shop"}]}, False),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}, {"allow": "All"}, True),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "b"}}}, {"allow": "All"}, False),
    ],
)
def test_both_have_to_allow_the_other(namespaces: Any, gateways: Any, *, taken: bool) -> None:
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}"
    infra = gateway(listener(namespaces=namespaces), namespace="infra")
    refs = parents(namespace, infra, route(gateways=gateways))
    assert refs == ([{"name": "web", "namespace": "infra"}] if taken else [])


def test_listeners_have_names_of_their_own() -> None:
    secured = {"protocol": "HTTPS", "port": 443, "tls": {"certificateRef": {"name": "cert"}}}
    done = converted(gateway({"hostname": "a.b"}, {"hostname": "a-b"}, secured))
    listeners = objects(done, "Gateway")["shop/web"]["spec"]["listeners"]
    assert [each["name"] for each in listeners] == ["http-80-a-b", "http-80-a-b-2", "https-443"]
    assert listeners[2]["tls"] == {"certificateRefs": [{"name": "cert"}]}


def test_who_may_attach_stays() -> None:
    done = converted(gateway(listener(namespaces={"from": "All"})))
    [written] = objects(done, "Gateway")["shop/web"]["spec"]["listeners"]
    assert written["allowedRoutes"] == {"namespaces": {"from": "All"}}


def test_server_names_become_hostnames() -> None:
    tls = old(
        "TLSRoute",
        "t",
        {"rules": [{"matches": [{"snis": ["a.example"]}], "forwardTo": [{"serviceName": "a", "port": 1}]}]},
    )
    done = converted(gateway({"protocol": "TLS", "port": 443, "tls": {"mode": "Passthrough"}}), tls)
    spec = objects(done, "TLSRoute")["shop/t"]["spec"]
    assert spec["hostnames"] == ["a.example"]
    assert spec["rules"] == [{"backendRefs": [{"name": "a", "port": 1}]}]
