from gatewayd.ir.http import CANNOT, Forward, Route
from gatewayd.ir.policy import (
    Permission,
    Permissions,
    RateLimits,
    RequestCondition,
    Tokens,
    WithheldHeaders,
)
from gatewayd.translator.mesh.frontends import Frontend
from gatewayd.translator.mesh.governed_rules import RuleOf, entry_to, governed_route
from gatewayd.translator.mesh.tables import frontend_table
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.rules.route_kinds import service_rules
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, policy, route
from tests.unit.translator.policies.test_tokens import KEYS

TWO = """[
  {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: echo, port: 80}]},
  {name: shut, backendRefs: [{name: echo, port: 80}]}]"""
R = member("HTTPRoute", "shop/r")


def routes(*manifests: str, view: str = "") -> tuple[Route, ...]:
    [host] = frontend_table(scratch(MESH, ECHO, *manifests), Frontend(view, "10.96.0.10", 80)).virtual_hosts
    return host.routes


def only(*manifests: str, view: str = "") -> Route:
    [found] = routes(*manifests, view=view)
    return found


def test_a_policy_counts_for_what_it_is_for_and_nothing_else() -> None:
    of_rule = policy("RoutePolicy", "default: {timeouts: {request: 3s}}", "kind: HTTPRoute, name: r, sectionName: shut")
    waits = [
        each.action.timeouts.request_ms
        for each in routes(route(rules=TWO), of_rule)
        if isinstance(each.action, Forward)
    ]
    assert waits == [0, 3000]
    of_all = policy("RoutePolicy", "default: {retry: {attempts: 2, codes: [503]}}", "kind: Namespace")
    retries = [each.action.retry for each in routes(route(rules=TWO), of_all) if isinstance(each.action, Forward)]
    assert [each.attempts for each in retries if each is not None] == [2, 2]


def test_what_a_rule_itself_says_is_the_nearest_default() -> None:
    own = "[{timeouts: {request: 1s}, backendRefs: [{name: echo, port: 80}]}]"
    found = only(route(rules=own), policy("RoutePolicy", "default: {timeouts: {request: 3s}}"))
    assert isinstance(found.action, Forward)
    assert found.action.timeouts.request_ms == 1000


def test_limits_count_in_the_proxy_itself() -> None:
    limits = "[{requests: 1, unit: Hour, perClient: true}]"
    [limit] = only(route(), policy("RoutePolicy", f"default: {{rateLimit: {{limits: {limits}}}}}")).filters
    assert isinstance(limit, RateLimits)


def test_nobody_counts_and_that_closes_where_it_is_to() -> None:
    limits = "{limits: [{name: all, requests: 1, unit: Hour}]%s}"
    assert only(route(), policy("RoutePolicy", f"default: {{globalLimits: {limits % ''}}}")).filters == ()
    closing = policy("RoutePolicy", f"default: {{globalLimits: {limits % ', whenUnavailable: Deny'}}}")
    assert only(route(), closing).action == CANNOT


def closed(*manifests: str, view: str = "", service: str = "shop", of: str = "shop/r") -> str:
    world = scratch(MESH, ECHO, *manifests)
    at = RuleOf(member("HTTPRoute", of), 0, service, view)
    [ranked] = service_rules(world, at.member).routes
    entry = entry_to(world, at, ranked.route)
    is_broken = governed_route(world, at, ranked.route).action == CANNOT
    assert is_broken == isinstance(entry, Closed)
    return str(entry) if isinstance(entry, Closed) else ""


def test_sections_that_cannot_be_had_close_what_they_are_for_and_say_what_is_allowed() -> None:
    keys = closed(route(), policy("AccessPolicy", "default: {apiKeys: {secretRefs: [{name: keys}]}}"))
    assert keys.startswith('AccessPolicy "shop/p": spec.default.apiKeys: ')
    assert keys.endswith("allowed for a Service: jwt")
    code = policy("RoutePolicy", 'override: {lua: {inline: "function envoy_on_request(h) end"}}')
    assert closed(route(), code).startswith('RoutePolicy "shop/p": spec.override.lua: no GatewayClass allows code')
    gone = policy("RoutePolicy", "default: {externalProcessing: {backendRef: {name: gone, port: 80}, request: {}}}")
    assert closed(route(), gone).endswith("spec.default.externalProcessing; its status says why")


def test_a_consumers_routes_are_under_the_policies_for_the_namespace_of_the_service() -> None:
    above = policy("AccessPolicy", "default: {apiKeys: {secretRefs: [{name: keys}]}}", "kind: Namespace")
    assert closed(CONSUMER, above, view="blog", of="blog/own").startswith('AccessPolicy "shop/p"')
    assert closed(CONSUMER, above, view="blog", of="blog/own", service="blog") == ""
    # A default of the producer is no default to them: nothing of theirs takes its place.
    reads = policy("AccessPolicy", "default: {authorization: {allow: [{methods: [GET]}]}}", "kind: Namespace")
    off = policy("AccessPolicy", "default: {authorization: {mode: Disabled}}", "kind: Namespace", "blog")
    [found] = only(CONSUMER, reads, off, view="blog").filters
    assert isinstance(found, Permissions)
    own = policy("AccessPolicy", "default: {authorization: {allow: [{paths: [/a]}]}}", "kind: Namespace", "blog")
    [both] = only(CONSUMER, reads, own, view="blog").filters
    assert isinstance(both, Permissions)
    assert len(both.rules) == 2


def test_who_says_by_headers_who_somebody_is_withholds_them() -> None:
    provider = f"{{name: corp, issuer: i, keys: {{inline: '{KEYS}'}}, claimHeaders: [{{claim: sub, header: X-User}}]}}"
    jwt = policy("AccessPolicy", f"default: {{jwt: {{providers: [{provider}]}}}}")
    withheld, tokens = only(route(), jwt).filters
    assert withheld == WithheldHeaders(names=("x-user",))
    assert isinstance(tokens, Tokens)


NOBODY = Permission(allow=(), deny=(RequestCondition(claims=(), headers=(), methods=(), paths=()),))


def permission(*manifests: str, view: str = "") -> Permission:
    [found] = only(*manifests, view=view).filters
    assert isinstance(found, Permissions)
    [rule] = found.rules
    return rule


def test_callers_are_told_by_their_view() -> None:
    named = callers("[{namespaces: [blog, shop], methods: [GET]}]")
    for view in ("blog", "shop"):
        assert [each.methods for each in permission(route(), named, view=view).allow] == [("GET",)]
    assert permission(route(), named) == NOBODY


def test_of_a_consumer_the_producers_policies_ask_where_he_is_from() -> None:
    assert permission(CONSUMER, callers("[{namespaces: [blog]}]", "kind: Namespace"), view="blog").deny == ()
    assert permission(CONSUMER, callers("[{namespaces: [far]}]", "kind: Namespace"), view="blog") == NOBODY
