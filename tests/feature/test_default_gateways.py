"""Default Gateways: routes that name no Gateway and get those that want to be the default.

https://gateway-api.sigs.k8s.io/geps/gep-3793/
"""

import pytest

from tests.feature.harness.https import gateway, plain
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = ""
OK = (True, "Accepted")


def default(name: str, scope: str = "All") -> str:
    text = gateway(name, plain("http", name))
    return text.replace("  gatewayClassName:", f"  defaultScope: {scope}\n  gatewayClassName:") if scope else text


def route(name: str = "r", scope: str = "All", parents: str = "", host: str = "") -> str:
    """Return an HTTPRoute with parentRefs, a YAML list in flow style, and with useDefaultGateways."""
    text = http_route(name, f"- {{filters: [<route:{name}>], backendRefs: [{{name: one, port: 80}}]}}", host=host)
    wanted = f"  useDefaultGateways: {scope}\n" if scope else ""
    refs = f"  parentRefs: {parents}\n" if parents else ""
    return text.replace("  parentRefs: [{name: edge, namespace: infra}]\n", wanted + refs)


async def served(world: World, *ports: str) -> list[int]:
    return [(await world.ask(port=port)).status for port in ports]


async def test_a_route_without_parents_gets_every_default_gateway(world: World) -> None:
    await world.apply(default("edge"), default("second"), default("none", "None"), default("silent", ""), route())

    assert await served(world, "edge", "second", "none", "silent") == [200, 200, 404, 404]
    assert [state(each["Accepted"]) for each in world.parents("HTTPRoute shop/r")] == [OK, OK]
    assert [world.attached(f"Gateway infra/{name}", "http") for name in ("edge", "second", "none", "silent")] == [
        *(1, 1),
        *(0, 0),
    ]


@pytest.mark.parametrize("scope", ["None", ""])
async def test_a_route_that_does_not_ask_gets_none(world: World, scope: str) -> None:
    await world.apply(default("edge"), route(scope=scope))

    assert await served(world, "edge") == [404]
    assert world.outcome("HTTPRoute shop/r") is None


async def test_a_route_may_name_more_gateways(world: World) -> None:
    await world.apply(default("edge"), default("silent", ""))
    await world.apply(route(parents="[{name: silent, namespace: infra}]"))

    assert await served(world, "edge", "silent") == [200, 200]
    assert len(world.parents("HTTPRoute shop/r")) == 2


async def test_a_default_gateway_that_the_route_names_itself_is_one_parent(world: World) -> None:
    """What the route says of its section stands."""
    two = gateway("edge", plain("a", "edge"), plain("b", "other"))
    await world.apply(two.replace("  gatewayClassName:", "  defaultScope: All\n  gatewayClassName:"))
    await world.apply(route(parents="[{name: edge, namespace: infra, sectionName: b}]"))

    assert await served(world, "edge", "other") == [404, 200]
    assert len(world.parents("HTTPRoute shop/r")) == 1


async def test_the_default_changes_while_it_runs(world: World) -> None:
    await world.apply(default("edge"), default("second", ""), route())
    assert await served(world, "edge", "second") == [200, 404]

    await world.apply(default("second"))
    assert await served(world, "edge", "second") == [200, 200]

    await world.apply(default("edge", "None"))
    assert await served(world, "edge", "second") == [404, 200]
    assert len(world.parents("HTTPRoute shop/r")) == 1

    await world.apply(route(scope="None"))
    assert await served(world, "edge", "second") == [404, 404]


async def test_a_default_gateway_keeps_its_own_rules(world: World) -> None:
    closed = default("edge").replace("from: All", "from: Same")
    hosted = default("second").replace("protocol: HTTP,", "protocol: HTTP, hostname: '*.example',")
    await world.apply(closed, hosted, route(host="elsewhere.org"))

    reasons = [state(each["Accepted"]) for each in world.parents("HTTPRoute shop/r")]
    assert sorted(reasons) == [(False, "NoMatchingListenerHostname"), (False, "NotAllowedByListeners")]
    assert await served(world, "edge", "second") == [404, 404]


async def test_a_default_gateway_of_another_class_is_none_of_our_business(world: World) -> None:
    foreign = default("foreign").replace("gatewayClassName: gatewayd", "gatewayClassName: another")
    await world.apply(default("edge"), foreign, route())

    assert len(world.parents("HTTPRoute shop/r")) == 1


@pytest.mark.parametrize("kind", ["TCPRoute", "GRPCRoute"])
async def test_other_kinds_of_routes(world: World, kind: str) -> None:
    tcp = default("edge").replace("protocol: HTTP", "protocol: TCP") if kind == "TCPRoute" else default("edge")
    text = route().replace("kind: HTTPRoute", f"kind: {kind}").replace("filters: [<route:r>], ", "")
    await world.apply(tcp, text)

    assert state(world.route(f"{kind} shop/r")["Accepted"]) == OK
    assert world.attached("Gateway infra/edge", "http") == 1
    if kind == "TCPRoute":
        assert (await world.ask(port="edge")).backend == "one"
