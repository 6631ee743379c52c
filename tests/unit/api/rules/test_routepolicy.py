from typing import Any

import pytest

from gatewayd.api.routepolicy import BandwidthSection, HeaderFrom
from gatewayd.api.rules.routepolicy import bandwidth_given, one_source
from tests.unit.api.documents import Document, problems
from tests.unit.policies import policy, target

LIMITS = "spec.default.globalLimits.limits"


def limited(section: dict[str, Any]) -> Document:
    return policy("RoutePolicy", "x", target("Gateway", "edge"), default={"globalLimits": section})


def costing(**cost: Any) -> Document:
    return limited({"limits": [{"name": "a", "requests": 1, "unit": "Hour", "cost": cost}]})


def shown(**section: Any) -> Document:
    return policy("RoutePolicy", "x", target("Gateway", "edge"), default={"externalProcessing": section})


def scripted(**section: Any) -> Document:
    return policy("RoutePolicy", "x", target("Gateway", "edge"), default={"lua": section})


WAF = {"name": "waf", "port": 9000}
BROKEN = [
    (shown(request={}), ["spec.default.externalProcessing.backendRef: is required"]),
    (shown(backendRef=WAF), ["spec.default.externalProcessing: must have one of request, response"]),
    (scripted(), ["spec.default.lua: must have one of inline, configMapRef"]),
    (scripted(inline="x", configMapRef={"name": "a"}), ["spec.default.lua: must have one of inline, configMapRef"]),
    (limited({"mode": "Enabled"}), [f"{LIMITS}: must not be empty"]),
    (
        costing(request=0),
        [f"{LIMITS}[0].cost.request: must be above 0 without a responseHeader: nothing would ever count"],
    ),
]
GOOD = [
    shown(mode="Disabled"),
    scripted(mode="Disabled"),
    scripted(inline="x"),
    scripted(configMapRef={"name": "a", "key": "b"}),
    shown(backendRef=WAF, request={}),
    shown(backendRef=WAF, response={"body": "Buffered"}),
    limited({"mode": "Disabled"}),
    costing(request=0, responseHeader="x-cost"),
    costing(request=1),
    costing(responseHeader="x-cost"),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", GOOD)
def test_good(source: Document) -> None:
    assert problems(source) == []


def test_a_bandwidth_says_how_much_unless_it_is_turned_off() -> None:
    assert [each.path for each in bandwidth_given(BandwidthSection())] == ["kibibytesPerSecond"]
    assert list(bandwidth_given(BandwidthSection(mode="Disabled"))) == []
    assert list(bandwidth_given(BandwidthSection(kibibytes_per_second=1))) == []


def test_a_value_comes_from_one_place() -> None:
    assert [each.message for each in one_source(HeaderFrom(name="x"))] == ["must have one of header, property"]
    assert len(list(one_source(HeaderFrom(name="x", header="y", property="Host")))) == 1
    assert list(one_source(HeaderFrom(name="x", property="Host"))) == []
