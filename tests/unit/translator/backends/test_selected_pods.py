from dataclasses import replace
from pathlib import Path

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import EXPERIMENTAL_GROUP
from gatewayd.ir.backend import Discovered, Endpoint, InvalidBackend, Protocol, ServiceBackend, Upstream
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.backends.backend_refs import BackendAsk, backend
from gatewayd.translator.backends.selected_pods import selected_endpoints, selecting_service, selection_problem
from gatewayd.translator.policies.traffic import backend_persistence
from tests.unit.translator.manifests import scratch

PAGE = Path(__file__).parents[4] / "docs" / "operations.md"
PODS = ObjectKey("shop", "pods")
SPEC = "type: EndpointSelector, endpointSelector: {matchLabels: {app: cart}}, port: {number: 8080}"
XBACKEND = f"{{kind: XBackend, metadata: {{name: pods, namespace: shop}}, spec: {{{SPEC}}}}}"
NAME = "gatewayd-xbackend-pods"
UPSTREAM = Upstream(kind="XBackend", namespace="shop", name="pods", port=8080, protocol=Protocol.HTTP1)
ROUTE = GroupKind("gateway.networking.k8s.io", "HTTPRoute")
ASK = BackendAsk(ROUTE, "shop", GroupKind(EXPERIMENTAL_GROUP, "XBackend"), PODS, None, Protocol.HTTP1)
SLICE = f"""
kind: EndpointSlice
metadata: {{name: a, namespace: shop, labels: {{kubernetes.io/service-name: {NAME}}}}}
addressType: IPv4
ports: [{{name: "", port: 8080, protocol: TCP}}]
endpoints: [{{addresses: [10.0.0.1]}}]
"""


def service(mark: str) -> str:
    labels = f"{{app.kubernetes.io/managed-by: {mark}}}"
    return f"""
kind: Service
metadata: {{name: {NAME}, namespace: shop, labels: {labels}}}
spec: {{clusterIP: None, ports: [{{port: 8080}}]}}
"""


def test_pods_are_found_by_the_service_that_selects_them() -> None:
    assert selecting_service(PODS) == ObjectKey("shop", NAME)
    for more in ("", service("gatewayd"), service("gatewayd.red.example_gatewayd")):
        view = scratch(XBACKEND, SLICE, *filter(None, (more,)))
        assert backend(view, ASK) == ServiceBackend(upstream=UPSTREAM)
        found = Discovered(endpoints=(Endpoint(address="10.0.0.1", port=8080, draining=False),))
        assert selected_endpoints(view, UPSTREAM) == found


def test_the_service_of_somebody_else_is_not_taken_for_it() -> None:
    view = scratch(XBACKEND, SLICE, service("Helm"))
    assert isinstance(found := backend(view, ASK), InvalidBackend)
    assert f'Service "shop/{NAME}" is there already and is not managed by gatewayd' in found.message
    assert selected_endpoints(view, UPSTREAM).endpoints == ()
    alone = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True))
    assert selection_problem(scratch(XBACKEND, service("Helm"), alone), PODS) is None


def test_it_says_itself_how_sessions_are_kept() -> None:
    kept = XBACKEND.replace("{number: 8080}", "{number: 8080}, sessionPersistence: {cookie: {name: s}}")
    assert backend_persistence(scratch(XBACKEND), UPSTREAM) is None
    assert backend_persistence(scratch(kept), UPSTREAM) is not None


def test_the_example_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("### Pods by their labels")[2]
    view = scratch(text.partition("```yaml\n")[2].partition("```")[0], SLICE)
    assert backend(view, ASK) == ServiceBackend(upstream=UPSTREAM)
    assert selected_endpoints(view, UPSTREAM).endpoints
    assert backend_persistence(view, UPSTREAM) is not None
