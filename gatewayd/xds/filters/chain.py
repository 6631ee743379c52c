"""The HTTP filters of every connection manager, in order, and what a route says to each of them.

The chain is the same everywhere and a filter is off until a route configures it: using a feature for the first time
then changes a route, never a listener, whose connections would be drained.
Names are our own and short: with routes per host, each of thousands of RouteConfigurations has all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from envoy.config.core.v3 import config_source_pb2
from envoy.config.route.v3 import route_components_pb2 as route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from google.protobuf import any_pb2

from gatewayd.ir.filters import (
    Cors,
    ExternalAuth,
    HeaderChanges,
    HTTPFilter,
    KeptSource,
    PolicyCheck,
    RequestHeaders,
    ResponseHeaders,
)
from gatewayd.ir.global_limits import SharedLimits
from gatewayd.ir.http import StatefulSession
from gatewayd.ir.policy import (
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
)
from gatewayd.ir.processing import Processing
from gatewayd.ir.scripts import Script
from gatewayd.xds.encoding import packed
from gatewayd.xds.filters import (
    auth,
    bandwidth,
    body_limit,
    client_addresses,
    compression,
    cors,
    credentials,
    csrf,
    discovered,
    error_pages,
    fault,
    global_limits,
    guard,
    kept_source,
    login,
    permissions,
    processing,
    rate_limits,
    router,
    script,
    session,
    tokens,
    withheld_headers,
)
from gatewayd.xds.filters.header import header_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One filter of Envoy. `always`: it works without a word from the route.

    `config` is what it does by itself, or says where that is discovered.
    """

    name: str
    config: Any
    always: bool


CHAIN: tuple[ChainRow, ...] = (
    # What a listener asks is asked before anything of a route is looked at, and may lead to another route.
    *(ChainRow(name=name, config=auth.composite(name), always=False) for name in guard.NAMES),
    # Before all that answer by themselves, whose answers it sees. After the guards, which may lead to another route.
    ChainRow(name=error_pages.NAME, config=error_pages.CONFIG, always=False),
    # Nobody is taken for somebody else.
    ChainRow(name=withheld_headers.NAME, config=withheld_headers.CONFIG, always=False),
    # Whoever may not come in is told nothing, and costs little.
    ChainRow(name=client_addresses.NAME, config=client_addresses.CONFIG, always=False),
    # Preflights are answered before anything else of the route looks at them.
    ChainRow(name=cors.NAME, config=cors.CONFIG, always=False),
    # What a page of somebody else has sent costs nothing more.
    ChainRow(name=csrf.NAME, config=csrf.CONFIG, always=False),
    # Before servers are asked and backends are busy, after what is answered here for browsers.
    ChainRow(name=rate_limits.EARLY_NAME, config=discovered.source(rate_limits.EARLY_NAME), always=False),
    # Who somebody is, before a server is asked whether that may be.
    ChainRow(name=credentials.NAME, config=credentials.CONFIG, always=False),
    ChainRow(name=login.NAME, config=login.CONFIG, always=False),
    ChainRow(name=tokens.NAME, config=discovered.source(tokens.NAME), always=False),
    # Nothing is decided for a request that may not come in.
    ChainRow(name=auth.NAME, config=auth.CONFIG, always=False),
    ChainRow(name=auth.SHARE_NAME, config=auth.SHARE_CONFIG, always=False),
    # After all that find out who somebody is.
    ChainRow(name=permissions.NAME, config=permissions.CONFIG, always=False),
    # By what is known of those who come in.
    ChainRow(name=rate_limits.LATE_NAME, config=discovered.source(rate_limits.LATE_NAME), always=False),
    # What a proxy refuses by itself, no service is asked about.
    ChainRow(name=global_limits.NAME, config=global_limits.CONFIG, always=False),
    # In the place of a backend that fails, so for requests alone that would come to it.
    ChainRow(name=fault.NAME, config=fault.CONFIG, always=False),
    # Nothing is held back for a request that is refused anyway.
    ChainRow(name=body_limit.NAME, config=body_limit.CONFIG, always=False),
    # What clients get is paced, so what has been compressed.
    ChainRow(name=bandwidth.NAME, config=bandwidth.CONFIG, always=False),
    # Close to the backend, so that all others see a response as the client does.
    ChainRow(name=compression.NAME, config=compression.CONFIG, always=False),
    # A server or a script sees a response as the backend has sent it, and what it makes of that is compressed.
    ChainRow(name=processing.NAME, config=processing.CONFIG, always=False),
    ChainRow(name=session.NAME, config=session.CONFIG, always=False),
    ChainRow(name=router.NAME, config=router.CONFIG, always=True),
)


