from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.reports import reports
from tests.unit.envoy_gateway import plain
from tests.unit.policies import target

ROUTE, EDGE = target("HTTPRoute", "r"), target("Gateway", "gw")


def told(at: dict[str, str], **telemetry: Any) -> Any:
    return reports({"targetRefs": [at], "telemetry": telemetry}, "shop")


def test_how_many_are_traced_and_what_is_counted() -> None:
    found = told(
        ROUTE,
        tracing={"samplingFraction": {"numerator": 1, "denominator": 1000}},
        metrics={"routeStatName": "%ROUTE_KIND%/%ROUTE_NAME%"},
    )
    assert {each.path: plain(each.value) for each in found.sections} == {
        "spec.telemetry.tracing": {"rate": {"numerator": 1, "denominator": 1000}},
        "spec.telemetry.metrics": {},
    }
    assert [each.path for each in found.differs] == ["spec.telemetry.metrics.routeStatName"]
    assert not found.refused


@pytest.mark.parametrize(
    ("at", "telemetry", "path"),
    [
        (ROUTE, {"tracing": {"samplingFraction": {"numerator": 101}}}, "tracing.samplingFraction.numerator"),
        (ROUTE, {"tracing": {"customTags": {"a": {"literal": {"value": "b"}}}}}, "tracing.customTags"),
        (EDGE, {"metrics": {"routeStatName": "%ROUTE_NAME%"}}, "metrics"),
    ],
)
def test_what_cannot_be_had(at: dict[str, str], telemetry: dict[str, Any], path: str) -> None:
    assert [each.path for each in told(at, **telemetry).refused] == [f"spec.telemetry.{path}"]


def test_a_policy_without_telemetry() -> None:
    assert reports({"retry": {}}, "shop").sections == ()
