from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.policies import SectionInForce, backend_sections, sections_in_force
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.translator.gateways.listeners import ListenerKey
from gatewayd.translator.proxies.at_listener import ListenerOf
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, SHOP, delta, scratch

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
AT = ListenerOf(GW, ListenerKey("Gateway", "shop", "gw", "http"))
MEMBER = Member(HTTPRoute, ObjectKey("shop", "r"))


def shown(*documents: dict[str, object]) -> tuple[SectionInForce, ...]:
    return sections_in_force(scratch(SHOP, ROUTE, *(delta(each) for each in documents)), AT, MEMBER, 0)


def test_each_section_names_the_policy_and_its_field() -> None:
    times = policy("RoutePolicy", "usual", target("Gateway", "gw"), default={"timeouts": {"streamIdle": "10s"}})
    floor = policy("AccessPolicy", "floor", target("Namespace"), override={"clients": {"deny": [{"cidr": "::1"}]}})
    first, second = shown(times, floor)
    assert (first.kind, str(first.key), first.path) == ("AccessPolicy", "shop/floor", "spec.override.clients")
    assert str(second) == ('spec.default.timeouts {"streamIdle":"10s"} of RoutePolicy shop/usual, for Gateway/shop/gw')


def test_what_cannot_be_honoured_says_why() -> None:
    odd = {"clients": {"deny": [{"cidr": ":::"}]}}
    (found,) = shown(policy("AccessPolicy", "odd", target("Namespace"), default=odd))
    assert "; cannot be honoured: deny[0].cidr: " in str(found)


def test_without_policies_nothing_is_in_force() -> None:
    assert shown() == ()


def test_what_does_not_go_together_says_why() -> None:
    asking = {"authorization": {"deny": [{"claims": [{"name": "sub", "values": ["bob"]}]}]}}
    (found,) = shown(policy("AccessPolicy", "asking", target("Namespace"), default=asking))
    assert str(found).endswith("; cannot be honoured: asks for claims, and no section jwt is in force")


def test_what_is_told_of_requests_comes_last_with_what_cannot_be_had() -> None:
    sinks = [{"type": "OTLP", "backendRef": {"name": "nobody", "port": 1}}]
    log = policy("ReportPolicy", "log", target("Gateway", "gw"), default={"accessLog": {"sinks": sinks}})
    counts = policy("ReportPolicy", "counts", target("HTTPRoute", "r"), default={"metrics": {}})
    traces = {
        "apiVersion": "gateway.networking.x-k8s.io/v1alpha1",
        "kind": "XTelemetryPolicy",
        "metadata": {"name": "traces", "namespace": "shop"},
        "spec": {
            "targetRefs": [target("Gateway", "gw")],
            "tracing": {"mode": "Enabled", "provider": {"backendRef": {"name": "cart", "port": 81}}},
        },
    }
    logged, counted, traced = shown(traces, counts, log)
    assert (logged.path, counted.path, traced.path) == (
        "spec.default.accessLog",
        "spec.default.metrics",
        "spec.tracing",
    )
    assert logged.problem == 'sinks[0].backendRef: Service "shop/nobody" does not exist'
    assert traced.problem.startswith("spec.tracing.provider.backendRef: ")
    assert str(traced.target) == "Gateway/shop/gw"


def test_what_counts_for_clients_comes_first() -> None:
    clients = policy("ClientPolicy", "edge", target("Gateway", "gw"), default={"headers": {"maxCount": 20}})
    floor = policy("AccessPolicy", "floor", target("Namespace"), override={"clients": {"deny": [{"cidr": "::1"}]}})
    first, second = shown(floor, clients)
    assert (first.kind, second.kind) == ("ClientPolicy", "AccessPolicy")
    assert str(first) == 'spec.default.headers {"maxCount":20} of ClientPolicy shop/edge, for Gateway/shop/gw'


def of_cart(protocol: Protocol, section: dict[str, object]) -> SectionInForce:
    document = policy("BackendPolicy", "calm", target("Service", "cart"), default={"activeHealth": section})
    upstream = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=protocol)
    (found,) = backend_sections(scratch(SHOP, delta(document)), GW, upstream)
    return found


def test_what_is_in_force_for_a_backend() -> None:
    found = of_cart(Protocol.HTTP1, {"tcp": {}})
    assert str(found) == 'spec.default.activeHealth {"tcp":{}} of BackendPolicy shop/calm, for Service/shop/cart'


def test_a_backend_that_cannot_be_asked_in_that_way_says_so() -> None:
    assert of_cart(Protocol.HTTP2, {"grpc": {}}).problem == ""
    assert of_cart(Protocol.HTTP1, {"grpc": {}}).problem == "gRPC needs HTTP/2, and http1 is spoken to shop/cart"


def test_what_is_fetched_says_where_from_and_since_when() -> None:
    given = {"providers": [{"name": "corp", "issuer": "https://idp", "keys": {"uri": "https://idp/keys"}}]}
    (found,) = shown(policy("AccessPolicy", "login", target("Namespace"), default={"jwt": given}))
    assert found.sources == ("keys of corp: https://idp/keys, not fetched yet",)
    assert str(found).endswith("for Namespace/shop; keys of corp: https://idp/keys, not fetched yet")
