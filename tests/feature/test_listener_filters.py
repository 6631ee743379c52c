"""Filters of a listener: whom it asks before a route is chosen, in their order, for every request.

https://gateway-api.sigs.k8s.io/geps/gep-5224/
"""

import json

import pytest

from tests.feature.harness import grpcs
from tests.feature.harness.https import CA
from tests.feature.harness.manifests import grant, http_route, service
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "two", "three", "asked")
BASE = ""
ALL = "allowedRoutes: {namespaces: {from: All}}"
HEARD = "[x-echo-status, x-echo-headers, x-user, x-tenant]"
PARENT = "name: guarded, namespace: infra"


def auth(name: str, path: str = "", more: str = "") -> str:
    """Return a filter that asks a backend of namespace shop, below a path by which the test tells who asks."""
    prefix = f", path: {path}" if path else ""
    ref = f"{{name: {name}, namespace: shop, port: 80}}"
    return (
        "{type: ExternalAuth, externalAuth: {protocol: HTTP, "
        f"backendRef: {ref}, http: {{allowedHeaders: {HEARD}{prefix}}}{more}}}}}"
    )


def gateway(*filters: str) -> str:
    """Return a Gateway with a guarded listener for every host, and one for free.example."""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: guarded, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {{namespaces: {{from: All}}}}
  listeners:
  - {{name: guarded, port: <http>, protocol: HTTP, {ALL}, filters: {{requests: [{", ".join(filters)}]}}}}
  - {{name: free, hostname: free.example, port: <http>, protocol: HTTP, {ALL}}}
{grant("auth", namespace="shop", of="infra", kind="Gateway")}
"""


def route(rules: str, *, name: str = "r", host: str = "") -> str:
    return http_route(name, rules, host=host, parent=PARENT)


def rule(backend: str, path: str = "/", header: str = "", filters: str = "", more: str = "") -> str:
    headers = f", headers: [{{name: x-tenant, value: {header}}}]" if header else ""
    also = f", {filters}" if filters else ""
    refs = f"backendRefs: [{{name: {backend}, port: 80{more}}}]"
    match = f"matches: [{{path: {{value: {path}}}{headers}}}]"
    return f"- {{{match}, filters: [<route:{backend}>{also}], {refs}}}\n"


def told(**headers: str) -> tuple[str, str]:
    """Return the request header by which the echoing server is told what to answer."""
    return "x-echo-headers", json.dumps(headers)


async def test_a_request_goes_on_with_consent(world: World) -> None:
    await world.apply(gateway(auth("asked", "/check")), route(rule("one")))

    answer = await world.ask("/door?k=v", host="a.example")

    assert answer.said == (200, "one", "one")
    assert [each.path for each in world.backends["asked"].requests] == ["/check/door?k=v"]
    assert state(world.listener("Gateway infra/guarded", "guarded")["Accepted"]) == (True, "Accepted")
    assert state(world.listener("Gateway infra/guarded", "guarded")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_without_consent_no_request_gets_anywhere(world: World) -> None:
    await world.apply(gateway(auth("asked")), route(rule("one")))

    answer = await world.ask("/", ("x-echo-status", "401"), host="a.example")

    assert answer.status == 401
    assert world.backends["one"].requests == []


async def test_other_listeners_of_the_port_ask_nobody(world: World) -> None:
    await world.apply(gateway(auth("asked")), route(rule("one")))

    assert (await world.ask("/", host="free.example")).said == (200, "one", "one")
    assert world.backends["asked"].requests == []


async def test_requests_without_a_route_are_asked_for_as_well(world: World) -> None:
    await world.apply(gateway(auth("asked")), route(rule("one", "/known"), host="a.example"))

    for host in ("a.example", "b.example"):
        assert (await world.ask("/unknown", ("x-echo-status", "401"), host=host)).status == 401
        assert (await world.ask("/unknown", host=host)).status == 404
    assert len(world.backends["asked"].requests) == 4
    assert world.backends["one"].requests == []


async def test_what_the_server_says_of_the_client_chooses_the_route(world: World) -> None:
    rules = rule("two", header="gold") + rule("one")
    await world.apply(gateway(auth("asked")), route(rules, host="a.example"))

    assert (await world.ask("/", host="a.example")).said == (200, "one", "one")
    answer = await world.ask("/", told(**{"x-tenant": "gold"}), host="a.example")

    assert answer.said == (200, "two", "two")
    assert answer.seen("x-tenant") == ["gold"]


def saying(name: str, *headers: str, heard: str = "x-echo-headers") -> str:
    """Return a filter whose server alone says what these headers are."""
    ref = f"{{name: {name}, namespace: shop, port: 80}}"
    http = f"{{allowedHeaders: [{heard}], allowedResponseHeaders: [{', '.join(headers)}]}}"
    return f"{{type: ExternalAuth, externalAuth: {{protocol: HTTP, backendRef: {ref}, http: {http}}}}}"


async def test_a_client_cannot_choose_the_route_by_what_the_server_says(world: World) -> None:
    rules = rule("two", header="gold") + rule("one")
    await world.apply(gateway(saying("asked", "X-Tenant")), route(rules, host="a.example"))

    forged = await world.ask("/", ("x-tenant", "gold"), host="a.example")
    assert (forged.said, forged.seen("x-tenant")) == ((200, "one", "one"), [])
    assert not any("status" in name or name.startswith(":") for name, _ in forged.echo["headers"])
    answer = await world.ask("/", ("x-tenant", "lead"), told(**{"x-tenant": "gold"}), host="a.example")
    assert (answer.said, answer.seen("x-tenant")) == ((200, "two", "two"), ["gold"])


async def test_what_one_server_has_said_another_that_is_silent_leaves(world: World) -> None:
    first, second = saying("asked", "x-user", "x-a"), saying("three", "x-user", "x-b", heard="x-other")
    await world.apply(gateway(first, second), route(rule("one"), host="a.example"))
    forged = (("x-user", "root"), ("x-a", "1"), ("x-b", "2"))

    silent = await world.ask("/", *forged, host="a.example")
    assert [silent.seen(name) for name, _ in forged] == [[], [], []]
    spoken = await world.ask("/", *forged, told(**{"x-user": "ann"}), host="a.example")
    assert [spoken.seen(name) for name, _ in forged] == [["ann"], [], []]


async def test_the_route_chosen_in_the_end_asks_its_own_server(world: World) -> None:
    rules = rule("two", header="gold", filters=auth("three", "/own")) + rule("one")
    await world.apply(gateway(auth("asked")), route(rules, host="a.example"))

    assert (await world.ask("/", told(**{"x-tenant": "gold"}), host="a.example")).said == (200, "two", "two")
    assert [each.path for each in world.backends["three"].requests] == ["/own/"]
    assert [each.path for each in world.backends["asked"].requests] == ["/"]

    # The listener's server consents, and adds what tells the route's own server to refuse.
    refused = await world.ask("/", told(**{"x-tenant": "gold", "x-echo-status": "401"}), host="a.example")
    assert refused.status == 401
    assert len(world.backends["two"].requests) == 1


async def test_several_are_asked_in_their_order(world: World) -> None:
    await world.apply(
        gateway(auth("asked", "/first"), auth("asked", "/second"), auth("three", "/third")), route(rule("one"))
    )

    answer = await world.ask("/x", told(**{"x-user": "ann"}), host="a.example")

    assert answer.said == (200, "one", "one")
    assert [each.path for each in world.backends["asked"].requests] == ["/first/x", "/second/x"]
    (last,) = world.backends["three"].requests
    assert last.path == "/third/x"
    assert last.all("x-user") == ["ann"]


async def test_a_refusal_ends_the_asking(world: World) -> None:
    # The second is told to refuse by what the first adds; the third is never asked.
    await world.apply(
        gateway(auth("asked", "/first"), auth("two", "/second"), auth("three", "/third")), route(rule("one"))
    )

    answer = await world.ask("/", told(**{"x-echo-status": "402"}), host="a.example")

    assert answer.status == 402
    assert len(world.backends["asked"].requests) == len(world.backends["two"].requests) == 1
    assert world.backends["three"].requests == world.backends["one"].requests == []


async def test_the_host_stays_what_it_was(world: World) -> None:
    await world.apply(gateway(auth("asked")), route(rule("one"), host="a.example"))
    await world.apply(route(rule("two"), name="other", host="b.example"))

    answer = await world.ask("/", told(host="b.example"), host="a.example")

    assert answer.said == (200, "one", "one")
    assert answer.seen("host") == ["a.example"]


async def test_bodies_go_along_and_reach_the_backend(world: World) -> None:
    bodied = auth("asked", "/first", ", forwardBody: {maxSize: 8}")
    await world.apply(gateway(bodied, auth("three"), bodied), route(rule("one")))

    answer = await world.ask("/", host="a.example", method="POST", body=b"12345678")
    long = await world.ask("/", host="a.example", method="POST", body=b"123456789")

    assert (answer.status, answer.echo["body"]) == (200, "12345678")
    assert long.status == 413
    assert [each.body for each in world.backends["asked"].requests] == [b"12345678"] * 2
    assert [each.body for each in world.backends["three"].requests] == [b""]


@pytest.mark.parametrize("name", ["nobody", "elsewhere"])
async def test_a_reference_that_leads_nowhere_lets_nobody_in(world: World, name: str) -> None:
    bad = auth(name) if name == "nobody" else auth("asked").replace("namespace: shop", "namespace: far")
    await world.apply(gateway(auth("asked"), bad), route(rule("one")))

    assert (await world.ask("/", host="a.example")).said == (500, None, None)
    assert (await world.ask("/", host="free.example")).said == (200, "one", "one")
    said = world.listener("Gateway infra/guarded", "guarded")
    reason = "InvalidListenerFilterRef" if name == "nobody" else "RefNotPermitted"
    assert state(said["Accepted"]) == (True, "Accepted")
    assert state(said["ResolvedRefs"]) == (False, reason)
    assert "spec.listeners[0].filters.requests[1].externalAuth.backendRef" in said["ResolvedRefs"].message


async def test_a_revoked_grant_lets_nobody_in(world: World) -> None:
    await world.apply(gateway(auth("asked")), route(rule("one")))
    assert (await world.ask("/", host="a.example")).status == 200

    await world.remove("ReferenceGrant shop/auth")

    assert (await world.ask("/", host="a.example")).status == 500
    said = world.listener("Gateway infra/guarded", "guarded")
    assert state(said["ResolvedRefs"]) == (False, "RefNotPermitted")


async def test_an_extension_refuses_the_listener(world: World) -> None:
    extension = "{type: ExtensionRef, extensionRef: {group: example.com, kind: Limit, name: ten}}"
    await world.apply(gateway(auth("asked"), extension), route(rule("one")))

    said = world.listener("Gateway infra/guarded", "guarded")
    assert state(said["Accepted"]) == (False, "UnsupportedValue")
    assert "spec.listeners[0].filters.requests[1]" in said["Accepted"].message
    assert state(said["ResolvedRefs"]) == (False, "InvalidListenerFilterRef")
    assert (await world.ask("/", host="a.example")).status == 404
    assert (await world.ask("/", host="free.example")).said == (200, "one", "one")


async def test_a_filter_that_comes_and_goes_keeps_connections(world: World) -> None:
    await world.apply(gateway(), route(rule("one")))
    connection = await world.connect()
    assert (await connection.ask("/", host="a.example")).said == (200, "one", "one")

    await world.apply(gateway(auth("asked")))
    assert (await connection.ask("/", ("x-echo-status", "403"), host="a.example")).status == 403
    await world.apply(gateway())
    assert (await connection.ask("/", ("x-echo-status", "403"), host="a.example")).status == 403
    assert len(world.backends["one"].requests) == 2


async def test_a_listener_of_a_listenerset(world: World) -> None:
    ref = auth("asked")
    await world.apply(
        gateway(auth("nobody")),
        f"""
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: more, namespace: teams}}
spec:
  parentRef: {{{PARENT}}}
  listeners:
  - {{name: own, hostname: own.example, port: <http>, protocol: HTTP, {ALL}, filters: {{requests: [{ref}]}}}}
