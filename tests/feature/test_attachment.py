"""Which listeners a route attaches to, what each of its parents says of it, and what listeners say of each other.

https://gateway-api.sigs.k8s.io/reference/spec/#parentreference, #listener, #routeconditionreason
"""

import pytest

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ALL = "allowedRoutes: {namespaces: {from: All}}"
PASS = "tls: {mode: Passthrough}"
END = "tls: {certificateRefs: [{name: c}]}"


def gateway(name: str, *listeners: str) -> str:
    text = "".join(f"  - {{{each}}}\n" for each in listeners)
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: infra}}
spec:
  gatewayClassName: gatewayd
  listeners:
{text}"""


def http(name: str, port: str = "", more: str = ALL) -> str:
    return f"name: {name}, port: <{port or name}>, protocol: HTTP, {more}"


# One port with two listeners, told apart by hostname, and one port more; a second Gateway.
BASE = "\n".join(
    (
        gateway(
            "edge",
            http("a", "first", f"hostname: a.example, {ALL}"),
            http("b", "first", f"hostname: b.example, {ALL}"),
            http("second"),
        ),
        gateway("other", http("other")),
    )
)
RULES = "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}"


def route(*parents: str, name: str = "r", host: str = "", kind: str = "HTTPRoute") -> str:
    refs = "}, {".join(
        f"name: edge, namespace: infra, {each}" if not each.startswith("name:") else each for each in parents
    )
    return http_route(name, RULES, parent=refs, host=host, kind=kind)


async def reached(world: World) -> set[str]:
    """Return the listeners that lead to the route."""
    found = set()
    for name, port, host in (
        ("a", "first", "a.example"),
        ("b", "first", "b.example"),
        ("second", "second", "c.example"),
        ("other", "other", "c.example"),
    ):
        answer = await world.ask(host=host, port=port)
        assert answer.said in ((200, "r", "one"), (404, None, None))
        if answer.status == 200:
            found.add(name)
    return found


ACCEPTED, NO_PARENT = (True, "Accepted"), (False, "NoMatchingParent")


@pytest.mark.parametrize(
    ("parents", "listeners", "verdicts"),
    [
        (("name: edge, namespace: infra",), {"a", "b", "second"}, [ACCEPTED]),
        (("sectionName: a",), {"a"}, [ACCEPTED]),
        (("sectionName: second",), {"second"}, [ACCEPTED]),
        (("port: <first>",), {"a", "b"}, [ACCEPTED]),
        (("port: <second>",), {"second"}, [ACCEPTED]),
        (("port: <first>, sectionName: b",), {"b"}, [ACCEPTED]),
        (("port: <first>, sectionName: second",), set(), [NO_PARENT]),
        (("sectionName: missing",), set(), [NO_PARENT]),
        (("port: 1",), set(), [NO_PARENT]),
        (("sectionName: a", "sectionName: second"), {"a", "second"}, [ACCEPTED, ACCEPTED]),
        (("sectionName: a", "sectionName: missing"), {"a"}, [ACCEPTED, NO_PARENT]),
        (
            ("name: edge, namespace: infra", "name: other, namespace: infra"),
            {"a", "b", "second", "other"},
            [ACCEPTED] * 2,
        ),
        # Parents that are not ours, or not there, are none of our business.
        (("name: nobody, namespace: infra",), set(), []),
        (("name: edge, namespace: elsewhere",), set(), []),
        (("name: edge",), set(), []),
        (("name: one, kind: Service, group: ''",), set(), []),
        (("name: nobody, namespace: infra", "name: other, namespace: infra"), {"other"}, [ACCEPTED]),
    ],
)
async def test_parents(
    world: World, parents: tuple[str, ...], listeners: set[str], verdicts: list[tuple[bool, str]]
) -> None:
    await world.apply(route(*parents))

    assert await reached(world) == listeners
    said = world.parents("HTTPRoute shop/r")
    assert [state(each["Accepted"]) for each in said] == verdicts
    assert all(state(each["ResolvedRefs"]) == (True, "ResolvedRefs") for each in said)
    for name, owner in (("a", "edge"), ("b", "edge"), ("second", "edge"), ("other", "other")):
        assert world.attached(f"Gateway infra/{owner}", name) == int(name in listeners)


async def test_a_parent_is_echoed_as_it_was_written(world: World) -> None:
    await world.apply(route("port: <first>, sectionName: a", "port: <first>, sectionName: b"))

    refs = [each.ref for each in world.outcome("HTTPRoute shop/r").parents]  # type: ignore[union-attr]

    assert [(ref.namespace, ref.name, ref.section, ref.port) for ref in refs] == [
        ("infra", "edge", "a", world.port("first")),
        ("infra", "edge", "b", world.port("first")),
    ]


async def test_a_listener_takes_only_the_kinds_that_it_names(world: World) -> None:
    grpc = "allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}"
    await world.apply(
        gateway("kinds", http("grpc-only", more=grpc), http("both")),
        route("name: kinds, namespace: infra, sectionName: grpc-only"),
    )

    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == (False, "NotAllowedByListeners")
    assert world.kinds("Gateway infra/kinds", "grpc-only") == ("GRPCRoute",)
    assert (await world.ask(port="grpc-only")).said == (404, None, None)

    await world.apply(route("name: kinds, namespace: infra, sectionName: both"))
    assert (await world.ask(port="both")).said == (200, "r", "one")


@pytest.mark.parametrize(
    ("kinds", "supported"),
    [
        ("[{kind: FooRoute}]", ()),
        ("[{kind: TCPRoute}]", ()),
        ("[{group: example.com, kind: HTTPRoute}]", ()),
        ("[{kind: FooRoute}, {kind: HTTPRoute}]", ("HTTPRoute",)),
    ],
)
async def test_kinds_that_a_listener_cannot_take(world: World, kinds: str, supported: tuple[str, ...]) -> None:
    await world.apply(
        gateway(
            "kinds", http("odd", more=f"allowedRoutes: {{namespaces: {{from: All}}, kinds: {kinds}}}"), http("good")
        ),
        route("name: kinds, namespace: infra"),
    )

    assert state(world.listener("Gateway infra/kinds", "odd")["ResolvedRefs"]) == (False, "InvalidRouteKinds")
    assert world.kinds("Gateway infra/kinds", "odd") == supported
    assert (await world.ask(port="good")).said == (200, "r", "one")
    assert (await world.ask(port="odd")).status == (200 if supported else 404)


async def test_a_tcp_route_cannot_attach_to_http(world: World) -> None:
    tcp = """---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: t, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: infra, sectionName: second}]
  rules: [{backendRefs: [{name: one, port: 80}]}]
