"""LimitDomain -> what the reference rate limit service has the limits of a domain from.

A limit is a path of keys, in the order in which `filters/global_limits.py` has a proxy name them.
https://github.com/envoyproxy/ratelimit#configuration
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from gatewayd.ir.global_limits import LimitDomain, LimitUnit, SharedLimit
from gatewayd.ir.limit_keys import CLIENT, LIMIT, ROUTE, claim_key, header_key
from gatewayd.rpc import rate_limit_config_pb2 as pb

_UNITS: Final[Mapping[LimitUnit, pb.RateLimitUnit]] = MappingProxyType(
    {
        LimitUnit.SECOND: pb.SECOND,
        LimitUnit.MINUTE: pb.MINUTE,
        LimitUnit.HOUR: pb.HOUR,
        LimitUnit.DAY: pb.DAY,
    }
)


def rate_limit_config(domain: LimitDomain) -> Any:
    """Return the limits of one domain, which is the name of the whole too."""
    return pb.RateLimitConfig(name=domain.name, domain=domain.name, descriptors=map(_descriptor, domain.limits))


def _descriptor(limit: SharedLimit) -> Any:
    policy = pb.RateLimitPolicy(unit=_UNITS[limit.unit], requests_per_unit=limit.requests)
    keys = list(_keys(limit))
    if not keys:
        return pb.RateLimitDescriptor(key=LIMIT, value=limit.name, rate_limit=policy, shadow_mode=limit.is_shadow)
    *above, last = keys
    nested = pb.RateLimitDescriptor(key=last, rate_limit=policy, shadow_mode=limit.is_shadow)
    for key in reversed(above):
        nested = pb.RateLimitDescriptor(key=key, descriptors=[nested])
    return pb.RateLimitDescriptor(key=LIMIT, value=limit.name, descriptors=[nested])


def _keys(limit: SharedLimit) -> Iterator[str]:
    """Yield the keys below the name of a limit, which stand for any value."""
    yield from [ROUTE] if limit.per_route else []
    yield from [CLIENT] if limit.per_client else []
    yield from map(header_key, limit.headers)
    yield from map(claim_key, limit.claims)