""",
        http_route("r", rule("one"), parent="kind: ListenerSet, name: more, namespace: teams"),
    )
    said = world.listener("ListenerSet teams/more", "own")
    assert state(said["ResolvedRefs"]) == (False, "RefNotPermitted")
    assert (await world.ask("/", host="own.example")).status == 500

    await world.apply(grant("sets", namespace="shop", of="teams", kind="ListenerSet"))

    assert state(world.listener("ListenerSet teams/more", "own")["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert (await world.ask("/", host="own.example")).said == (200, "one", "one")
    assert (await world.ask("/", ("x-echo-status", "401"), host="own.example")).status == 401


async def test_calls_are_asked_for_as_well(world: World) -> None:
    rules = "- {filters: [<route:calls>], backendRefs: [{name: grpc, port: 80}]}"
    calls = http_route("r", rules, parent=PARENT, kind="GRPCRoute")
    async with grpcs.grpc_backend("grpc") as backend:
        await world.apply(service("grpc", backend.port), gateway(auth("asked")), calls)

        good = await grpcs.call(world.port("http"), "/a.B/C", authority="a.example")
        bad = await grpcs.call(world.port("http"), "/a.B/C", ("x-echo-status", "401"), authority="a.example")

    assert (good.code, bad.code) == ("OK", "UNAUTHENTICATED")


async def test_under_tls(world: World) -> None:
    tls = "protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}"
    listeners = (
        gateway(auth("asked"))
        .replace("<http>", "<https>")
        .replace("port: <https>, protocol: HTTP", f"port: <https>, {tls}")
    )
    certificate = CA.issue("a.example", "free.example").secret("cert")
    await world.apply(certificate, listeners, route(rule("one")))

    async def ask(host: str, *headers: tuple[str, str]) -> int:
        answer = await world.ask("/", *headers, port="https", host=host, server_name=host, tls=CA.trusting())
        return answer.status

    assert await ask("a.example") == 200
    assert await ask("a.example", ("x-echo-status", "401")) == 401
    assert len(world.backends["asked"].requests) == 2
    assert await ask("free.example") == 200
    assert len(world.backends["asked"].requests) == 2


async def test_a_host_with_many_rules(world: World) -> None:
    # So many that Envoy finds them by a tree.
    many = "".join(rule("one", f"/p{number}") for number in range(8))
    routes = [route(many.replace("/p", f"/r{at}/p"), name=f"r{at}", host="a.example") for at in range(16)]
    special = route(rule("two", "/r7", header="gold", filters=auth("three", "/own")), name="gold", host="a.example")
    await world.apply(gateway(auth("asked")), special, *routes)

    assert (await world.ask("/r7/p3", host="a.example")).said == (200, "one", "one")
    assert (await world.ask("/r7/p3", told(**{"x-tenant": "gold"}), host="a.example")).said == (200, "one", "one")
    assert (await world.ask("/r7/p9", host="a.example")).status == 404
    assert (await world.ask("/r7/p9", told(**{"x-tenant": "gold"}), host="a.example")).said == (200, "two", "two")
    assert [each.path for each in world.backends["three"].requests] == ["/own/r7/p9"]
    for path in ("/r7/p3", "/r7/p9", "/nowhere"):
        assert (await world.ask(path, ("x-echo-status", "401"), host="a.example")).status == 401
    assert len(world.backends["asked"].requests) == 7
