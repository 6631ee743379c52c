"""How clients may speak to a proxy: what ClientPolicies come to, for a filter chain and for a socket.

`STANDARD_CLIENTS` and `STANDARD_SOCKET` are what counts without a policy.
"""

from dataclasses import dataclass
from typing import Final, Literal

from gatewayd.ir.edge import EscapedSlashes
from gatewayd.ir.filters import Header
from gatewayd.ir.limits import (
    CONNECTION_IDLE_SECONDS,
    HANDSHAKE_SECONDS,
    HEADER_KIB,
    HEADER_SECONDS,
    HEADERS,
    STREAM_IDLE_SECONDS,
)
from gatewayd.ir.tls import RevocationLists


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRange:
    """The addresses that begin with the first `bits` of `network`."""

    network: str
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """Whose word counts about where a request comes from: so many proxies in front, or those of `ranges`."""

    hops: int = 0
    ranges: tuple[TrustedRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSBounds:
    """What TLS agrees to; "" and empty are the proxy's own. `forward`: what backends are told of a certificate.

    `hashes` (SHA-256 of a certificate) and `key_hashes` (of its public key): one of them it must have, if there are
    any. `trusts_nobody`: no certificate of a client is good, since it cannot be told which are revoked.
    """

    least: str = ""
    most: str = ""
    ciphers: tuple[str, ...] = ()
    curves: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    key_hashes: tuple[str, ...] = ()
    revoked: RevocationLists | None = None
    trusts_nobody: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBounds:
    """How much an HTTP/2 connection may have under way."""

    most: int = 100
    stream_window: int = 64 * 1024
    connection_window: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTP3:
    """HTTP/3 is spoken. `port` is the one that clients are told of, 0: that of the listener."""

    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRules:
    """How many headers, of how many KiB together, and what is done to them before a route is chosen.

    A backend may read X_A and X-A as one header (CGI), and so be told what a rule here was to keep away.
    """

    count: int = HEADERS
    kib: int = HEADER_KIB
    underscores: Literal["Reject", "Drop", "Allow"] = "Reject"
    early_set: tuple[Header, ...] = ()
    early_remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRules:
    """What becomes of escaped slashes (None: as the Gateway says otherwise), and whether slashes are merged."""

    escaped: EscapedSlashes | None = None
    merges: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client may be slow or silent."""

    handshake_ms: int = HANDSHAKE_SECONDS * 1000
    headers_ms: int = HEADER_SECONDS * 1000
    stream_ms: int = STREAM_IDLE_SECONDS * 1000
    idle_ms: int = CONNECTION_IDLE_SECONDS * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBounds:
    """How many connections one proxy takes, and when each ends; 0 is no bound."""

    most: int = 0
    requests_each: int = 0
    age_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What counts for the connections of a filter chain. HTTP/1.0 with a Host is served if `serves_http10`."""

    trusted: TrustedProxies = TrustedProxies()
    tls: TLSBounds = TLSBounds()
    serves_http10: bool = True
    streams: StreamBounds = StreamBounds()
    http3: HTTP3 | None = None
    headers: HeaderRules = HeaderRules()
    path: PathRules = PathRules()
    patience: Patience = Patience()
    connections: ConnectionBounds = ConnectionBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketSettings:
    """What counts for all connections of a port. `buffer` are bytes that one may hold back."""

    proxy_protocol: Literal["", "Required", "Optional"] = ""
    buffer: int = 32 * 1024


STANDARD_CLIENTS: Final = ClientSettings()
STANDARD_SOCKET: Final = SocketSettings()
