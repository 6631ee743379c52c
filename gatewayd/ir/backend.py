"""Where traffic goes: upstreams, their endpoints, and backendRefs that lead nowhere.

An `Upstream` is what makes one cluster differ from another, and nothing else: many routes share it, so most edits of
routes make no cluster.
"""

from dataclasses import dataclass
from enum import StrEnum

from gatewayd.ir.backend_settings import STANDARD, BackendSettings
from gatewayd.ir.tls import UpstreamTLS


class Protocol(StrEnum):
    """What is spoken to the endpoints."""

    HTTP1 = "http1"
    HTTP2 = "http2"
    TCP = "tcp"
    UDP = "udp"

    @property
    def transport(self) -> str:
        """What it is spoken over, as ports of Services call it."""
        return "UDP" if self is Protocol.UDP else "TCP"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Upstream:
    """One port of one backend object, spoken to in one way.

    `kind` is "Service", "ServiceImport", "XBackend" or "Backend". `family`: "IPv4" or "IPv6" where those of its
    endpoints alone are meant, "" for all.
    """

    kind: str
    namespace: str
    name: str
    port: int
    protocol: Protocol
    family: str = ""

    @property
    def cluster_name(self) -> str:
        """The name of its cluster in Envoy, and of the endpoints of that; the fleet's reports speak of it by this name.

        What almost all are, a Service, is not said: Envoy writes the name of a cluster down many times, and each of
        thousands takes a KiB less.
        """
        family = f"-{self.family.lower()}" if self.family else ""
        name = f"{self.namespace}/{self.name}/{self.port}/{self.protocol}{family}"
        return name if self.kind == "Service" else f"{self.kind.lower()}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBackend:
    """A backendRef that leads somewhere (possibly to no endpoint: then Envoy answers 503)."""

    upstream: Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidBackend:
    """A backendRef that leads nowhere: its share of the traffic gets a 500 (HTTP) or is refused (TCP)."""

    reason: str
    message: str


Backend = ServiceBackend | InvalidBackend


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Endpoint:
    """One address. `draining`: still served to existing sessions, offered no new ones.

    `zone`: the one that its clients are in, "" where that makes no difference.
    """

    address: str
    port: int
    draining: bool
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """Endpoints that the control plane names (EDS), sorted. `closed`: why nobody may be reached, "" when they may.

    `failover`: whose turn it is when too few of them are healthy, one group after the other.
    """

    endpoints: tuple[Endpoint, ...]
    closed: str = ""
    failover: tuple[tuple[Endpoint, ...], ...] = ()

    @property
    def groups(self) -> tuple[tuple[Endpoint, ...], ...]:
        """All of them, in the order of their turns."""
        return (self.endpoints, *self.failover)

    @property
    def serving(self) -> tuple[Endpoint, ...]:
        """Those who get new sessions while all are well: of the first group that has somebody who does not drain.

        Where all drain, the first group that has anybody.
        """
        staying = (tuple(each for each in group if not each.draining) for group in self.groups)
        return next(filter(None, (*staying, *self.groups)), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Endpoints that Envoy resolves by DNS: an ExternalName Service or an XBackend's hostname.

    `absolute`: the name is whole, and is not looked for below the search domains of the proxy's machine.
    """

    hostname: str
    port: int
    absolute: bool

    @property
    def question(self) -> str:
        """What a resolver is asked for: a final dot makes a name absolute (RFC 1034, 3.1)."""
        return f"{self.hostname.removesuffix('.')}." if self.absolute else self.hostname


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudget:
    """How many retries may be in flight: `percent` of the requests in flight, and never less than `least`."""

    percent: int
    least: int


DEFAULT_RETRY_BUDGET = RetryBudget(percent=20, least=100)
"""Retries may not multiply an overload, yet a few are always allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One upstream as one Gateway's Envoys shall reach it. `tls` None means plain text.

    `prefers_zone`: a proxy sends what it can to endpoints of its own zone.
    """

    upstream: Upstream
    endpoints: Discovered | Resolved
    tls: UpstreamTLS | None
    retry_budget: RetryBudget
    settings: BackendSettings = STANDARD
    prefers_zone: bool = False
