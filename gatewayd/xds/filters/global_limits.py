"""SharedLimits -> Envoy's ratelimit filter, which takes a place in the chain where a route asks for it.

Whom it asks and what becomes of a request without an answer is said by the filter as a whole, so a route brings its
own. It keeps nothing between requests: what is counted, the service keeps.
What a response says of its cost is noted before, by a filter that makes metadata of headers.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/ratelimit/v3/rate_limit.proto
"""

from collections.abc import Iterator
from typing import Any, Final

from envoy.config.core.v3 import config_source_pb2, grpc_service_pb2
from envoy.config.ratelimit.v3 import rls_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.header_to_metadata.v3 import header_to_metadata_pb2
from envoy.extensions.filters.http.ratelimit.v3 import rate_limit_pb2
from envoy.type.v3 import http_status_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.global_limits import SharedLimit, SharedLimits
from gatewayd.ir.limit_keys import LIMIT, ROUTE, claim_key, header_key
from gatewayd.xds import names
from gatewayd.xds.encoding import extension, milliseconds
from gatewayd.xds.filters import rate_limits
from gatewayd.xds.filters.auth import always, composite, taking_place

NAME: Final = "quota"
CONFIG: Final = composite(NAME)

_FILTER: Final = "envoy.filters.http.ratelimit"
_COSTS: Final = "envoy.filters.http.header_to_metadata"
_UNAVAILABLE: Final = http_status_pb2.HttpStatus(code=http_status_pb2.ServiceUnavailable)

_Action = route_components_pb2.RateLimit.Action
_HitsAddend = route_components_pb2.RateLimit.HitsAddend
_Config = header_to_metadata_pb2.Config


def per_route(limits: SharedLimits) -> Any:
    """Return the configuration of one route."""
    costs = list(dict.fromkeys(each.cost_header for each in limits.limits if each.cost_header))
    asking = _asking(limits, costs)
    if not costs:
        return taking_place(_FILTER, asking)
    filters = [extension(_COSTS, _noting(costs)), extension(_FILTER, asking)]
    chain = composite_pb2.FilterChainConfiguration(typed_config=filters)
    return always(_FILTER, composite_pb2.ExecuteFilterAction(filter_chain=chain))


def _asking(limits: SharedLimits, costs: list[str]) -> Any:
    cluster = grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=names.cluster(limits.service))
    tells = rate_limit_pb2.RateLimit.DRAFT_VERSION_03 if limits.tells_clients else rate_limit_pb2.RateLimit.OFF
    return rate_limit_pb2.RateLimit(
        domain=limits.domain,
        timeout=milliseconds(limits.timeout_ms),
        failure_mode_deny=not limits.fails_open,
        status_on_error=_UNAVAILABLE,
        rate_limited_as_resource_exhausted=True,
        enable_x_ratelimit_headers=tells,
        rate_limit_service=rls_pb2.RateLimitServiceConfig(
            grpc_service=grpc_service_pb2.GrpcService(envoy_grpc=cluster),
            transport_api_version=config_source_pb2.V3,
        ),
        rate_limits=[entry for limit in limits.limits for entry in _entries(limit, limits.route, costs)],
    )


def _entries(limit: SharedLimit, route: str, costs: list[str]) -> Iterator[Any]:
    """Yield what is asked of a limit when a request comes, and what it is told when that is done."""
    actions = list(_actions(limit, route))
    count = wrappers_pb2.UInt64Value(value=limit.cost)
    comes = None if limit.cost == 1 else _HitsAddend(number=count)
    yield route_components_pb2.RateLimit(actions=actions, hits_addend=comes)
    if limit.cost_header:
        said = f"%DYNAMIC_METADATA({NAME}:{costs.index(limit.cost_header)})%"
        yield route_components_pb2.RateLimit(
            actions=actions, hits_addend=_HitsAddend(format=said), apply_on_stream_done=True
        )


def _actions(limit: SharedLimit, route: str) -> Iterator[Any]:
    """Yield what makes the key of a request. Without one of its parts there is no key, and nothing is asked."""
    yield _Action(generic_key=_Action.GenericKey(descriptor_key=LIMIT, descriptor_value=limit.name))
    if limit.per_route:
        yield _Action(generic_key=_Action.GenericKey(descriptor_key=ROUTE, descriptor_value=route))
    if limit.per_client:
        yield _Action(remote_address=_Action.RemoteAddress())
    for header in limit.headers:
        yield _Action(request_headers=_Action.RequestHeaders(header_name=header, descriptor_key=header_key(header)))
    for claim in limit.claims:
        yield rate_limits.claim_action(claim_key(claim), claim)


def _noting(costs: list[str]) -> Any:
    """Return the filter that makes numbers of response headers; where one is absent, or no number, nothing is noted."""
    return _Config(
        response_rules=[
            _Config.Rule(
                header=header,
                on_header_present=_Config.KeyValuePair(metadata_namespace=NAME, key=str(at), type=_Config.NUMBER),
            )
            for at, header in enumerate(costs)
        ]
    )
