"""ListenerSets: listeners that another team adds to a Gateway: who may, whose grants, routes and counts.

https://gateway-api.sigs.k8s.io/reference/spec/#listenerset, https://gateway-api.sigs.k8s.io/geps/gep-1713/
"""

from typing import Any

import pytest

from tests.feature.harness.https import CA, REFUSED, secure
from tests.feature.harness.l4 import CLOSED, greeting
from tests.feature.harness.listenersets import (
    ACCEPTED,
    ALL,
    FOUND,
    GOOD,
    NO_ENTRY,
    PROGRAMMED,
    YOUNG,
    conditions,
    gateway,
    http,
    https,
    listeners,
    route,
    sets,
)
from tests.feature.harness.manifests import grant, http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = ""
FIRST, SECOND = CA.issue("first.example"), CA.issue("second.example")
NOT_ALLOWED = {"Accepted": (False, "NotAllowed"), "Programmed": (False, "NotAllowed")}
LABELLED = "namespaces: {from: Selector, selector: {matchLabels: {edge: 'yes'}}}"
EXPRESSED = "namespaces: {from: Selector, selector: {matchExpressions: [{key: edge, operator: Exists}]}}"


def namespace(name: str, labels: str = "") -> str:
    return f"---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n"


@pytest.mark.parametrize(
    ("allowed", "where", "welcome"),
    [
        ("", "infra", False),
        ("", "team", False),
        ("namespaces: {}", "infra", False),
        ("namespaces: {from: None}", "infra", False),
        ("namespaces: {from: None}", "team", False),
        ("namespaces: {from: Same}", "infra", True),
        ("namespaces: {from: Same}", "team", False),
        ("namespaces: {from: All}", "infra", True),
        ("namespaces: {from: All}", "team", True),
        (LABELLED, "labelled", True),
        (LABELLED, "team", False),
        (LABELLED, "infra", False),
        (EXPRESSED, "labelled", True),
        (EXPRESSED, "team", False),
    ],
)
async def test_the_gateway_says_who_may_add_listeners(world: World, allowed: str, where: str, *, welcome: bool) -> None:
    await world.apply(*(namespace(each) for each in ("infra", "team")), namespace("labelled", "edge: 'yes'"))
    await world.apply(gateway(allowed), listeners("set", namespace=where), route("r", of=where))

    assert conditions(world, f"ListenerSet {where}/set") == (GOOD if welcome else NOT_ALLOWED)
    assert sets(world) == int(welcome)
    if welcome:
        assert (await world.ask(port="web")).said == (200, "r", "one")
        assert world.attached(f"ListenerSet {where}/set", "web") == 1
    else:
        with pytest.raises(ConnectionError):
            await world.ask(port="web")
        assert state(world.route("HTTPRoute shop/r")["Accepted"])[0] is False
    # The Gateway itself is as good as without.
    assert conditions(world, "Gateway infra/edge")["Programmed"] == PROGRAMMED
    assert (await world.ask(port="own")).status == 404


async def test_a_namespace_that_gets_and_loses_its_label(world: World) -> None:
    await world.apply(namespace("team"), gateway(LABELLED), listeners("set"), route("r"))
    assert conditions(world, "ListenerSet team/set") == NOT_ALLOWED

    await world.apply(namespace("team", "edge: 'yes'"))
    assert conditions(world, "ListenerSet team/set") == GOOD
    assert (await world.ask(port="web")).said == (200, "r", "one")

    await world.apply(namespace("team", "edge: 'no'"))
    assert conditions(world, "ListenerSet team/set") == NOT_ALLOWED
    assert sets(world) == 0
    assert "Gateway infra/edge" in world.applied


async def test_listeners_of_the_gateway_and_of_its_sets_each_have_their_routes(world: World) -> None:
    await world.apply(
        gateway("namespaces: {from: All}", http("web", "own")),
        listeners("set", http("web", "web"), http("more", "more")),
        route("gw", "edge", kind="Gateway"),
        route("both"),
        route("one-of-them", section="more", host="special.example"),
    )

    assert (await world.ask(port="own")).said == (200, "gw", "one")
    assert (await world.ask(port="web")).said == (200, "both", "one")
    assert (await world.ask(port="more")).said == (200, "both", "one")
    assert (await world.ask(port="more", host="special.example")).said == (200, "one-of-them", "one")
    assert (await world.ask(port="web", host="special.example")).said == (200, "both", "one")
    assert world.attached("Gateway infra/edge", "web") == 1
    assert world.attached("ListenerSet team/set", "web") == 1
    assert world.attached("ListenerSet team/set", "more") == 2
    assert world.kinds("ListenerSet team/set", "web") == ("HTTPRoute", "GRPCRoute")
    assert sets(world) == 1
    outcome: Any = world.outcome("Gateway infra/edge")
    assert [each.name for each in outcome.listeners] == ["web"]


