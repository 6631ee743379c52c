from gatewayd.diff.compare import Way, difference
from gatewayd.ir.fleet import GatewayFleet
from tests.unit.example import SHOP, translated

SECRET = """---
apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
"""


def test_the_same_is_no_difference() -> None:
    found = difference(translated(SHOP), translated(SHOP))

    assert (found.gateways, found.statuses) == ((), ())


def test_what_envoy_does_not_see_is_no_difference() -> None:
    labelled = SHOP.replace("metadata: {name: shop}", "metadata: {name: shop, labels: {a: b}}")

    assert difference(translated(SHOP), translated(labelled)).gateways == ()


def test_a_changed_route_changes_its_table_and_drains_nothing() -> None:
    found = difference(translated(SHOP), translated(SHOP.replace("weight: 3", "weight: 5")))

    (gateway,) = found.gateways
    (change,) = gateway.resources
    assert (gateway.fleet, gateway.way, gateway.drains) == (
        GatewayFleet(namespace="default", name="web"),
        Way.CHANGED,
        (),
    )
    assert (change.type, change.name, change.way) == ("RDS", "8080", Way.CHANGED)
    assert [(each.before, each.after) for each in change.fields] == [(3, 5)]
    assert change.fields[0].path.startswith("virtual_hosts[shop.example].routes[httproute/default/shop/rule/0/match/0]")


def test_a_gateway_that_goes_takes_its_connections_along() -> None:
    rest = SHOP.partition("---\n")[2]

    found = difference(translated(SHOP), translated(rest))

    (gateway,) = found.gateways
    assert gateway.way is Way.REMOVED
    assert {each.way for each in gateway.resources} == {Way.REMOVED}
    assert [(each.listener, each.chain) for each in gateway.drains] == [("tcp-8080", None)]
    assert [(each.object, each.way) for each in found.statuses] == [
        ("Gateway default/web", Way.REMOVED),
        ("HTTPRoute default/shop", Way.REMOVED),
    ]
    (back,) = difference(translated(rest), translated(SHOP)).gateways
    assert (back.way, back.drains) == (Way.ADDED, ())


def test_a_condition_that_turns_is_told() -> None:
    broken = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}")

    (status,) = difference(translated(SHOP), translated(broken)).statuses

    assert (status.object, status.way) == ("HTTPRoute default/shop", Way.CHANGED)
    assert ("parents[0].conditions[ResolvedRefs].status", "True", "False") in [
        (each.path, each.before, each.after) for each in status.fields
    ]


LOG = """---
apiVersion: gatewayd.io/v1alpha1
kind: ReportPolicy
metadata: {name: report}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, TARGET}]
  default: {SECTION}
"""


def drained(target: str, section: str) -> tuple[object, ...]:
    policy = LOG.replace("TARGET", target).replace("SECTION", section)
    (gateway,) = difference(translated(SHOP), translated(SHOP + policy)).gateways
    return gateway.drains


def test_another_log_drains_and_what_is_told_of_a_route_does_not() -> None:
    assert drained("kind: Gateway, name: web", "accessLog: {minStatus: 500}")
    assert drained("kind: HTTPRoute, name: shop", "sampling: {rate: {numerator: 1}}, metrics: {}") == ()


def test_traces_drain() -> None:
    policy = """---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: {name: traces}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: web}]
  tracing: {mode: Enabled, provider: {backendRef: {name: cart, port: 80}}}
"""
    (gateway,) = difference(translated(SHOP), translated(SHOP + policy)).gateways
    assert [each.listener for each in gateway.drains] == ["tcp-8080"]
