"""Who answers for which host: isolation between listeners, precedence between routes, 404 and 421."""

import pytest

from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.http import NOT_FOUND, DirectResponse, Redirect, RouteTable, VirtualHost
from gatewayd.ir.limits import MANY_ROUTES
from gatewayd.translator.proxies.virtualhosts import MISDIRECTED, TableKey, listener_hosts, route_table
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GW, member, scratch

HTTP = TableKey(GW, 80, "")


def gateway(*entries: str) -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop}}
        spec:
          gatewayClassName: gatewayd
          listeners: [{", ".join(entries)}]
    """


def listener(name: str, hostname: str = "", port: int = 80) -> str:
    return f"{{name: {name}, port: {port}, protocol: HTTP{hostname and f', hostname: {hostname!r}'}}}"


def secure(name: str, hostname: str = "") -> str:
    tls = "tls: {certificateRefs: [{name: cert}]}"
    return f"{{name: {name}, port: 443, protocol: HTTPS, {tls}{hostname and f', hostname: {hostname!r}'}}}"


def route(name: str, hostnames: str = "", path: str = "/", section: str = "", created: str = "2026-01-01") -> str:
    return f"""
        kind: HTTPRoute
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
        spec:
          parentRefs: [{{name: gw{section and f", sectionName: {section}"}}}]
          hostnames: [{hostnames}]
          rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]
    """


def view_of(*manifests: str) -> Scratch:
    return scratch(CLASS, CART, pem.good_secret("cert"), *manifests)


def hosts(table: RouteTable) -> dict[str, list[str]]:
    """Return the routes of each domain by the names of their objects and their paths."""
    return {host.domain: shown(host) for host in table.virtual_hosts}


def shown(host: VirtualHost) -> list[str]:
    return [f"{each.source.name} {getattr(each.match.path, 'value', '')}" for each in host.routes]


def domains(*manifests: str, table: TableKey = HTTP) -> dict[str, list[str]]:
    return hosts(route_table(view_of(*manifests), table))


def test_a_listener_without_routes_answers_404() -> None:
    (host,) = route_table(view_of(gateway(listener("a", "a.example"))), HTTP).virtual_hosts
    assert host == VirtualHost(domain="a.example", guards=(), routes=(), fallback=NOT_FOUND)
    assert DirectResponse(status=404) == NOT_FOUND


def test_virtual_hosts_are_sorted_by_domain_and_each_is_there_once() -> None:
    found = domains(gateway(listener("any")), route("r", "b.example, a.example, '*.example'"), route("s", "a.example"))
    assert list(found) == ["*", "*.example", "a.example", "b.example"]


@pytest.mark.parametrize("count", [MANY_ROUTES - 2, MANY_ROUTES + 20], ids=["few", "many"])
def test_few_routes_or_many_stand_in_one_order(count: int) -> None:
    paths = {f"r{at}": f"/{'x' * (at % 7)}{at}" for at in range(count)}
    named = (route(name, "a.example", path=path) for name, path in paths.items())
    found = domains(gateway(listener("any")), *named, route("wide", "'*.example'", path=f"/{'y' * 20}"))
    longest_first = sorted(paths, key=lambda name: (-len(paths[name]), name))
    assert found["a.example"] == [*(f"{name} {paths[name]}" for name in longest_first), f"wide /{'y' * 20}"]


@pytest.mark.parametrize("count", [2, MANY_ROUTES + 20], ids=["few", "many"])
def test_preflights_of_one_route_are_answered_among_few_or_many(count: int) -> None:
    cors = "filters: [{type: CORS, cors: {allowOrigins: ['https://a.example']}}], backendRefs"
    sharing = route("sharing", "a.example", path="/api").replace("value: /api}", "value: /api}, method: GET")
    named = (route(f"r{at}", "a.example", path=f"/{at}") for at in range(count))
    view = view_of(gateway(listener("any")), *named, sharing.replace("backendRefs", cors))
    found = {host.domain: host for host in route_table(view, HTTP).virtual_hosts}["a.example"]
    assert [each.source.name for each in found.routes if each.source.preflight] == ["sharing"] * 2
    assert len(found.routes) == count + 3


def test_every_route_that_covers_a_host_answers_for_it_the_most_special_first() -> None:
    found = domains(
        gateway(listener("any")),
        route("exact", "a.b.example", path="/x"),
        route("narrow", "'*.b.example'", path="/longer"),
        route("wide", "'*.example'", path="/much/longer"),
        route("all", path="/the/longest/of/them"),
    )
    assert found["a.b.example"] == ["exact /x", "narrow /longer", "wide /much/longer", "all /the/longest/of/them"]
    assert found["*.b.example"] == ["narrow /longer", "wide /much/longer", "all /the/longest/of/them"]
    assert found["*.example"] == ["wide /much/longer", "all /the/longest/of/them"]
    assert found["*"] == ["all /the/longest/of/them"]


def test_the_original_hostname_counts_and_not_what_is_left_of_it_at_the_listener() -> None:
    found = domains(
        gateway(listener("a", "a.example")),
        route("all", path="/aa"),
        route("wild", "'*.example'", path="/a"),
        route("exact", "a.example"),
    )
    assert found == {"a.example": ["exact /"]}
    found = domains(
        gateway(listener("a", "a.example")), route("all", path="/aa"), route("wild", "'*.example'", path="/a")
    )
    assert found == {"a.example": ["wild /a", "all /aa"]}


def test_nothing_that_cannot_be_reached_is_kept() -> None:
    found = domains(gateway(listener("any")), route("exact", "a.example"), route("all", path="/x"))
    assert found["a.example"] == ["exact /"]


def test_between_routes_of_one_host_the_match_then_age_then_name() -> None:
    found = domains(
        gateway(listener("any")),
        route("a-young", path="/a", created="2026-02-01"),
        route("d", path="/a"),
        route("c", path="/a"),
        route("z-long", path="/a/b", created="2026-03-01"),
    )
    assert found["*"] == ["z-long /a/b", "c /a", "d /a", "a-young /a"]


def test_between_routes_of_one_age_namespace_and_name_count_as_one_text() -> None:
    """The "-" of one namespace sorts before the "/" after the other."""
    open_to_all = "{name: any, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
    routes = [
        route(name, path="/a")
        .replace("namespace: shop", f"namespace: {namespace}")
        .replace("{name: gw}", "{name: gw, namespace: shop}")
        for namespace, name in (("a", "x"), ("a", "w"), ("a-b", "z"))
    ]
    (host,) = route_table(view_of(gateway(open_to_all), *routes), HTTP).virtual_hosts
    assert [f"{each.source.namespace}/{each.source.name}" for each in host.routes] == ["a-b/z", "a/w", "a/x"]


def test_rules_of_a_route_stand_in_their_order_when_they_are_equal() -> None:
    twice = """
        kind: HTTPRoute
        metadata: {name: r, namespace: shop}
        spec:
          parentRefs: [{name: gw}]
          rules:
          - {matches: [{path: {value: /a}, method: GET}, {path: {value: /a}, method: PUT}]}
          - {matches: [{path: {value: /a}, method: POST}]}
    """
    (host,) = route_table(view_of(gateway(listener("any")), twice), HTTP).virtual_hosts
    assert [(each.source.rule, each.source.match) for each in host.routes] == [(0, 0), (0, 1), (1, 0)]


def test_a_host_belongs_to_the_most_special_listener_and_to_no_other() -> None:
    found = domains(
        gateway(listener("any"), listener("wild", "*.example"), listener("exact", "a.example")),
        route("any", path="/any", section="any"),
        route("wild", path="/wild", section="wild"),
        route("exact", path="/exact", section="exact"),
        route("lost", "a.example", path="/lost", section="any"),
        route("mine", "b.example", path="/mine", section="wild"),
    )
    assert found == {
        "*": ["any /any"],
        "*.example": ["wild /wild"],
        "a.example": ["exact /exact"],
        "b.example": ["mine /mine", "wild /wild"],
    }


def test_ports_have_tables_of_their_own() -> None:
    objects = (gateway(listener("a"), listener("b", port=8080)), route("a", section="a"), route("b", section="b"))
    assert domains(*objects) == {"*": ["a /"]}
    assert domains(*objects, table=TableKey(GW, 8080, "")) == {"*": ["b /"]}


def test_under_tls_the_hosts_of_other_listeners_are_misdirected() -> None:
    objects = (
        gateway(secure("any"), secure("wild", "*.example"), secure("exact", "a.example")),
        route("r", path="/r"),
        route("b", "b.example", path="/b"),
    )
    tables = {
        name: route_table(view_of(*objects), TableKey(GW, 443, name)).virtual_hosts for name in ("any", "wild", "exact")
    }
    fallbacks = {name: {each.domain: each.fallback for each in found} for name, found in tables.items()}
    assert fallbacks == {
        "any": {"*": NOT_FOUND, "*.example": MISDIRECTED, "a.example": MISDIRECTED},
        "wild": {"*": MISDIRECTED, "*.example": NOT_FOUND, "a.example": MISDIRECTED, "b.example": NOT_FOUND},
        "exact": {"*": MISDIRECTED, "*.example": MISDIRECTED, "a.example": NOT_FOUND},
    }
    assert [shown(each) for each in tables["exact"] if each.fallback == MISDIRECTED] == [[], []]
    assert DirectResponse(status=421) == MISDIRECTED


def test_a_tls_passthrough_listener_of_the_port_is_another_listener_too() -> None:
    passing = "{name: pass, port: 443, protocol: TLS, hostname: p.example, tls: {mode: Passthrough}}"
    found = route_table(view_of(gateway(secure("any"), passing)), TableKey(GW, 443, "any"))
    assert {each.domain: each.fallback for each in found.virtual_hosts} == {"*": NOT_FOUND, "p.example": MISDIRECTED}


@pytest.mark.parametrize(("port", "shown_port"), [(80, None), (8080, 8080)])
def test_redirects_show_the_port_of_the_listener(port: int, shown_port: int | None) -> None:
    redirecting = """
        kind: HTTPRoute
        metadata: {name: r, namespace: shop}
        spec:
          parentRefs: [{name: gw}]
          rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: b.example}}]}]
    """
    (host,) = route_table(view_of(gateway(listener("a", port=port)), redirecting), TableKey(GW, port, "")).virtual_hosts
    action = host.routes[0].action
    assert isinstance(action, Redirect)
    assert action.port == shown_port


def calls(name: str, hostnames: str = "", created: str = "2026-01-02", match: str = "service: s.S") -> str:
    return f"""
        kind: GRPCRoute
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
        spec:
          parentRefs: [{{name: gw}}]
          hostnames: [{hostnames}]
          rules: [{{matches: [{{method: {{{match}}}}}], backendRefs: [{{name: cart, port: 80}}]}}]
    """


def test_http_and_grpc_routes_share_a_host() -> None:
    found = domains(gateway(listener("any")), calls("g", match="service: s.S, method: M"), route("h"))
    assert found == {"*": ["g /s.S/M", "h /"]}


@pytest.mark.parametrize("grpc_host", ["", "'*.example'", "'*.b.example'", "a.b.example"])
@pytest.mark.parametrize("http_host", ["", "'*.example'", "'*.b.example'", "a.b.example"])
def test_grpc_requests_are_offered_to_grpc_routes_first(grpc_host: str, http_host: str) -> None:
    """Whichever of the two is older, has the longer path or the more special hostname."""
    found = domains(
        gateway(listener("any", "a.b.example")),
        route("h", http_host, path="/s.S/deeper", created="2026-01-01"),
        calls("g", grpc_host, created="2026-01-02"),
    )
    assert found == {"a.b.example": ["g /s.S", "h /s.S/deeper"]}


def test_among_grpc_routes_the_most_special_hostname_goes_first() -> None:
    found = domains(
        gateway(listener("any")), calls("wide"), calls("exact", "a.example"), calls("wild", "'*.example'"), route("h")
    )
    assert found["a.example"] == ["exact /s.S", "wild /s.S", "wide /s.S", "h /"]
    assert found["*"] == ["wide /s.S", "h /"]


def test_a_route_with_the_same_host_twice_stands_there_once() -> None:
    found = domains(gateway(listener("a", "a.example")), route("r", "a.example, '*.example'"))
    assert found == {"a.example": ["r /"]}


def test_routes_of_other_gateways_stay_there() -> None:
    other = gateway(listener("any")).replace("name: gw", "name: other")
    assert domains(gateway(listener("any")), other, route("r").replace("name: gw", "name: other")) == {"*": []}


def many(count: int, own: str) -> str:
    """Return a Gateway's listener `own`, and ListenerSets with `count` listeners of other hostnames on its port."""
    tls = "tls: {certificateRefs: [{name: x}]}"
    sets = "".join(
        f"""
---
kind: ListenerSet
metadata: {{name: s{number}, namespace: shop}}
spec:
  parentRef: {{name: gw}}
  listeners: [{{name: l, port: 443, protocol: HTTPS, hostname: h{number}.example, {tls}}}]
"""
        for number in range(count)
    )
    return f"""
{CLASS}
---
kind: Gateway
metadata: {{name: gw, namespace: shop}}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {{namespaces: {{from: All}}}}
  listeners: [{{name: own, port: 443, protocol: HTTPS, hostname: "{own}", {tls}}}]
{sets}"""


