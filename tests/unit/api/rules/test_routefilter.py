import pytest

from gatewayd.api.routefilter import DirectAnswer, FilterHeaders, PathRewrite, RouteFilterSpec
from gatewayd.api.rules.routefilter import PARTS
from tests.unit.api.documents import problems
from tests.unit.api.test_routefilter import route_filter

REWRITE = {"pattern": "a", "substitution": "b"}
BROKEN = [
    (route_filter(), ["spec: must have one of headers, pathRewrite, directResponse"]),
    (
        route_filter(pathRewrite=REWRITE, directResponse={"status": 200}),
        ["spec.pathRewrite: must not be set together with directResponse"],
    ),
    (route_filter(headers={}), ["spec.headers: must have one of request, response"]),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: dict[str, object], expected: list[str]) -> None:
    assert problems(source) == expected


def test_every_rule_has_its_text() -> None:
    spec = RouteFilterSpec(
        path_rewrite=PathRewrite(pattern="a", substitution="b"), direct_response=DirectAnswer(status=200)
    )
    assert [list(each.rule(spec)) != [] for each in PARTS[RouteFilterSpec]] == [False, True]
    assert [list(each.rule(FilterHeaders())) != [] for each in PARTS[FilterHeaders]] == [True]
    assert all(each.cel and each.message for rules in PARTS.values() for each in rules)
