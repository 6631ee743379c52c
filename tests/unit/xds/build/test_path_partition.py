import pytest

from gatewayd.explain.matching import path_holds
from gatewayd.ir.http import ExactPath, PathMatch, PrefixPath, RegexPath
from gatewayd.ir.limits import LEAF_RULES
from gatewayd.xds.build.path_partition import Leaf, Reach, leaves, reach


def exact(value: str) -> ExactPath:
    return ExactPath(value=value)


def prefix(value: str) -> PrefixPath:
    return PrefixPath(value=value)


def regex(pattern: str) -> RegexPath:
    return RegexPath(pattern=pattern)


def parted(*paths: PathMatch) -> dict[str, tuple[int, ...]]:
    return {leaf.key: leaf.rules for leaf in leaves(tuple(map(reach, paths)))}


def many(form: str, count: int = 2 * LEAF_RULES) -> tuple[PrefixPath, ...]:
    return tuple(prefix(form.format(number)) for number in range(count))


@pytest.mark.parametrize(
    ("path", "stem", "below"),
    [
        (exact("/a"), "/a", None),
        (exact("/a?b"), "/a", None),
        (prefix("/"), "/", ""),
        (prefix("/a"), "/a", "/"),
        (prefix("/a#b"), "/a", "/"),
        (regex("/a/[0-9]+"), "/a/", ""),
        (regex("/api/(v1|v2)/.*"), "/api/v", ""),
        (regex("/a|/b"), "/", ""),
        (regex("/a|b"), "", ""),
        (regex("/ab?"), "/a", ""),
        (regex("/ab*c"), "/a", ""),
        (regex("(?i)/a"), "/", ""),
        (regex("^/a\\.b"), "/a.b", ""),
        (regex("/a\\?b"), "/a", ""),
        (regex("/é"), "/", ""),
        (regex(".*"), "", ""),
        (regex("("), "", ""),
    ],
)
def test_where_a_rule_can_hold(path: PathMatch, stem: str, below: str | None) -> None:
    assert reach(path) == Reach(stem, below)


def test_few_rules_are_not_parted() -> None:
    assert parted(*many("/a{}", LEAF_RULES)) == {"": tuple(range(LEAF_RULES))}


def test_no_rules_are_one_leaf() -> None:
    assert leaves(()) == (Leaf("", ()),)


def test_many_rules_are_parted_by_what_their_paths_begin_with() -> None:
    first, second = many("/a/{:02}", 20), many("/b/{:02}", 20)
    assert parted(*first, *second) == {"": (), "/a/": tuple(range(20)), "/b/": tuple(range(20, 40))}


def test_keys_come_in_order_whichever_rule_comes_first() -> None:
    stems = [f"/{letter}/" for letter in "hcgbfaed"]
    rules = tuple(rule for stem in stems for rule in many(stem + "{:02}", 20))
    assert list(parted(*rules)) == ["", *sorted(stems)]


def test_a_key_inherits_what_holds_below_a_prefix_and_nothing_beside_it() -> None:
    whole, beside, itself, root, expression = prefix("/a"), prefix("/a/b"), exact("/a"), prefix("/"), regex("/a/.*x")
    found = parted(*many("/a/bc{}"), whole, beside, itself, root, expression)
    first = 2 * LEAF_RULES
    deep = next(rules for key, rules in found.items() if key.startswith("/a/bc"))
    assert set(deep) & set(range(first, first + 5)) == {first, first + 3, first + 4}


def test_rules_keep_their_order() -> None:
    found = parted(prefix("/"), *many("/x{}"), prefix("/"), *many("/y{}"))
    assert all(rules == tuple(sorted(rules)) for rules in found.values())
    assert sum(0 in rules for rules in found.values()) == len(found)


def test_what_all_inherit_makes_no_more_than_twice_the_rules() -> None:
    everywhere = tuple(prefix("/") for _ in range(300))
    for paths in (
        (*everywhere, *many("/a{}", 1000)),
        (*everywhere, *many("/{0}/{0}/{0}", 1000)),
        tuple(prefix("/a" * (1 + number)) for number in range(500)),
        tuple(regex(f"/{'a' * number}.*") for number in range(250)),
        tuple(exact("/same") for _ in range(500)),
    ):
        assert sum(map(len, parted(*paths).values())) <= 2 * len(paths)


def test_lists_are_short_where_the_paths_differ() -> None:
    paths = (*many("/team/app-{:05}", 5000), prefix("/"))
    found = parted(*paths)
    assert max(map(len, found.values())) <= LEAF_RULES + 1
    assert len(found) < 1000


def test_every_rule_stands_where_its_paths_lead() -> None:
    paths = (*many("/a{}"), *many("/a/{}"), exact("/a1/"), regex("/a[0-9]/.*"), prefix("/a1/2"), prefix("/"))
    found = parted(*paths)
    for asked in (
        "/a1",
        "/a1/",
        "/a1?x",
        "/a10",
        "/a1/2/3",
        "/a1/2?/4",
        "/a",
        "/a/",
        "/a/7",
        "/a/77/8",
        "/",
        "/b",
        "*",
    ):
        key = max((key for key in found if asked.startswith(key)), key=len)
        holding = {rule for rule, path in enumerate(paths) if path_holds(path, asked.partition("?")[0])}
        assert holding <= set(found[key]), asked
