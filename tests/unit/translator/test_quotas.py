"""Limits of routes: what counts, who goes first, and that others do not notice."""

import json
import random

import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import View
from gatewayd.ir import limits
from gatewayd.ir.quotas import Usage
from gatewayd.store import Delta
from gatewayd.translator.attachment import attachments
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.quotas import usage
from tests.unit.translator.manifests import SHOP, deltas, member, scratch

GATEWAY = SHOP.replace("protocol: HTTP}", "protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}")
HOSTS = 16
MATCHES = 64
REGEXES = HOSTS * MATCHES
"""Of one route that is as large as one rule can be."""
FULL = limits.NAMESPACE_REGEXES // REGEXES
"""So many of them are within the limit."""


def route(
    name: str, *, namespace: str = "shop", created: int = 1, expressions: int = MATCHES, hosts: int = HOSTS
) -> Delta:
    matches = [{"path": {"type": "RegularExpression", "value": f"/{name}/{at}"}} for at in range(expressions)]
    spec = {
        "parentRefs": [{"name": "gw", "namespace": "shop"}],
        "hostnames": [f"h{at}.{namespace}.example" for at in range(hosts)],
        "rules": [{"matches": matches[at : at + 64]} for at in range(0, len(matches), 64)],
    }
    stamp = f"2026-01-01T00:00:{created:02}Z"
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": stamp}
    (made,) = deltas(json.dumps({"kind": "HTTPRoute", "metadata": metadata, "spec": spec}))
    return made


def refusals(view: View, *routes: Delta) -> dict[str, str]:
    """Return the routes that are not accepted, with the messages."""
    said = {}
    for each in routes:
        (parent,) = attachments(view, member(each.kind.__name__, str(each.key)))
        assert parent.verdict.reason in ("Accepted", "QuotaExceeded")
        if not parent.verdict.status:
            assert parent.attached == ()
            said[str(each.key)] = parent.verdict.message
    return said


def refused(*routes: Delta) -> dict[str, str]:
    return refusals(scratch(GATEWAY, *routes), *routes)


def parsed(text: str) -> Usage:
    (made,) = deltas(text)
    return usage(made.obj)


def test_what_counts() -> None:
    found = parsed("""
        kind: HTTPRoute
        metadata: {name: r, namespace: shop}
        spec:
          hostnames: [a.example, b.example]
          rules:
          - matches:
            - path: {type: RegularExpression, value: /a}
              headers: [{type: RegularExpression, name: a, value: b}, {name: b, value: '"type":"RegularExpression"'}]
            - queryParams: [{type: RegularExpression, name: a, value: b}]
          - {}
    """)

    assert (found.rules, found.regexes) == (2 * 3, 2 * 3)
    assert found.size % limits.USAGE_STEP == 0
    assert found.size > 2 * 300


def test_grpc_counts_as_well() -> None:
    found = parsed("""
        kind: GRPCRoute
        metadata: {name: r, namespace: shop}
        spec:
          rules:
          - matches: [{method: {type: RegularExpression, service: a.*}, headers: [{name: a, value: b}]}]
    """)

    assert (found.rules, found.regexes) == (1, 1)


INGRESS_CLASS = """
kind: IngressClass
metadata: {name: gw}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: gw, namespace: shop, scope: Namespace}
"""


NAMES = limits.ROUTE_BYTES // limits.SERVER_NAME_BYTES


def ingress(spec: dict[str, object]) -> Usage:
    backend = {} if "rules" in spec else {"defaultBackend": {"service": {"name": "cart", "port": {"number": 80}}}}
    metadata = {"name": "i", "namespace": "shop"}
    return parsed(json.dumps({"kind": "Ingress", "metadata": metadata, "spec": {**backend, **spec}}))


def test_each_name_that_an_ingress_has_a_certificate_for_counts() -> None:
    tls = [{"secretName": "cert", "hosts": [f"h{at}.example" for at in range(100)]}]
    named = ingress({"tls": tls})
    assert named.size >= 100 * limits.SERVER_NAME_BYTES
    # Twice the same name is one chain, and without a Secret there is none.
    assert ingress({"tls": [*tls, *tls]}).size < named.size + limits.SERVER_NAME_BYTES
    assert ingress({"tls": [{"hosts": ["a.example"]}]}).size < limits.SERVER_NAME_BYTES
    of_rules = ingress({"tls": [{"secretName": "cert"}], "rules": [{"host": "a.example"}, {"host": "b.example"}]})
    assert 2 * limits.SERVER_NAME_BYTES <= of_rules.size < 3 * limits.SERVER_NAME_BYTES


