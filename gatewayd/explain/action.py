"""What happens to a request that a route takes, in plain values.

In: a Route of the IR, the request, the Gateway's clusters. Out: `Forwarded`, `Redirected` or `Direct`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from gatewayd.explain.passage import aborted, passage_words
from gatewayd.explain.request import Request
from gatewayd.explain.rewriting import location, modified_path
from gatewayd.ir.backend import Backend, Cluster, Discovered, InvalidBackend, ServiceBackend, Upstream
from gatewayd.ir.filters import (
    CopiedHeader,
    Cors,
    ExternalAuth,
    HTTPFilter,
    KeptSource,
    PolicyCheck,
    RequestHeaders,
    RequestValue,
    ResponseHeaders,
)
from gatewayd.ir.global_limits import SharedLimits
from gatewayd.ir.http import CANNOT, DirectResponse, Forward, Mirror, Preflight, Redirect, Route, WeightedBackend
from gatewayd.ir.l4 import L4Forward
from gatewayd.ir.policy import (
    AddressRange,
    AddressRule,
    APIKeyClients,
    Bandwidth,
    BasicUsers,
    BodyLimit,
    ClientAddresses,
    Compression,
    ErrorPages,
    Fault,
    Login,
    Permissions,
    RateLimits,
    SameOrigin,
    Tokens,
    WithheldHeaders,
    lets_in,
)
from gatewayd.ir.processing import Processing
from gatewayd.ir.scripts import Script

_MILLION = 1_000_000
_UNAVAILABLE = 503
_PREFLIGHT = 200
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendShare:
    """A backend and its part of the requests, 0 to 1. `problem` is why it gets a 500 (or 503), or "".

    `path` and `host` are what it sees; `changes` are in words, its own after those of the rule.
    """

    backend: str
    part: float
    endpoints: tuple[str, ...]
    problem: str
    path: str
    host: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """Sent to one of the backends. `mirrors`, `limits` (time-outs, retries, sessions) in words."""

    shares: tuple[BackendShare, ...]
    mirrors: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """Answered with a Location."""

    status: int
    location: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """Answered by Envoy itself. `changes` are what the rule's filters do on the way: who they ask may refuse first."""

    status: int
    why: str
    changes: tuple[str, ...] = ()


Happening = Forwarded | Redirected | Direct


def happening(route: Route, domain: str, request: Request, clusters: Mapping[Upstream, Cluster]) -> Happening:
    """Return what a route does with a request for a host of `domain`."""
    action = route.action
    if (early := _answered_early(route, request)) is not None:
        return early
    match action:
        case Preflight():
            return Direct(status=_PREFLIGHT, why="a preflight, and the rule has no CORS filter: nothing is allowed")
        case Redirect():
            where = location(action, route.match.path, domain, request)
            return Redirected(status=action.status, location=where, changes=tuple(_changes(route.filters)))
        case DirectResponse():
            why = "the rule cannot be served; the route's status says why" if action == CANNOT else "a policy says so"
            why = "here a login or a logout ends" if route.source.login else why
            return Direct(status=answered(action, request), why=why, changes=tuple(_changes(route.filters)))
        case Forward():
            return _forwarded(route, action, request, clusters)
        case _:
            assert_never(action)


def _answered_early(route: Route, request: Request) -> Direct | None:
    """Return the answer that a request gets whatever the rule does, in the order of Envoy's filters."""
    if (shut := _shut_out(route, request)) is not None:
        return shut
    policy = next((each for each in route.filters if isinstance(each, Cors)), None)
    if policy is not None and request.is_preflight:
        allowed = ", ".join(policy.origins) or "no origin"
        return Direct(status=_PREFLIGHT, why=f"a preflight, which the rule's CORS filter answers: for {allowed}")
    status = aborted(route.filters)
    if status is None:
        return None
    # Who may not come in is told so before.
    why, changes = "a RoutePolicy has all requests aborted", tuple(_changes(route.filters))
    return Direct(status=status, why=why, changes=changes)


def _shut_out(route: Route, request: Request) -> Direct | None:
    """Return the answer to a client that may not come in, as far as its address is known."""
    rules = (rule for each in route.filters if isinstance(each, ClientAddresses) for rule in each.rules)
    if not request.client or all(lets_in(rule, request.client) for rule in rules):
        return None
    return Direct(status=_FORBIDDEN, why=f"{request.client} may not come in, by an AccessPolicy")


def answered(response: DirectResponse, request: Request) -> int:
    """Return the status of an answer; gRPC clients are told UNAVAILABLE for a 503."""
    return _UNAVAILABLE if request.is_grpc and response == CANNOT else response.status


