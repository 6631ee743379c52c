"""HTTP and gRPC routing as one Envoy listener shall do it.

Routes of a virtual host stand in the order of precedence: the first that matches wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gatewayd.ir.backend import Backend
from gatewayd.ir.filters import ExternalAuth, HTTPFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactPath:
    """The whole path, without the query."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixPath:
    """A prefix by elements: "/a" matches "/a" and "/a/b", not "/ab". No trailing slash, except "/" alone."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexPath:
    """An RE2 expression that the whole path must match."""

    pattern: str


PathMatch = ExactPath | PrefixPath | RegexPath


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactValue:
    """The whole value, case-sensitive."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexValue:
    """An RE2 expression that the whole value must match."""

    pattern: str


ValueMatch = ExactValue | RegexValue


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMatch:
    """A header or a query parameter that must be there with such a value."""

    name: str
    value: ValueMatch


GRPC_CONTENT_TYPE: Final = r"(?i)application/grpc(?:\+.*|[ \t]*;.*)?"
"""An RE2 expression that the whole content type of a gRPC request matches, gRPC-Web's does not.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatch:
    """All parts must hold. `methods` empty means any; `grpc` means gRPC requests only."""

    path: PathMatch
    methods: tuple[str, ...]
    headers: tuple[NamedMatch, ...]
    queries: tuple[NamedMatch, ...]
    grpc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FullPath:
    """Replace the whole path, keeping the query. `value` is a path as RFC 3986 has it: no query, never empty."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixReplacement:
    """Replace the matched prefix (the route's own PrefixPath)."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexReplacement:
    r"""Replace whatever `pattern` matches in the path by `value`, in which `\1` is the first group."""

    pattern: str
    value: str


PathModifier = FullPath | PrefixReplacement | RegexReplacement


@dataclass(frozen=True, slots=True, kw_only=True)
class URLRewrite:
    """Change host and path before sending the request; None leaves it."""

    host: str | None
    path: PathModifier | None


NO_REWRITE = URLRewrite(host=None, path=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Copy `parts_per_million` of the requests to a backend, ignoring its answers."""

    backend: Backend
    parts_per_million: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again on these response codes and when the connection failed. Milliseconds, 0 for the default."""

    codes: tuple[int, ...]
    attempts: int
    backoff_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Milliseconds for the whole request and for one try at the backend; 0 means none.

    `stream_idle_ms`: after so long without a byte the request ends; 0 for what the listener has.
    """

    request_ms: int
    backend_request_ms: int
    stream_idle_ms: int = 0


NO_TIMEOUTS = Timeouts(request_ms=0, backend_request_ms=0)


class PersistenceKind(StrEnum):
    """What carries the session."""

    COOKIE = "cookie"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatefulSession:
    """Requests of a session go to the same endpoint. `ttl_s` None makes a session cookie."""

    kind: PersistenceKind
    name: str
    path: str
    ttl_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedBackend:
    """A share of the traffic of a rule, with what is done to that share alone, after what the rule does.

    `persistence` is the backend's own; it counts where the rule's Forward has none.
    """

    backend: Backend
    weight: int
    filters: tuple[HTTPFilter, ...]
    mirrors: tuple[Mirror, ...]
    rewrite: URLRewrite
    persistence: StatefulSession | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Send the request to one of the backends, by weight. No backends, or weights that sum to 0, answer CANNOT."""

    backends: tuple[WeightedBackend, ...]
    mirrors: tuple[Mirror, ...]
    rewrite: URLRewrite
    timeouts: Timeouts
    retry: Retry | None
    persistence: StatefulSession | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Answer with a Location header. None leaves the part of the request as it came.

    `port` is what stands in the Location: None when the scheme implies it.
    """

    scheme: str | None
    host: str | None
    port: int | None
    path: PathModifier | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectResponse:
    """Answer with this status, and no body unless there is one. Where it is 500 alone, gRPC is told UNAVAILABLE."""

    status: int
    body: str = ""
    content_type: str = ""


CANNOT: Final = DirectResponse(status=500)
"""The answer to what was asked for and cannot be done: 500 for HTTP, UNAVAILABLE for gRPC.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule and #grpcrouterule (backendRefs)
"""
NOT_FOUND: Final = DirectResponse(status=404)
"""The answer to what no route takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Answer a CORS preflight as the route's Cors filter says; without one, with nothing that allows a request."""


PREFLIGHT: Final = Preflight()

Action = Forward | Redirect | DirectResponse | Preflight


DEFAULT_BACKEND: Final = 100_000
"""The number that the default backend of an Ingress has among its rules, which are fewer."""


FURTHER_HOST: Final = 10_000
"""What is added to the number of a rule of an Ingress for each further host that has its paths as well."""


