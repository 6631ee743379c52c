from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.http import DEFAULT_BACKEND, RuleRef
from gatewayd.translator.hostnames import specificity
from gatewayd.translator.proxies.ingress_hosts import ingress_place
from gatewayd.translator.proxies.virtualhosts import HostKey, TableKey, virtual_host
from tests.unit.translator.ingress_manifests import SERVED, ingress, paths
from tests.unit.translator.manifests import GW, scratch

VIEW = scratch(ingress("rules: [{host: a.example}, {host: '*.example'}, {}]"))
ROW = VIEW.get(Ingress, ObjectKey("shop", "web"))


def place(rule: int, domain: str, match: int = 0) -> tuple[int, int] | None:
    assert ROW is not None
    return ingress_place(ROW, RuleRef(kind="Ingress", namespace="shop", name="web", rule=rule, match=match), domain)


def test_a_rule_is_for_its_host() -> None:
    assert place(0, "a.example") == specificity("a.example")
    assert place(0, "b.example") is None
    assert place(0, "*.example") is None


def test_a_wildcard_is_for_one_label() -> None:
    assert place(1, "*.example") == place(1, "b.example") == specificity("*.example")
    assert place(1, "a.b.example") is None
    assert place(1, "*.b.example") is None


def test_a_rule_without_a_host_is_for_all() -> None:
    assert place(2, "a.example") == place(2, "*") == (0, 0)


def test_default_backends_come_last_those_of_a_host_first() -> None:
    own, wild, every = (place(DEFAULT_BACKEND, "a.example", match) for match in range(3))

    assert own is not None
    assert wild is not None
    assert (0, 0) > own > wild > (every or (0, 0))


def test_of_equal_matches_a_route_goes_before_an_older_ingress() -> None:
    route = """
kind: HTTPRoute
metadata: {name: z, namespace: shop, creationTimestamp: '2026-01-01T00:00:00Z'}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.example]
  rules: [{matches: [{path: {value: /cart}}], backendRefs: [{name: cart, port: 80}]}]
"""
    own = ingress(f"rules: [{{host: a.example, {paths('Prefix /cart', 'Prefix /cart/x')}}}]")
    view = scratch(SERVED, route, own)

    host = virtual_host(view, HostKey(TableKey(GW, 80, ""), "a.example"))

    assert [(each.source.kind, each.match.path.value) for each in host.routes] == [  # type: ignore[union-attr]
        ("Ingress", "/cart/x"),
        ("HTTPRoute", "/cart"),
        ("Ingress", "/cart"),
    ]
