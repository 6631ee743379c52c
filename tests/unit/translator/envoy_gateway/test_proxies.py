from gatewayd.translator.envoy_gateway.proxies import proxy_settings, with_class
from tests.unit.envoy_gateway import plain

LOG = {"accessLog": {"disable": True}}
SERVER = {"backendRefs": [{"name": "c", "port": 4317}]}
TRACES = {"tracing": {"provider": SERVER}}


def test_what_it_comes_to() -> None:
    found = proxy_settings({"telemetry": {**LOG, **TRACES}}, "infra")
    assert plain(found.access_log) == {"write": "Nothing"}
    assert found.tracing is not None
    assert (found.refused, found.differs) == ((), ())
    nothing = proxy_settings({}, "infra")
    assert (nothing.access_log, nothing.tracing) == (None, None)


def test_the_rest_is_told() -> None:
    spec = {
        "logging": {"level": {"default": "warn"}},
        "mergeGateways": False,
        "provider": {"type": "Kubernetes"},
        "concurrency": 2,
        "telemetry": {"metrics": {"prometheus": {"disable": True}, "enablePerEndpointStats": True}},
    }
    assert {each.path for each in proxy_settings(spec, "infra").refused} == {
        "spec.provider",
        "spec.concurrency",
        "spec.telemetry.metrics.prometheus.disable",
        "spec.telemetry.metrics.enablePerEndpointStats",
    }


def test_one_that_cannot_be_read_says_nothing() -> None:
    found = proxy_settings({"telemetry": {**LOG, "frob": 1}}, "infra")
    assert found.access_log is None
    assert [each.path for each in found.refused] == ["spec.telemetry"]


def test_that_of_a_gateway_takes_the_place_of_that_of_its_class_unless_it_is_merged() -> None:
    of_class, own = {"telemetry": LOG}, {"telemetry": TRACES}
    assert with_class(of_class, own) == own
    assert with_class(of_class, {**own, "mergeType": "Replace"}) == {**own, "mergeType": "Replace"}
    assert with_class(of_class, {**own, "mergeType": "JSONMerge"})["telemetry"] == {**LOG, **TRACES}
