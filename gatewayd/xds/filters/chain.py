"""The HTTP filters of every connection manager, in order, and what a route says to each of them.

The chain is the same everywhere and a filter is off until a route configures it: using a feature for the first time
then changes a route, never a listener, whose connections would be drained.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb

from gatewayd.ir.filters import Cors, ExternalAuth, HeaderChanges, HTTPFilter, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import SessionPersistence
from gatewayd.xds.filters import auth, cors, router, session
from gatewayd.xds.filters.header import header_fields
from gatewayd.xds.message import packed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One filter of Envoy. `always`: it works without a word from the route."""

    name: str
    config: Any
    always: bool


CHAIN: tuple[ChainRow, ...] = (
    # Preflights are answered before anything else looks at them.
    ChainRow(name=cors.NAME, config=cors.CONFIG, always=False),
    # Nothing is decided for a request that may not come in.
    ChainRow(name=auth.NAME, config=auth.CONFIG, always=False),
    ChainRow(name=session.NAME, config=session.CONFIG, always=False),
    ChainRow(name=router.NAME, config=router.CONFIG, always=True),
)


def http_filters() -> list[Any]:
    """Return the filters for a connection manager."""
    return [pb.HttpFilter(name=row.name, typed_config=packed(row.config), disabled=not row.always) for row in CHAIN]


def filter_fields(filters: Sequence[HTTPFilter]) -> dict[str, Any]:
    """Return the fields of a Route or of a ClusterWeight that make Envoy apply the filters, in their order."""
    fields: dict[str, Any] = {}
    request: list[HeaderChanges] = []
    response: list[HeaderChanges] = []
    configs: dict[str, Any] = {}
    for each in filters:
        match each:
            case RequestHeaders():
                request.append(each.changes)
            case ResponseHeaders():
                response.append(each.changes)
            case Cors():
                configs[cors.NAME] = packed(cors.cors_policy(each))
            case ExternalAuth():
                configs[auth.NAME] = packed(auth.auth_per_route(each))
            case _:
                assert_never(each)
    if configs:
        fields["typed_per_filter_config"] = configs
    if request:
        fields |= header_fields("request", request)
    if response:
        fields |= header_fields("response", response)
    return fields


def with_session(fields: dict[str, Any], persistence: SessionPersistence | None) -> dict[str, Any]:
    """Return the fields of a Route or of a ClusterWeight with those that keep its sessions added."""
    if persistence is None:
        return fields
    configs = {
        **fields.get("typed_per_filter_config", {}),
        session.NAME: packed(session.session_per_route(persistence)),
    }
    return {**fields, "typed_per_filter_config": configs}
