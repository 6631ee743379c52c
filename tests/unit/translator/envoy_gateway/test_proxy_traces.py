from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.proxies import proxy_settings
from tests.unit.envoy_gateway import plain

PATH = "spec.telemetry.tracing"
SERVER = {"backendRefs": [{"name": "c", "port": 4317}]}


def traces(provider: dict[str, Any] | None = None, **more: Any) -> Any:
    return proxy_settings({"telemetry": {"tracing": {"provider": {**SERVER, **(provider or {})}, **more}}}, "infra")


def test_what_is_traced() -> None:
    found = traces(
        {"serviceName": "edge", "openTelemetry": {"headers": [{"name": "X-Key", "value": "v"}]}},
        samplingRate=5,
        customTags={
            "team": {"type": "Literal", "literal": {"value": "web"}},
            "who": {"type": "RequestHeader", "requestHeader": {"name": "X-Who", "defaultValue": "-"}},
        },
        tags={"team": "shop", "tenant": "%REQ(X-TENANT)%"},
        spanName={"client": "edge", "server": "up"},
    )
    assert plain(found.tracing) == {
        "mode": "Enabled",
        "provider": {"backendRef": {"name": "c", "port": 4317}, "headers": [{"name": "X-Key", "value": "v"}]},
        "samplingRate": {"numerator": 5},
        "parentBasedSampling": {"mode": "Enabled"},
        "serviceName": "edge",
        "spanName": "edge",
        "attributes": [
            {"name": "team", "sourceType": "Literal", "literalValue": "shop"},
            {"name": "tenant", "sourceType": "Header", "headerName": "X-TENANT"},
            {"name": "who", "sourceType": "Header", "headerName": "X-Who"},
        ],
    }
    assert {each.path for each in found.differs} == {
        f"{PATH}.spanName.server",
        f"{PATH}.customTags[who].requestHeader.defaultValue",
    }
    assert not found.refused


@pytest.mark.parametrize(
    ("provider", "more", "path"),
    [
        ({}, {"tags": {"a": "%START_TIME%"}}, "tags[a]"),
        ({}, {"customTags": {"a": {"type": "Environment", "environment": {"name": "X"}}}}, "customTags[a]"),
        ({}, {"customTags": {"no good": {"literal": {"value": "b"}}}}, "customTags[no good]"),
        ({}, {"spanName": {"client": "%REQ(:PATH)%", "server": "b"}}, "spanName.client"),
        ({}, {"samplingRate": 1, "samplingFraction": {"numerator": 2}}, "samplingRate"),
        ({"openTelemetry": {"sampler": {"type": "AlwaysOn"}}}, {}, "provider.openTelemetry.sampler"),
    ],
)
def test_what_cannot_be_had_is_left_out(provider: dict[str, Any], more: dict[str, Any], path: str) -> None:
    found = traces(provider, **more)
    assert found.tracing is not None
    assert [each.path for each in found.refused] == [f"{PATH}.{path}"]


@pytest.mark.parametrize("provider", [{"type": "Zipkin"}, {"backendRefs": []}, {"host": "x", "backendRefs": []}])
def test_who_cannot_be_told_is_told_nothing(provider: dict[str, Any]) -> None:
    found = traces(provider)
    assert found.tracing is None
    assert found.refused
