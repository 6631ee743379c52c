"""Policies where the parent of a route is a Service: what counts for whom, in the proxy of a node, without a drain."""

import pytest

from gatewayd.ir.fleet import MESH_FLEET
from tests.feature.harness import redirected
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import accepted, policy, target
from tests.feature.harness.processor import processor
from tests.feature.harness.tokens import Provider
from tests.feature.harness.world import World
from tests.feature.test_mesh import BASE, VIP, of_echo, to

__all__ = ["BASE"]
pytestmark = [
    pytest.mark.envoy,
    pytest.mark.usefixtures("node_ports"),
    pytest.mark.asyncio(loop_scope="module"),
]
ALL = of_echo("all", to("one", "all"))
OF_ALL = target("HTTPRoute", "all")
OF_NAMESPACE = target("Namespace")


async def called(world: World, *headers: tuple[str, str], by: str = "news", method: str = "GET") -> int:
    """Return the status that a pod of a namespace gets, led as its node leads it."""
    return (await answered(world, *headers, by=by, method=method)).status


async def answered(world: World, *headers: tuple[str, str], by: str = "news", method: str = "GET") -> Answer:
    return await redirected.ask(redirected.led_to(world, by, VIP, 80), VIP, 80, "/", *headers, method=method)


async def drained(world: World) -> dict[str, int]:
    """Return how often listeners were changed or went."""
    found = await world.envoys[MESH_FLEET].stats("listener_manager.listener_(modified|in_place_updated|removed)")
    return dict(found)


async def enforced(world: World, kind: str, sections: str, at: str = OF_ALL, namespace: str = "shop") -> None:
    """Apply a policy, which changes no listener."""
    before = await drained(world)
    await world.apply(policy(kind, "p", at, f"default: {{{sections}}}", namespace=namespace))
    assert await drained(world) == before


async def test_timeouts_and_retries(world: World) -> None:
    await world.apply(ALL)
    await enforced(world, "RoutePolicy", "timeouts: {request: 200ms}, retry: {attempts: 2, codes: [503], backoff: 1ms}")
    assert await called(world, ("x-echo-hang", "1000000"), ("x-echo-key", "h")) == 504
    failing = (("x-echo-status", "503"), ("x-echo-key", "k"))
    assert await called(world, *failing, ("x-echo-fail", "2")) == 200
    assert accepted(world, "RoutePolicy shop/p").message == "in force for HTTPRoute/shop/all"


async def test_limits_headers_and_what_is_in_the_way(world: World) -> None:
    await world.apply(ALL)
    limit = "rateLimit: {limits: [{requests: 1, unit: Hour, perHeaders: [x-job]}]}"
    headers = "headers: {request: {setFrom: [{name: x-pod, property: ClientAddress}]}}"
    await enforced(world, "RoutePolicy", f"{limit}, {headers}, body: {{maxBytes: 10}}", OF_NAMESPACE)
    assert [await called(world, ("x-job", "a")) for _ in range(2)] == [200, 429]
    # What a caller says of itself is no address.
    seen = await answered(world, ("x-forwarded-for", "192.0.2.7"))
    assert (seen.seen("x-pod"), seen.seen("x-forwarded-for")) == ([redirected.POD], ["192.0.2.7"])
    await enforced(world, "RoutePolicy", "fault: {abort: {status: 502}}")
    assert await called(world) == 502
    await enforced(world, "RoutePolicy", "directResponse: {status: 451, body: gone}")
    assert await called(world) == 451
    await world.remove("RoutePolicy shop/p")
    assert await called(world) == 200


async def test_who_may_call_by_namespace(world: World) -> None:
    await world.apply(ALL)
    allow = (
        "authorization: {allow: [{namespaces: [blog, shop]}, {methods: [GET], headers: [{name: x-a, values: [b]}]}]}"
    )
    await enforced(world, "AccessPolicy", allow)
    assert [await called(world, by=by) for by in ("blog", "shop", "news")] == [200, 200, 403]
    assert await called(world, ("x-a", "b")) == 200
    assert await called(world, ("x-a", "b"), method="PUT") == 403
    # A namespace that goes from the list is like all others, and its port goes.
    fewer = "default: {authorization: {allow: [{namespaces: [shop]}]}}"
    await world.apply(policy("AccessPolicy", "p", OF_ALL, fewer, namespace="shop"))
    assert [await called(world, by=by) for by in ("blog", "shop", "news")] == [403, 200, 403]