async def test_a_parent_is_a_gateway_or_a_set_and_never_the_other(world: World) -> None:
    await world.apply(gateway(), listeners("set"))
    await world.apply(
        route("gateway-section-of-set", "edge", "web", kind="Gateway"),
        route("set-section-of-gateway", section="own"),
        route("set-port-of-nobody").replace("namespace: team", "namespace: team, port: <nobody>"),
    )

    for name in ("gateway-section-of-set", "set-section-of-gateway", "set-port-of-nobody"):
        assert state(world.route(f"HTTPRoute shop/{name}")["Accepted"]) == (False, "NoMatchingParent")
        assert state(world.route(f"HTTPRoute shop/{name}")["ResolvedRefs"]) == FOUND
    assert world.attached("Gateway infra/edge", "own") == 0
    assert world.attached("ListenerSet team/set", "web") == 0
    for port in ("own", "web"):
        assert (await world.ask(port=port)).status == 404


async def test_two_parents_are_judged_each_for_itself(world: World) -> None:
    first = "{name: edge, namespace: infra, sectionName: missing}"
    second = "{group: gateway.networking.k8s.io, kind: ListenerSet, name: set, namespace: team}"
    rules = "- {filters: [<route:r>], backendRefs: [{name: one, port: 80}]}"
    await world.apply(gateway(), listeners("set"))
    await world.apply(http_route("r", rules).replace("[{name: edge, namespace: infra}]", f"[{first}, {second}]"))

    gateway_said, set_said = world.parents("HTTPRoute shop/r")
    assert state(gateway_said["Accepted"]) == (False, "NoMatchingParent")
    assert state(set_said["Accepted"]) == ACCEPTED
    outcome: Any = world.outcome("HTTPRoute shop/r")
    assert [each.ref.kind for each in outcome.parents] == ["Gateway", "ListenerSet"]
    assert (await world.ask(port="web")).said == (200, "r", "one")
    assert (await world.ask(port="own")).status == 404


async def test_a_route_of_a_set_says_nothing_of_the_gateway(world: World) -> None:
    await world.apply(gateway(), listeners("set"), route("r"))

    outcome: Any = world.outcome("HTTPRoute shop/r")
    (parent,) = outcome.parents
    assert (parent.ref.kind, parent.ref.namespace, parent.ref.name) == ("ListenerSet", "team", "set")


async def test_https_with_a_secret_of_the_set_itself(world: World) -> None:
    await world.apply(
        FIRST.secret("first"),
        SECOND.secret("second", namespace="team"),
        gateway("namespaces: {from: All}", https("own", "tls", "{name: first}", "first.example")),
        listeners("set", https("web", "tls", "{name: second}", "second.example")),
        route("gw", "edge", kind="Gateway"),
        route("theirs"),
    )

    assert (await secure(world, "tls", "first.example")).said == (200, "gw", "one")
    assert (await secure(world, "tls", "second.example")).said == (200, "theirs", "one")
    assert conditions(world, "ListenerSet team/set") == GOOD

    await world.remove("ListenerSet team/set")

    with pytest.raises(REFUSED):
        await secure(world, "tls", "second.example")
    assert (await secure(world, "tls", "first.example")).said == (200, "gw", "one")


async def test_the_grant_must_be_for_the_set_and_not_for_its_gateway(world: World) -> None:
    stored = "{name: second, namespace: vault}"
    await world.apply(
        SECOND.secret("second", namespace="vault"),
        grant("g", namespace="vault", of="infra", kind="Gateway", to="Secret"),
        gateway("namespaces: {from: All}", https("own", "gw", stored, "second.example")),
        listeners("set", https("web", "tls", stored, "second.example")),
        route("gw", "edge", kind="Gateway"),
        route("theirs"),
    )
    assert (await secure(world, "gw", "second.example")).said == (200, "gw", "one")
    assert conditions(world, "ListenerSet team/set", "web")["ResolvedRefs"] == (False, "RefNotPermitted")
    assert conditions(world, "ListenerSet team/set") == NO_ENTRY
    assert sets(world) == 0
    with pytest.raises(REFUSED):
        await secure(world, "tls", "second.example")

    await world.apply(grant("g", namespace="vault", of="team", kind="ListenerSet", to="Secret"))

    # Now it is the other way round.
    assert (await secure(world, "tls", "second.example")).said == (200, "theirs", "one")
    assert conditions(world, "ListenerSet team/set") == GOOD
    assert sets(world) == 1
    assert conditions(world, "Gateway infra/edge", "own")["ResolvedRefs"] == (False, "RefNotPermitted")
    with pytest.raises(REFUSED):
        await secure(world, "gw", "second.example")


