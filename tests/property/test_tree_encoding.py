"""A tree answers what the list answers: asked of the partition itself, and of an Envoy that has both side by side."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPResponse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.tables_envoy import TablesEnvoy, free_port, tables_envoy
from gatewayd.explain.matching import path_holds
from gatewayd.ir.http import (
    DirectResponse,
    ExactPath,
    ExactValue,
    FullPath,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    Route,
)
from gatewayd.xds import names
from gatewayd.xds.build import path_partition
from gatewayd.xds.build.path_matcher import Tree
from gatewayd.xds.build.path_partition import leaves, reach
from gatewayd.xds.messages.route import route_entries, virtual_host_entry, virtual_host_head
from tests.feature.xds_backends import SHARES, near
from tests.property.rules import CHANCE, PATHS, REQUESTS, RULE, RULES, SPLIT, SPLIT_ANSWERS, TARGETS, Request, numbered
from tests.unit.xds.shorthand import forward, matching, redirect, route, upstream

DOMAIN = "shop.example"
LIST, TREE = "list", "tree"
MISDIRECTED = DirectResponse(status=HTTPStatus.MISDIRECTED_REQUEST)
LEAVES = st.sampled_from((0, 0, 1, 3, 8, path_partition.LEAF_RULES))
ENDS = ("", "", "/", "?q=1", "/v1", "/v1?/x", "/v1/b", "zz", "/abc", "/ABC", "#x")
Answer = tuple[int | str | None, ...]


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TablesEnvoy]:
    echo = free_port()
    clusters = {names.cluster(upstream("a")): echo}
    with tables_envoy(tmp_path_factory.mktemp("envoy"), (LIST, TREE), clusters, echo) as running:
        yield running


def load(envoy: TablesEnvoy, rules: Sequence[Route], fallback: DirectResponse | None) -> bool:
    """Load the rules in both encodings; return whether they differ."""
    entries = tuple(route_entries(each, DOMAIN) for each in rules)
    rest = b"" if fallback is None else route_entries(route(fallback, name="rest"), DOMAIN)
    as_list = b"".join((*entries, rest))
    as_tree = Tree().update(tuple(rules), entries, rest)
    envoy.load(LIST, virtual_host_entry(virtual_host_head(DOMAIN) + as_list))
    if as_tree is not None:
        envoy.load(TREE, virtual_host_entry(virtual_host_head(DOMAIN) + as_tree))
    return as_tree is not None


def asked(envoy: TablesEnvoy, table: str, request: Request) -> HTTPResponse:
    connection = envoy.connection(table)
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in (("host", DOMAIN), ("content-length", "0"), *request.headers):
        connection.putheader(name, value)
    connection.endheaders()
    found = connection.getresponse()
    found.read()
    return found


def answer(envoy: TablesEnvoy, table: str, request: Request) -> Answer:
    found = asked(envoy, table, request)
    if found.getheader(CHANCE) is not None:
        return (0, found.getheader(RULE))  # which of its backends is asked is chance
    return (found.status, *map(found.getheader, (RULE, "location", "x-path", "grpc-status")))


@settings(max_examples=800)
@given(st.lists(PATHS, min_size=1, max_size=40), st.lists(TARGETS, min_size=1, max_size=20), LEAVES)
def test_every_rule_that_holds_stands_in_the_leaf_of_the_path(
    paths: list[PathMatch], targets: list[str], longest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_partition, "LEAF_RULES", longest)
        parted = leaves(tuple(map(reach, paths)))
    assert sum(len(leaf.rules) for leaf in parted) <= 2 * len(paths)
    for target in (*targets, "*"):
        leaf = max((leaf for leaf in parted if target.startswith(leaf.key)), key=lambda leaf: len(leaf.key))
        path = target.partition("#")[0].partition("?")[0]
        holding = [rule for rule, each in enumerate(paths) if path_holds(each, path)]
        assert [rule for rule in leaf.rules if rule in holding] == holding, (target, leaf)


@pytest.mark.envoy
@settings(max_examples=150)
@given(RULES, st.sampled_from((None, MISDIRECTED)), st.lists(REQUESTS, min_size=10, max_size=40), LEAVES)
def test_a_tree_answers_what_the_list_answers(
    envoy: TablesEnvoy,
    rules: tuple[Route, ...],
    fallback: DirectResponse | None,
    requests: list[Request],
    longest: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_partition, "LEAF_RULES", longest)
        if not load(envoy, rules, fallback):
            return
    for request in requests:
        assert answer(envoy, TREE, request) == answer(envoy, LIST, request), request


def test_the_rules_of_these_tests_make_trees_at_all() -> None:
    """Guard against generators that make nothing but rules that stay a list, or requests that no rule takes."""
    seen = {"trees": 0, "leaves": 0, "held": 0}

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(RULES, st.lists(TARGETS, min_size=5, max_size=5))
    def count(rules: tuple[Route, ...], targets: list[str]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(path_partition, "LEAF_RULES", 0)
            parted = leaves(tuple(reach(each.match.path) for each in rules))
        seen["trees"] += len(parted) > 1
        seen["leaves"] += len(parted)
        for target in targets:
            path = target.partition("#")[0].partition("?")[0]
            seen["held"] += sum(path_holds(each.match.path, path) for each in rules) > 1

    count()
    assert seen["trees"] > 50, seen
    assert seen["leaves"] > 200, seen
    assert seen["held"] > 100, seen


def many_rules() -> tuple[Route, ...]:
    """Return 1,500 rules as teams would write them, in no particular order."""
    dice = random.Random("rules")  # noqa: S311 - the same every time
    paths: list[PathMatch] = []
    for number in range(300):
        where = f"/team-{number % 7}/app-{number}"
        paths += [
            PrefixPath(value=where),
            ExactPath(value=where),
            ExactPath(value=f"{where}/"),
            PrefixPath(value=f"{where}/v1"),
        ]
        paths += [RegexPath(pattern=f"{where}/[a-z]+")]
    paths += [
        PrefixPath(value="/"),
        ExactPath(value="/"),
        RegexPath(pattern="/team-[12]/.*/v1/b"),
        PrefixPath(value="/team-3"),
    ]
    dice.shuffle(paths)
    actions = (DirectResponse(status=200), forward("a"), redirect(path=FullPath(value="/away")), SPLIT, forward())
    conditions = (
        {},
        {},
        {"methods": ("POST",)},
        {"headers": (NamedMatch(name="x-kind", value=ExactValue(value="one")),)},
    )
    return tuple(
        numbered(number, matching(path, **dice.choice(conditions)), dice.choice(actions))
        for number, path in enumerate(paths)
    )


@pytest.mark.envoy
def test_a_large_host_answers_the_same(envoy: TablesEnvoy) -> None:
    assert load(envoy, many_rules(), MISDIRECTED)
    dice = random.Random("requests")  # noqa: S311 - the same every time
    taken: set[str | None] = set()
    for _ in range(4000):
        number = dice.randrange(310)
        team = number % 7 if dice.random() < 0.9 else dice.randrange(9)
        target = f"/team-{team}/app-{number}{dice.choice(ENDS)}"
        headers = dice.choice(((), (("x-kind", "one"),)))
        request = Request(method=dice.choice(("GET", "GET", "POST")), target=target, headers=headers)
        found = answer(envoy, TREE, request)
        assert found == answer(envoy, LIST, request), request
        taken.add(found[1])
    assert len(taken) > 500


@pytest.mark.envoy
def test_chance_is_the_same_in_a_tree(envoy: TablesEnvoy) -> None:
    rules = (*many_rules(), numbered(9999, matching(PrefixPath(value="/chance")), SPLIT))
    assert load(envoy, rules, MISDIRECTED)
    request = Request(method="GET", target="/chance", headers=())
    for table in (LIST, TREE):
        found = [asked(envoy, table, request) for _ in range(SHARES)]
        counts = Counter((each.status, each.getheader("x-path")) for each in found)
        assert all(near(counts[each], percent) for each, percent in SPLIT_ANSWERS.items()), (table, counts)


def test_a_large_host_is_a_tree_of_short_lists() -> None:
    parted = leaves(tuple(reach(each.match.path) for each in many_rules()))
    assert sum(len(leaf.rules) for leaf in parted) < 1.3 * len(many_rules())
    assert max(len(leaf.rules) for leaf in parted) < 2 * path_partition.LEAF_RULES
