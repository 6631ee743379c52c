from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from envoy.config.core.v3 import address_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.listener.proxy_protocol.v3 import proxy_protocol_pb2
from envoy.extensions.filters.network.connection_limit.v3 import connection_limit_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from envoy.extensions.filters.udp.udp_proxy.v3 import udp_proxy_pb2
from envoy.extensions.transport_sockets.quic.v3 import quic_transport_pb2

from gatewayd.ir.client_settings import (
    ClientSettings,
    ConnectionBounds,
    Patience,
    SocketSettings,
    StreamBounds,
    TLSBounds,
)
from gatewayd.ir.environment import ANY_IPV6
from gatewayd.ir.http import RouteDiscovery, RouteTableKey
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.limits import HANDSHAKE_SECONDS, MANY_LISTENERS
from gatewayd.ir.proxy import (
    DatagramListener,
    FilterChain,
    HTTPTraffic,
    L4Traffic,
    Listener,
    QuicListener,
    RedirectedTraffic,
    StreamListener,
)
from gatewayd.ir.tls import Certificate, DownstreamTLS, PrivateBytes
from gatewayd.xds import names
from gatewayd.xds.messages.listener import listener_pieces, no_chains
from tests.unit.xds.shorthand import http_listener

ANY = "0.0.0.0"


def plain(_what: str, _key: str, make: Callable[[], bytes], _instead: Callable[[], bytes]) -> bytes:
    return make()


def listener(of: Listener, address: str) -> Any:
    return listener_pb2.Listener.FromString(b"".join(listener_pieces(of, address, no_chains(of, plain)).content))


PASSED = FilterChain(name="one", server_names=("a.example", "*.b"), tls=None, traffic=L4Traffic(action=L4Refuse()))
ENDED = FilterChain(
    name="two", server_names=(), tls=DownstreamTLS(certificates=(), alpn=(), client=None), traffic=PASSED.traffic
)


def test_http() -> None:
    made = listener(http_listener(), ANY)
    assert (made.name, made.address.socket_address.address, made.address.socket_address.port_value) == (
        "tcp-80",
        ANY,
        80,
    )
    assert made.per_connection_buffer_limit_bytes.value == 32 * 1024
    assert list(made.listener_filters) == []
    (chain,) = made.filter_chains
    manager = http_connection_manager_pb2.HttpConnectionManager()
    assert chain.filters[0].typed_config.Unpack(manager)
    assert manager.rds.route_config_name == "80"
    assert (manager.codec_type, manager.HasField("http3_protocol_options")) == (manager.AUTO, False)
    assert not chain.HasField("filter_chain_match")
    assert not chain.HasField("transport_socket")


def test_server_names_choose_a_chain() -> None:
    made = listener(StreamListener(port=443, inspect_tls=True, chains=(PASSED, ENDED)), ANY)
    assert [each.name for each in made.listener_filters] == ["envoy.filters.listener.tls_inspector"]
    assert [each.name for each in made.filter_chains] == ["one", "two"]
    assert list(made.filter_chains[0].filter_chain_match.server_names) == [
        "a.example", "a.example.", "*.b", "*.b.",
    ]  # fmt: skip
    assert [each.HasField("transport_socket") for each in made.filter_chains] == [False, True]
    assert [each.transport_socket_connect_timeout.seconds for each in made.filter_chains] == [0, HANDSHAKE_SECONDS]
    assert all(each.filters[0].name == "envoy.filters.network.tcp_proxy" for each in made.filter_chains)


def test_a_listener_without_chains_refuses() -> None:
    (chain,) = listener(StreamListener(port=443, inspect_tls=False, chains=()), ANY).filter_chains
    proxy = tcp_proxy_pb2.TcpProxy()
    assert chain.filters[0].typed_config.Unpack(proxy)
    assert proxy.cluster == names.NOWHERE


def test_udp() -> None:
    made = listener(DatagramListener(port=53, action=L4Refuse()), ANY)
    assert made.address.socket_address.protocol == address_pb2.SocketAddress.UDP
    assert made.HasField("udp_listener_config")
    assert made.listener_filters[0].typed_config.Is(udp_proxy_pb2.UdpProxyConfig.DESCRIPTOR)


def test_the_ipv6_wildcard_is_both_families() -> None:
    assert listener(http_listener(), "::").address.socket_address.ipv4_compat
    assert not listener(http_listener(), ANY).address.socket_address.ipv4_compat


def test_of_many_chains_one_is_serialised_anew() -> None:
    many = tuple(replace(PASSED, name=f"chain-{number}", server_names=(f"h{number}.example",)) for number in range(50))
    stream = StreamListener(port=443, inspect_tls=True, chains=many)
    chains = no_chains(stream, plain)
    before = listener_pieces(stream, ANY, chains)
    entries = chains.results
    edited = (*many[:7], replace(many[7], server_names=("other.example",)), *many[8:])
    other = replace(stream, chains=edited)
    after = listener_pieces(other, ANY, chains)
    assert [one is two for one, two in zip(entries, chains.results, strict=True)].count(False) == 1
    assert before != after == listener_pieces(other, ANY, no_chains(other, plain))


@pytest.mark.parametrize(("count", "is_whole"), [(MANY_LISTENERS, True), (MANY_LISTENERS + 1, False)])
def test_the_version_of_many_chains_is_of_their_hashes(count: int, *, is_whole: bool) -> None:
    many = tuple(
        replace(PASSED, name=f"chain-{number}", server_names=(f"h{number}.example",)) for number in range(count)
    )
    stream = StreamListener(port=443, inspect_tls=True, chains=many)
    pieces = listener_pieces(stream, ANY, no_chains(stream, plain))
    assert (pieces.hashed == pieces.content) == is_whole
    assert len(b"".join(pieces.hashed)) < 30 * count or is_whole
    edited = replace(stream, chains=(*many[:-1], replace(many[-1], server_names=("other.example",))))
    other = listener_pieces(edited, ANY, no_chains(edited, plain))
    assert [one == two for one, two in zip(pieces.hashed, other.hashed, strict=True)].count(False) == 1


