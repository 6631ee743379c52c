"""The chain of a Gateway, a ListenerSet and a class: conditions, listeners, policies, routes, proxies."""

from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.offline.translate import standalone_environment
from tests.unit.explain.chains import NO_PROXY_ASKED, asked, bad, lines
from tests.unit.translator.manifests import CLASS, GATEWAY, SHOP

ALONE = standalone_environment("127.0.0.1", 0, None)
"""Where addresses and endpoints of proxies are nobody else's to give."""
ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
POLICY = """
kind: RoutePolicy
metadata: {name: slow, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  default: {timeouts: {request: 3s}}
"""
SET = """
kind: ListenerSet
metadata: {name: more, namespace: shop}
spec: {parentRef: {name: gw}, listeners: [{name: extra, port: 81, protocol: HTTP}]}
"""


def test_a_gateway_that_works() -> None:
    steps = asked("gateway/shop/gw", SHOP, ROUTE, POLICY, environment=ALONE)

    assert lines(steps) == [
        "Gateway shop/gw: generation 1, class gatewayd",
        "  Accepted: Accepted",
        "  Programmed: a connected proxy has acknowledged it",
        "  addresses: 127.0.0.1",
        "  proxies: 2 connected",
        "  listener http :80: HTTP for *, takes HTTPRoute, GRPCRoute",
        "    Accepted: Accepted",
        "    Programmed: a connected proxy has acknowledged it",
        "    ResolvedRefs: ResolvedRefs",
        "    Conflicted: NoConflicts",
        '    policy: spec.default.timeouts {"request":"3s"} of RoutePolicy shop/slow, for Gateway/shop/gw',
        "    routes: 1: HTTPRoute shop/it",
    ]
    assert bad(steps) == []


def test_lines_of_files_are_told() -> None:
    places = {step.subject: step.place for step in asked("gateway/shop/gw", SHOP, POLICY)}

    assert (places["Gateway shop/gw"], places["listener http :80"], places["policy"]) == (
        "gw.yaml:1", "gw.yaml:1", "slow.yaml:1",
    )  # fmt: skip


def test_a_gateway_of_another_class() -> None:
    other = GATEWAY.replace("gatewayClassName: gatewayd", "gatewayClassName: theirs")

    assert bad(asked("gateway/shop/gw", CLASS, other)) == [
        "spec.gatewayClassName: GatewayClass theirs does not exist or is another controller's"
    ]


def test_a_listener_without_its_certificate() -> None:
    without = GATEWAY.replace("protocol: HTTP", "protocol: HTTPS, tls: {certificateRefs: [{name: nope}]}")
    (reason, *_) = [each for each in bad(asked("gateway/shop/gw", CLASS, without)) if each.startswith("ResolvedRefs")]

    assert reason == 'ResolvedRefs: spec.listeners[0].tls.certificateRefs[0]: Secret "shop/nope" does not exist'


def test_what_a_proxy_refused_is_said_in_its_words() -> None:
    refused = Rejection(type_url="t", names=("tcp-80",), message="no room")
    fleet = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(refused,))

    assert "refused: tcp-80: no room" in bad(asked("gateway/shop/gw", SHOP, fleet=fleet))


def test_nobody_is_to_blame_where_no_proxy_is_asked() -> None:
    steps = asked("gateway/shop/gw", SHOP, fleet=NO_PROXY_ASKED)

    assert not any(each.startswith(("Programmed", "proxies")) for each in bad(steps))
    assert "  Programmed: not asked, nothing is running" in lines(steps)


def test_many_routes_are_counted_and_a_few_named() -> None:
    routes = [ROUTE.replace("name: it", f"name: it-{number:02}") for number in range(12)]
    (line,) = [each for each in lines(asked("gateway/shop/gw", SHOP, *routes)) if "routes:" in each]

    assert line.startswith("    routes: 12: HTTPRoute shop/it-00, ")
    assert line.endswith("HTTPRoute shop/it-09 and 2 more")


def test_a_listener_set_that_is_not_let_in() -> None:
    says = "spec.parentRef: Gateway \"shop/gw\" does not allow listeners from namespace 'shop'"

    assert bad(asked("listenerset/shop/more", SHOP, SET))[0] == f"Accepted: {says}"
    assert f"ListenerSet shop/more: {says}" in bad(asked("gateway/shop/gw", SHOP, SET))


def test_a_listener_set_of_no_gateway() -> None:
    says = "spec.parentRef: Gateway shop/gw does not exist or is another controller's"

    assert bad(asked("listenerset/shop/more", SET)) == [says]


def test_a_listener_set_that_works() -> None:
    open_gateway = GATEWAY.replace("spec:\n", "spec:\n  allowedListeners: {namespaces: {from: Same}}\n")
    fleet = FleetReport(connected=1, acked_listeners=frozenset({"tcp-80", "tcp-81"}), rejections=())
    steps = asked("listenerset/shop/more", CLASS, open_gateway, SET, fleet=fleet, environment=ALONE)

    assert bad(steps) == []
    assert "  listener extra :81: HTTP for *, takes HTTPRoute, GRPCRoute" in lines(steps)


def test_a_class_names_its_gateways() -> None:
    assert lines(asked("gatewayclass/gatewayd", SHOP))[-1] == "  Gateways: 1: shop/gw"


def test_a_class_of_another_controller() -> None:
    theirs = CLASS.replace("gatewayd.io/controller", "example.com/other")

    assert bad(asked("gatewayclass/gatewayd", theirs)) == ["spec.controllerName: is another controller's name"]
