"""Listener -> Envoy's listener, serialised in parts of a filter chain each.

Invariant: nothing stands here that changes with routes, endpoints or the contents of certificates, because a filter
chain that changes closes its connections.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias, assert_never

from envoy.config.core.v3 import address_pb2
from envoy.config.listener.v3 import (
    listener_components_pb2,
    listener_pb2,
    quic_config_pb2,
    udp_listener_config_pb2,
)
from envoy.extensions.filters.listener.original_dst.v3 import original_dst_pb2
from envoy.extensions.filters.listener.proxy_protocol.v3 import proxy_protocol_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2
from envoy.extensions.filters.network.connection_limit.v3 import connection_limit_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.client_settings import SocketSettings
from gatewayd.ir.environment import ANY_IPV6
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.limits import MANY_LISTENERS
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
from gatewayd.ir.tls import PrivateBytes
from gatewayd.xds import names
from gatewayd.xds.encoding import field, milliseconds, packed, serialised
from gatewayd.xds.memo import Memo
from gatewayd.xds.messages import connection_manager, mesh_manager, tcp_proxy, tls, udp_proxy

_TLS_INSPECTOR = listener_components_pb2.ListenerFilter(
    name="envoy.filters.listener.tls_inspector", typed_config=packed(tls_inspector_pb2.TlsInspector())
)
_ORIGINAL_DESTINATION = listener_components_pb2.ListenerFilter(
    name="envoy.filters.listener.original_dst", typed_config=packed(original_dst_pb2.OriginalDst())
)
_FILTER_CHAINS = listener_pb2.Listener.FILTER_CHAINS_FIELD_NUMBER
_NO_KEY: Final = PrivateBytes(b"")
_REFUSE_ALL: Final = FilterChain(name="refuse", server_names=(), tls=None, traffic=L4Traffic(action=L4Refuse()))


class Chain(NamedTuple):
    """A serialised filter chain as an element of its listener, and its hash; of what, but for contents of secrets."""

    of: FilterChain
    entry: bytes
    digest: bytes


Chains: TypeAlias = Memo[FilterChain, Chain]


Attempt: TypeAlias = Callable[[str, str, Callable[[], bytes], Callable[[], bytes]], bytes]


class Pieces(NamedTuple):
    """A serialised listener in the pieces that it is put together from, and what its version is the hash of.

    Of a listener with more chains than one Gateway object can ask for that is the hashes of these: a chain more among
    thousands is then hashed alone.
    """

    content: tuple[bytes, ...]
    hashed: tuple[bytes, ...]


def no_chains(listener: Listener, attempt: Attempt) -> Chains:
    """Return the chains of a listener that has none yet; `attempt` makes each, or leaves it out."""
    make = _quic_entry if isinstance(listener, QuicListener) else _chain_entry

    def chain(of: FilterChain, earlier: Chain | None) -> Chain:
        shown = _without_contents(of)
        # The same object: a chain with another certificate is the same chain to Envoy, and nothing looks further.
        if earlier is not None and earlier.entry and earlier.of == shown:
            return earlier
        return _hashed(shown, attempt("filter chain", of.name, lambda: make(of), bytes))

    return Memo(chain, attrgetter("name"))


def _without_contents(of: FilterChain) -> FilterChain:
    """Return a chain with the names of its secrets alone, which is all of them that is in it."""
    tls = of.tls
    if tls is None:
        return of
    certificates = tuple([replace(each, chain=b"", key=_NO_KEY) for each in tls.certificates])
    client = tls.client
    if client is not None:
        revoked = client.trust.revoked
        lists = None if revoked is None else replace(revoked, lists=b"")
        client = replace(client, trust=replace(client.trust, certificates=b"", revoked=lists))
    return replace(of, tls=replace(tls, certificates=certificates, client=client))


def _hashed(of: FilterChain, entry: bytes) -> Chain:
    return Chain(of, entry, blake2b(entry, digest_size=16).digest())


def listener_pieces(of: Listener, address: str, chains: Chains) -> Pieces:
    """Return the serialised listener, bound to an IP address of the proxy; `chains` are those that it had before.

    Of thousands of filter chains those are serialised that are others now, and none is copied.
    """
    match of:
        case StreamListener():
            chains.update(of.chains or (_REFUSE_ALL,))
            # Envoy refuses a listener without chains; one that has nothing to offer closes connections.
            offered = chains.results if any(each.entry for each in chains.results) else (_REFUSING,)
            return _joined(_stream_head(of, address), offered, _stream_tail(of))
        case QuicListener():
            chains.update(of.chains)
            return _joined(serialised(_quic(of, address)), chains.results, b"")
        case DatagramListener():
            return _joined(serialised(_datagram(of, address)), (), b"")
        case _:
            assert_never(of)


def _joined(head: bytes, chains: tuple[Chain, ...], tail: bytes) -> Pieces:
    content = (head, *[each.entry for each in chains], tail)
    if len(chains) <= MANY_LISTENERS:
        return Pieces(content, content)
    return Pieces(content, (head, *[each.digest for each in chains], tail))


def _stream_head(of: StreamListener, address: str) -> bytes:
    where = _address(of.bind or address, of.port, address_pb2.SocketAddress.TCP, alone=bool(of.bind))
    return serialised(listener_pb2.Listener(name=names.listener(of), address=where))


def _chain_entry(of: FilterChain) -> bytes:
    return field(_FILTER_CHAINS, serialised(_filter_chain(of)))


def _quic_entry(of: FilterChain) -> bytes:
    return field(_FILTER_CHAINS, serialised(_filter_chain(of, is_quic=True)))


def _quic(of: QuicListener, address: str) -> Any:
    return listener_pb2.Listener(
        name=names.listener(of),
        address=_address(address, of.port, address_pb2.SocketAddress.UDP),
        udp_listener_config=udp_listener_config_pb2.UdpListenerConfig(
            quic_options=quic_config_pb2.QuicProtocolOptions()
        ),
    )


def _stream_tail(of: StreamListener) -> bytes:
    return serialised(
        listener_pb2.Listener(
            per_connection_buffer_limit_bytes=wrappers_pb2.UInt32Value(value=of.socket.buffer),
            listener_filters=[
                *([_ORIGINAL_DESTINATION] if of.redirected else []),
                *_announced(of.socket),
                *([_TLS_INSPECTOR] if of.inspect_tls else []),
            ],
            # One connection for each turn of a worker: they are shared out more evenly.
            max_connections_to_accept_per_socket_event=wrappers_pb2.UInt32Value(value=1),
            # An Envoy without the right to it refuses the listener, and not each connection to a backend.
            transparent=wrappers_pb2.BoolValue(value=True) if of.transparent else None,
        )
    )


def _announced(socket: SocketSettings) -> list[Any]:
    """Return the filter that reads whose connection it is, where a balancer in front says so before anything else."""
    if not socket.proxy_protocol:
        return []
    config = proxy_protocol_pb2.ProxyProtocol(allow_requests_without_proxy_protocol=socket.proxy_protocol == "Optional")
    return [
        listener_components_pb2.ListenerFilter(
            name="envoy.filters.listener.proxy_protocol", typed_config=packed(config)
        )
    ]


def _limited(of: FilterChain) -> list[Any]:
    """Return the filter that closes connections beyond a number."""
    if not of.clients.connections.most:
        return []
    most = wrappers_pb2.UInt64Value(value=of.clients.connections.most)
    config = connection_limit_pb2.ConnectionLimit(stat_prefix=of.name, max_connections=most)
    return [_filter("envoy.filters.network.connection_limit", config)]


def _datagram(of: DatagramListener, address: str) -> Any:
    proxy = listener_components_pb2.ListenerFilter(name=udp_proxy.NAME, typed_config=packed(udp_proxy.udp_proxy(of)))
    return listener_pb2.Listener(
        name=names.listener(of),
        address=_address(address, of.port, address_pb2.SocketAddress.UDP),
        udp_listener_config=udp_listener_config_pb2.UdpListenerConfig(),
        listener_filters=[proxy],
    )


def _filter_chain(of: FilterChain, *, is_quic: bool = False) -> Any:
    traffic = of.traffic
    match traffic:
        case HTTPTraffic():
            manager = connection_manager.connection_manager(traffic, of.log, of.clients, of.tracing, is_quic=is_quic)
            end = _filter(connection_manager.NAME, manager)
        case RedirectedTraffic():
            end = _filter(connection_manager.NAME, mesh_manager.mesh_manager(traffic))
        case L4Traffic():
            end = _filter(tcp_proxy.NAME, tcp_proxy.tcp_proxy(traffic.action, of.name, of.log))
        case _:
            assert_never(traffic)
    # "shop.example." is the host shop.example, also where a client says so before any request.
    spelt = [spelling for name in of.server_names for spelling in (name, f"{name}.")]
    names_match = None
    if spelt or of.sources:
        ranges = [
            address_pb2.CidrRange(address_prefix=each.network, prefix_len=wrappers_pb2.UInt32Value(value=each.bits))
            for each in of.sources
        ]
        names_match = listener_components_pb2.FilterChainMatch(server_names=spelt, source_prefix_ranges=ranges)
    return listener_components_pb2.FilterChain(
        name=of.name,
        filter_chain_match=names_match,
        filters=[*_limited(of), end],
        transport_socket=(tls.quic if is_quic else tls.downstream)(of.tls, of.clients.tls) if of.tls else None,
        transport_socket_connect_timeout=milliseconds(of.clients.patience.handshake_ms) if of.tls else None,
    )


def _filter(name: str, config: Any) -> Any:
    return listener_components_pb2.Filter(name=name, typed_config=packed(config))


def _address(address: str, port: int, protocol: int, *, alone: bool = False) -> Any:
    socket = address_pb2.SocketAddress(
        protocol=protocol,
        address=address,
        port_value=port,
        # "::" is both families, as it is for most servers, unless it is to stand alone.
        ipv4_compat=address == ANY_IPV6 and not alone,
    )
    return address_pb2.Address(socket_address=socket)


_REFUSING: Final = _hashed(_REFUSE_ALL, _chain_entry(_REFUSE_ALL))
"""What stands in a listener that has nothing to offer."""