def own_domains(count: int, own: str) -> set[str]:
    found = listener_hosts(scratch(many(count, own)), member("Gateway", "shop/gw"))
    return {each.domain for each in found if each.table.listener == "own"}


def test_few_listeners_refuse_each_other_by_name() -> None:
    assert own_domains(2, "own.other") == {"own.other", "h0.example", "h1.example"}


def test_many_listeners_refuse_each_other_at_once_but_for_those_within() -> None:
    assert own_domains(64, "own.other") == {"own.other", "*"}
    assert own_domains(64, "*.example") == {"*.example", "*", *(f"h{number}.example" for number in range(64))}


AUTH = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: %s, port: 80}, grpc: {}}}"


@pytest.mark.parametrize(("asked", "fallback"), [("cart", 404), ("nobody", 500)])
def test_a_listeners_filters_guard_each_of_its_hosts_and_no_other(asked: str, fallback: int) -> None:
    guarded = listener("a", "*.example").replace("{", f"{{filters: {{requests: [{AUTH % asked}]}}, ", 1)
    view = view_of(gateway(guarded, listener("b", "b.example")), route("r", "a.example"))
    found = {host.domain: host for host in route_table(view, HTTP).virtual_hosts}
    for domain in ("a.example", "*.example"):
        assert [each.upstream.name for each in found[domain].guards] == (["cart"] if asked == "cart" else [])
        assert found[domain].fallback.status == fallback
    assert bool(found["a.example"].routes) is (asked == "cart")
    assert (found["b.example"].guards, found["b.example"].fallback) == ((), NOT_FOUND)
