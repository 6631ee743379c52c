from typing import Any

import pytest

from gatewayd.convert.fates import Fate
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.matches import istio_match
from gatewayd.convert.istio.paths import Rewrite, redirect, rewrite
from gatewayd.ir.http import PrefixPath, RequestMatch


def done(how: dict[str, Any], placed: str = "", **uri: str) -> tuple[Rewrite, list[Fate]]:
    fates: list[Fate] = []
    match = istio_match(Fields({"uri": uri} if uri else {}, "", []), by_letters=False)
    at = (
        RequestMatch(path=PrefixPath(value=placed), methods=(), headers=(), queries=(), grpc=False)
        if placed
        else match.match
    )
    return rewrite(Fields(how, "rewrite", fates), match, at), fates


def path(how: dict[str, Any], placed: str = "", **uri: str) -> Any:
    changed, _ = done(how, placed, **uri)
    if changed.own_filter is not None:
        rewriting = changed.own_filter["pathRewrite"]
        return rewriting["pattern"], rewriting["substitution"]
    return {key: value for key, value in changed.filters[0]["urlRewrite"]["path"].items() if key != "type"}


@pytest.mark.parametrize(
    ("prefix", "to"), [("/a", "/b"), ("/a/", "/b/"), ("/a/", "/"), ("/a", "/"), ("/", "/"), ("/", "/b/")]
)
def test_a_prefix_is_replaced(prefix: str, to: str) -> None:
    assert path({"uri": to}, prefix=prefix) == {"replacePrefixMatch": to}


def test_what_goes_by_letters_goes_by_an_expression() -> None:
    assert path({"uri": "/b"}, prefix="/a/") == ("^/a/", "/b")
    assert path({"uri": "/b"}) == ("^/", "/b")


def test_two_slashes_are_one_and_that_is_told() -> None:
    [fate] = done({"uri": "/"}, prefix="/a")[1]
    assert fate.message == "/a/x becomes /x, as it was meant; it was //x"


def test_a_prefix_of_a_narrowed_match_is_replaced_as_it_was() -> None:
    assert path({"uri": "/b"}, placed="/a/c", prefix="/a") == ("^/a", "/b")
    assert path({"uri": "/"}, placed="/a/c", prefix="/a") == ("^/a/?", "/")


def test_whole_paths() -> None:
    assert path({"uri": "/b"}, exact="/a") == path({"uri": "/b"}, regex="/a+") == {"replaceFullPath": "/b"}
    assert path({"uri": r"/\1"}, regex="/a/(.*)") == ("^/a/(.*)$", r"/\1")


def test_expressions() -> None:
    how = {"uriRegexRewrite": {"match": "/v1/(.*)", "rewrite": r"/\1"}}
    assert path(how, prefix="/v1") == ("/v1/(.*)", r"/\1")
    lost, fates = done({"uriRegexRewrite": {"match": "(?!a)", "rewrite": "/"}}, prefix="/a")
    assert (lost.own_filter, [fate.opens for fate in fates]) == (None, [True])


def test_hosts() -> None:
    assert done({"authority": "A.example"})[0].filters[0]["urlRewrite"] == {"hostname": "a.example"}
    assert done({"authority": "a.example:80"})[0].filters == ()
    assert done({})[0] == Rewrite()


@pytest.mark.parametrize(
    ("how", "to"),
    [
        ({"uri": "/b"}, {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"}, "statusCode": 301}),
        ({"authority": "a.example:81"}, {"hostname": "a.example", "port": 81, "statusCode": 301}),
        ({"scheme": "https", "port": 443, "redirectCode": 308}, {"scheme": "https", "port": 443, "statusCode": 308}),
        ({"uri": "%PREFIX()%", "redirectCode": 300, "derivePort": "FROM_REQUEST_PORT"}, {"statusCode": 301}),
    ],
)
def test_redirects(how: dict[str, Any], to: dict[str, Any]) -> None:
    assert redirect(Fields(how, "redirect", []))["requestRedirect"] == to


def test_a_prefix_without_regard_to_case_is_replaced_alone() -> None:
    fields = Fields({"uri": {"prefix": "/a"}, "ignoreUriCase": True}, "", [])
    match = istio_match(fields, by_letters=False)
    changed = rewrite(Fields({"uri": "/b"}, "rewrite", []), match, match.match)
    assert changed.own_filter == {"pathRewrite": {"pattern": "(?i)^/a", "substitution": "/b"}}
