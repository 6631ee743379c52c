import pytest

from tests.unit.api.documents import Document, problems


def route_filter(**spec: object) -> Document:
    return {
        "apiVersion": "gatewayd.io/v1alpha1",
        "kind": "RouteFilter",
        "metadata": {"name": "f", "namespace": "shop"},
        "spec": spec,
    }


@pytest.mark.parametrize(("spec", "why"), [
    ({"pathRewrite": {"pattern": "a"}}, "spec.pathRewrite.substitution: is required"),
    ({"pathRewrite": {"pattern": "", "substitution": ""}}, "spec.pathRewrite.pattern: must not be empty"),
    ({"pathRewrite": {"pattern": "a", "substitution": "/b?c"}}, 'spec.pathRewrite.substitution: "/b?c" is not valid; '),
    ({"pathRewrite": {"pattern": "a", "substitution": "/b c"}}, 'spec.pathRewrite.substitution: "/b c" is not valid; '),
    ({"directResponse": {"status": 100}}, "spec.directResponse.status: 100 is too small; 200 is the least allowed"),
    ({"directResponse": {"status": "200"}}, "spec.directResponse.status: must be an integer, not "),
    ({"headers": {"requests": {}}}, 'spec.headers: has no field "requests"; allowed: request, response'),
    ({"rewrite": {}}, 'spec: has no field "rewrite"; allowed: headers, pathRewrite, directResponse'),
])  # fmt: skip
def test_what_is_no_route_filter(spec: dict[str, object], why: str) -> None:
    assert any(each.startswith(why) for each in problems(route_filter(**spec))), problems(route_filter(**spec))


def test_what_is_one() -> None:
    assert problems(route_filter(pathRewrite={"pattern": "^/a(.*)", "substitution": r"/\1"})) == []
