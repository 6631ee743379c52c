"""RateLimits -> Envoy's local_ratelimit filter, which stands in the chain without a limit and lets everything through.

Each limit has buckets of its own: its number is a part of the key, and what it is for are the others.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto
"""

from collections.abc import Iterator
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.common.ratelimit.v3 import ratelimit_pb2
from envoy.extensions.filters.http.local_ratelimit.v3 import local_rate_limit_pb2
from envoy.type.v3 import percent_pb2, token_bucket_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.limits import RATE_LIMIT_KEYS
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.encoding import seconds

NAME = "limit"
CONFIG = local_rate_limit_pb2.LocalRateLimit(stat_prefix=NAME)

_ALWAYS = base_pb2.RuntimeFractionalPercent(default_value=percent_pb2.FractionalPercent(numerator=100))
_ENDLESS = token_bucket_pb2.TokenBucket(
    max_tokens=2**32 - 1, tokens_per_fill=wrappers_pb2.UInt32Value(value=2**32 - 1), fill_interval=seconds(1)
)
_NUMBER = "limit"
_CLIENT = "remote_address"
"""The key that Envoy itself gives the address of a client."""

_Action = route_components_pb2.RateLimit.Action
_Entry = ratelimit_pb2.RateLimitDescriptor.Entry


def per_route(limits: RateLimits) -> Any:
    """Return the configuration of one route."""
    return local_rate_limit_pb2.LocalRateLimit(
        stat_prefix=NAME,
        filter_enabled=_ALWAYS,
        filter_enforced=_ALWAYS,
        rate_limits=[
            route_components_pb2.RateLimit(actions=list(_actions(number, limit)))
            for number, limit in enumerate(limits.limits)
        ],
        descriptors=[_descriptor(number, limit) for number, limit in enumerate(limits.limits)],
        # Envoy asks for a bucket for the rest, to which no limit applies.
        token_bucket=_ENDLESS,
        always_consume_default_token_bucket=wrappers_pb2.BoolValue(value=False),
        max_dynamic_descriptors=wrappers_pb2.UInt32Value(value=RATE_LIMIT_KEYS),
        rate_limited_as_resource_exhausted=True,
    )


def _actions(number: int, limit: RateLimit) -> Iterator[Any]:
    """Yield what makes the key of a request. Without one of them there is no key, and the limit is not asked."""
    yield _Action(generic_key=_Action.GenericKey(descriptor_key=_NUMBER, descriptor_value=str(number)))
    if limit.per_client:
        yield _Action(remote_address=_Action.RemoteAddress())
    for name in limit.headers:
        yield _Action(request_headers=_Action.RequestHeaders(header_name=name, descriptor_key=name))


def _descriptor(number: int, limit: RateLimit) -> Any:
    """Return the bucket of a limit; a part of the key without a value makes Envoy have one for each value."""
    parts = [*([_CLIENT] if limit.per_client else ()), *limit.headers]
    return ratelimit_pb2.LocalRateLimitDescriptor(
        entries=[_Entry(key=_NUMBER, value=str(number)), *(_Entry(key=each) for each in parts)],
        token_bucket=token_bucket_pb2.TokenBucket(
            max_tokens=limit.burst,
            tokens_per_fill=wrappers_pb2.UInt32Value(value=limit.requests),
            fill_interval=seconds(limit.unit_s),
        ),
    )