def test_each_host_of_an_ingress_counts_were_it_without_a_path() -> None:
    assert ingress({"rules": [{"host": f"h{at}.example"} for at in range(7)]}).rules == 7


def test_an_ingress_with_too_many_certificates_is_refused_and_others_are_served() -> None:
    view = scratch(GATEWAY, INGRESS_CLASS, *deltas(named("many", NAMES), named("few", 1)))
    (many,), (few,) = (attachments(view, member("Ingress", f"shop/{name}")) for name in ("many", "few"))
    assert (many.verdict.reason, few.verdict.status) == ("QuotaExceeded", True)
    assert many.verdict.message.startswith("spec: ")
    assert "bytes" in many.verdict.message


def named(name: str, count: int) -> str:
    hosts = [f"h{at}.{name}.example" for at in range(count)]
    spec = {
        "ingressClassName": "gw",
        "defaultBackend": {"service": {"name": "cart", "port": {"number": 80}}},
        "tls": [{"secretName": "cert", "hosts": hosts}],
    }
    return json.dumps({"kind": "Ingress", "metadata": {"name": name, "namespace": "shop"}, "spec": spec})


def test_what_a_rule_does_counts_for_each_match() -> None:
    header = f"{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: a, value: {'x' * 4000}}}]}}}}"
    text = "kind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {rules: [{filters: [%s], matches: [%s]}]}"

    one, ten = (parsed(text % (header, ", ".join(["{path: {value: /a}}"] * count))) for count in (1, 10))

    assert ten.size > 9 * one.size


def test_an_ordinary_namespace_is_within() -> None:
    assert refused(*(route(f"r{at}", expressions=1, hosts=1) for at in range(20))) == {}


def test_a_route_that_is_too_large_by_itself_is_refused_and_takes_no_room() -> None:
    large = route("large", expressions=MATCHES + 1, created=0)

    assert refused(large, *(route(f"r{at}") for at in range(FULL))) == {
        "shop/large": "spec.rules: 1040 regular expressions, counted once for each hostname; "
        "at most 1024 are allowed in a route"
    }


def test_the_newest_is_refused_with_the_number() -> None:
    routes = [route(f"r{FULL - at:02}", created=at) for at in range(FULL + 1)]

    assert refused(*routes) == {
        "shop/r00": f"spec.rules: with this route namespace 'shop' has {(FULL + 1) * REGEXES} regular expressions "
        f'on Gateway "shop/gw"; at most {limits.NAMESPACE_REGEXES} are allowed, older routes go first'
    }


def test_of_one_age_the_last_name_is_refused() -> None:
    assert refused(*(route(f"r{at}") for at in reversed(range(FULL + 1)))).keys() == {f"shop/r{FULL}"}


def test_what_still_fits_is_served() -> None:
    routes = [route(f"r{at}", created=at, expressions=MATCHES - 1) for at in range(FULL + 1)]
    small = route("small", created=30, expressions=1)

    assert refused(*routes, small).keys() == {f"shop/r{FULL}"}


def test_other_namespaces_do_not_notice() -> None:
    others = [route(f"o{at}", namespace="blog", created=50) for at in range(FULL)]

    assert refused(*others, *(route(f"r{at}") for at in range(FULL + 2))).keys() == {
        f"shop/r{FULL}", f"shop/r{FULL + 1}",
    }  # fmt: skip


@pytest.mark.parametrize("dimension", ["rules", "size"])
def test_matches_and_bytes_have_a_limit_too(dimension: str) -> None:
    filters = ""
    if dimension == "size":
        filters = f"requestHeaderModifier: {{set: [{{name: a, value: {'x' * 3000}}}]}}"
        filters = f"filters: [{{type: RequestHeaderModifier, {filters}}}], "
    matches = ", ".join(f"{{path: {{value: /{at}}}}}" for at in range(64))
    hosts = ", ".join(f"h{at}.example" for at in range(16))
    text = (
        "kind: HTTPRoute\nmetadata: {name: r%03d, namespace: shop}\n"
        f"spec: {{parentRefs: [{{name: gw}}], hostnames: [{hosts}], rules: [{{{filters}matches: [{matches}]}}]}}"
    )
    (first,) = deltas(text % 0)
    most = limits.NAMESPACE_RULES if dimension == "rules" else limits.NAMESPACE_BYTES
    room = most // getattr(usage(first.obj), dimension)
    routes = [made for at in range(room + 2) for made in deltas(text % at)]

    said = refused(*routes)

    assert said.keys() == {f"shop/r{room:03}", f"shop/r{room + 1:03}"}
    assert {"rules": "matches", "size": "bytes"}[dimension] in said[f"shop/r{room:03}"]


