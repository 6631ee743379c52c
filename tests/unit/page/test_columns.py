"""Columns of what is served: what is joined with what, what is broken, and how much is drawn."""

import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.page.columns import MOST_HOSTS, MOST_RULES, Columns, gathered
from tests.unit.example import SHOP, translated
from tests.unit.page.looked_at import BROKEN, many_routes

WEB = GatewayFleet(namespace="default", name="web")
TCP = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: db, protocol: TCP, port: 5432}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db}
spec:
  parentRefs: [{name: web}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{name: http, port: 80}]}
"""


def columns(text: str, words: str = "") -> tuple[Columns, int]:
    """Return the columns of the example, and in how many slices they came."""
    gathering = gathered(translated(text).reconciler.configs[WEB], words)
    slices = 1
    while True:
        try:
            next(gathering)
        except StopIteration as end:
            return end.value, slices
        slices += 1


def test_a_listener_leads_to_hosts_rules_and_backends() -> None:
    drawn, _ = columns(SHOP)
    assert [node.label for node in drawn.listeners] == ["http :8080"]
    assert [node.label for node in drawn.hosts] == ["shop.example"]
    assert [(node.label, node.detail) for node in drawn.rules] == [
        ("default/shop #0", "/cart"),
        ("default/shop #1", "/old"),
    ]
    assert [(node.label, node.detail) for node in drawn.backends] == [
        ("Service default/cart:80", "1 endpoint"),
        ("redirect 302", "by the proxy itself"),
    ]
    listener, host = drawn.listeners[0].key, drawn.hosts[0].key
    cart, old = (node.key for node in drawn.rules)
    service, redirect = (node.key for node in drawn.backends)
    assert set(drawn.lines) == {(listener, host), (host, cart), (host, old), (cart, service), (old, redirect)}
    assert not any(node.is_broken for node in (*drawn.hosts, *drawn.rules, *drawn.backends))


def test_what_is_broken_is_marked_all_the_way() -> None:
    drawn, _ = columns(BROKEN)
    assert [node.label for node in drawn.hosts if node.is_broken] == ["shop.example"]
    assert [node.label for node in drawn.rules if node.is_broken] == ["default/shop #0"]
    assert [node.detail for node in drawn.backends if node.is_broken] == ['Service "default/none" does not exist']


def test_a_backend_without_endpoints_is_broken() -> None:
    drawn, _ = columns(SHOP.replace('[{addresses: ["127.0.0.1"]}]', "[]"))
    assert [(node.label, node.detail) for node in drawn.backends if node.is_broken] == [
        ("Service default/cart:80", "0 endpoints")
    ]


def test_connections_that_are_passed_on_stand_beside() -> None:
    drawn, _ = columns(TCP)
    assert [node.label for node in drawn.listeners] == ["tcp :5432"]
    assert [(node.label, node.detail) for node in drawn.rules] == [("default/db", "connections as they are")]
    assert (drawn.listeners[0].key, drawn.rules[0].key) in drawn.lines


def test_many_hosts_come_in_slices_and_as_many_are_drawn_as_fit() -> None:
    drawn, slices = columns(many_routes(600))
    assert len(drawn.hosts) == MOST_HOSTS
    assert drawn.hidden_hosts == 601 - MOST_HOSTS
    assert slices > 2


def test_of_many_hosts_the_broken_one_is_drawn_first() -> None:
    text = many_routes(100).replace("name: cart, port: 80, weight: 3", "name: none, port: 80, weight: 3")
    drawn, _ = columns(text)
    assert drawn.hosts[0].label == "shop.example"


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        ("h17.", ["h17.example"]),
        ("default/r17", ["h17.example"]),
        ("httproute default/shop", ["shop.example"]),
        ("nothing", []),
    ],
)
def test_the_search_draws_what_is_meant(words: str, hosts: list[str]) -> None:
    drawn, _ = columns(many_routes(20), words)
    assert [node.label for node in drawn.hosts] == hosts
    assert drawn.hidden_hosts == 0


def test_a_backend_is_found_too() -> None:
    drawn, _ = columns(SHOP, "service default/cart")
    assert [node.label for node in drawn.rules] == ["default/shop #0"]


def test_a_host_of_thousands_of_rules_is_cut() -> None:
    rules = "".join(
        f"  - matches: [{{path: {{type: PathPrefix, value: /p{at}}}}}]\n    backendRefs: [{{name: cart, port: 80}}]\n"
        for at in range(10)
    )
    route = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r%d}
spec:
  parentRefs: [{name: web}]
  hostnames: [shop.example]
  rules:
"""
    drawn, _ = columns(SHOP + "".join(route % at + rules for at in range(8)))
    assert len(drawn.rules) == MOST_RULES
    assert drawn.hidden_rules == 82 - MOST_RULES
