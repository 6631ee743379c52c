"""The chain of a RouteFilter names the rules that use it."""

from tests.unit.explain.chains import asked, bad, lines
from tests.unit.translator.manifests import SHOP

FILTER = """
kind: RouteFilter
metadata: {name: clean, namespace: shop}
spec: {headers: {request: {remove: [x-debug]}}}
"""
ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs: [{name: cart, port: 80}]
    filters: [{type: ExtensionRef, extensionRef: {group: gatewayd.io, kind: RouteFilter, name: clean}}]
"""


def test_rules_that_use_it_are_named() -> None:
    steps = asked("routefilter/shop/clean", SHOP, ROUTE, FILTER)

    assert bad(steps) == []
    assert lines(steps)[1:] == ["  HTTPRoute shop/it spec.rules[0].filters[0]: uses it"]
    assert steps[1].place == "it.yaml:1"


def test_one_that_nobody_names_does_nothing() -> None:
    elsewhere = ROUTE.replace("namespace: shop", "namespace: other")

    assert bad(asked("routefilter/shop/clean", SHOP, elsewhere, FILTER)) == [
        "rules: no rule names it in a filter of type ExtensionRef: it does nothing"
    ]


def test_a_use_that_cannot_be_honoured_is_said() -> None:
    unreadable = FILTER.replace(
        "headers: {request: {remove: [x-debug]}}", "pathRewrite: {pattern: '(', substitution: /a}"
    )
    (wrong,) = bad(asked("routefilter/shop/clean", SHOP, ROUTE, unreadable))

    assert wrong.startswith("HTTPRoute shop/it spec.rules[0].filters[0]: spec.rules[0].filters[0].extensionRef: ")
