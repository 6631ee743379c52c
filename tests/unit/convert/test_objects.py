from typing import Any

from gatewayd.convert.draft import HTTPS, Draft, DraftListener, DraftRoute, DraftRule, PlainHTTP
from gatewayd.convert.objects import objects
from tests.unit.convert.ingresses import TARGET


def rule(title: str = "a", matches: int = 1) -> DraftRule:
    paths = tuple({"path": {"type": "Exact", "value": f"/{title}{at}"}} for at in range(matches))
    return DraftRule(title=title, matches=paths, backends=({"name": "web", "port": 80},))


def route(*written: DraftRule, hostnames: tuple[str, ...] = ("shop.example",), namespace: str = "shop") -> DraftRoute:
    return DraftRoute(
        namespace=namespace,
        name="shop",
        hostnames=hostnames,
        carriers=(PlainHTTP(),),
        rules=written,
        origins=("Ingress shop/shop",),
    )


def listener(hostname: str, namespace: str = "shop", *, shared: bool = False) -> DraftListener:
    return DraftListener(at=HTTPS(namespace, hostname), secrets=("cert",), shared=shared, origins=("Ingress shop/a",))


def specs(draft: Draft, kind: str) -> list[tuple[str, Any]]:
    return [(each["metadata"]["name"], each["spec"]) for each in objects(draft, TARGET) if each["kind"] == kind]


def test_a_route_has_at_most_sixteen_rules() -> None:
    routes = specs(Draft(routes=(route(*(rule(f"r{at}") for at in range(33))),)), "HTTPRoute")
    assert [(name, len(spec["rules"])) for name, spec in routes] == [("shop", 16), ("shop-02", 16), ("shop-03", 1)]


def test_a_route_has_at_most_128_matches() -> None:
    routes = specs(Draft(routes=(route(rule("a", 64), rule("b", 64), rule("c", 1)),)), "HTTPRoute")
    assert [len(spec["rules"]) for _, spec in routes] == [2, 1]


def test_a_route_has_at_most_sixteen_hostnames() -> None:
    hostnames = tuple(f"h{at}.example" for at in range(20))
    routes = specs(Draft(routes=(route(rule(), hostnames=hostnames),)), "HTTPRoute")
    assert [len(spec["hostnames"]) for _, spec in routes] == [16, 4]


def test_a_listener_set_has_at_most_64_listeners() -> None:
    listeners = tuple(listener(f"h{at:03}.example") for at in range(65))
    sets = specs(Draft(listeners=listeners), "ListenerSet")
    assert [(name, len(spec["listeners"])) for name, spec in sets] == [("edge", 64), ("edge-02", 1)]


def test_rules_of_one_title_have_names_of_their_own() -> None:
    [(_, spec)] = specs(Draft(routes=(route(rule("a"), rule("a"), rule("b")),)), "HTTPRoute")
    assert [each["name"] for each in spec["rules"]] == ["a", "a.2", "b"]


def test_without_certificates_the_gateway_lets_no_listener_sets_in() -> None:
    [(_, spec)] = specs(Draft(routes=(route(rule()),)), "Gateway")
    assert "allowedListeners" not in spec


def test_a_listener_that_other_namespaces_use_lets_them_in() -> None:
    [(_, spec)] = specs(Draft(listeners=(listener("a.example"), listener("b.example", shared=True))), "ListenerSet")
    assert [each.get("allowedRoutes") for each in spec["listeners"]] == [None, {"namespaces": {"from": "All"}}]


def test_a_route_without_hostnames_names_its_listener() -> None:
    secured = DraftRoute(
        namespace="shop",
        name="shop",
        hostnames=(),
        carriers=(HTTPS("team", "a.example"), HTTPS("team", "*.b.example"), PlainHTTP()),
        rules=(rule(),),
        origins=(),
    )
    draft = Draft(routes=(secured,), listeners=(listener("a.example", "team"), listener("*.b.example", "team")))
    [(_, spec)] = specs(draft, "HTTPRoute")
    of_set = {"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "edge", "namespace": "team"}
    assert spec["parentRefs"] == [
        {**of_set, "sectionName": "a-example"},
        {**of_set, "sectionName": "any-b-example"},
        {"name": "edge", "namespace": "infra", "sectionName": "http"},
    ]


def test_a_filter_of_its_own_is_an_object_that_the_rule_names() -> None:
    own = DraftRule(title="a", matches=({},), own_filter={"directResponse": {"status": 403}})
    draft = Draft(routes=(route(own),))
    [(_, spec)] = specs(draft, "HTTPRoute")
    ref = {"group": "gatewayd.io", "kind": "RouteFilter", "name": "shop-a"}
    assert spec["rules"] == [{"name": "a", "filters": [{"type": "ExtensionRef", "extensionRef": ref}]}]
    assert specs(draft, "RouteFilter") == [("shop-a", {"directResponse": {"status": 403}})]
