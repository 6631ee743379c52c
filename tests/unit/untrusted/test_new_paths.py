import pytest

from gatewayd.untrusted.new_paths import path_problem


@pytest.mark.parametrize("text", ["", "/", "/a/b.c", "/my file", "/caf\u00e9", "/a%2Fb"])
def test_what_is_a_path(text: str) -> None:
    assert path_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a", "begins with '/'"),
        ("/a\n", "control characters"),
        ("/a?b", "a query"),
        ("/a#b", "a fragment"),
        ("/a%b", "begins no escape"),
        ("/a%0a", "escaped control character"),
        ("/a//b", "empty segment"),
        ("/a/%2E./b", "'.' or '..'"),
    ],
)
def test_what_is_none(text: str, problem: str) -> None:
    assert problem in path_problem(text)
