from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.proxies import proxy_settings
from tests.unit.envoy_gateway import plain

PATH = "spec.telemetry.accessLog.settings[0]"
SERVER = {"backendRefs": [{"name": "c", "port": 4317}]}
OTLP = {"type": "OpenTelemetry", "openTelemetry": SERVER}
FILE = {"type": "File", "file": {"path": "/dev/stdout"}}


def log(*settings: dict[str, Any]) -> Any:
    return proxy_settings({"telemetry": {"accessLog": {"settings": [*settings]}}}, "infra")


def setting(*matches: str, sinks: tuple[Any, ...] = (FILE,), **more: Any) -> dict[str, Any]:
    return {"sinks": [*sinks], "type": "Route", **({"matches": [*matches]} if matches else {}), **more}


def test_sinks() -> None:
    found = log(setting(sinks=(FILE, OTLP, {"type": "ALS", "als": SERVER})))
    server = {"name": "c", "port": 4317}
    assert plain(found.access_log) == {
        "sinks": [
            {"type": "Output"},
            {"type": "OTLP", "backendRef": server},
            {"type": "ALS", "backendRef": server},
        ]
    }
    assert not found.refused


@pytest.mark.parametrize(
    ("matches", "expected"),
    [
        (("response.code >= 400",), {"minStatus": 400}),
        (("response.code > 399", "response.code >= 500"), {"minStatus": 400}),
        (("request.duration >= duration('500ms')",), {"minDuration": "500ms"}),
        (("'x-envoy-logged' in request.headers",), {"withHeaders": [{"name": "x-envoy-logged"}]}),
        (
            ('request.headers["x-team"] == "web"', "response.code >= 500"),
            {"minStatus": 500, "withHeaders": [{"name": "x-team", "values": ["web"]}]},
        ),
    ],
)
def test_conditions_that_can_be_had(matches: tuple[str, ...], expected: dict[str, Any]) -> None:
    found = log(setting(*matches))
    assert plain(found.access_log) == {**expected, "sinks": [{"type": "Output"}]}
    assert not found.refused


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ((setting("request.url_path.contains('v1beta3')"),), f"{PATH}.matches[0]"),
        ((setting(type="Upstream"),), f"{PATH}.type"),
        ((setting(sinks=({"type": "File", "file": {"path": "/tmp/x"}},)),), f"{PATH}.sinks[0].file.path"),
        ((setting(sinks=({"type": "ALS"},)),), f"{PATH}.sinks[0].als"),
        ((setting(sinks=({"type": "OpenTelemetry", "openTelemetry": {}},)),), f"{PATH}.sinks[0].openTelemetry"),
    ],
)
def test_a_setting_that_cannot_be_had_is_left_out(settings: tuple[dict[str, Any], ...], path: str) -> None:
    found = log(*settings)
    assert found.access_log is None
    assert next(each.path for each in found.refused).startswith(path)


def test_there_is_one_log() -> None:
    found = log(setting("response.code >= 400"), setting(sinks=(OTLP,)))
    assert plain(found.access_log) == {"minStatus": 400, "sinks": [{"type": "Output"}]}
    assert [each.path for each in found.refused] == [PATH.replace("[0]", "[1]") + ".matches"]
    both = log(setting("response.code >= 400"), setting("response.code >= 400", sinks=(OTLP,)))
    assert len(plain(both.access_log)["sinks"]) == 2


def test_a_format_and_connections_are_told() -> None:
    found = log(setting(format={"type": "Text", "text": "%PROTOCOL%"}))
    assert [each.path for each in found.differs] == [f"{PATH}.format"]
    assert found.access_log is not None
    whole = log({"sinks": [FILE]})
    assert not whole.refused
    assert plain(whole.access_log) == {"sinks": [{"type": "Output"}]}


def test_too_many_sinks_and_durations() -> None:
    servers = tuple({"type": "ALS", "als": {"backendRefs": [{"name": f"c{at}", "port": 1}]}} for at in range(5))
    found = log(setting(sinks=servers))
    assert len(plain(found.access_log)["sinks"]) == 4
    assert [each.path for each in found.refused] == ["spec.telemetry.accessLog"]
    two = log(setting("request.duration >= duration('1s')", "request.duration >= duration('2s')"))
    assert [each.path for each in two.refused] == [f"{PATH}.matches"]
    assert plain(two.access_log)["minDuration"] == "1s"
