"""The first thing that anybody tries: a Gateway, a route, a Service."""

import pytest

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ROUTE = http_route(
    "hello",
    """
- name: greeting
  filters: [<route:hello>]
  backendRefs: [{name: one, port: 80}]
""",
    host="shop.example",
)


async def test_a_route_leads_to_its_service(world: World) -> None:
    await world.apply(ROUTE)

    answer = await world.ask("/any/path?q=1", ("x-mine", "yes"), body=b"hello", method="POST")

    assert answer.said == (200, "hello", "one")
    assert (answer.echo["method"], answer.echo["path"], answer.echo["body"]) == ("POST", "/any/path?q=1", "hello")
    assert answer.seen("x-mine") == ["yes"]
    assert answer.seen("host") == ["shop.example"]
    assert answer.seen("x-forwarded-proto") == ["http"]


async def test_everybody_says_that_all_is_well(world: World) -> None:
    await world.apply(ROUTE)

    gateway, listener, route = (
        world.gateway("Gateway infra/edge"),
        world.listener("Gateway infra/edge", "http"),
        world.route("HTTPRoute shop/hello"),
    )
    assert state(gateway["Accepted"]) == (True, "Accepted")
    assert state(gateway["Programmed"]) == (True, "Programmed")
    assert state(listener["Accepted"]) == (True, "Accepted")
    assert state(listener["Programmed"]) == (True, "Programmed")
    assert state(listener["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert world.attached("Gateway infra/edge", "http") == 1
    assert world.kinds("Gateway infra/edge", "http") == ("HTTPRoute", "GRPCRoute")
    assert state(route["Accepted"]) == (True, "Accepted")
    assert state(route["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_what_no_route_wants_is_not_found(world: World) -> None:
    await world.apply(ROUTE)

    assert (await world.ask(host="other.example")).said == (404, None, None)


async def test_a_removed_route_serves_no_more(world: World) -> None:
    await world.apply(ROUTE)
    assert (await world.ask()).said == (200, "hello", "one")

    await world.remove("HTTPRoute shop/hello")

    assert (await world.ask()).said == (404, None, None)
    assert world.outcome("HTTPRoute shop/hello") is None
    assert world.attached("Gateway infra/edge", "http") == 0


async def test_a_gateway_of_another_class_is_left_alone(world: World) -> None:
    await world.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: other}
spec: {controllerName: example.com/other}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: theirs, namespace: infra}
spec:
  gatewayClassName: other
  listeners: [{name: http, port: <theirs>, protocol: HTTP}]
""")

    assert world.outcome("Gateway infra/theirs") is None
    assert GatewayFleet(namespace="infra", name="theirs") not in world.envoys
    with pytest.raises(ConnectionRefusedError):
        await world.ask(port="theirs")


async def test_a_second_port_and_its_removal(world: World) -> None:
    await world.apply(ROUTE)
    two = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: http, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: more, port: <more>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
"""
    one = world.applied["Gateway infra/edge"]

    await world.apply(two)
    assert (await world.ask(port="more")).said == (200, "hello", "one")
    assert (await world.ask()).said == (200, "hello", "one")

    await world.apply(one)
    assert (await world.ask()).said == (200, "hello", "one")
    assert [each.name for each in world.outcome("Gateway infra/edge").listeners] == ["http"]  # type: ignore[union-attr]
