import pytest

from gatewayd.ir.limits import RE2_PROGRAM_SIZE
from gatewayd.untrusted.regexes import regex_problem


@pytest.mark.parametrize("pattern", ["/v[0-9]+/.*", "(?i)abc", "", "[[:alpha:]]+", "日本"])
def test_expressions_that_envoy_takes(pattern: str) -> None:
    assert regex_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing"),
        ("a{2000}", "repetition"),
        ("(?=x)", "perl operator"),
        (r"(a)\1", "escape sequence"),
        ("[z-a]", "range"),
    ],
)
def test_expressions_that_are_not_re2(pattern: str, said: str) -> None:
    problem = regex_problem(pattern)
    assert problem is not None
    assert said in problem.lower()
    assert repr(pattern) in problem


def test_an_expression_that_is_too_big_names_its_size() -> None:
    problem = regex_problem("(abcdefg|hijklmn){1000}")
    assert problem is not None
    assert f"at most {RE2_PROGRAM_SIZE} are allowed" in problem


def test_only_the_beginning_of_a_long_expression_is_shown() -> None:
    problem = regex_problem("(" + "x" * 5000)
    assert problem is not None
    assert len(problem) < 250
