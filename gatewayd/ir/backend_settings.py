"""How a backend is spoken to: what BackendPolicies come to, one value for all clusters with the same ones.

`STANDARD` is what counts without a policy.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How much one proxy has open at a time; 0 is no limit."""

    connections: int = 0
    pending_requests: int = 0
    requests: int = 0
    connections_per_endpoint: int = 0
    requests_per_connection: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    """After `idle_s` without a byte ask every `interval_s`; after `probes` without an answer it is dead."""

    idle_s: int = 180
    interval_s: int = 30
    probes: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How long a connection may take to be made and be idle, and the PROXY protocol that it begins with."""

    connect_ms: int = 5_000
    idle_ms: int = 50_000
    """Below the minute after which many servers close an idle connection, maybe under a request."""
    keepalive: Keepalive = Keepalive()
    proxy_protocol: Literal["", "V1", "V2"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Ask with a PING every `interval_ms`, and wait so long for the answer; 0 is never."""

    interval_ms: int
    timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTP2Settings:
    """HTTP/2 to a backend; 0 streams is as many as it takes."""

    max_streams: int = 0
    stream_window: int = 64 * 1024
    connection_window: int = 1024 * 1024
    pings: Pings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHTTP:
    """A request whose answer has one of `statuses`."""

    host: str
    path: str
    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGRPC:
    """The gRPC health service; `service` "" is the server as a whole."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTCP:
    """A connection that can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveHealth:
    """Each proxy asks each endpoint; `port` 0 is the endpoint's own."""

    ask: AskHTTP | AskGRPC | AskTCP
    port: int
    interval_ms: int
    timeout_ms: int
    unhealthy_after: int
    healthy_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassiveHealth:
    """Who fails so often in a row is left out for a while; 0 errors do not count."""

    errors: int
    gateway_errors: int
    interval_ms: int
    ejection_ms: int
    max_percent: int


class Balancing(StrEnum):
    """How an endpoint is chosen."""

    LEAST_REQUEST = "LeastRequest"
    ROUND_ROBIN = "RoundRobin"
    RANDOM = "Random"
    RING_HASH = "RingHash"
    MAGLEV = "Maglev"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashOn:
    """What of a request is hashed; `ttl_s` None: a cookie is not set by the proxy."""

    kind: Literal["Header", "Cookie", "Query", "Address"]
    name: str
    ttl_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancing:
    """Which endpoint gets a request. `slow_start_ms` 0: a new one has its full share at once."""

    balancing: Balancing = Balancing.LEAST_REQUEST
    hash_on: tuple[HashOn, ...] = ()
    slow_start_ms: int = 0
    panic_percent: int = 0
    """Below this share of healthy endpoints all are used; 0 is never. What Kubernetes says is not ready is not used."""


class Family(StrEnum):
    """Which addresses of a name are used."""

    V4_PREFERRED = "V4Preferred"
    V4 = "V4"
    V6 = "V6"
    V6_PREFERRED = "V6Preferred"
    ALL = "All"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameResolution:
    """How names of backends are resolved; `refresh_ms` 0 is as long as the answer says."""

    family: Family = Family.V4_PREFERRED
    """Envoy's own order asks for IPv6 only, as soon as there is one, also where nothing can be reached by it."""
    refresh_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """All of it."""

    load_balancing: LoadBalancing = LoadBalancing()
    active_health: ActiveHealth | None = None
    passive_health: PassiveHealth | None = None
    limits: ConnectionLimits = ConnectionLimits()
    connection: ConnectionSettings = ConnectionSettings()
    http2: HTTP2Settings = HTTP2Settings()
    dns: NameResolution = NameResolution()


STANDARD: Final = BackendSettings()