def l4_shares(forward: L4Forward, clusters: Mapping[Upstream, Cluster]) -> tuple[BackendShare, ...]:
    """Return where connections go."""
    total = sum(each.weight for each in forward.backends)
    return tuple(
        _share(each.backend, each.weight / total if total else 0.0, clusters, path="", host="", changes=())
        for each in forward.backends
    )


def _forwarded(route: Route, forward: Forward, request: Request, clusters: Mapping[Upstream, Cluster]) -> Happening:
    total = sum(each.weight for each in forward.backends)
    if total == 0:
        why = "the rule has no backend with a weight above 0"
        return Direct(status=answered(CANNOT, request), why=why, changes=tuple(_changes(route.filters)))
    return Forwarded(
        shares=tuple(_http_share(route, forward, each, request, clusters) for each in forward.backends),
        mirrors=tuple(_mirrors(forward.mirrors)),
        limits=tuple(_limits(forward)),
    )


def _http_share(
    route: Route, forward: Forward, weighted: WeightedBackend, request: Request, clusters: Mapping[Upstream, Cluster]
) -> BackendShare:
    total = sum(backend.weight for backend in forward.backends)
    modifier = weighted.rewrite.path or forward.rewrite.path
    hosts = (weighted.rewrite.host, _host_set(weighted.filters), forward.rewrite.host, _host_set(route.filters))
    return _share(
        weighted.backend,
        weighted.weight / total,
        clusters,
        path=modified_path(modifier, route.match.path, request.path),
        host=next(host for host in (*hosts, request.authority) if host is not None),
        changes=(
            *_changes(route.filters),
            *_changes(weighted.filters),
            *(f"mirrored to {mirror}" for mirror in _mirrors(weighted.mirrors)),
        ),
    )


def _mirrors(mirrors: tuple[Mirror, ...]) -> Iterator[str]:
    return (f"{backend_name(each.backend)} ({each.parts_per_million / _MILLION:.0%})" for each in mirrors)


def _host_set(filters: tuple[HTTPFilter, ...]) -> str | None:
    """Return the value that the header Host is set to: that is a rewrite of the host as well."""
    changes = (each.changes for each in filters if isinstance(each, RequestHeaders))
    return next((header.value for each in changes for header in each.set if header.name.lower() == "host"), None)


def _share(
    backend: Backend,
    part: float,
    clusters: Mapping[Upstream, Cluster],
    *,
    path: str,
    host: str,
    changes: tuple[str, ...],
) -> BackendShare:
    endpoints = _endpoints(backend, clusters)
    problem = ""
    if isinstance(backend, InvalidBackend):
        problem = backend.message
    elif not endpoints:
        problem = f"{_closed(backend, clusters) or 'it has no ready endpoint'}; requests get a 503"
    return BackendShare(
        backend=backend_name(backend),
        part=part,
        endpoints=endpoints,
        problem=problem,
        path=path,
        host=host,
        changes=changes,
    )


def backend_name(backend: Backend) -> str:
    """Return how people call a backend: "Service shop/cart:8080"."""
    if isinstance(backend, InvalidBackend):
        return f"invalid ({backend.reason})"
    upstream = backend.upstream
    return f"{upstream.kind} {upstream.namespace}/{upstream.name}:{upstream.port}"


def _endpoints(backend: Backend, clusters: Mapping[Upstream, Cluster]) -> tuple[str, ...]:
    cluster = clusters.get(backend.upstream) if isinstance(backend, ServiceBackend) else None
    if cluster is None:
        return ()
    if isinstance(cluster.endpoints, Discovered):
        return tuple(f"{each.address}:{each.port}" for each in cluster.endpoints.serving)
    return (f"{cluster.endpoints.hostname}:{cluster.endpoints.port}",)


def _closed(backend: Backend, clusters: Mapping[Upstream, Cluster]) -> str:
    cluster = clusters.get(backend.upstream) if isinstance(backend, ServiceBackend) else None
    return cluster.endpoints.closed if cluster is not None and isinstance(cluster.endpoints, Discovered) else ""


