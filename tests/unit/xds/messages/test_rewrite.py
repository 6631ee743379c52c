import re

import pytest

from gatewayd.ir.http import (
    ExactPath,
    FullPath,
    PathModifier,
    PrefixPath,
    PrefixReplacement,
    RegexPath,
    RegexReplacement,
)
from gatewayd.xds.messages.rewrite import rewritten_path


def rewrite(modifier: PathModifier | None, prefix: str, path: str) -> str:
    """Do what Envoy does with a path that the prefix matched."""
    fields = rewritten_path(modifier, PrefixPath(value=prefix))
    if "prefix_rewrite" in fields:
        return str(fields["prefix_rewrite"]) + path[len(prefix) :]
    if "regex_rewrite" in fields:
        found = fields["regex_rewrite"]
        return re.sub(found.pattern.regex, found.substitution, path)
    return path


# The table of https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
@pytest.mark.parametrize(
    ("path", "prefix", "value", "result"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
        ("/foo/foo", "/foo", "/", "/foo"),
        ("/bar", "/", "/xyz", "/xyz/bar"),
        ("/bar", "/", "/", "/bar"),
        ("/a.b/c", "/a.b", "/", "/c"),
    ],
)
def test_prefixes(path: str, prefix: str, value: str, result: str) -> None:
    assert rewrite(PrefixReplacement(value=value), prefix, path) == result


def test_a_prefix_is_literal_where_a_regex_stands_for_it() -> None:
    assert rewrite(PrefixReplacement(value="/"), "/a.b", "/axb/c") == "/axb/c"


@pytest.mark.parametrize("value", ["/new", "/a\\1b", "/a\\\\", "/$0"])
def test_a_full_path_is_literal(value: str) -> None:
    assert rewrite(FullPath(value=value), "/", "/old/path") == value


@pytest.mark.parametrize("match", [ExactPath(value="/old"), RegexPath(pattern="/o.*")])
def test_without_a_prefix_the_whole_path_is_replaced(match: ExactPath | RegexPath) -> None:
    fields = rewritten_path(PrefixReplacement(value="/new"), match)
    assert fields["regex_rewrite"].substitution == "/new"


def test_nothing() -> None:
    assert rewritten_path(None, PrefixPath(value="/")) == {}


def test_an_expression_is_not_escaped() -> None:
    found = rewritten_path(RegexReplacement(pattern="^/(a)", value=r"/\1b"), PrefixPath(value="/"))["regex_rewrite"]
    assert (found.pattern.regex, found.substitution) == ("^/(a)", r"/\1b")
