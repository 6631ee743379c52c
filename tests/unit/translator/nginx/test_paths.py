import pytest
import re2

from gatewayd.convert.fates import Fidelity
from gatewayd.translator.nginx.paths import Rewriting, expression, plain
from tests.unit.convert.ingresses import converted, fates, ingress, matched, objects, rules


def pattern(path: str) -> str:
    [match] = expression(path, Rewriting(use_regex=True)).matches
    return str(match["path"]["value"])


def test_paths_by_segments_and_as_a_whole() -> None:
    assert matched(converted(ingress("shop", "/a", "= /b"))) == ["Exact /b", "PathPrefix /a"]


def test_a_slash_at_the_end_is_redirected_to() -> None:
    done = converted(ingress("shop", "/a/"))
    assert matched(done) == ["Exact /a", "PathPrefix /a/"]
    assert rules(done)["a-slash"]["filters"][0]["requestRedirect"] == {
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/a/"},
        "statusCode": 301,
    }
    assert matched(converted(ingress("shop", "/a/", "= /a"))) == ["PathPrefix /a/", "Exact /a"]
    assert matched(converted(ingress("shop", "/a/", class_name="istio"))) == ["PathPrefix /a/"]


def test_an_expression_holds_for_all_that_begins_like_it_whatever_the_case() -> None:
    assert pattern("/a.c") == "(?i)/a.c.*"
    assert [bool(re2.fullmatch(pattern("/a.c"), path)) for path in ("/abcd", "/ABC/x", "/x/abc")] == [True, True, False]


def test_of_alternatives_only_the_first_is_bound_to_the_beginning() -> None:
    whole = pattern("/a|/b")
    assert [bool(re2.fullmatch(whole, path)) for path in ("/a1", "/x/b", "/x/a")] == [True, True, False]
    assert pattern(r"/a(b|c)[|]\|") == r"(?i)/a(b|c)[|]\|.*"


def test_one_expression_makes_all_paths_of_its_host_expressions() -> None:
    done = converted(
        ingress("a", "/api/[0-9]+", use_regex="true"), ingress("b", "= /Shop"), ingress("c", host="c.example")
    )
    assert matched(done, "shop/a") == ["RegularExpression (?i)/api/[0-9]+.*"]
    assert matched(done, "shop/b") == ["RegularExpression (?i)/Shop.*"]
    assert matched(done, "shop/c") == ["PathPrefix /"]


def test_a_rewrite_makes_expressions_too() -> None:
    assert matched(converted(ingress("shop", "/a", rewrite_target="/b"))) == ["RegularExpression (?i)/a.*"]
    assert matched(converted(ingress("shop", "/", rewrite_target="/"))) == ["PathPrefix /"]


def test_a_rewrite_without_groups_replaces_the_whole_path() -> None:
    [rule] = rules(converted(ingress("shop", "/a", rewrite_target="/b"))).values()
    assert rule["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"}}}
    ]


@pytest.mark.parametrize(
    ("path", "target", "asked", "got"),
    [
        ("/api(/|$)(.*)", "/$2", "/api/v1/x", "/v1/x"),
        ("/api(/|$)(.*)", "/$2", "/API", "/"),
        ("/(v[0-9]+)/a", "/of/${1}", "/v2/a/rest", "/of/v2"),
        ("/a(.*)", "$1", "/a/b", "/b"),
    ],
)
def test_groups_stand_in_the_new_path(path: str, target: str, asked: str, got: str) -> None:
    done = converted(ingress("shop", path, rewrite_target=target))
    [made] = objects(done, "RouteFilter").values()
    rewrite = made["spec"]["pathRewrite"]
    assert re2.sub(rewrite["pattern"], rewrite["substitution"], asked) == got


@pytest.mark.parametrize("target", ["https://other.example/$1", "/$1?a=b", "/$host/$1", "/a b"])
def test_a_rewrite_that_cannot_be_had_answers_500(target: str) -> None:
    done = converted(ingress("shop", "/a(.*)", rewrite_target=target))
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 500}}]
    assert fates(done)["rewrite-target"] is Fidelity.LOST


def test_an_expression_of_another_language_closes_what_begins_like_it() -> None:
    done = converted(ingress("shop", "/admin/(?!login)", use_regex="true"))
    assert matched(done) == ["RegularExpression (?i)/admin/.*"]
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 500}}]
    assert fates(done)["spec.rules[0].http.paths[0].path"] is Fidelity.LOST


def test_the_root_matches_everything() -> None:
    assert plain("/", exact=False).matches == ({},)


def test_an_empty_target_had_no_effect() -> None:
    assert fates(converted(ingress(rewrite_target=""))) == {"rewrite-target": Fidelity.EXACT}


def test_what_clients_escape_is_escaped() -> None:
    assert matched(converted(ingress("shop", "/a b"))) == ["PathPrefix /a%20b"]


@pytest.mark.parametrize("path", ["/a//b", "/a/../b", "/.", "a"])
def test_a_path_that_no_request_has_is_left_out(path: str) -> None:
    done = converted(ingress("shop", path, "/c"))
    assert matched(done) == ["PathPrefix /c"]
    assert not done.is_lossy


def test_a_short_expression_makes_longer_paths_expressions_too() -> None:
    done = converted(ingress("a", "/x", use_regex="true"), ingress("b", "= /a/longer/path"))
    assert matched(done, "shop/b") == ["RegularExpression (?i)/a/longer/path.*"]


@pytest.mark.parametrize("target", ["/v2/$1/x", "/v2//x", "/a%zz", "/a/../b"])
def test_a_new_path_that_no_route_would_write_is_written_by_an_expression(target: str) -> None:
    done = converted(ingress("shop", "/a", rewrite_target=target))
    [rewrite] = objects(done, "RouteFilter").values()
    assert rewrite["spec"]["pathRewrite"]["substitution"] == target.replace("$1", "")
    assert not done.is_lossy
