import pytest

from gatewayd.explain.action import Direct, Forwarded, Redirected
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Passed, Taken, Trace, Translated, Untaken, traces
from gatewayd.ir.fleet import GatewayFleet
from tests.unit.example import SHOP, translated

TLS = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: pass, protocol: TLS, port: 8443, hostname: "*.pass.example", tls: {mode: Passthrough}}
  - {name: tcp, protocol: TCP, port: 9000}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: pass}
spec:
  parentRefs: [{name: edge, sectionName: pass}]
  hostnames: [a.pass.example]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""


def followed(
    text: str, target: str = "/cart", *, host: str = "shop.example", scheme: str = "http", port: int | None = None
) -> tuple[Trace, ...]:
    found = translated(text)
    sent = Sent(scheme=scheme, method="GET", host=host, target=target, headers=())
    configs = tuple(found.reconciler.configs.values())
    return traces(Translated(engine=found.engine, configs=configs), sent, port)


def test_the_rule_that_takes_it_and_what_it_does() -> None:
    (trace,) = followed(SHOP, "/cart/1?x=y")

    assert (trace.fleet, trace.port) == (GatewayFleet(namespace="default", name="web"), 8080)
    assert isinstance(trace.end, Taken)
    assert (str(trace.end.rule), trace.end.domain) == ("httproute/default/shop/rule/0/match/0", "shop.example")
    assert isinstance(trace.end.happening, Forwarded)
    assert [(each.backend, each.part, each.endpoints) for each in trace.end.happening.shares] == [
        ("Service default/cart:80", 0.75, ("127.0.0.1:9000",)),
        ("Service default/cart:80", 0.25, ("127.0.0.1:9000",)),
    ]


def test_a_redirect() -> None:
    (trace,) = followed(SHOP, "/old/1")

    assert isinstance(trace.end, Taken)
    assert isinstance(trace.end.happening, Redirected)
    assert trace.end.happening.location == "http://shop.example:8080/cart/1"


def test_a_rule_without_backends_answers_itself() -> None:
    (trace,) = followed(SHOP.replace("weight: 3", "weight: 0").replace("weight: 1}", "weight: 0}"))

    assert isinstance(trace.end, Taken)
    assert trace.end.happening == Direct(status=500, why="the rule has no backend with a weight above 0")


def test_who_is_asked_before_a_rule_answers_itself() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: GRPC, grpc: {}, backendRef: {name: cart, port: 80}}}"
    odd = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Odd, name: one}}"
    (trace,) = followed(SHOP.replace("    backendRefs:", f"    filters: [{auth}, {odd}]\n    backendRefs:", 1))

    assert isinstance(trace.end, Taken)
    assert isinstance(trace.end.happening, Direct)
    assert trace.end.happening.status == 500
    assert [each for each in trace.end.happening.changes if "consents" in each]


@pytest.mark.parametrize(("host", "why"), [("shop.example", "no rule matches"), ("other.example", "no rule matches")])
def test_nobody_takes_it(host: str, why: str) -> None:
    (trace,) = followed(SHOP, "/", host=host)

    assert trace.end == Untaken(status=404, why=why)


def test_a_host_of_no_listener() -> None:
    text = SHOP.replace("port: 8080}", 'port: 8080, hostname: "*.example"}')

    (trace,) = followed(text, host="other.test")

    assert trace.end == Untaken(status=404, why="no listener of the port has a hostname for other.test")


def test_an_empty_label_is_no_label() -> None:
    text = SHOP.replace("port: 8080}", 'port: 8080, hostname: "*.example"}')

    (trace,) = followed(text, host=".example")

    assert isinstance(trace.end, Answered)


def test_what_envoy_answers_before_routes_are_asked() -> None:
    (trace,) = followed(SHOP, "/a%2Fb")

    assert isinstance(trace.end, Answered)
    assert trace.rivals == ()


@pytest.mark.parametrize(
    ("scheme", "host", "port", "end"),
    [("https", "b.example", 8443, Untaken), ("https", "a.pass.example", 8443, Passed), ("http", "a", 9000, Untaken)],
)
def test_where_nobody_reads_requests_none_is_answered(scheme: str, host: str, port: int, end: type) -> None:
    (trace,) = followed(SHOP + TLS, "/a%2Fb", host=host, scheme=scheme, port=port)

    assert isinstance(trace.end, end)


def test_ports_are_those_that_speak_the_scheme_unless_one_is_named() -> None:
    assert followed(SHOP, scheme="https") == ()
    assert followed(SHOP, port=1) == ()
    assert [each.port for each in followed(SHOP + TLS)] == [8080]
    assert [
        each.port for each in followed(SHOP.replace("8080}", "8080}\n  - {name: low, protocol: HTTP, port: 80}"))
    ] == [80]


def test_connections_are_passed_on_by_server_name() -> None:
    (trace,) = followed(SHOP + TLS, host="a.pass.example", scheme="https")
    (other,) = followed(SHOP + TLS, host="b.pass.example", scheme="https")
    (nobody,) = followed(SHOP + TLS, host="b.example", scheme="https")

    assert isinstance(trace.end, Passed)
    assert trace.end.source == "tlsroute/default/pass"
    assert trace.end.shares[0].endpoints == ("127.0.0.1:9000",)
    assert other.end == Untaken(status=0, why="no route is attached to the listener; connections are closed")
    assert isinstance(nobody.end, Untaken)
    assert nobody.end.why == "no listener of the port has a hostname for the server name b.example"


def test_the_wrong_scheme_for_a_port() -> None:
    (trace,) = followed(SHOP, scheme="https", port=8080)

    assert trace.end == Untaken(status=0, why="the port speaks http, not https")


AUTH = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: cart, port: 80}, grpc: {}}}"


def test_whom_the_listener_asks() -> None:
    guarded = SHOP.replace("port: 8080", f"port: 8080, filters: {{requests: [{AUTH}]}}")

    for target in ("/cart", "/nowhere"):
        (trace,) = followed(guarded, target)
        assert trace.asked == ("Service default/cart:80",)


def test_a_filter_of_the_listener_that_leads_nowhere() -> None:
    lost = AUTH.replace("cart", "nobody")
    (trace,) = followed(SHOP.replace("port: 8080", f"port: 8080, filters: {{requests: [{lost}]}}"))

    why = "a filter of the listener leads nowhere; the listener's status says where"
    assert (trace.asked, trace.end) == ((), Untaken(status=500, why=why))