def test_another_certificate_makes_the_same_chain() -> None:
    def showing(chain: bytes) -> StreamListener:
        certificate = Certificate(name="shop/tls", chain=chain, key=PrivateBytes(b"KEY"))
        tls = DownstreamTLS(certificates=(certificate,), alpn=(), client=None)
        return StreamListener(port=443, inspect_tls=True, chains=(replace(ENDED, tls=tls),))

    chains = no_chains(showing(b"CHAIN"), plain)
    listener_pieces(showing(b"CHAIN"), ANY, chains)
    entries = chains.results
    listener_pieces(showing(b"RENEWED"), ANY, chains)
    assert chains.results is entries


def test_http3() -> None:
    clients = ClientSettings(
        tls=TLSBounds(least="1.2", curves=("X25519",)),
        streams=StreamBounds(most=7, stream_window=2**26, connection_window=2**26),
    )
    traffic = HTTPTraffic(
        table=RouteTableKey(port=443, listener="a"),
        discovery=RouteDiscovery.PER_LISTENER,
        scheme="https",
        http3_port=443,
    )
    ended = replace(ENDED, traffic=traffic, clients=clients, server_names=("a.example",))
    made = listener(QuicListener(port=443, chains=(ended,)), ANY)
    assert (made.name, made.address.socket_address.protocol) == ("quic-443", address_pb2.SocketAddress.UDP)
    assert made.udp_listener_config.HasField("quic_options")
    (chain,) = made.filter_chains
    assert list(chain.filter_chain_match.server_names) == ["a.example", "a.example."]
    transport = quic_transport_pb2.QuicDownstreamTransport()
    assert chain.transport_socket.typed_config.Unpack(transport)
    common = transport.downstream_tls_context.common_tls_context
    # There is one version of TLS and one protocol.
    assert list(common.alpn_protocols) == []
    assert list(common.tls_params.ecdh_curves) == ["X25519"]
    assert common.tls_params.tls_minimum_protocol_version == 0
    manager = http_connection_manager_pb2.HttpConnectionManager()
    assert chain.filters[0].typed_config.Unpack(manager)
    assert manager.codec_type == manager.HTTP3
    options = manager.http3_protocol_options.quic_protocol_options
    assert options.max_concurrent_streams.value == 7
    assert options.initial_stream_window_size.value == 2**24
    assert options.initial_connection_window_size.value == 24 * 2**20
    assert manager.http_filters[0].name == "alternative"


def test_what_a_whole_port_has() -> None:
    socket = SocketSettings(proxy_protocol="Optional", buffer=8192)
    made = listener(StreamListener(port=443, inspect_tls=True, chains=(PASSED,), socket=socket), ANY)
    assert made.per_connection_buffer_limit_bytes.value == 8192
    # Whose connection it is stands before anything that TLS has.
    announced, inspected = made.listener_filters
    config = proxy_protocol_pb2.ProxyProtocol()
    assert announced.typed_config.Unpack(config)
    assert config.allow_requests_without_proxy_protocol
    assert inspected.name == "envoy.filters.listener.tls_inspector"


def test_what_clients_of_a_chain_may() -> None:
    clients = ClientSettings(connections=ConnectionBounds(most=5), patience=Patience(handshake_ms=500))
    made = listener(StreamListener(port=443, inspect_tls=True, chains=(replace(ENDED, clients=clients),)), ANY)
    (chain,) = made.filter_chains
    limit, _end = chain.filters
    config = connection_limit_pb2.ConnectionLimit()
    assert limit.typed_config.Unpack(config)
    assert config.max_connections.value == 5
    assert chain.transport_socket_connect_timeout.nanos == 500_000_000


def test_a_listener_may_have_one_family_to_itself() -> None:
    four, six = (
        listener(StreamListener(port=15001, inspect_tls=False, chains=(), bind=each), ANY_IPV6)
        for each in (ANY, ANY_IPV6)
    )
    assert (four.name, four.address.socket_address.address) == ("tcp-15001", ANY)
    assert (six.name, six.address.socket_address.address) == ("tcp6-15001", ANY_IPV6)
    assert not six.address.socket_address.ipv4_compat


def test_a_proxy_without_the_right_to_other_addresses_refuses_a_transparent_port() -> None:
    for transparent in (False, True):
        made = listener(StreamListener(port=15001, inspect_tls=False, chains=(), transparent=transparent), ANY)
        assert (made.HasField("transparent"), made.transparent.value) == (transparent, transparent)


def test_a_port_that_connections_are_led_to_asks_the_kernel_where_they_were_for() -> None:
    chain = FilterChain(name="mesh", server_names=(), tls=None, traffic=RedirectedTraffic(port=15001))
    made = listener(StreamListener(port=15001, inspect_tls=False, chains=(chain,), redirected=True), ANY)
    assert [each.name for each in made.listener_filters] == ["envoy.filters.listener.original_dst"]
    # It is read, and the connection stays where it is.
    assert not made.HasField("use_original_dst")
    manager = http_connection_manager_pb2.HttpConnectionManager()
    assert made.filter_chains[0].filters[0].typed_config.Unpack(manager)
    assert manager.stat_prefix == "mesh/15001"
