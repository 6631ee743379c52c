from collections.abc import Sequence
from itertools import pairwise

import pytest

from gatewayd.ir.backend import InvalidBackend
from gatewayd.ir.http import (
    NO_TIMEOUTS,
    DirectResponse,
    ExactPath,
    ExactValue,
    Forward,
    NamedMatch,
    PathMatch,
    PrefixPath,
    Redirect,
    RegexPath,
    RegexValue,
    RequestMatch,
    Retry,
    Timeouts,
)
from gatewayd.translator.rules.http import named_matches, rank
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet
from tests.unit.translator.manifests import CART, member, scratch

TO_CART = "backendRefs: [{name: cart, port: 80}]"
EXTENSION = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}"


def read(*written: str) -> RuleSet:
    listed = ", ".join(f"{{{each}}}" for each in written)
    route = f"{{kind: HTTPRoute, metadata: {{name: r, namespace: shop}}, spec: {{rules: [{listed}]}}}}"
    return rules(scratch(CART, route), member("HTTPRoute", "shop/r"))


def matches(*written: str) -> list[RequestMatch]:
    return [each.route.match for each in read(f"matches: [{', '.join(written)}], {TO_CART}").routes]


def forward(written: str) -> Forward:
    action = read(written).routes[0].route.action
    assert isinstance(action, Forward)
    return action


def test_a_rule_without_matches_takes_everything() -> None:
    (found,) = read(TO_CART).routes
    assert found.route.match == RequestMatch(path=PrefixPath(value="/"), methods=(), headers=(), queries=(), grpc=False)
    assert str(found.route.source) == "httproute/shop/r/rule/0/match/0"


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{type: Exact, value: /a/}", ExactPath(value="/a/")),
        ("{type: PathPrefix, value: /a}", PrefixPath(value="/a")),
        ("{type: PathPrefix, value: /a/}", PrefixPath(value="/a")),
        ("{type: PathPrefix, value: /}", PrefixPath(value="/")),
        ("{type: RegularExpression, value: '/a/[0-9]+'}", RegexPath(pattern="/a/[0-9]+")),
    ],
)
def test_paths(written: str, path: PathMatch) -> None:
    (found,) = matches(f"{{path: {written}}}")
    assert found.path == path


def test_methods_headers_and_queries() -> None:
    (found,) = matches(
        "{method: POST, headers: [{name: X-A, value: a}, {name: x-b, type: RegularExpression, value: 'b.*'}],"
        " queryParams: [{name: Q, value: q}]}"
    )
    assert found.methods == ("POST",)
    # Header names are compared without case, query parameters with it.
    assert found.headers == (
        NamedMatch(name="x-a", value=ExactValue(value="a")),
        NamedMatch(name="x-b", value=RegexValue(pattern="b.*")),
    )
    assert found.queries == (NamedMatch(name="Q", value=ExactValue(value="q")),)


def test_of_equal_names_the_first_counts() -> None:
    assert named_matches([("a", "1", "Exact"), ("b", "2", "Exact"), ("a", "3", "Exact")]) == (
        NamedMatch(name="a", value=ExactValue(value="1")),
        NamedMatch(name="b", value=ExactValue(value="2")),
    )


def match(path: PathMatch, methods: int = 0, headers: int = 0, queries: int = 0) -> RequestMatch:
    def named(count: int) -> tuple[NamedMatch, ...]:
        return tuple(NamedMatch(name=f"n{at}", value=ExactValue(value="v")) for at in range(count))

    return RequestMatch(
        path=path, methods=("GET",) * methods, headers=named(headers), queries=named(queries), grpc=False
    )


def test_the_precedence_of_matches() -> None:
    ordered: Sequence[RequestMatch] = [
        match(ExactPath(value="/a/b")),
        match(ExactPath(value="/a"), 1, 9, 9),
        match(ExactPath(value="/a"), 1, 1),
        match(ExactPath(value="/a"), 1),
        match(ExactPath(value="/a"), 0, 9, 9),
        match(ExactPath(value="/a")),
        match(RegexPath(pattern="/[a-z]+")),
        match(RegexPath(pattern="/.*")),
        match(PrefixPath(value="/long/prefix")),
        match(PrefixPath(value="/a"), 1),
        match(PrefixPath(value="/a"), 0, 2, 0),
        match(PrefixPath(value="/a"), 0, 1, 5),
        match(PrefixPath(value="/a"), 0, 0, 5),
        match(PrefixPath(value="/a")),
        match(PrefixPath(value="/"), 1, 16, 16),
        match(PrefixPath(value="/")),
    ]
    assert all(rank(first) > rank(second) for first, second in pairwise(ordered))


def test_every_match_of_a_rule_becomes_a_route_of_its_own() -> None:
    found = read(f"matches: [{{path: {{value: /a}}}}, {{path: {{value: /b}}}}], name: both, {TO_CART}").routes
    assert [(each.route.source.match, each.route.rule_name) for each in found] == [(0, "both"), (1, "both")]
    assert found[0].route.action == found[1].route.action


