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
from envoy.config.core.v3 import base_pb2, substitution_format_string_pb2
from envoy.extensions.access_loggers.file.v3 import file_pb2
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from google.protobuf import struct_pb2

from gatewayd.ir.access_log import AccessLog, Logged
from gatewayd.xds.encoding import packed

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
def of_requests(log: AccessLog) -> Any:
    """Return the log of a connection manager; the same message for all chains of a Gateway, so it is not changed."""
    operators = {name: OPERATORS[name].request for name in log.logged.fields}
    return _logger(log, operators, "", tuple(_slow_or_failed(log.logged, _status_filter)))


@lru_cache(maxsize=256)
def of_connections(log: AccessLog, route: str) -> Any:
    """Return the log of a TCP proxy that carries the connections of a route ("kind/namespace/name")."""
    operators = {name: OPERATORS[name].connection for name in log.logged.fields}
    return _logger(log, operators, route, tuple(_slow_or_failed(log.logged, _any_flag)))


def _logger(log: AccessLog, operators: dict[str, str], route: str, filters: tuple[Any, ...]) -> Any:
    known = {_GATEWAY: log.gateway, _ROUTE: route}
    values = {name: known.get(operator, operator) for name, operator in operators.items()}
    line = struct_pb2.Struct(
        fields={name: struct_pb2.Value(string_value=value) for name, value in values.items() if value}
    )
    form = substitution_format_string_pb2.SubstitutionFormatString(json_format=line)
    config = (
        file_pb2.FileAccessLog(path=log.file, log_format=form)
        if log.file
        else stream_pb2.StdoutAccessLog(log_format=form)
    )
    name = "envoy.access_loggers.file" if log.file else "envoy.access_loggers.stdout"
    return pb.AccessLog(name=name, filter=_either(filters), typed_config=packed(config))


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


def _either(filters: tuple[Any, ...]) -> Any:
    if len(filters) < 2:
        return filters[0] if filters else None
    return pb.AccessLogFilter(or_filter=pb.OrFilter(filters=filters))


def _at_least(number: int, key: str) -> Any:
    value = base_pb2.RuntimeUInt32(default_value=number, runtime_key=key)
    return pb.ComparisonFilter(op=pb.ComparisonFilter.GE, value=value)
