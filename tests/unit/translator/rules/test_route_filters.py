import json
from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.filters import RequestHeaders, ResponseHeaders
from gatewayd.ir.http import DirectResponse, RegexReplacement, URLRewrite
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rules.route_filters import Part, own_filter
from tests.unit.translator.manifests import scratch

KEY = ObjectKey("shop", "f")


def read(*, calls: bool = False, **spec: Any) -> tuple[Part, ...] | Problem:
    text = f"""
apiVersion: gatewayd.io/v1alpha1
kind: RouteFilter
metadata: {{name: f, namespace: shop}}
spec: {json.dumps(spec)}
"""
    return own_filter(scratch(*([text] if spec else [])), KEY, "at", calls=calls)


def rewrite(pattern: str, substitution: str) -> dict[str, str]:
    return {"pattern": pattern, "substitution": substitution}


def test_what_is_not_there() -> None:
    assert read() == Unresolved("InvalidFilter", 'at: RouteFilter "shop/f" does not exist')


def test_all_that_it_says() -> None:
    removed = {"remove": ["x-a"]}
    found = read(headers={"request": removed, "response": removed}, pathRewrite=rewrite("a", r"\0\\"))
    assert [type(each) for each in found] == [RequestHeaders, ResponseHeaders, URLRewrite]
    assert found[2] == URLRewrite(host=None, path=RegexReplacement(pattern="a", value=r"\0\\"))
    answer = DirectResponse(status=410, body="b", content_type="text/plain")
    assert read(directResponse={"status": 410, "body": "b", "contentType": "text/plain"}) == (answer,)


@pytest.mark.parametrize(("spec", "why"), [
    ({"pathRewrite": rewrite("(", "/")}, "spec.pathRewrite.pattern: '(' is not an RE2 expression: "),
    ({"pathRewrite": rewrite("a", r"\1")}, r'spec.pathRewrite.substitution: "\\1" has \1; allowed: \0 to \0, '),
    ({"pathRewrite": rewrite("(a)", r"\2")}, r'spec.pathRewrite.substitution: "\\2" has \2; allowed: \0 to \1, '),
    ({"pathRewrite": rewrite("a", "\\n")}, r'spec.pathRewrite.substitution: "\\n" has \n; allowed: '),
    ({"pathRewrite": rewrite("a", "/\\")}, "spec.pathRewrite.substitution: "),
    ({"headers": {"response": {"remove": ["connection"]}}}, "spec.headers.response.remove[0]: header "),
    ({"directResponse": {"status": 200, "body": "ä" * 4000}}, "spec.directResponse.body: has 8000 bytes; "),
])  # fmt: skip
def test_what_cannot_be_had(spec: dict[str, Any], why: str) -> None:
    found = read(**spec)
    assert isinstance(found, Unsupported)
    assert found.message.startswith(f'at: RouteFilter "shop/f": {why}')


def test_of_calls_the_headers_alone() -> None:
    assert isinstance(read(calls=True, headers={"request": {"remove": ["x-a"]}}), tuple)
    for spec in ({"pathRewrite": rewrite("a", "b")}, {"directResponse": {"status": 200}}):
        assert isinstance(read(calls=True, **spec), Unsupported)
