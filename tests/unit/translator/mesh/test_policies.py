from gatewayd.ir.carriers import PolicyCarrier, PolicyGeneration
from gatewayd.translator.mesh.policies import policies_of_mesh
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, policy, route

TIMES = "default: {timeouts: {request: 1s}}"


def test_policies_of_routes_and_of_the_namespaces_on_both_ends() -> None:
    for target, namespace, manifests in (
        ("kind: HTTPRoute, name: r", "shop", (route(),)),
        ("kind: Namespace", "shop", (route(),)),
        ("kind: Namespace", "shop", (CONSUMER,)),
        ("kind: Namespace", "blog", (CONSUMER,)),
    ):
        view = scratch(MESH, ECHO, *manifests, policy("RoutePolicy", TIMES, target, namespace))
        assert policies_of_mesh(view) == (PolicyGeneration(PolicyCarrier.ROUTES, f"RoutePolicy {namespace}/p", 0),)


def test_what_is_for_others_is_none() -> None:
    for target in ("kind: HTTPRoute, name: gone", "kind: Gateway, name: gw"):
        assert policies_of_mesh(scratch(MESH, ECHO, route(), policy("RoutePolicy", TIMES, target))) == ()
    of_namespace = policy("RoutePolicy", TIMES, "kind: Namespace")
    assert policies_of_mesh(scratch(ECHO, route(), of_namespace)) == ()
    # Nobody's requests come by a route of a Service that is not there.
    assert policies_of_mesh(scratch(MESH, ECHO, route(to="name: nobody"), of_namespace)) == ()
