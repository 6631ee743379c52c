"""What gatewayd does not do: refused in words and in traffic, never ignored.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter (extensionRef: "must not be skipped")
"""

import pytest

from tests.feature.harness import grpcs
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

EXTENSION = "{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: ten}}"
REDIRECT = "{type: RequestRedirect, requestRedirect: {scheme: https}}"


def rule(path: str, filters: str, more: str = "") -> str:
    to_one = f"backendRefs: [{{name: one, port: 80{more}}}]"
    return f"- {{matches: [{{path: {{value: {path}}}}}], filters: [{filters}], {to_one}}}\n"


async def test_an_extension_filter_fails_its_rule_and_no_other(world: World) -> None:
    await world.apply(
        http_route("r", rule("/limited", f"<route:limited>, {EXTENSION}") + rule("/", "<route:free>"), host="u.example")
    )

    assert (await world.ask("/limited", host="u.example")).said == (500, None, None)
    assert (await world.ask("/free", host="u.example")).said == (200, "free", "one")
    assert [each.path for each in world.backends["one"].requests] == ["/free"]
    said = world.route("HTTPRoute shop/r")
    assert state(said["Accepted"]) == (True, "Accepted")
    assert said["ResolvedRefs"].status is False
    assert "spec.rules[0].filters[1].extensionRef" in said["ResolvedRefs"].message


async def test_an_extension_filter_of_a_backendref_fails_its_share(world: World) -> None:
    await world.apply(http_route("r", rule("/", "<route:r>", f", filters: [{EXTENSION}]"), host="u.example"))

    assert (await world.ask("/", host="u.example")).said == (500, None, None)
    assert (
        "spec.rules[0].backendRefs[0].filters[0].extensionRef"
        in world.route("HTTPRoute shop/r")["ResolvedRefs"].message
    )


async def test_an_extension_filter_of_calls(world: World) -> None:
    refs = f"- {{filters: [{EXTENSION}], backendRefs: [{{name: one, port: 80}}]}}"
    await world.apply(http_route("r", refs, kind="GRPCRoute", host="u.example"))

    reply = await grpcs.call(world.port("http"), "/a.B/C", authority="u.example")

    assert reply.code == "UNAVAILABLE"
    assert world.route("GRPCRoute shop/r")["ResolvedRefs"].status is False
    assert world.backends["one"].requests == []


async def test_a_route_of_nothing_but_unsupported_rules_is_not_accepted(world: World) -> None:
    await world.apply(http_route("r", rule("/", "<route:r>", f", filters: [{REDIRECT}]"), host="u.example"))

    assert (await world.ask("/", host="u.example")).backend is None
    said = world.route("HTTPRoute shop/r")
    assert state(said["Accepted"]) == (False, "UnsupportedValue")
    assert world.backends["one"].requests == []


async def test_filters_of_listeners(world: World) -> None:
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: filtered, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - name: guarded
    port: <guarded>
    protocol: HTTP
    allowedRoutes: {namespaces: {from: All}}
    filters: {requests: [%s]}
  - {name: free, port: <free>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
"""
    await world.apply(
        text % EXTENSION,
        http_route(
            "r",
            "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}",
            parent="name: filtered, namespace: infra",
        ),
    )

    said = world.listener("Gateway infra/filtered", "guarded")
    assert said["Accepted"].status is False
    assert "spec.listeners[0].filters" in said["Accepted"].message
    assert said["Programmed"].status is False
    with pytest.raises(ConnectionRefusedError):
        await world.ask(port="guarded")
    assert (await world.ask(port="free")).said == (200, "r", "one")


async def test_a_redirect_on_a_backendref_makes_no_sense(world: World) -> None:
    bad = rule("/bad", "<route:bad>", f", filters: [{REDIRECT}]")
    await world.apply(http_route("r", bad + rule("/", "<route:free>"), host="u.example"))

    assert (await world.ask("/bad", host="u.example")).said == (500, None, None)
    assert (await world.ask("/free", host="u.example")).said == (200, "free", "one")
    said = world.route("HTTPRoute shop/r")
    assert state(said["PartiallyInvalid"]) == (True, "UnsupportedValue")
    assert "spec.rules[0].backendRefs[0].filters" in said["PartiallyInvalid"].message
    assert [each.path for each in world.backends["one"].requests] == ["/free"]


async def test_parameters_of_a_gateway_and_of_a_class(world: World) -> None:
    ref = "{group: example.com, kind: Settings, name: s}"
    await world.apply(
        GATEWAY.replace("name: edge", "name: tuned")
        .replace("<http>", "<tuned>")
        .replace("spec:\n", f"spec:\n  infrastructure: {{parametersRef: {ref}}}\n"),
        f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: tuned}}
spec: {{controllerName: gatewayd.io/controller, parametersRef: {ref}}}
""",
    )

    said = world.gateway("Gateway infra/tuned")
    assert state(said["Accepted"]) == (False, "InvalidParameters")
    assert "spec.infrastructure.parametersRef" in said["Accepted"].message
    assert said["Programmed"].status is False
    assert state(world.gateway("GatewayClass tuned")["Accepted"]) == (False, "InvalidParameters")


async def test_an_address_of_a_kind_that_is_not_supported(world: World) -> None:
    text = GATEWAY.replace("name: edge", "name: placed").replace("<http>", "<placed>")

    await world.apply(text.replace("spec:\n", "spec:\n  addresses: [{type: example.com/place, value: here}]\n"))
    assert state(world.gateway("Gateway infra/placed")["Accepted"]) == (False, "UnsupportedAddress")

    await world.apply(text.replace("spec:\n", "spec:\n  addresses: [{type: IPAddress, value: 192.0.2.7}]\n"))
    said = world.gateway("Gateway infra/placed")
    assert state(said["Accepted"]) == (True, "Accepted")
    assert state(said["Programmed"]) == (False, "AddressNotUsable")