def test_changes_come_to_what_it_is_from_scratch() -> None:
    dice = random.Random(5)  # noqa: S311
    engine = Engine(INDEXES, OUTPUTS)
    rows = {(each.kind, each.key): each for each in deltas(GATEWAY)}
    for each in rows.values():
        engine.put(each.kind, each.key, each.obj)
    for _ in range(60):
        name, namespace = f"r{dice.randrange(8)}", dice.choice(("shop", "blog"))
        key = (HTTPRoute, ObjectKey(namespace, name))
        if key in rows and dice.random() < 0.4:
            del rows[key]
            engine.put(HTTPRoute, key[1], None)
        else:
            made = route(
                name, namespace=namespace, created=dice.randrange(20), expressions=dice.choice((1, 40, MATCHES, 70))
            )
            rows[key] = made
            engine.put(HTTPRoute, key[1], made.obj)
        engine.settle()
        routes = [each for each in rows.values() if each.kind is HTTPRoute]
        assert refusals(engine, *routes) == refusals(scratch(*rows.values()), *routes)


def test_an_edit_of_a_route_is_heard_by_no_other() -> None:
    engine = Engine(INDEXES, OUTPUTS)
    for each in (*deltas(GATEWAY), *(route(f"r{at}", expressions=1, hosts=1) for at in range(50))):
        engine.put(each.kind, each.key, each.obj)
    engine.settle()
    for output in OUTPUTS:
        list(engine.drain(output))
    engine.runs.clear()

    # Another number of expressions: sums are others, and nobody is over.
    edited = route("r7", expressions=2, hosts=1)
    engine.put(edited.kind, edited.key, edited.obj)
    engine.settle()
    for output in OUTPUTS:
        list(engine.drain(output))

    assert engine.runs["demand"] == engine.runs["part_usage"] == engine.runs["over"] == engine.runs["attachments"] == 1
    assert engine.runs["accounts_over"] == engine.runs["routes_over"] == 0


def with_class(data: str) -> str:
    """Return the class with a ConfigMap of these keys."""
    parameters = "parametersRef: {group: '', kind: ConfigMap, name: edge, namespace: gatewayd-system}"
    controller = "spec: {controllerName: gatewayd.io/controller}"
    shop = GATEWAY.replace(controller, f"spec: {{controllerName: gatewayd.io/controller, {parameters}}}")
    return f"{shop}---\nkind: ConfigMap\nmetadata: {{name: edge, namespace: gatewayd-system}}\ndata: {data}\n"


def test_the_class_sets_the_limits_of_its_gateways() -> None:
    large = route("large", expressions=3, hosts=1)
    assert refusals(scratch(with_class("{maxRouteExpressions: '3'}"), large), large) == {}
    said = refusals(scratch(with_class("{maxRouteExpressions: '2'}"), large), large)["shop/large"]
    assert "3 regular expressions" in said
    assert "at most 2 are allowed" in said


def test_a_gateway_sets_smaller_ones_for_itself_and_no_larger() -> None:
    own = "infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: own}}\n  listeners:"
    one, two = route("one", expressions=1, hosts=1), route("two", expressions=1, hosts=1, created=2)

    def of(most: int) -> View:
        text = with_class("{maxNamespaceExpressions: '9'}").replace("listeners:", own, 1)
        data = f"data: {{maxNamespaceExpressions: '{most}'}}"
        return scratch(f"{text}---\nkind: ConfigMap\nmetadata: {{name: own, namespace: shop}}\n{data}\n", one, two)

    assert set(refusals(of(1), one, two)) == {"shop/two"}
    refused = chosen_parameters(of(10), ObjectKey("shop", "gw")).refused
    assert refused is not None
    assert (
        "data.maxNamespaceExpressions: 10 is beyond what the GatewayClass allows; allowed: at most 9" in refused.message
    )


def test_while_parameters_cannot_be_read_nothing_is_refused() -> None:
    large = route("large", expressions=3, hosts=1)
    assert refusals(scratch(with_class("{maxRouteExpressions: '2', maxReplicas: many}"), large), large) == {}
