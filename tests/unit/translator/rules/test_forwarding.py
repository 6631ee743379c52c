from gatewayd.api.httproute import HTTPRouteRule
from gatewayd.api.meta import GroupKind
from gatewayd.ir.backend import InvalidBackend, Protocol, ServiceBackend
from gatewayd.ir.filters import Cors, ExternalAuth, RequestHeaders
from gatewayd.ir.http import NO_REWRITE
from gatewayd.translator.problems import Unresolved, Unsupported
from gatewayd.translator.rules.filters import FilterPlace
from gatewayd.translator.rules.forwarding import NO_FILTERS, filtered, shares
from tests.unit.translator.manifests import CART, deltas, scratch

PLACE = FilterPlace(GroupKind("gateway.networking.k8s.io", "HTTPRoute"), "shop", Protocol.HTTP1, "spec.rules[0]")
HEADERS = "{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x-a]}}"
EXTENSION = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}"
MIRROR = "{type: RequestMirror, requestMirror: {backendRef: {name: cart, port: 80}}}"


def rule(written: str) -> HTTPRouteRule:
    (route,) = deltas(f"{{kind: HTTPRoute, metadata: {{name: r}}, spec: {{rules: [{{{written}}}]}}}}")
    found = route.obj.spec.rules[0]  # type: ignore[union-attr]
    assert isinstance(found, HTTPRouteRule)
    return found


def test_no_filters() -> None:
    assert filtered(scratch(), PLACE, ()) == NO_FILTERS


def test_filters_are_sorted_out_by_what_they_do() -> None:
    rewrite = "{type: URLRewrite, urlRewrite: {hostname: b.example}}"
    found = filtered(scratch(CART), PLACE, rule(f"filters: [{HEADERS}, {MIRROR}, {rewrite}, {MIRROR}]").filters)
    assert [type(each) for each in found.filters] == [RequestHeaders]
    assert len(found.mirrors) == 2
    assert found.rewrite.host == "b.example"
    assert found.redirect is None
    assert not found.broken


def test_problems_name_the_filter() -> None:
    found = filtered(
        scratch(), PLACE._replace(path="spec.rules[0].filters"), rule(f"filters: [{HEADERS}, {EXTENSION}]").filters
    )
    assert found.broken
    (problem,) = found.problems
    assert problem.message.startswith("spec.rules[0].filters[1].extensionRef: ")


def test_backends_by_weight() -> None:
    refs = rule(
        "backendRefs: [{name: cart, port: 80, weight: 9}, {name: cart, port: 80, weight: 0}, {name: cart, port: 80}]"
    )
    found = shares(scratch(CART), PLACE, refs.backend_refs)
    assert [each.weight for each in found.backends] == [9, 0, 1]
    assert all(isinstance(each.backend, ServiceBackend) for each in found.backends)
    assert found.problems == ()


def test_no_backends() -> None:
    found = shares(scratch(), PLACE, ())
    assert found.backends == ()
    assert found.problems == ()


def test_a_broken_backend_keeps_its_share() -> None:
    refs = rule("backendRefs: [{name: cart, port: 80, weight: 3}, {name: nobody, port: 80, weight: 1}]").backend_refs
    found = shares(scratch(CART), PLACE, refs)
    assert [(type(each.backend), each.weight) for each in found.backends] == [(ServiceBackend, 3), (InvalidBackend, 1)]
    assert found.problems == (
        Unresolved("BackendNotFound", 'spec.rules[0].backendRefs[1]: Service "shop/nobody" does not exist'),
    )


def test_filters_of_a_backend_ref_are_those_of_its_share() -> None:
    rewrite = "{type: URLRewrite, urlRewrite: {hostname: b.example}}"
    refs = rule(f"backendRefs: [{{name: cart, port: 80, filters: [{HEADERS}, {rewrite}]}}, {{name: cart, port: 80}}]")
    one, other = shares(scratch(CART), PLACE, refs.backend_refs).backends
    assert (len(one.filters), one.rewrite.host) == (1, "b.example")
    assert (other.filters, other.rewrite) == ((), NO_REWRITE)


def test_a_redirect_on_a_backend_ref_fails_its_share() -> None:
    redirect = "{type: RequestRedirect, requestRedirect: {hostname: b.example}}"
    refs = rule(f"backendRefs: [{{name: cart, port: 80, filters: [{redirect}]}}]").backend_refs
    found = shares(scratch(CART), PLACE, refs)
    assert isinstance(found.backends[0].backend, InvalidBackend)
    (problem,) = found.problems
    assert isinstance(problem, Unsupported)
    assert problem.message.startswith("spec.rules[0].backendRefs[0].filters: RequestRedirect is not supported")


def test_an_unknown_filter_of_a_backend_ref_fails_its_share() -> None:
    refs = rule(f"backendRefs: [{{name: cart, port: 80, filters: [{EXTENSION}]}}]").backend_refs
    found = shares(scratch(CART), PLACE, refs)
    assert isinstance(found.backends[0].backend, InvalidBackend)
    assert [type(each) for each in found.problems] == [Unresolved]


def test_a_backend_brings_its_own_sessions() -> None:
    policy = """
kind: XBackendTrafficPolicy
metadata: {name: p, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: cart}], sessionPersistence: {cookie: {name: s}}}
"""
    refs = rule("backendRefs: [{name: cart, port: 80}, {name: nobody, port: 80}]").backend_refs
    one, other = shares(scratch(CART, policy), PLACE, refs).backends
    assert one.persistence is not None
    assert one.persistence.name == "s"
    assert other.persistence is None


AUTH = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: cart, port: 80}, http: {}}}"


def test_external_authorisation_stands_once_in_a_rule() -> None:
    once = filtered(scratch(CART), PLACE, rule(f"filters: [{AUTH}]").filters)
    assert [type(each) for each in once.filters] == [ExternalAuth]
    assert (once.broken, once.problems) == (False, ())
    twice = filtered(scratch(CART), PLACE, rule(f"filters: [{AUTH}]").filters * 2)
    assert twice.broken
    (problem,) = twice.problems
    assert problem.message == "spec.rules[0]: more than one ExternalAuth is not supported"


def test_a_backend_may_ask_mirror_and_answer_preflights_for_itself() -> None:
    cors = "{type: CORS, cors: {allowOrigins: ['*']}}"
    refs = rule(f"backendRefs: [{{name: cart, port: 80, filters: [{AUTH}, {MIRROR}, {cors}]}}]").backend_refs
    found = shares(scratch(CART), PLACE, refs)
    (one,) = found.backends
    assert [type(each) for each in one.filters] == [ExternalAuth, Cors]
    assert len(one.mirrors) == 1
    assert isinstance(one.backend, ServiceBackend)
    assert found.problems == ()


def test_a_backend_whose_server_is_not_there_fails_its_share() -> None:
    refs = rule(f"backendRefs: [{{name: cart, port: 80, filters: [{AUTH.replace('cart', 'nobody')}]}}]").backend_refs
    found = shares(scratch(CART), PLACE, refs)
    assert isinstance(found.backends[0].backend, InvalidBackend)
    assert [type(each) for each in found.problems] == [Unresolved]