APP_ROOT: Final = 100_001
"""The number that the redirect from `/` has which an annotation of an Ingress asks for."""
_WITHOUT_NUMBER: Final = {
    DEFAULT_BACKEND: "spec.defaultBackend",
    APP_ROOT: 'metadata.annotations["nginx.ingress.kubernetes.io/app-root"]',
}


def rule_field(rule: int) -> str:
    """Return the field that a rule of a route object stands in, by its number."""
    return _WITHOUT_NUMBER.get(rule) or f"spec.rules[{rule % FURTHER_HOST}]"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RuleRef:
    """The rule of the route object that a Route was made from; it names the Route in Envoy.

    `preflight` above 0: not the rule itself, but what answers preflights about requests that it would get. `login` not
    "": not the rule itself, but a path at which its login, or logout, ends.
    """

    kind: str
    namespace: str
    name: str
    rule: int
    match: int
    preflight: int = 0
    login: str = ""

    @property
    def rule_field(self) -> str:
        """The field of the object that the rule stands in."""
        return rule_field(self.rule)

    @property
    def field(self) -> str:
        """The field of the object that the match stands in."""
        if self.rule in _WITHOUT_NUMBER:
            return self.rule_field
        return f"{self.rule_field}.{'http.paths' if self.kind == 'Ingress' else 'matches'}[{self.match}]"

    def __str__(self) -> str:
        own = f"{self.kind.lower()}/{self.namespace}/{self.name}/rule/{self.rule}/match/{self.match}"
        if self.login:
            return f"{own}/login{self.login}"
        return f"{own}/preflight/{self.preflight}" if self.preflight else own


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport:
    """What proxies tell of the requests of a rule, beside what they tell of a Gateway's.

    `sampled` of `ir.tracing.WHOLE` become traces, where there are any; None: as many as of other requests. `counted`:
    they are counted under the name of the route.
    """

    sampled: int | None
    counted: bool


UNREPORTED: Final = RouteReport(sampled=None, counted=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One match and what happens to a request that it holds for. `rule_name` is the user's name of the rule, or ""."""

    source: RuleRef
    rule_name: str
    match: RequestMatch
    action: Action
    filters: tuple[HTTPFilter, ...]
    report: RouteReport = UNREPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualHost:
    """All routes for one domain: "shop.example", "*.example" or "*". Without routes it gives the `fallback`.

    The `guards` are asked in their order before any route is chosen. What they add to the request counts in the choice.
    """

    domain: str
    guards: tuple[ExternalAuth, ...]
    routes: tuple[Route, ...]
    fallback: DirectResponse


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RouteTableKey:
    """A port, and the listener whose filter chain uses the table ("" when all HTTP listeners of the port share it).

    `destination`: the table is for what was sent to this `ADDRESS:PORT` before it was led to the port; "" for any.
    `callers`: and was sent by pods of this namespace, which alone are led to the port; "" for whoever comes.
    """

    port: int
    listener: str
    destination: str = ""
    callers: str = ""

    def __str__(self) -> str:
        """Return `PORT`, `PORT/LISTENER`, `PORT/DESTINATION` or `PORT/CALLERS/DESTINATION`; no listener has a ":"."""
        destination = f"{self.callers}/{self.destination}" if self.callers else self.destination
        within = self.listener or destination
        return f"{self.port}/{within}" if within else str(self.port)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HostGroup:
    """Hosts of a table that share a RouteConfiguration where routes are discovered per host."""

    table: RouteTableKey
    number: int

    def __str__(self) -> str:
        """Return what names the group, and its RouteConfiguration in Envoy; no host has a "#"."""
        return f"{self.table}:#{self.number}"


class RouteDiscovery(StrEnum):
    """How a proxy gets a route table: whole, or in groups of few hosts, so that a change costs what it changes."""

    PER_LISTENER = "listener"
    PER_HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """What one HTTP connection manager routes by: virtual hosts sorted by domain, each domain once.

    `apart`: numbers of the groups that a proxy has refused, so that each of their hosts stands alone.
    """

    key: RouteTableKey
    discovery: RouteDiscovery
    apart: frozenset[int]
    virtual_hosts: Sequence[VirtualHost]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerHostTables:
    """The route tables of a Gateway that are discovered per host, and stay so: a change of discovery ends connections.

    A row of the store like any other, by the Gateway's key: what was decided comes back as an input.
    `apart`: the groups of hosts that a proxy has refused. They stay apart, so that nothing goes back and forth.
    """

    tables: frozenset[RouteTableKey]
    apart: frozenset[HostGroup]


NO_TABLES: Final = PerHostTables(tables=frozenset(), apart=frozenset())