async def test_a_set_whose_only_secret_is_missing(world: World) -> None:
    await world.apply(
        gateway(),
        listeners("set", https("web", "tls", "{name: missing}", "second.example"), http("plain", "web")),
        listeners("alone", https("web", "alone", "{name: missing}", "second.example")),
        route("r"),
    )

    assert conditions(world, "ListenerSet team/set", "web")["ResolvedRefs"] == (False, "InvalidCertificateRef")
    assert world.attached("ListenerSet team/set", "web") == 1
    assert conditions(world, "ListenerSet team/set")["Accepted"][0]
    assert conditions(world, "ListenerSet team/alone") == NO_ENTRY
    assert sets(world) == 1
    assert (await world.ask(port="web")).said == (200, "r", "one")


@pytest.mark.parametrize(
    ("routes", "where", "welcome"),
    [
        ("allowedRoutes: {namespaces: {from: Same}}", "team", True),
        ("allowedRoutes: {namespaces: {from: Same}}", "infra", False),
        ("allowedRoutes: {namespaces: {from: Same}}", "shop", False),
        ("allowedRoutes: {}", "team", True),
        ("allowedRoutes: {}", "infra", False),
        ("allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: 'yes'}}}}", "shop", True),
        ("allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {edge: 'yes'}}}}", "team", False),
        (ALL, "shop", True),
        ("allowedRoutes: {kinds: [{kind: GRPCRoute}], namespaces: {from: All}}", "shop", False),
    ],
)
async def test_whose_routes_a_listener_takes(world: World, routes: str, where: str, *, welcome: bool) -> None:
    """`Same` is the namespace of the set, not that of the Gateway."""
    await world.apply(
        namespace("team"), namespace("shop", "edge: 'yes'"), gateway(), listeners("set", http("web", "web", "", routes))
    )
    await world.apply(
        route("r", namespace=where).replace("{name: one, port: 80}", "{name: one, namespace: shop, port: 80}"),
        grant("g", namespace="shop", of=where),
    )

    assert state(world.route(f"HTTPRoute {where}/r")["Accepted"]) == (
        ACCEPTED if welcome else (False, "NotAllowedByListeners")
    )
    assert world.attached("ListenerSet team/set", "web") == int(welcome)
    assert (await world.ask(port="web")).said == ((200, "r", "one") if welcome else (404, None, None))


async def test_kinds_that_a_listener_cannot_take(world: World) -> None:
    unknown = "allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}], namespaces: {from: All}}"
    none = "allowedRoutes: {kinds: [{group: example.com, kind: Thing}], namespaces: {from: All}}"
    await world.apply(gateway(), listeners("set", http("some", "web", "", unknown), http("none", "more", "", none)))
    await world.apply(route("r"))

    assert conditions(world, "ListenerSet team/set", "some")["ResolvedRefs"] == (False, "InvalidRouteKinds")
    assert world.kinds("ListenerSet team/set", "some") == ("HTTPRoute",)
    assert conditions(world, "ListenerSet team/set", "none")["ResolvedRefs"] == (False, "InvalidRouteKinds")
    assert world.kinds("ListenerSet team/set", "none") == ()
    assert (await world.ask(port="web")).said == (200, "r", "one")


async def test_other_protocols_in_a_set(world: World) -> None:
    await world.apply(gateway(), listeners("set", http("tcp", "tcp", protocol="TCP")))
    parent = "group: gateway.networking.k8s.io, kind: ListenerSet, name: set, namespace: team"
    assert await greeting(world.port("tcp")) == CLOSED

    # The HTTP backend waits for a request: what arrives is seen by its answer.
    await world.apply(http_route("r", "- {backendRefs: [{name: one, port: 80}]}", kind="TCPRoute", parent=parent))

    assert (await world.ask(port="tcp")).backend == "one"
    assert world.kinds("ListenerSet team/set", "tcp") == ("TCPRoute",)


async def test_a_set_that_is_changed_and_removed_leaves_the_others_alone(world: World) -> None:
    await world.apply(gateway(), listeners("set"), listeners("other", http("other", "other"), created=YOUNG))
    await world.apply(route("gw", "edge", kind="Gateway"), route("r"), route("o", "other"))
    assert sets(world) == 2
    connection = await world.connect("own")
    assert (await connection.ask(host="a.example")).said == (200, "gw", "one")

    await world.apply(listeners("set", http("web", "moved")))
    assert (await world.ask(port="moved")).said == (200, "r", "one")
    assert (await world.ask(port="other")).said == (200, "o", "one")

    await world.remove("ListenerSet team/set")
    assert sets(world) == 1
    assert world.outcome("HTTPRoute shop/r") is None
    assert (await world.ask(port="other")).said == (200, "o", "one")
    assert (await connection.ask(host="a.example")).said == (200, "gw", "one")
    await connection.close()


async def test_a_set_of_a_gateway_that_is_not_ours_is_none_of_our_business(world: World) -> None:
    await world.apply(gateway().replace("gatewayClassName: gatewayd", "gatewayClassName: another"), listeners("set"))

    assert world.outcome("ListenerSet team/set") is None