"""
    await world.apply(tcp, route("sectionName: second"))

    said = world.route("TCPRoute shop/t")
    assert state(said["Accepted"]) == (False, "NotAllowedByListeners")
    assert state(said["ResolvedRefs"]) == (True, "ResolvedRefs")
    assert world.attached("Gateway infra/edge", "second") == 1
    assert (await world.ask(port="second")).said == (200, "r", "one")


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        ((http("x", "shared"), f"name: y, port: <shared>, protocol: TCP, {ALL}"), "ProtocolConflict"),
        ((http("x", "shared"), f"name: y, port: <shared>, protocol: TLS, {PASS}, {ALL}"), "ProtocolConflict"),
        (
            (
                f"name: x, port: <shared>, protocol: HTTPS, hostname: a.b, {END}, {ALL}",
                f"name: y, port: <shared>, protocol: TLS, hostname: a.b, {PASS}, {ALL}",
            ),
            "HostnameConflict",
        ),
    ],
    ids=["http and tcp", "http and tls", "one hostname"],
)
async def test_listeners_that_cannot_be_told_apart_are_all_conflicted(
    world: World, pair: tuple[str, str], reason: str
) -> None:
    await world.apply(gateway("clash", *pair, http("fine")), route("name: clash, namespace: infra"))

    for name in ("x", "y"):
        said = world.listener("Gateway infra/clash", name)
        assert state(said["Conflicted"]) == (True, reason)
        assert said["Accepted"].status is False
        assert said["Programmed"].status is False
    assert world.listener("Gateway infra/clash", "fine")["Conflicted"].status is False
    assert state(world.gateway("Gateway infra/clash")["Accepted"]) == (True, "ListenersNotValid")
    assert (await world.ask(port="fine")).said == (200, "r", "one")
    with pytest.raises(ConnectionRefusedError):
        await world.ask(port="shared")


async def test_tcp_and_udp_share_a_port_number(world: World) -> None:
    await world.apply(
        gateway(
            "dual", f"name: tcp, port: <dual>, protocol: TCP, {ALL}", f"name: udp, port: <dual>, protocol: UDP, {ALL}"
        )
    )

    for name in ("tcp", "udp"):
        assert state(world.listener("Gateway infra/dual", name)["Accepted"]) == (True, "Accepted")
        assert state(world.listener("Gateway infra/dual", name)["Programmed"]) == (True, "Programmed")


async def test_a_protocol_that_nobody_knows(world: World) -> None:
    odd = f"name: odd, port: <odd>, protocol: example.com/quic, {ALL}"
    await world.apply(gateway("odd", odd, http("fine")), route("name: odd, namespace: infra"))

    said = world.listener("Gateway infra/odd", "odd")
    assert state(said["Accepted"]) == (False, "UnsupportedProtocol")
    assert world.kinds("Gateway infra/odd", "odd") == ()
    assert state(world.gateway("Gateway infra/odd")["Accepted"]) == (True, "ListenersNotValid")
    assert (await world.ask(port="fine")).said == (200, "r", "one")

    await world.apply(gateway("odd", odd))
    assert state(world.gateway("Gateway infra/odd")["Accepted"]) == (False, "ListenersNotValid")
    assert world.gateway("Gateway infra/odd")["Programmed"].status is False


async def test_dedicated_gateways_know_nothing_of_each_other(world: World) -> None:
    await world.apply(
        gateway("mine", http("mine")),
        gateway("yours", http("yours")),
        http_route("mine", RULES, parent="name: mine, namespace: infra"),
        http_route("yours", RULES.replace("one", "two").replace(":r>", ":y>"), parent="name: yours, namespace: infra"),
    )
    versions = {name: snapshot.version for name, snapshot in world.reconciler.snapshots.items()}

    assert (await world.ask(port="mine")).said == (200, "r", "one")
    assert (await world.ask(port="yours")).said == (200, "y", "two")

    await world.remove("HTTPRoute shop/yours")

    assert (await world.ask(port="mine")).said == (200, "r", "one")
    assert (await world.ask(port="yours")).said == (404, None, None)
    changed = {name for name, snapshot in world.reconciler.snapshots.items() if snapshot.version != versions[name]}
    assert changed == {GatewayFleet(namespace="infra", name="yours")}


async def test_a_route_that_moves_to_another_gateway(world: World) -> None:
    await world.apply(route("sectionName: second"))
    assert await reached(world) == {"second"}

    await world.apply(route("name: other, namespace: infra"))
    assert await reached(world) == {"other"}
    assert len(world.parents("HTTPRoute shop/r")) == 1


async def test_a_listener_that_appears_takes_the_routes_that_wait_for_it(world: World) -> None:
    await world.apply(gateway("late", http("early")), route("name: late, namespace: infra, sectionName: late"))
    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == NO_PARENT

    await world.apply(gateway("late", http("early"), http("late")))

    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == ACCEPTED
    assert (await world.ask(port="late")).said == (200, "r", "one")
    assert (await world.ask(port="early")).said == (404, None, None)


async def test_a_gateway_that_appears_after_its_routes(world: World) -> None:
    await world.apply(route("name: later, namespace: infra"))
    assert world.outcome("HTTPRoute shop/r") is None

    await world.apply(gateway("later", http("later")))

    assert state(world.route("HTTPRoute shop/r")["Accepted"]) == ACCEPTED
    assert (await world.ask(port="later")).said == (200, "r", "one")
