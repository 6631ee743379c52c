from gatewayd.convert.first_match import MOST_MATCHES, PlacedMatch, in_order
from gatewayd.convert.matching import EVERYTHING, PRESENT
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
)
from gatewayd.translator.rules.http import rank


def at(path: PathMatch, **headers: str) -> RequestMatch:
    named = tuple(
        NamedMatch(name=name, value=ExactValue(value=value) if value else PRESENT) for name, value in headers.items()
    )
    return RequestMatch(path=path, methods=(), headers=named, queries=(), grpc=False)


def ordered(*matches: RequestMatch) -> list[tuple[int, RequestMatch]]:
    """Return who goes first, by the rank of an HTTPRoute's matches."""
    placed = in_order([PlacedMatch(match, number) for number, match in enumerate(matches)]).matches
    return [
        (each.of, each.match)
        for each in sorted(placed, key=lambda each: (*(-part for part in rank(each.match)), each.of))
    ]


A = PrefixPath(value="/a")
CANARY = at(PrefixPath(value="/"), env="canary")


def test_what_is_special_already_stays() -> None:
    assert ordered(at(A), EVERYTHING) == [(0, at(A)), (1, EVERYTHING)]


def test_what_an_earlier_rule_takes_whole_goes() -> None:
    assert ordered(EVERYTHING, at(A)) == [(0, EVERYTHING)]


def test_what_both_are_for_is_the_earlier_one_s() -> None:
    assert ordered(CANARY, at(A)) == [(0, at(A, env="canary")), (1, at(A)), (0, CANARY)]


def test_what_has_nothing_in_common_stays() -> None:
    other = at(A, env="stable")
    assert ordered(CANARY, other) == [(1, other), (0, CANARY)]


def test_an_expression_that_may_be_for_the_same_goes_after_an_earlier_prefix() -> None:
    expression = at(RegexPath(pattern="/[a-z]+/very-long-expression"))
    (first, raised), *rest = ordered(at(A), expression)
    assert (first, rest) == (0, [(1, expression)])
    assert raised.path == RegexPath(pattern="/a(/.*)?" + "(?:)" * 6)


def test_what_cannot_be_put_in_order_is_told() -> None:
    values = [RegexValue(pattern=pattern) for pattern in ("a.*", "b.*")]
    one, other = (
        RequestMatch(path=path, methods=(), headers=(NamedMatch(name="env", value=value),), queries=(), grpc=False)
        for path, value in zip((A, ExactPath(value="/a")), values, strict=True)
    )
    assert in_order([PlacedMatch(one, 0), PlacedMatch(other, 1)]).unordered == ((0, 1),)


def test_a_hostile_list_is_not_multiplied() -> None:
    headers = [at(PrefixPath(value="/"), **{f"h{number}": "x"}) for number in range(40)]
    paths = [at(PrefixPath(value=f"/{number}")) for number in range(40)]
    placed = in_order([PlacedMatch(match, number) for number, match in enumerate((*headers, *paths))]).matches
    assert len(placed) < 2 * MOST_MATCHES
