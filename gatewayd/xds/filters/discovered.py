"""Filters of the chain whose configuration is a resource of its own (ECDS), so that it outlives changes of routes.

In: what the routes of a proxy ask of them. Out: one resource for each, by the filter's name, the same for all
listeners of the proxy. It is always there, and does nothing when no route asks for anything: a listener waits until it
has the resource.
A route names what it asks for. So what the routes of before name must be there until the proxy has the new ones:
`joined_filters` makes one resource of two.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/overview/extension
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from envoy.config.core.v3 import config_source_pb2, extension_pb2
from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from envoy.extensions.filters.http.local_ratelimit.v3 import local_rate_limit_pb2

from gatewayd.ir.http import Route
from gatewayd.ir.key_sets import SourceKeys
from gatewayd.ir.policy import RateLimits, Tokens
from gatewayd.xds.encoding import ADS, extension, serialised, type_url
from gatewayd.xds.filters import rate_limits, tokens
from gatewayd.xds.resource import FILTER, Resource, Resources, resource

Asked = RateLimits | Tokens
"""What a route may ask of these filters."""
_NOTHING: Final[frozenset[Asked]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredFilter:
    """One filter: its message, how it is made of what routes ask, and what has the content of two."""

    message: Any
    config: Callable[[Iterable[Asked], Iterable[SourceKeys]], Any]
    union: Callable[[Any, Any], Any]


def _limiting(name: str) -> DiscoveredFilter:
    def config(asked: Iterable[Asked], _key_sets: Iterable[SourceKeys]) -> Any:
        return rate_limits.filter_config((each for each in asked if isinstance(each, RateLimits)), name)

    return DiscoveredFilter(message=local_rate_limit_pb2.LocalRateLimit, config=config, union=rate_limits.union)


def _tokens(asked: Iterable[Asked], key_sets: Iterable[SourceKeys]) -> Any:
    return tokens.filter_config((each for each in asked if isinstance(each, Tokens)), key_sets)


DISCOVERED: Final[Mapping[str, DiscoveredFilter]] = MappingProxyType(
    {
        **{name: _limiting(name) for name in rate_limits.NAMES.values()},
        tokens.NAME: DiscoveredFilter(message=config_pb2.JwtAuthentication, config=_tokens, union=tokens.union),
    }
)
"""By the name of the filter, which is that of its resource."""


def source(name: str) -> Any:
    """Return where a connection manager has the configuration of a filter from."""
    return config_source_pb2.ExtensionConfigSource(config_source=ADS, type_urls=[type_url(DISCOVERED[name].message)])


def asked_of(routes: Iterable[Route]) -> frozenset[Asked]:
    """Return what routes ask of these filters."""
    filters = {id(each): each for route in routes if route.filters for each in route.filters}
    # One object for the many that ask for nothing: an empty set takes as much memory as a virtual host's entry.
    return frozenset(each for each in filters.values() if isinstance(each, Asked)) or _NOTHING


def filter_body(name: str, asked: Iterable[Asked], key_sets: Iterable[SourceKeys] = ()) -> bytes:
    """Return the resource of a filter."""
    return serialised(extension(name, DISCOVERED[name].config(asked, key_sets)))


def joined_filters(old: Resources, new: Resources) -> Resources:
    """Return the new resources with what only the old ones have in them: the new ones themselves if that is nothing."""
    joined = {name: _joined(old[name], each) if name in old else each for name, each in new.items()}
    if all(joined[name] is each for name, each in new.items()):
        return new
    return MappingProxyType(joined)


def _joined(old: Resource, new: Resource) -> Resource:
    row = DISCOVERED.get(new.name)
    if old.version == new.version or row is None:
        return new
    union = serialised(extension(new.name, row.union(_config(row, old), _config(row, new))))
    return new if union == new.body else resource(FILTER, new.name, union)


def _config(row: DiscoveredFilter, of: Resource) -> Any:
    return row.message.FromString(extension_pb2.TypedExtensionConfig.FromString(of.body).typed_config.value)
