import re
from itertools import pairwise

import pytest

from gatewayd.ir.backend import Protocol, ServiceBackend
from gatewayd.ir.http import DirectResponse, ExactPath, Forward, PathMatch, PrefixPath, RegexPath
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet
from tests.unit.translator.manifests import CART, member, scratch

TO_CART = "backendRefs: [{name: cart, port: 80}]"


def read(*written: str) -> RuleSet:
    listed = ", ".join(f"{{{each}}}" for each in written)
    route = f"{{kind: GRPCRoute, metadata: {{name: r, namespace: shop}}, spec: {{rules: [{listed}]}}}}"
    return rules(scratch(CART, route), member("GRPCRoute", "shop/r"))


def test_backends_are_spoken_to_in_http2() -> None:
    (found,) = read(TO_CART).routes
    assert isinstance(found.route.action, Forward)
    (share,) = found.route.action.backends
    assert isinstance(share.backend, ServiceBackend)
    assert share.backend.upstream.protocol is Protocol.HTTP2
    assert found.route.match.grpc


def test_a_route_without_rules_fails_every_call() -> None:
    (found,) = read().routes
    assert found.route.match.path == PrefixPath(value="/")
    assert isinstance(found.route.action, Forward)
    assert found.route.action.backends == ()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("{service: shop.Cart, method: Add}", ExactPath(value="/shop.Cart/Add")),
        ("{service: shop.Cart}", PrefixPath(value="/shop.Cart")),
        ("{method: Add}", RegexPath(pattern="/[^/]+/Add")),
        (
            "{type: RegularExpression, service: 'shop[.].*', method: 'Get.*'}",
            RegexPath(pattern="/(?:shop[.].*)/(?:Get.*)"),
        ),
        ("{type: RegularExpression, service: 'a|b'}", RegexPath(pattern="/(?:a|b)/(?:[^/]+)")),
        ("{type: RegularExpression, method: 'a|b'}", RegexPath(pattern="/(?:[^/]+)/(?:a|b)")),
    ],
)
def test_methods_are_paths(method: str, path: PathMatch) -> None:
    (found,) = read(f"matches: [{{method: {method}}}], {TO_CART}").routes
    assert found.route.match.path == path


def test_headers_alone_match_every_method() -> None:
    (found,) = read(f"matches: [{{headers: [{{name: X-A, value: a}}]}}], {TO_CART}").routes
    assert found.route.match.path == PrefixPath(value="/")
    assert [each.name for each in found.route.match.headers] == ["x-a"]


def test_the_precedence_of_matches() -> None:
    written = [
        "{method: {service: shop.Cart, method: Remove}}",
        "{method: {service: shop.Cart, method: Add}, headers: [{name: a, value: b}]}",
        "{method: {service: shop.Cart, method: Add}}",
        "{method: {type: RegularExpression, service: 'shop.*', method: 'A.*'}, headers: [{name: a, value: b}]}",
        "{method: {type: RegularExpression, service: 'shop.*', method: 'A.*'}}",
        "{method: {type: RegularExpression, service: 'shop.*', method: 'A'}}",
        "{method: {service: shop.Cart}, headers: [{name: a, value: b}]}",
        "{method: {service: shop.Cart}}",
        "{method: {method: Add}}",
        "{headers: [{name: a, value: b}, {name: c, value: d}]}",
        "{headers: [{name: a, value: b}]}",
    ]
    found = read(f"matches: [{', '.join(written)}], {TO_CART}").routes
    assert [each.route.source.match for each in found] == list(range(len(written)))
    assert all(first.rank > second.rank for first, second in pairwise(found))


def test_the_service_counts_before_the_method_and_both_before_headers() -> None:
    method = "type: RegularExpression, service: '{}', method: '{}'"
    written = [
        f"{{method: {{{method.format('shop.*', 'A')}}}}}",
        f"{{method: {{{method.format('s.*', 'Add.*')}}}}}",
        f"{{method: {{{method.format('s.*', 'A')}}}, headers: [{{name: a, value: b}}]}}",
    ]
    found = read(f"matches: [{', '.join(written)}], {TO_CART}").routes
    assert all(first.rank > second.rank for first, second in pairwise(found))


def test_a_bad_expression_is_refused_with_its_field() -> None:
    found = read(f"matches: [{{method: {{type: RegularExpression, service: '(', method: ok}}}}], {TO_CART}")
    assert found.refusal is not None
    assert found.refusal.message.startswith("spec.rules[0].matches[0].method.service: ")
    found = read(f"matches: [{{headers: [{{name: a, type: RegularExpression, value: '('}}]}}], {TO_CART}")
    assert found.refusal is not None
    assert found.refusal.message.startswith("spec.rules[0].matches[0].headers[0].value: ")


def test_an_unknown_extension_fails_the_rule() -> None:
    extension = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}"
    found = read(f"filters: [{extension}], {TO_CART}")
    assert found.routes[0].route.action == DirectResponse(status=500)
    assert found.unresolved is not None


def test_a_method_is_taken_literally() -> None:
    (found,) = read(f"matches: [{{method: {{method: A_d}}}}], {TO_CART}").routes
    assert isinstance(found.route.match.path, RegexPath)
    assert re.fullmatch(found.route.match.path.pattern, "/any.Service/A_d")
    assert not re.fullmatch(found.route.match.path.pattern, "/any.Service/A_dd")


def test_named_rules() -> None:
    assert read(f"name: n, {TO_CART}").routes[0].route.rule_name == "n"