def _changes(filters: tuple[HTTPFilter, ...]) -> Iterator[str]:
    for http_filter in filters:
        match http_filter:
            case RequestHeaders() | ResponseHeaders():
                side = "request" if isinstance(http_filter, RequestHeaders) else "response"
                yield from (f"set {side} header {header.name}: {header.value}" for header in http_filter.changes.set)
                yield from (f"set {side} header {each.name}: {_source(each)}" for each in http_filter.changes.copied)
                yield from (f"add {side} header {header.name}: {header.value}" for header in http_filter.changes.add)
                yield from (f"remove {side} header {name}" for name in http_filter.changes.remove)
            case Cors():
                yield f"CORS for {', '.join(http_filter.origins)}"
            case ExternalAuth():
                yield from _consent(http_filter, without="")
            case PolicyCheck():
                yield from _consent(http_filter.auth, without=" or does not answer" if http_filter.fails_open else "")
            case (
                RateLimits()
                | SharedLimits()
                | BodyLimit()
                | Bandwidth()
                | Compression()
                | Fault()
                | ErrorPages()
                | Processing()
                | Script()
            ):
                yield from passage_words(http_filter)
            case KeptSource():
                yield "the backend sees the address of the client"
            case _:
                yield from _entry(http_filter)


def _source(copied: CopiedHeader) -> str:
    """Return where the value of a header comes from, in words."""
    source = copied.source
    if isinstance(source, RequestValue):
        return f"the request's {source.value}, if it has one"
    return f"what the request has as {source}, if it does"


def _consent(auth: ExternalAuth, *, without: str) -> Iterator[str]:
    asked = backend_name(ServiceBackend(upstream=auth.upstream))
    yield f"only if {asked} consents{without}, else a 403 or what it answers"
    yield from (f"request header {name} is what it says, never what the client does" for name in auth.says)


def _entry(
    condition: SameOrigin
    | WithheldHeaders
    | ClientAddresses
    | APIKeyClients
    | BasicUsers
    | Login
    | Tokens
    | Permissions,
) -> Iterator[str]:
    """Yield what a request has to be before it comes to a rule."""
    match condition:
        case WithheldHeaders():
            yield f"without what the client sends as {', '.join(condition.names)}"
        case ClientAddresses():
            yield from (_clients(rule) for rule in condition.rules)
        case SameOrigin():
            pages = " or ".join(("the same host", *condition.hosts))
            yield f"if it may change something, only from a page of {pages}, else a 403"
        case Tokens():
            yield _tokens(condition)
        case APIKeyClients():
            sources = " or ".join(f"{source.kind.lower()} {source.name}" for source in condition.sources)
            yield f"only with the key of one of {len(condition.keys)} clients, in {sources}, else a 401"
        case Login():
            token = "a bearer token or " if condition.takes_tokens else ""
            yield f"only with {token}a session of {condition.issuer}, else a redirect to log in there"
        case BasicUsers():
            yield f"only with the password of one of {len(condition.users)} users, else a 401"
        case Permissions():
            yield _permitted(condition)
        case _:
            assert_never(condition)


def _permitted(permissions: Permissions) -> str:
    if any(each.holds_always for rule in permissions.rules for each in rule.deny):
        return "for nobody: no condition of an AccessPolicy's authorization is for these callers, who get a 403"
    return "only if an AccessPolicy's authorization lets it pass, else a 403"


def _tokens(tokens: Tokens) -> str:
    issuers = " or ".join(f"{each.name} ({each.issuer})" for each in tokens.issuers)
    without = "without a token or " if tokens.is_optional else ""
    return f"only {without}with a token of {issuers}, else a 401"


def _clients(rule: AddressRule) -> str:
    allowed = ", ".join(map(_range, rule.allow)) or "everybody"
    denied = f" but {', '.join(map(_range, rule.deny))}" if rule.deny else ""
    return f"only for {allowed}{denied}, else a 403"


def _range(addresses: AddressRange) -> str:
    return f"{'connections from ' if addresses.is_peer else ''}{addresses.network}/{addresses.bits}"


def _limits(forward: Forward) -> Iterator[str]:
    if forward.timeouts.request_ms:
        yield f"ends after {forward.timeouts.request_ms} ms"
    if forward.timeouts.backend_request_ms:
        yield f"each try ends after {forward.timeouts.backend_request_ms} ms"
    if forward.timeouts.stream_idle_ms:
        yield f"ends after {forward.timeouts.stream_idle_ms} ms without a byte"
    if forward.retry is not None:
        codes = ", ".join(map(str, forward.retry.codes)) or "no status"
        yield f"up to {forward.retry.attempts} retries on {codes} and failed connections"
    if forward.persistence is not None:
        yield f"sessions stay with an endpoint by {forward.persistence.kind} {forward.persistence.name}"
        return
    for share in forward.backends:
        if share.persistence is not None:
            carrier = f"{share.persistence.kind} {share.persistence.name}"
            yield f"sessions of {backend_name(share.backend)} stay with an endpoint by {carrier}"
