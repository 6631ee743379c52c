"""Headers that take their values from the request, of a RoutePolicy and a RouteFilter, with a real Envoy."""

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

REWRITTEN = """
- matches: [{path: {value: /old}}]
  filters:
  - {type: URLRewrite, urlRewrite: {hostname: in.example, path: {type: ReplaceFullPath, replaceFullPath: /new}}}
  backendRefs: [{name: one, port: 80}]
- backendRefs: [{name: one, port: 80}]
"""
SHOP = http_route("shop", REWRITTEN, host="shop.example")
PROPERTIES = {
    "x-client": "ClientAddress",
    "x-peer": "PeerAddress",
    "x-host": "Host",
    "x-method": "Method",
    "x-path": "Path",
    "x-scheme": "Scheme",
    "x-server-name": "ServerName",
}


def written(side: str) -> str:
    of_request = [f"{{name: {name}, property: {each}}}" for name, each in PROPERTIES.items()]
    copies = ", ".join((*of_request, "{name: x-copy, header: x-original}"))
    section = f"default: {{headers: {{{side}: {{setFrom: [{copies}]}}}}}}"
    return policy("RoutePolicy", "told", target("Namespace"), section, namespace="shop")


def seen(world: World, name: str) -> list[str]:
    return world.backends["one"].requests[-1].all(name)


async def test_a_backend_is_told_what_the_request_has_whatever_the_client_says(world: World) -> None:
    await world.apply(SHOP, written("request"))
    lies = [(name, "lie") for name in (*PROPERTIES, "x-copy")]
    answer = await world.ask("/a?b=%25", *lies, ("x-original", "100%"), host="shop.example", source="127.0.0.2")
    assert answer.status == 200
    told = {name: seen(world, name) for name in (*PROPERTIES, "x-copy")}
    assert told == {
        "x-client": ["127.0.0.2"],
        "x-peer": ["127.0.0.2"],
        "x-host": ["shop.example"],
        "x-method": ["GET"],
        "x-path": ["/a?b=%25"],
        "x-scheme": ["http"],
        # Without TLS there is no name, and without the header nothing to copy: what stood there stays.
        "x-server-name": ["lie"],
        "x-copy": ["100%"],
    }
    await world.ask("/", ("x-copy", "own"), host="shop.example")
    assert seen(world, "x-copy") == ["own"]
    await world.remove("RoutePolicy shop/told")
    await world.ask("/", host="shop.example")
    assert seen(world, "x-client") == []


async def test_what_is_rewritten_is_told_as_the_client_has_sent_it(world: World) -> None:
    await world.apply(SHOP, written("request"))
    await world.ask("/old/page", host="shop.example")
    assert (seen(world, "x-path"), seen(world, "x-host")) == (["/old/page"], ["shop.example"])
    assert world.backends["one"].requests[-1].path == "/new"


async def test_a_client_is_told_it_too(world: World) -> None:
    await world.apply(SHOP, written("response"))
    answer = await world.ask("/a", ("x-original", "o"), host="shop.example")
    assert (answer.one("x-method"), answer.one("x-copy"), answer.one("x-server-name")) == ("GET", "o", None)


async def test_a_filter_of_a_rule_can_do_it(world: World) -> None:
    own = """
apiVersion: gatewayd.io/v1alpha1
kind: RouteFilter
metadata: {name: told, namespace: shop}
spec: {headers: {request: {setFrom: [{name: x-was, property: Path}]}}}
"""
    named = "- filters: [{type: ExtensionRef, extensionRef: {group: gatewayd.io, kind: RouteFilter, name: told}}]\n"
    await world.apply(own, http_route("shop", f"{named}  backendRefs: [{{name: one, port: 80}}]", host="shop.example"))
    await world.ask("/was", host="shop.example")
    assert seen(world, "x-was") == ["/was"]
