"""What each port of a Gateway does."""

from dataclasses import replace

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.l4 import L4Forward, L4Refuse
from gatewayd.ir.proxy import DatagramListener, FilterChain, HTTPTraffic, L4Traffic, StreamListener
from gatewayd.store import Delta
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.filter_chains import bound_port, port, ports
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GW, scratch

PASS = "tls: {mode: Passthrough}"
TERMINATE = "tls: {certificateRefs: [{name: cert}]}"
CERT = pem.good_secret("cert")


def gateway(*entries: str) -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop}}
        spec:
          gatewayClassName: gatewayd
          listeners: [{", ".join(entries)}]
    """


def route(kind: str, name: str, more: str = "", created: str = "2026-01-01", section: str = "") -> str:
    return f"""
        kind: {kind}
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
        spec:
          parentRefs: [{{name: gw{section and f", sectionName: {section}"}}}]
          rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]
          {more}
    """


def tls_route(name: str, hostnames: str, created: str = "2026-01-01", section: str = "") -> str:
    return route("TLSRoute", name, f"hostnames: [{hostnames}]", created, section)


def stream(number: int, *manifests: str) -> StreamListener:
    found = port(scratch(CLASS, CART, CERT, *manifests), PortKey(GW, "tcp", number))
    assert isinstance(found, StreamListener)
    return found


def source(chain: FilterChain) -> str:
    """Return which route a chain leads to, "" for none."""
    assert isinstance(chain.traffic, L4Traffic)
    return chain.traffic.action.source if isinstance(chain.traffic.action, L4Forward) else ""


def by_server_name(found: StreamListener) -> dict[tuple[str, ...], str]:
    assert len({chain.server_names for chain in found.chains}) == len(found.chains), "Envoy refuses two alike"
    return {chain.server_names: source(chain) for chain in found.chains}


def test_ports_with_a_valid_listener_sorted() -> None:
    manifest = gateway(
        "{name: b, port: 8080, protocol: HTTP}",
        "{name: a, port: 80, protocol: HTTP}",
        "{name: c, port: 80, protocol: HTTP, hostname: c.example}",
        "{name: u, port: 80, protocol: UDP}",
        "{name: x, port: 99, protocol: e.io/x}",
    )
    assert ports(scratch(CLASS, manifest), GW) == (
        PortKey(GW, "tcp", 80),
        PortKey(GW, "tcp", 8080),
        PortKey(GW, "udp", 80),
    )


@pytest.mark.parametrize(("asked", "bound"), [(80, 10080), (1023, 11023), (1024, 1024), (8080, 8080)])
def test_privileged_ports_are_moved(asked: int, bound: int) -> None:
    moved = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, unprivileged_offset=10_000))
    assert bound_port(scratch(moved), asked) == bound
    assert bound_port(scratch(), asked) == asked


def test_http_listeners_of_a_port_share_a_chain() -> None:
    found = stream(
        80, gateway("{name: a, port: 80, protocol: HTTP}", "{name: b, port: 80, protocol: HTTP, hostname: b.example}")
    )
    assert not found.inspect_tls
    (chain,) = found.chains
    assert (chain.name, chain.server_names, chain.tls) == ("http", (), None)
    assert isinstance(chain.traffic, HTTPTraffic)
    assert (chain.traffic.table.port, chain.traffic.table.listener, chain.traffic.scheme) == (80, "", "http")


def test_each_https_listener_has_a_chain_and_a_table() -> None:
    found = stream(
        443,
        gateway(
            f"{{name: any, port: 443, protocol: HTTPS, {TERMINATE}}}",
            f"{{name: a, port: 443, protocol: HTTPS, hostname: '*.a.example', {TERMINATE}}}",
        ),
    )
    assert found.inspect_tls
    assert [(chain.name, chain.server_names) for chain in found.chains] == [("a", ("*.a.example",)), ("any", ())]
    for chain in found.chains:
        assert chain.tls is not None
        assert isinstance(chain.traffic, HTTPTraffic)
        assert (chain.traffic.table.listener, chain.traffic.scheme) == (chain.name, "https")


def test_a_listener_without_a_certificate_has_no_chain() -> None:
    found = stream(
        443,
        gateway(
            f"{{name: good, port: 443, protocol: HTTPS, {TERMINATE}}}",
            f"{{name: bad, port: 443, protocol: HTTPS, hostname: b.example, {TERMINATE.replace('cert}', 'nobody}')}}}",
        ),
    )
    assert [chain.name for chain in found.chains] == ["good"]


def test_a_tcp_port_leads_to_its_oldest_route() -> None:
    objects = (
        gateway("{name: tcp, port: 9000, protocol: TCP}"),
        route("TCPRoute", "young", created="2026-02-01"),
        route("TCPRoute", "b"),
        route("TCPRoute", "a"),
    )
    assert by_server_name(stream(9000, *objects)) == {(): "tcproute/shop/a"}


def test_a_port_without_a_route_refuses() -> None:
    (chain,) = stream(9000, gateway("{name: tcp, port: 9000, protocol: TCP}")).chains
    assert chain.traffic == L4Traffic(action=L4Refuse())


def test_a_udp_port() -> None:
    dns = "{kind: Service, metadata: {name: dns, namespace: shop}, spec: {ports: [{port: 53, protocol: UDP}]}}"
    udp = route("UDPRoute", "u").replace("cart, port: 80", "dns, port: 53")
    view = scratch(CLASS, gateway("{name: udp, port: 53, protocol: UDP}"), udp, dns)
    found = port(view, PortKey(GW, "udp", 53))
    assert isinstance(found, DatagramListener)
    assert isinstance(found.action, L4Forward)
    assert found.action.source == "udproute/shop/u"


PASSING = f"{{name: pass, port: 443, protocol: TLS, hostname: '*.example', {PASS}}}"


def test_passthrough_by_server_name() -> None:
    found = stream(443, gateway(PASSING), tls_route("r", "a.example, b.example"))
    assert found.inspect_tls
    assert by_server_name(found) == {
        ("*.example",): "",
        ("a.example",): "tlsroute/shop/r",
        ("b.example",): "tlsroute/shop/r",
    }
    assert all(chain.tls is None for chain in found.chains)


def test_a_route_for_all_that_the_listener_has() -> None:
    assert by_server_name(stream(443, gateway(PASSING), tls_route("r", "'*.example'"))) == {
        ("*.example",): "tlsroute/shop/r"
    }


def test_of_several_routes_for_a_server_name_the_most_special_then_the_oldest() -> None:
    # All three come down to a.example at this listener.
    narrow = PASSING.replace("'*.example'", "a.example")
    objects = (
        tls_route("wide", "'*.example'", created="2020-01-01"),
        tls_route("young", "a.example", created="2026-02-01"),
        tls_route("old", "a.example", created="2026-01-01"),
    )
    assert by_server_name(stream(443, gateway(narrow), *objects)) == {("a.example",): "tlsroute/shop/old"}
    assert by_server_name(stream(443, gateway(narrow), objects[0], objects[1])) == {
        ("a.example",): "tlsroute/shop/young"
    }


def test_tls_that_ends_here() -> None:
    found = stream(443, gateway(f"{{name: t, port: 443, protocol: TLS, {TERMINATE}}}"), tls_route("r", "a.example"))
    assert by_server_name(found) == {(): "", ("a.example",): "tlsroute/shop/r"}
    assert all(chain.tls is not None and chain.tls.alpn == () for chain in found.chains)


def test_a_server_name_belongs_to_the_most_special_listener_of_the_port() -> None:
    narrow = f"{{name: narrow, port: 443, protocol: TLS, hostname: a.example, {PASS}}}"
    found = stream(443, gateway(PASSING, narrow), tls_route("r", "a.example, b.example", section="pass"))
    assert by_server_name(found) == {("*.example",): "", ("a.example",): "", ("b.example",): "tlsroute/shop/r"}


def test_a_route_on_both_listeners_is_served_by_the_more_special_one() -> None:
    narrow = f"{{name: narrow, port: 443, protocol: TLS, hostname: a.example, {PASS}}}"
    found = stream(443, gateway(PASSING, narrow), tls_route("r", "a.example"))
    assert by_server_name(found) == {("*.example",): "", ("a.example",): "tlsroute/shop/r"}


def test_https_and_passthrough_share_a_port_by_server_name() -> None:
    https = f"{{name: web, port: 443, protocol: HTTPS, hostname: a.example, {TERMINATE}}}"
    found = stream(443, gateway(PASSING, https), tls_route("r", "a.example, b.example"))
    assert [(chain.server_names, type(chain.traffic)) for chain in found.chains] == [
        (("*.example",), L4Traffic),
        (("b.example",), L4Traffic),
        (("a.example",), HTTPTraffic),
    ]
