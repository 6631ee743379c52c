import pytest

from gatewayd.api.backendpolicy import ActiveHealthSection, HTTPHealthCheck, LimitsSection
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target

CART = target("Service", "cart", "http")


def test_sections_are_read() -> None:
    check = {"http": {"path": "/healthz", "statuses": [200, 204]}, "interval": "5s", "unhealthyAfter": 3}
    found = accepted(policy("BackendPolicy", "a", CART, default={"activeHealth": check, "limits": {"requests": 8}}))
    assert found.spec.default.limits == LimitsSection(requests=8)
    assert found.spec.default.active_health == ActiveHealthSection(
        http=HTTPHealthCheck(path="/healthz", statuses=(200, 204)), interval="5s", unhealthy_after=3
    )


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"limits": {"connections": 0}}, "spec.default.limits.connections"),
        ({"connection": {"proxyProtocol": "V3"}}, "spec.default.connection.proxyProtocol"),
        ({"connection": {"connectTimeout": "soon"}}, "spec.default.connection.connectTimeout"),
        ({"http2": {"streamWindowBytes": 1}}, "spec.default.http2.streamWindowBytes"),
        ({"activeHealth": {"http": {"path": "healthz"}}}, "spec.default.activeHealth.http.path"),
        ({"activeHealth": {"http": {"path": "/a b"}}}, "spec.default.activeHealth.http.path"),
        ({"activeHealth": {"grpc": {"service": "a b"}}}, "spec.default.activeHealth.grpc.service"),
        ({"passiveHealth": {"maxEjectionPercent": 101}}, "spec.default.passiveHealth.maxEjectionPercent"),
        ({"loadBalancing": {"type": "Sticky"}}, "spec.default.loadBalancing.type"),
        ({"loadBalancing": {"panic": 1}}, "spec.default.loadBalancing"),
        ({"dns": {"family": "V5"}}, "spec.default.dns.family"),
    ],
)
def test_bounds(sections: dict[str, object], path: str) -> None:
    found = problems(policy("BackendPolicy", "a", CART, default=sections))
    assert [each.partition(":")[0] for each in found] == [path]


@pytest.mark.parametrize("kind", ["HTTPRoute", "ListenerSet", "Pod"])
def test_it_is_for_backends_and_what_leads_to_them(kind: str) -> None:
    (found,) = problems(policy("BackendPolicy", "a", target(kind, "x"), default={"limits": {"requests": 8}}))
    assert found.startswith("spec.targetRefs[0].kind: ")
