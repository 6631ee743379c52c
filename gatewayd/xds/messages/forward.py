"""Forward -> RouteActions: backends by weight, rewrites, mirrors, retries, time-outs.

Invariants: nothing is retried and nothing times out unless the user asked for it; an InvalidBackend's share gets a 500
and a backend without endpoints a 503, in the same rule. A gRPC request gets a 503 for both, which Envoy tells the
client as UNAVAILABLE; a 500 it would tell as UNKNOWN, which clients do not retry.
Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as pb
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.backend import InvalidBackend, ServiceBackend
from gatewayd.ir.filters import HTTPFilter, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import (
    CANNOT,
    NO_REWRITE,
    Action,
    DirectResponse,
    Forward,
    Mirror,
    RequestMatch,
    Retry,
    Route,
    StatefulSession,
    Timeouts,
    URLRewrite,
    WeightedBackend,
)
from gatewayd.ir.limits import STREAM_IDLE_SECONDS
from gatewayd.xds import names
from gatewayd.xds.encoding import milliseconds, packed
from gatewayd.xds.filters.chain import share_fields, with_session
from gatewayd.xds.filters.header import host_to_set
from gatewayd.xds.messages.match import MILLION, fraction
from gatewayd.xds.messages.rewrite import rewritten_path

_HEADER_FILTERS = (RequestHeaders, ResponseHeaders)
_UNAVAILABLE = 503
_TIMED_OUT = 504


class SplitAction(NamedTuple):
    """One Envoy route's action. It takes the requests below `threshold` (parts per million) that none before it took.

    `threshold` None takes all the rest. `filters` are those that are left for the Envoy route to apply.
    """

    threshold: int | None
    fields: dict[str, Any]
    filters: tuple[HTTPFilter, ...]


def shares(route: Route, forward: Forward) -> tuple[SplitAction, ...]:
    """Return the actions of a route that forwards, almost always one.

    Envoy can rewrite the path of a route, not of one of its weighted clusters, and mirror the requests of a route.
    Backends that want different rewrites, or mirrors, become a route each, by cumulative fractions: all routes are
    asked with the same random number of the request. One route for each backend, never for a group of them: inside a
    group the same number would choose again.
    """
    live = tuple([each for each in forward.backends if each.weight > 0])
    if len(live) == 1 and isinstance(live[0].backend, ServiceBackend):
        return (_share(route, forward, live, _rewrite(route, forward, live[0]), None),)
    if not any(isinstance(each.backend, ServiceBackend) for each in live):
        return (SplitAction(threshold=None, fields=answer(route.match, CANNOT), filters=route.filters),)
    mirrored = any(each.mirrors for each in live)
    rewrites = {_rewrite(route, forward, each) for each in live if isinstance(each.backend, ServiceBackend)}
    if len(rewrites) == 1 and not mirrored:
        return (_share(route, forward, live, rewrites.pop(), None),)
    return tuple(_split(route, forward, live))


def answer(match: RequestMatch, response: DirectResponse) -> dict[str, Any]:
    """Return the fields of a Route that answers the requests of a match without asking anybody."""
    status = _UNAVAILABLE if match.grpc and response == CANNOT else response.status
    body = base_pb2.DataSource(inline_string=response.body) if response.body else None
    return {"direct_response": pb.DirectResponseAction(status=status, body=body)}


def parted(route: Route) -> tuple[Route, ...]:
    """Return the route, before it the same for gRPC requests alone where those are answered in another way."""
    if route.match.grpc or not _may_fail(route.action):
        return (route,)
    return (replace(route, match=replace(route.match, grpc=True)), route)


def _may_fail(action: Action) -> bool:
    if not isinstance(action, Forward):
        return action == CANNOT
    live = [each for each in action.backends if each.weight > 0]
    return not live or any(isinstance(each.backend, InvalidBackend) for each in live)


def _split(route: Route, forward: Forward, live: tuple[WeightedBackend, ...]) -> Iterator[SplitAction]:
    total = sum(each.weight for each in live)
    reached = 0
    for weighted in live:
        reached += weighted.weight
        threshold = None if weighted is live[-1] else round(reached * MILLION / total)
        if isinstance(weighted.backend, InvalidBackend):
            yield SplitAction(threshold=threshold, fields=answer(route.match, CANNOT), filters=route.filters)
        else:
            yield _share(route, forward, (weighted,), _rewrite(route, forward, weighted), threshold)


def _rewrite(route: Route, forward: Forward, backend: WeightedBackend) -> URLRewrite:
    """Return what happens to requests for one backend: its own rewrite goes before the rule's, part by part.

    Setting the header Host is a rewrite of the host as well: Envoy knows no other way.
    """
    if not backend.filters and not route.filters and backend.rewrite is forward.rewrite is NO_REWRITE:
        return NO_REWRITE
    hosts = (backend.rewrite.host, host_to_set(backend.filters), forward.rewrite.host, host_to_set(route.filters))
    return URLRewrite(
        host=next((host for host in hosts if host is not None), None),
        path=backend.rewrite.path or forward.rewrite.path,
    )


def _share(
    route: Route, forward: Forward, live: tuple[WeightedBackend, ...], rewrite: URLRewrite, threshold: int | None
) -> SplitAction:
    # Envoy applies what stands at a weighted cluster before what stands at the route. The spec's order is the other
    # way round, so as soon as one backend has filters, those of the rule that change headers go down to all of them.
    deep = any(each.filters for each in live)
    lowered = tuple([each for each in route.filters if isinstance(each, _HEADER_FILTERS)]) if deep else ()
    action = pb.RouteAction(
        **_destination(route.match, forward, live, lowered),
        **rewritten_path(rewrite.path, route.match.path),
        **_host(rewrite.host),
        **_timeouts(forward.timeouts),
        retry_policy=_retry_policy(forward.retry, forward.timeouts),
        request_mirror_policies=list(_mirrors((*forward.mirrors, *[each for of in live for each in of.mirrors]))),
    )
    left = tuple([each for each in route.filters if each not in lowered]) if lowered else route.filters
    return SplitAction(threshold=threshold, fields={"route": action}, filters=left)


def _destination(
    match: RequestMatch, forward: Forward, live: tuple[WeightedBackend, ...], lowered: tuple[HTTPFilter, ...]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not match.grpc and any(isinstance(each.backend, InvalidBackend) for each in live):
        # For the cluster that never exists. Not for others: one of those may be on its way (503, try again).
        fields["cluster_not_found_response_code"] = pb.RouteAction.INTERNAL_SERVER_ERROR
    if len(live) == 1 and not live[0].filters and _own_session(forward, live[0]) is None:
        return {**fields, "cluster": _cluster(live[0])}
    weights = [
        pb.WeightedCluster.ClusterWeight(
            name=_cluster(each),
            weight=wrappers_pb2.UInt32Value(value=each.weight),
            **with_session(share_fields((*lowered, *each.filters)), _own_session(forward, each)),
        )
        for each in live
    ]
    return {**fields, "weighted_clusters": pb.WeightedCluster(clusters=weights)}


def _own_session(forward: Forward, of: WeightedBackend) -> StatefulSession | None:
    """Return what keeps the sessions of one backend: what the rule says stands at the Envoy route, for all of them."""
    return of.persistence if forward.persistence is None else None


def _cluster(of: WeightedBackend | Mirror) -> str:
    return names.cluster(of.backend.upstream) if isinstance(of.backend, ServiceBackend) else names.NOWHERE


def _host(host: str | None) -> dict[str, Any]:
    return {} if host is None else {"host_rewrite_literal": host, "append_x_forwarded_host": True}


def _timeouts(timeouts: Timeouts) -> dict[str, Any]:
    # 0 is written out: without it Envoy ends every request after 15 s.
    fields = {"timeout": milliseconds(timeouts.request_ms)}
    longest = max(timeouts.request_ms, timeouts.backend_request_ms)
    if timeouts.stream_idle_ms:
        fields["idle_timeout"] = milliseconds(timeouts.stream_idle_ms)
    elif longest > STREAM_IDLE_SECONDS * 1000:
        # The user allows an answer to take longer than a stream may be silent (see hcm).
        fields["idle_timeout"] = milliseconds(longest)
    return fields


def _retry_policy(retry: Retry | None, timeouts: Timeouts) -> Any:
    per_try = milliseconds(timeouts.backend_request_ms) if timeouts.backend_request_ms else None
    if retry is None or retry.attempts == 0:
        # A policy without a retry_on retries nothing; it is where the time of one try stands.
        return (
            pb.RetryPolicy(num_retries=wrappers_pb2.UInt32Value(value=0), per_try_timeout=per_try) if per_try else None
        )
    predicate = pb.RetryPolicy.RetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts",
        typed_config=packed(previous_hosts_pb2.PreviousHostsPredicate()),
    )
    return pb.RetryPolicy(
        retry_on=_retry_on(retry, timeouts),
        retriable_status_codes=retry.codes,
        num_retries=wrappers_pb2.UInt32Value(value=retry.attempts),
        per_try_timeout=per_try,
        retry_host_predicate=[predicate],
        host_selection_retry_max_attempts=5,
        retry_back_off=_back_off(retry.backoff_ms),
    )


def _retry_on(retry: Retry, timeouts: Timeouts) -> str:
    # Only what never reached the backend's application, and what the user named.
    conditions = ["connect-failure", "refused-stream", "reset-before-request"]
    if retry.codes:
        conditions.append("retriable-status-codes")
    if _TIMED_OUT in retry.codes and timeouts.backend_request_ms:
        # A try that timed out is a 504 to the user; to Envoy it is a reset and no status code.
        conditions.append("reset")
    return ",".join(conditions)


def _back_off(interval_ms: int) -> Any:
    return pb.RetryPolicy.RetryBackOff(base_interval=milliseconds(interval_ms)) if interval_ms else None


def _mirrors(mirrors: tuple[Mirror, ...]) -> Iterator[Any]:
    for mirror in mirrors:
        if isinstance(mirror.backend, ServiceBackend) and mirror.parts_per_million > 0:
            yield pb.RouteAction.RequestMirrorPolicy(
                cluster=_cluster(mirror),
                runtime_fraction=fraction(mirror.parts_per_million) if mirror.parts_per_million < MILLION else None,
                disable_shadow_host_suffix_append=True,
            )