TURNED_ON: Final[Mapping[type[HTTPFilter], tuple[str, Callable[[Any], Any]]]] = MappingProxyType(
    {
        WithheldHeaders: (withheld_headers.NAME, withheld_headers.per_route),
        ClientAddresses: (client_addresses.NAME, client_addresses.per_route),
        Cors: (cors.NAME, cors.cors_policy),
        SameOrigin: (csrf.NAME, csrf.per_route),
        APIKeyClients: (credentials.NAME, credentials.per_route),
        BasicUsers: (credentials.NAME, credentials.per_route),
        Login: (login.NAME, login.per_route),
        Tokens: (tokens.NAME, tokens.per_route),
        PolicyCheck: (auth.NAME, auth.policy_check),
        Permissions: (permissions.NAME, permissions.per_route),
        SharedLimits: (global_limits.NAME, global_limits.per_route),
        ErrorPages: (error_pages.NAME, error_pages.per_route),
        Fault: (fault.NAME, fault.per_route),
        BodyLimit: (body_limit.NAME, body_limit.per_route),
        Processing: (processing.NAME, processing.per_route),
        Script: (processing.NAME, script.per_route),
        Bandwidth: (bandwidth.NAME, bandwidth.per_route),
        Compression: (compression.NAME, compression.per_route),
    }
)
"""The filter that a route turns on, and its configuration there."""

_ON: Final = packed(route_pb2.FilterConfig(config=any_pb2.Any()))

OPTED_INTO = tuple(row.name for row in CHAIN if not row.always)


def http_filters(*, opted_into: bool) -> list[Any]:
    """Return the filters for a connection manager; `opted_into`: a route turns on those that it configures.

    Otherwise all are on, and do nothing by themselves.
    """
    return [
        pb.HttpFilter(name=row.name, disabled=opted_into and not row.always, **_configured(row.config)) for row in CHAIN
    ]


def _configured(config: Any) -> dict[str, Any]:
    if isinstance(config, config_source_pb2.ExtensionConfigSource):
        return {"config_discovery": config}
    return {"typed_config": packed(config)}


def filter_fields(filters: Sequence[HTTPFilter]) -> dict[str, Any]:
    """Return the fields of a Route that make Envoy apply the filters, in their order."""
    is_taken = any(isinstance(each, PolicyCheck) for each in filters)
    return _filter_fields(filters, auth.SHARE_NAME if is_taken else auth.NAME)


def share_fields(filters: Sequence[HTTPFilter]) -> dict[str, Any]:
    """Return the fields of a ClusterWeight that make Envoy apply the filters, in their order, beside the route's."""
    return _filter_fields(filters, auth.SHARE_NAME)


def _filter_fields(filters: Sequence[HTTPFilter], auth_name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    request: list[HeaderChanges] = []
    response: list[HeaderChanges] = []
    configs: dict[str, Any] = {}
    for http_filter in filters:
        match http_filter:
            case RequestHeaders():
                request.append(http_filter.changes)
            case ResponseHeaders():
                response.append(http_filter.changes)
            case ExternalAuth():
                configs[auth_name] = packed(auth.auth_per_route(http_filter))
            case RateLimits():
                configs |= dict.fromkeys(rate_limits.route_metadata(http_filter), _ON)
            case KeptSource():
                configs[kept_source.NAME] = _ON
            case _:
                name, configured = TURNED_ON[type(http_filter)]
                configs[name] = packed(configured(http_filter))
    if configs:
        fields["typed_per_filter_config"] = configs
    if request:
        fields |= header_fields("request", request)
    if response:
        fields |= header_fields("response", response)
    return fields


def guard_fields(guards: Sequence[ExternalAuth]) -> dict[str, Any]:
    """Return the fields of a VirtualHost that make Envoy ask the guards before anything else.

    Envoy decides which filters a request meets by the route that it has at first, and the guards may lead it to another
    one. So all filters are on for the whole host, each still doing only what the route says in the end.
    """
    if not guards:
        return {}
    configs = {row.name: _ON for row in CHAIN if not row.always and row.name not in guard.NAMES}
    of_guards = {name: packed(each) for name, each in guard.guards_per_host(guards).items()}
    return {"typed_per_filter_config": {**configs, **of_guards}}


def with_session(fields: dict[str, Any], persistence: StatefulSession | None) -> dict[str, Any]:
    """Return the fields of a Route or of a ClusterWeight with those that keep its sessions added."""
    if persistence is None:
        return fields
    configs = {
        **fields.get("typed_per_filter_config", {}),
        session.NAME: packed(session.session_per_route(persistence)),
    }
    return {**fields, "typed_per_filter_config": configs}
