from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.route_filters import FORBIDDEN, route_filter
from gatewayd.translator.envoy_gateway.taken import Telling
from tests.unit.envoy_gateway import plain


def told(**spec: Any) -> tuple[dict[str, Any], list[str], list[str]]:
    telling = Telling(namespace="shop")
    value = plain(route_filter(spec, telling))
    return value, [each.path for each in telling.refused], [each.path for each in telling.differs]


def rewrite(substitution: str) -> dict[str, Any]:
    replaced = {"pattern": "^/old/(.*)$", "substitution": substitution}
    return {"path": {"type": "ReplaceRegexMatch", "replaceRegexMatch": replaced}}


def test_an_answer_and_another_path() -> None:
    answer = {"statusCode": 418, "contentType": "text/plain", "body": {"type": "Inline", "inline": "no"}}
    assert told(directResponse=answer) == (
        {"directResponse": {"status": 418, "body": "no", "contentType": "text/plain"}},
        [],
        [],
    )
    assert told(urlRewrite=rewrite(r"/new/\1")) == (
        {"pathRewrite": {"pattern": "^/old/(.*)$", "substitution": r"/new/\1"}},
        [],
        [],
    )


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        ({"urlRewrite": {"hostname": {"type": "Backend"}}}, "spec.urlRewrite.hostname"),
        ({"urlRewrite": {"path": {"type": "ReplaceRegexMatch"}}}, "spec.urlRewrite.path.replaceRegexMatch"),
        ({"urlRewrite": rewrite("/a?b")}, "spec.urlRewrite.path.replaceRegexMatch.substitution"),
        ({"credentialInjection": {}}, "spec.credentialInjection"),
        ({"matches": [{"cookies": []}]}, "spec.matches"),
        ({"frob": 1}, "spec"),
    ],
)
def test_what_cannot_be_had_is_told(spec: dict[str, Any], at: str) -> None:
    assert told(**spec)[1] == [at]
    assert FORBIDDEN


def test_what_would_be_filled_in_is_told() -> None:
    assert told(directResponse={"body": {"inline": "%PROTOCOL%"}})[2] == ["spec.directResponse.body.inline"]
