"""AccessLog -> the access logs of connection managers and TCP proxies.

A line is a JSON object, since in text a client could write what looks like another line: Envoy escapes what stands in
strings. What has no value is null: leaving it out would cost Envoy half as much again for each line. Each filter chain
repeats the log, so names are short.
Operators: https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/advanced/substitution_formatter
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from envoy.config.accesslog.v3 import accesslog_pb2 as pb
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import string_pb2

from gatewayd.ir.access_log import AccessLog, Logged, LoggedHeader
from gatewayd.xds.messages.log_sinks import OF_CONNECTIONS, OF_REQUESTS, Logger, sink_config

_STATUS_KEY: Final = "gatewayd.access_log.status"
_DURATION_KEY: Final = "gatewayd.access_log.milliseconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operators:
    """What a field is for a request and for a connection that is passed on; "" where there is no such thing."""

    request: str
    connection: str


def _both(operator: str) -> _Operators:
    return _Operators(request=operator, connection=operator)


def _request(operator: str) -> _Operators:
    return _Operators(request=operator, connection="")


_GATEWAY: Final = "%GATEWAY%"
_ROUTE: Final = "%ROUTE%"
"""Ours: what is known when the log is made."""

OPERATORS: Final = {
    "time": _both("%START_TIME%"),
    "client": _both("%DOWNSTREAM_REMOTE_ADDRESS%"),
    "method": _request("%REQ(:METHOD)%"),
    # The host as the client sent it: what clients claim to have forwarded has been taken away before.
    "host": _request("%REQ(X-FORWARDED-HOST?:AUTHORITY)%"),
    "path": _request("%PATH(NQ:PATH)%"),
    "protocol": _Operators(request="%PROTOCOL%", connection="TCP"),
    "status": _request("%RESPONSE_CODE%"),
    "grpc_status": _request("%GRPC_STATUS(SNAKE_STRING)%"),
    "flags": _both("%RESPONSE_FLAGS%"),
    "details": _Operators(request="%RESPONSE_CODE_DETAILS%", connection="%CONNECTION_TERMINATION_DETAILS%"),
    "failure": _both("%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    "duration_ms": _both("%DURATION%"),
    "upstream_ms": _request("%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%"),
    "bytes_in": _both("%BYTES_RECEIVED%"),
    "bytes_out": _both("%BYTES_SENT%"),
    "route": _Operators(request="%ROUTE_NAME%", connection=_ROUTE),
    "cluster": _both("%UPSTREAM_CLUSTER_RAW%"),
    "upstream": _both("%UPSTREAM_HOST%"),
    "gateway": _both(_GATEWAY),
    "listener": _both("%FILTER_CHAIN_NAME%"),
    "port": _both("%DOWNSTREAM_LOCAL_PORT%"),
    "server_name": _Operators(request="", connection="%REQUESTED_SERVER_NAME%"),
    "request_id": _both("%STREAM_ID%"),
    "query": _request("%QUERY_PARAMS(ORIG)%"),
    "user_agent": _request("%REQ(USER-AGENT)%"),
    "referer": _request("%REQ(REFERER)%"),
    "rule_name": _request("%METADATA(ROUTE:gatewayd:rule)%"),
    "attempts": _both("%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
    "tls_version": _both("%DOWNSTREAM_TLS_VERSION%"),
    "closed_by": _both("%DOWNSTREAM_DETECTED_CLOSE_TYPE%"),
}
"""By the name of a field, of which `ir.access_log.FIELDS` has all."""


@lru_cache(maxsize=256)
def of_requests(log: AccessLog) -> tuple[Any, ...]:
    """Return the logs of a connection manager; the same messages for all chains of a Gateway, so none is changed."""
    operators = {name: OPERATORS[name].request for name in log.logged.fields}
    choice = (*_slow_or_failed(log.logged, _status_filter), *map(_header_filter, log.logged.headers))
    return _loggers(log, OF_REQUESTS, _values(log, operators, ""), choice)


@lru_cache(maxsize=256)
def of_connections(log: AccessLog, route: str) -> tuple[Any, ...]:
    """Return the logs of a TCP proxy that carries the connections of a route ("kind/namespace/name")."""
    operators = {name: OPERATORS[name].connection for name in log.logged.fields}
    choice = tuple(_slow_or_failed(log.logged, _any_flag))
    # Who asks for requests with a header alone asks for no connection.
    if log.logged.headers and not choice:
        return ()
    return _loggers(log, OF_CONNECTIONS, _values(log, operators, route), choice)


def _values(log: AccessLog, operators: dict[str, str], route: str) -> dict[str, str]:
    known = {_GATEWAY: log.gateway, _ROUTE: route}
    values = {name: known.get(operator, operator) for name, operator in operators.items()}
    return {name: value for name, value in values.items() if value}


def _loggers(log: AccessLog, of: Logger, values: dict[str, str], choice: tuple[Any, ...]) -> tuple[Any, ...]:
    configs = (sink_config(sink, log, of, values) for sink in log.sinks)
    chosen = _either(choice)
    return tuple(pb.AccessLog(name=name, filter=chosen, typed_config=config) for name, config in configs)


def _slow_or_failed(logged: Logged, failed: Any) -> Iterator[Any]:
    if logged.least_status:
        yield failed(logged.least_status)
    if logged.least_milliseconds:
        at_least = _at_least(logged.least_milliseconds, _DURATION_KEY)
        yield pb.AccessLogFilter(duration_filter=pb.DurationFilter(comparison=at_least))


def _status_filter(least: int) -> Any:
    return pb.AccessLogFilter(status_code_filter=pb.StatusCodeFilter(comparison=_at_least(least, _STATUS_KEY)))


def _any_flag(_least: int) -> Any:
    return pb.AccessLogFilter(response_flag_filter=pb.ResponseFlagFilter())


def _header_filter(header: LoggedHeader) -> Any:
    """Return what holds for a request that has the header, with one of the values if there are any."""
    matches = [_match(header.name, string_pb2.StringMatcher(exact=value)) for value in header.values]
    present = route_components_pb2.HeaderMatcher(name=header.name, present_match=True)
    filters = (pb.AccessLogFilter(header_filter=pb.HeaderFilter(header=each)) for each in matches or [present])
    return _either(tuple(filters))


def _match(name: str, value: Any) -> Any:
    return route_components_pb2.HeaderMatcher(name=name, string_match=value)


def _either(filters: tuple[Any, ...]) -> Any:
    if len(filters) < 2:
        return filters[0] if filters else None
    return pb.AccessLogFilter(or_filter=pb.OrFilter(filters=filters))


def _at_least(number: int, key: str) -> Any:
    value = base_pb2.RuntimeUInt32(default_value=number, runtime_key=key)
    return pb.ComparisonFilter(op=pb.ComparisonFilter.GE, value=value)
