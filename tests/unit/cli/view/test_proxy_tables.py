"""What a proxy has, as rows; nothing private is in them."""

import pytest

from gatewayd.cli.view.proxy_tables import TABLES, Cells, LookedFor, logger_rows, stat_rows, table_rows
from gatewayd.introspection.held import HeldResource, held
from tests.unit.introspection.dumps import CANARY, dump


def rows(topic: str, **wanted: str) -> list[Cells]:
    return table_rows(TABLES[topic], held(dump()), LookedFor(**wanted))


@pytest.mark.parametrize("topic", TABLES)
def test_every_row_has_a_cell_for_each_head_and_nothing_private(topic: str) -> None:
    table = rows(topic)

    assert table
    assert {len(row) for row in table} == {len(TABLES[topic].heads)}
    assert CANARY not in str(table)


def test_routes_are_told_with_their_match_and_where_they_lead() -> None:
    assert rows("routes") == [
        ("443", "shop.example", "/cart and below, env", "httproute/shop/it/rule/0/match/0", "shop/cart/80/http1"),
        ("443", "shop.example", "/old exactly", "httproute/shop/it/rule/1/match/0", "redirect"),
    ]


def test_routes_are_chosen() -> None:
    assert len(rows("routes", host="shop.example")) == 2
    assert rows("routes", host="other.example") == []
    assert len(rows("routes", service="shop/cart")) == 1
    assert len(rows("routes", route="HTTPRoute/shop/it")) == 2
    assert rows("routes", name="80") == []


@pytest.mark.parametrize(
    ("route", "match", "action"),
    [
        ({"match": {"prefix": "/"}, "direct_response": {"status": 404}}, "/*", "answer 404"),
        ({"match": {"safe_regex": {"regex": "/a.*"}}}, "~/a.*", "-"),
        (
            {"match": {}, "route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 9}, {"name": "b"}]}}},
            "any",
            "a 9, b 0",
        ),
    ],
)
def test_each_kind_of_match_and_action(route: dict[str, object], match: str, action: str) -> None:
    content = {"virtual_hosts": [{"domains": ["*"], "routes": [{"name": "r", **route}]}]}
    resource = HeldResource(type="RDS", name="80", version="", state="active", updated="", content=content)

    assert table_rows(TABLES["routes"], [resource], LookedFor()) == [("80", "*", match, "r", action)]


def test_routes_of_a_tree_are_found() -> None:
    leaf = {"@type": "type.googleapis.com/envoy.config.route.v3.Route", "name": "r", "match": {"path": "/a"}}
    tree = {"matcher_tree": {"prefix_match_map": {"map": {"/a": {"action": {"typed_config": leaf}}}}}}
    content = {"virtual_hosts": [{"domains": ["*"], "matcher": tree}]}
    resource = HeldResource(type="RDS", name="80", version="", state="active", updated="", content=content)

    assert table_rows(TABLES["routes"], [resource], LookedFor()) == [("80", "*", "/a exactly", "r", "-")]


def test_listeners_lead_to_routes() -> None:
    assert rows("listeners") == [("tcp-443", "[::]:443", "https", "shop.example", "TLS", "routes 443", "active", "l1")]
    assert rows("listeners", host="other.example") == []


@pytest.mark.parametrize(
    ("config", "leads"),
    [({"scoped_routes": {}}, "routes per host"), ({"cluster": "shop/db/1/tcp"}, "shop/db/1/tcp"), ({}, "-")],
)
def test_where_other_chains_lead(config: dict[str, object], leads: str) -> None:
    content = {"filter_chains": [{"name": "c", "filters": [{"typed_config": config}]}]}
    resource = HeldResource(type="LDS", name="l", version="", state="active", updated="", content=content)

    assert table_rows(TABLES["listeners"], [resource], LookedFor())[0][5] == leads


def test_a_listener_without_chains_has_a_row() -> None:
    resource = HeldResource(type="LDS", name="udp-53", version="1", state="active", updated="", content={})

    assert table_rows(TABLES["listeners"], [resource], LookedFor()) == [
        ("udp-53", ":0", "-", "-", "-", "-", "active", "1")
    ]


def test_secrets_are_told_by_their_certificates() -> None:
    assert rows("secrets") == [
        ("shop/cert", "certificate", "shop.example", "2120-01-01T00:00:00Z", "active", "s1"),
        ("shop/login", "key", "-", "-", "active", "s2"),
    ]


def test_endpoints_of_a_service() -> None:
    assert rows("endpoints", service="shop/cart") == [("shop/cart/80/http1", "10.0.0.1:8080", "HEALTHY", "1", "0", "a")]
    assert rows("endpoints", service="shop/pay") == []


def test_statistics_that_are_not_0() -> None:
    stats = {"stats": [{"name": "a.x", "value": 2}, {"name": "a.y", "value": 0}, {"histograms": {}}]}

    assert stat_rows(stats, LookedFor()) == [("a.x", "2")]
    assert stat_rows(stats, LookedFor(name="y")) == []


def test_loggers() -> None:
    assert logger_rows("active loggers:\n  http: debug\n  http2: off\n", LookedFor(name="2")) == [("http2", "off")]


@pytest.mark.parametrize(
    ("content", "kind", "policy", "tls"),
    [
        ({}, "STATIC", "ROUND_ROBIN", "-"),
        ({"type": "EDS", "lb_policy": "MAGLEV", "transport_socket": {}}, "EDS", "MAGLEV", "TLS"),
        ({"cluster_type": {"name": "envoy.clusters.aggregate"}}, "envoy.clusters.aggregate", "ROUND_ROBIN", "-"),
    ],
)
def test_clusters(content: dict[str, object], kind: str, policy: str, tls: str) -> None:
    resource = HeldResource(type="CDS", name="c", version="1", state="active", updated="", content=content)

    assert table_rows(TABLES["clusters"], [resource], LookedFor()) == [("c", kind, policy, tls, "active", "1")]
