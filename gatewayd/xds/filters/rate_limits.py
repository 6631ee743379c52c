"""RateLimits -> Envoy's local_ratelimit filter, which stands in the chain before authentication and once more after it.

Its configuration is a resource of its own (`discovered`), so the buckets outlive changes of routes, and routes share
them. A route says by its metadata which limits it is under: in each slot the key of one. A slot is for limits that
count by the same things: Envoy has for each slot the list of what makes the key of a bucket.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.common.ratelimit.v3 import ratelimit_pb2
from envoy.extensions.filters.http.local_ratelimit.v3 import local_rate_limit_pb2
from envoy.type.metadata.v3 import metadata_pb2
from envoy.type.v3 import percent_pb2, token_bucket_pb2
from google.protobuf import struct_pb2, wrappers_pb2

from gatewayd.ir.limits import RATE_LIMIT_KEYS
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.encoding import seconds, serialised
from gatewayd.xds.filters import tokens

EARLY_NAME: Final = "flood"
LATE_NAME: Final = "limit"
NAMES: Final[Mapping[bool, str]] = MappingProxyType({False: EARLY_NAME, True: LATE_NAME})
"""The filter that a limit stands in, by whether it is late."""

_ALWAYS = base_pb2.RuntimeFractionalPercent(default_value=percent_pb2.FractionalPercent(numerator=100))
_ENDLESS = token_bucket_pb2.TokenBucket(
    max_tokens=2**32 - 1, tokens_per_fill=wrappers_pb2.UInt32Value(value=2**32 - 1), fill_interval=seconds(1)
)
_LIMIT = "limit"
_CLIENT = "remote_address"
"""The key that Envoy itself gives the address of a client."""

_Action = route_components_pb2.RateLimit.Action
_MetaData = _Action.MetaData
_Entry = ratelimit_pb2.RateLimitDescriptor.Entry


class _Slot(NamedTuple):
    """Where a route names a limit: one of those that count by the same things."""

    per_client: bool
    headers: tuple[str, ...]
    claims: tuple[str, ...]
    number: int

    def __str__(self) -> str:
        """Return the name in a route's metadata; no header has a space."""
        return " ".join(
            (*(["client"] if self.per_client else ()), *self.headers, *map(repr, self.claims), str(self.number))
        )


class _LimitAt(NamedTuple):
    slot: _Slot
    key: str
    limit: RateLimit


def _placed(limits: RateLimits, name: str) -> Iterator[_LimitAt]:
    """Yield the limits that stand in one of the two filters."""
    numbers: Counter[_Slot] = Counter()
    for at, limit in enumerate(limits.limits):
        if NAMES[limit.is_late] == name:
            alike = _Slot(limit.per_client, limit.headers, limit.claims, 0)
            yield _LimitAt(alike._replace(number=numbers[alike]), f"{limits.policy}/{at}", limit)
            numbers[alike] += 1


def route_metadata(limits: RateLimits) -> dict[str, Any]:
    """Return what a route says of its limits, by the name of the filter."""
    by_filter = {
        name: {str(each.slot): struct_pb2.Value(string_value=each.key) for each in _placed(limits, name)}
        for name in NAMES.values()
    }
    return {name: struct_pb2.Struct(fields=keys) for name, keys in by_filter.items() if keys}


def filter_config(limits: Iterable[RateLimits], name: str) -> Any:
    """Return the configuration of one of the two filters for all routes of a proxy."""
    placed = [each for one in limits for each in _placed(one, name)]
    return _config(
        name, [_key_of(name, each.slot) for each in placed], [_descriptor(each.key, each.limit) for each in placed]
    )


def union(old: Any, new: Any) -> Any:
    """Return the configuration of both: what is limited in either, as the new one has it."""
    known = {_identity(each) for each in new.descriptors}
    kept = [each for each in old.descriptors if _identity(each) not in known]
    return _config(new.stat_prefix, [*new.rate_limits, *old.rate_limits], [*new.descriptors, *kept])


def _config(name: str, keys: Iterable[Any], descriptors: Iterable[Any]) -> Any:
    """Return a configuration in an order that its content gives it."""
    by_identity: dict[bytes, Any] = {}
    for each in sorted(descriptors, key=serialised):
        by_identity.setdefault(_identity(each), each)
    if not by_identity:
        return local_rate_limit_pb2.LocalRateLimit(stat_prefix=name)
    return local_rate_limit_pb2.LocalRateLimit(
        stat_prefix=name,
        filter_enabled=_ALWAYS,
        filter_enforced=_ALWAYS,
        rate_limits=[each for _, each in sorted({serialised(each): each for each in keys}.items())],
        descriptors=[*by_identity.values()],
        # Envoy asks for a bucket for the rest, to which no limit applies.
        token_bucket=_ENDLESS,
        always_consume_default_token_bucket=wrappers_pb2.BoolValue(value=False),
        max_dynamic_descriptors=wrappers_pb2.UInt32Value(value=RATE_LIMIT_KEYS),
        rate_limited_as_resource_exhausted=True,
    )


def _identity(descriptor: Any) -> bytes:
    """Return what tells a bucket from others."""
    return serialised(ratelimit_pb2.LocalRateLimitDescriptor(entries=descriptor.entries))


def _key_of(name: str, slot: _Slot) -> Any:
    """Return what makes the key of a request. Without one of its parts there is no key, and no limit is asked."""
    actions = [_metadata(_LIMIT, name, str(slot), _MetaData.ROUTE_ENTRY)]
    if slot.per_client:
        actions.append(_Action(remote_address=_Action.RemoteAddress()))
    actions.extend(
        _Action(request_headers=_Action.RequestHeaders(header_name=each, descriptor_key=each)) for each in slot.headers
    )
    actions.extend(claim_action(_claim(each), each) for each in slot.claims)
    return route_components_pb2.RateLimit(actions=actions)


def _metadata(key: str, of: str, first: str, source: Any, *more: str) -> Any:
    path = [metadata_pb2.MetadataKey.PathSegment(key=each) for each in (first, *more)]
    where = metadata_pb2.MetadataKey(key=of, path=path)
    return _Action(metadata=_MetaData(descriptor_key=key, metadata_key=where, source=source))


def claim_action(key: str, claim: str) -> Any:
    """Return the part of a key that a claim of the token gives; without it there is no key."""
    return _metadata(key, tokens.METADATA, tokens.PAYLOAD, _MetaData.DYNAMIC, claim)


def _claim(name: str) -> str:
    """Return the part of a key that a claim is; no header has a space."""
    return f"claim {name}"


def _descriptor(key: str, limit: RateLimit) -> Any:
    """Return the bucket of a limit; a part of the key without a value makes Envoy have one for each value."""
    parts = [*([_CLIENT] if limit.per_client else ()), *limit.headers, *map(_claim, limit.claims)]
    return ratelimit_pb2.LocalRateLimitDescriptor(
        entries=[_Entry(key=_LIMIT, value=key), *(_Entry(key=each) for each in parts)],
        token_bucket=token_bucket_pb2.TokenBucket(
            max_tokens=limit.burst,
            tokens_per_fill=wrappers_pb2.UInt32Value(value=limit.requests),
            fill_interval=seconds(limit.unit_s),
        ),
    )
