from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.limits import has_shared_limits
from gatewayd.translator.envoy_gateway.traffic import traffic
from tests.unit.envoy_gateway import plain

EVERYBODY = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}


def shared(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"rateLimit": {"global": {"rules": list(rules)}}}


def rule(requests: int = 5, unit: str = "Minute", **more: Any) -> dict[str, Any]:
    return {"limit": {"requests": requests, "unit": unit}, **more}


def test_limits_that_all_proxies_count_together() -> None:
    each = rule(clientSelectors=[{**EVERYBODY, "headers": [{"type": "Distinct", "name": "x-user"}]}])
    usage = rule(10, "Day", shared=True, shadowMode=True, cost={"request": {"from": "Number", "number": 0}})
    found = traffic(shared(each, usage), "shop")
    [section] = found.sections
    assert (section.name, section.path) == ("global_limits", "spec.rateLimit.global")
    assert plain(section.value) == {
        "limits": [
            {
                "name": "rule-0",
                "requests": 5,
                "unit": "Minute",
                "perClient": True,
                "perHeaders": ["x-user"],
                "perRoute": True,
            },
            {"name": "rule-1", "requests": 10, "unit": "Day", "cost": {"request": 0}, "shadow": True},
        ]
    }
    assert not found.refused


def test_who_is_told() -> None:
    told = rule(xRateLimitHeaders="DraftVersion03")
    found = traffic(shared(told, told), "shop")
    assert plain(found.sections[0].value)["tellClients"] is True
    assert not found.differs
    assert [each.path for each in traffic(shared(rule(), told), "shop").differs] == [
        "spec.rateLimit.global.rules[1].xRateLimitHeaders"
    ]


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        (rule(unit="Week"), ".limit.unit"),
        (rule(0), ".limit.requests"),
        (rule(cost={"request": {"from": "Metadata", "metadata": {"namespace": "a", "key": "b"}}}), ".cost.request"),
        (rule(cost={"request": {"from": "Number", "number": 2_000_000}}), ".cost.request.number"),
        (rule(cost={"response": {"from": "Number", "number": 1}}), ".cost.response"),
        (rule(limit={"requests": 1, "unit": "Second", "fromMetadata": {}}), ".limit.fromMetadata"),
        (rule(clientSelectors=[EVERYBODY, EVERYBODY]), ".clientSelectors"),
        (rule(clientSelectors=[{"methods": [{"value": "GET"}]}]), ".clientSelectors[0].methods"),
        (
            rule(clientSelectors=[{"headers": [{"type": "Distinct", "name": f"x-{at}"} for at in range(5)]}]),
            ".clientSelectors[0].headers",
        ),
    ],
)
def test_a_limit_that_would_count_others_is_left_out(spec: dict[str, Any], at: str) -> None:
    found = traffic(shared(spec), "shop")
    assert found.sections == ()
    assert found.refused[0].path.startswith(f"spec.rateLimit.global.rules[0]{at}")


def test_too_many_rules() -> None:
    found = traffic(shared(*(rule() for _ in range(17))), "shop")
    assert [each.path for each in found.refused] == ["spec.rateLimit.global.rules[16]"]
    assert len(plain(found.sections[0].value)["limits"]) == 16


@pytest.mark.parametrize(
    ("spec", "expected"),
    [(shared(rule()), True), ({}, False), ({"rateLimit": {"local": {}}}, False), ({"rateLimit": 5}, False)],
)
def test_whose_limits_they_are(spec: dict[str, Any], *, expected: bool) -> None:
    assert has_shared_limits(spec) is expected


def bandwidth(side: str, value: Any, unit: str = "Second") -> dict[str, Any]:
    return {side: {"limit": {"value": value, "unit": unit}}}


@pytest.mark.parametrize(
    ("written", "speed", "differs"),
    [
        (bandwidth("request", "1Mi"), 1024, 0),
        (bandwidth("request", "60Ki", "Minute"), 1, 0),
        (bandwidth("request", 10), 1, 1),
        (bandwidth("request", "1k"), 1, 1),
    ],
)
def test_bandwidth_in_whole_kibibytes(written: dict[str, Any], speed: int, differs: int) -> None:
    found = traffic({"bandwidthLimit": written}, "shop")
    assert plain(found.sections[0].value) == {"kibibytesPerSecond": speed, "direction": "Request"}
    assert len(found.differs) == differs


def test_bandwidth_of_one_direction() -> None:
    found = traffic({"bandwidthLimit": bandwidth("response", "1Mi")}, "shop")
    assert plain(found.sections[0].value)["direction"] == "Response"
    both = traffic({"bandwidthLimit": {**bandwidth("request", "1Mi"), **bandwidth("response", "1Mi")}}, "shop")
    assert [each.path for each in both.refused] == ["spec.bandwidthLimit"]
    assert both.sections == ()
    assert traffic({"bandwidthLimit": {}}, "shop").sections == ()