async def test_a_route_of_ones_own_is_no_way_around(world: World) -> None:
    consumer = of_echo("own", to("two", "own"), namespace="blog")
    await world.apply(ALL, consumer)
    await enforced(world, "AccessPolicy", "authorization: {allow: [{namespaces: [far]}]}", OF_NAMESPACE)
    off = "default: {authorization: {mode: Disabled}}"
    await world.apply(policy("AccessPolicy", "open", OF_NAMESPACE, off, namespace="blog"))
    assert [await called(world, by=by) for by in ("blog", "far", "shop")] == [403, 200, 403]
    his = "default: {authorization: {allow: [{namespaces: [blog]}]}}"
    await world.apply(policy("AccessPolicy", "p", OF_NAMESPACE, his, namespace="shop"))
    assert (await answered(world, by="blog")).said == (200, "own", "two")


LIES = ("192.0.2.7", "192.0.2.7, 192.0.2.8", ", ".join(["192.0.2.7"] * 1000))


@pytest.mark.parametrize("said", LIES, ids=["one", "two", "many"])
async def test_a_client_is_the_pod_that_has_connected(world: World, said: str) -> None:
    await world.apply(ALL)
    await enforced(world, "AccessPolicy", "clients: {allow: [{cidr: 10.244.0.0/16}]}")
    assert await called(world, ("x-forwarded-for", said)) == 200
    await enforced(world, "AccessPolicy", "clients: {allow: [{cidr: 192.0.2.0/24}]}")
    assert await called(world, ("x-forwarded-for", said)) == 403
    await world.remove("AccessPolicy shop/p")
    await enforced(world, "RoutePolicy", "rateLimit: {limits: [{requests: 2, unit: Hour, perClient: true}]}")
    assert [await called(world, ("x-forwarded-for", f"192.0.2.{at}")) for at in range(3)] == [200, 200, 429]


async def test_tokens(world: World) -> None:
    provider = Provider()
    await world.apply(ALL)
    keys, claims = f"{{inline: '{provider.keys}'}}", "[{claim: sub, header: x-user}]"
    corp = f"{{name: corp, issuer: 'https://idp.example', keys: {keys}, claimHeaders: {claims}}}"
    await enforced(world, "AccessPolicy", f"jwt: {{providers: [{corp}], optional: true}}")
    told = await answered(world, ("authorization", f"Bearer {provider.token(sub='ann')}"), ("x-user", "eve"))
    assert (told.status, told.seen("x-user")) == (200, ["ann"])
    assert (await answered(world, ("x-user", "eve"))).seen("x-user") == []
    assert await called(world, ("authorization", "Bearer nonsense")) == 401


async def test_a_server_sees_what_goes_by(world: World) -> None:
    async with processor() as firewall:
        firewall.sets = {"x-seen": "yes"}
        await world.apply(ALL, service("firewall", firewall.port))
        await enforced(
            world, "RoutePolicy", "externalProcessing: {backendRef: {name: firewall, port: 80}, request: {}}"
        )
        assert (await answered(world)).seen("x-seen") == ["yes"]
        await world.remove("RoutePolicy shop/p")


CLOSING = (
    ("AccessPolicy", "apiKeys: {secretRefs: [{name: keys}]}", "spec.default.apiKeys: proxies of nodes get no Secrets"),
    ("AccessPolicy", "basic: {secretRef: {name: users}}", "spec.default.basic: proxies of nodes get no Secrets"),
    (
        "RoutePolicy",
        'lua: {inline: "function envoy_on_request(h) end"}',
        "spec.default.lua: no GatewayClass allows code",
    ),
    (
        "RoutePolicy",
        "globalLimits: {limits: [{name: a, requests: 1, unit: Hour}], whenUnavailable: Deny}",
        "spec.default.globalLimits: nobody counts",
    ),
)


@pytest.mark.parametrize(("kind", "sections", "why"), CLOSING)
async def test_what_cannot_be_had_and_protects_closes_and_says_so(
    world: World, kind: str, sections: str, why: str
) -> None:
    await world.apply(ALL)
    await enforced(world, kind, sections)
    assert await called(world) == 500
    assert why in world.route("HTTPRoute shop/all")["gatewayd.io/ClosedByPolicy"].message
    said = accepted(world, f"{kind} shop/p")
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.startswith(why)
    assert "allowed for a Service: " in said.message


async def test_what_cannot_be_had_and_protects_nothing_is_left_out(world: World) -> None:
    await world.apply(ALL)
    await enforced(world, "RoutePolicy", "globalLimits: {limits: [{name: a, requests: 1, unit: Hour}]}")
    assert [await called(world) for _ in range(3)] == [200] * 3
    assert accepted(world, "RoutePolicy shop/p").message.startswith("spec.default.globalLimits: nobody counts")