@pytest.mark.parametrize("field", ["backendRefs: []", "name: x"])
def test_a_rule_without_backends_forwards_to_nobody_and_is_resolved(field: str) -> None:
    assert forward(field).backends == ()
    assert read(field).unresolved is None


def test_a_broken_backend_is_said_and_stays_in_the_rule() -> None:
    found = read("backendRefs: [{name: cart, port: 80}, {name: nobody, port: 80}]", TO_CART)
    assert found.unresolved is not None
    assert found.unresolved.reason == "BackendNotFound"
    assert found.refusal is None
    action = found.routes[0].route.action
    assert isinstance(action, Forward)
    assert isinstance(action.backends[1].backend, InvalidBackend)


def test_a_redirect_needs_no_backend() -> None:
    (found,) = read("filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]").routes
    assert isinstance(found.route.action, Redirect)


def test_headers_are_changed_on_redirects_too() -> None:
    change = "{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x]}}"
    (found,) = read(f"filters: [{{type: RequestRedirect, requestRedirect: {{}}}}, {change}]").routes
    assert isinstance(found.route.action, Redirect)
    assert len(found.route.filters) == 1


def test_a_filter_that_may_not_be_skipped_fails_the_rule_and_no_other() -> None:
    found = read(f"filters: [{EXTENSION}], {TO_CART}", TO_CART)
    assert [type(each.route.action) for each in found.routes] == [DirectResponse, Forward]
    assert found.routes[0].route.action == DirectResponse(status=500)
    assert found.unresolved is not None
    assert found.unresolved.reason == "InvalidKind"


@pytest.mark.parametrize(
    ("written", "timeouts"),
    [
        ("", NO_TIMEOUTS),
        ("timeouts: {}", NO_TIMEOUTS),
        ("timeouts: {request: 0s}", NO_TIMEOUTS),
        ("timeouts: {request: 10s}", Timeouts(request_ms=10_000, backend_request_ms=0)),
        ("timeouts: {request: 1m, backendRequest: 500ms}", Timeouts(request_ms=60_000, backend_request_ms=500)),
    ],
)
def test_timeouts(written: str, timeouts: Timeouts) -> None:
    assert forward(", ".join(filter(None, (written, TO_CART)))).timeouts == timeouts


@pytest.mark.parametrize(
    ("written", "retry"),
    [
        ("{}", Retry(codes=(), attempts=1, backoff_ms=0)),
        ("{codes: [503], attempts: 3, backoff: 100ms}", Retry(codes=(503,), attempts=3, backoff_ms=100)),
        ("{attempts: 0}", None),
    ],
)
def test_retries(written: str, retry: Retry | None) -> None:
    assert forward(f"retry: {written}, {TO_CART}").retry == retry


def test_a_match_that_cannot_be_made_is_left_out_and_said() -> None:
    bad = "{path: {type: RegularExpression, value: '/('}}"
    found = read(f"matches: [{bad}, {{path: {{value: /a}}}}], {TO_CART}", TO_CART)
    assert [str(each.route.source) for each in found.routes] == [
        "httproute/shop/r/rule/0/match/1",
        "httproute/shop/r/rule/1/match/0",
    ]
    assert found.refusal is None
    assert found.partial is not None
    assert "spec.rules[0].matches[0].path.value: '/(' is not an RE2 expression" in found.partial.message


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ("{headers: [{name: a, value: x}, {name: b, type: RegularExpression, value: '('}]}", "headers[1].value"),
        ("{queryParams: [{name: a, type: RegularExpression, value: '('}]}", "queryParams[0].value"),
    ],
)
def test_a_route_of_nothing_but_bad_matches_is_refused(bad: str, field: str) -> None:
    found = read(f"matches: [{bad}], {TO_CART}")
    assert found.refusal is not None
    assert found.refusal.reason == "UnsupportedValue"
    assert found.refusal.message.startswith(f"spec.rules[0].matches[0].{field}: ")


def test_the_mark_of_a_named_rule() -> None:
    assert read(f"name: canary, {TO_CART}").routes[0].route.rule_name == "canary"


FRAMING = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Content-Length, value: '5'}]}}"


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (f"filters: [{FRAMING}], {TO_CART}", "filters[0].requestHeaderModifier.set[0].name"),
        (
            f"backendRefs: [{{name: cart, port: 80, filters: [{FRAMING}]}}]",
            "backendRefs[0].filters[0].requestHeaderModifier.set[0].name",
        ),
        (f"sessionPersistence: {{type: Header, header: {{name: Upgrade}}}}, {TO_CART}", "sessionPersistence"),
    ],
)
def test_a_rule_that_touches_what_frames_messages_fails_alone(broken: str, field: str) -> None:
    found = read(broken, TO_CART)
    assert [type(each.route.action) for each in found.routes] == [DirectResponse, Forward]
    assert found.partial is not None
    assert found.partial.message.startswith(f"Dropped Rule: spec.rules[0].{field}: header ")
