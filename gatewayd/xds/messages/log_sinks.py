"""A place that lines go to -> the configuration of Envoy's logger for it.

Envoy keeps what it has to send in memory, up to what a stream of HTTP/2 takes; with a server that is slow or gone,
lines are lost and counted, and no request waits.
OTLP: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/access_loggers/open_telemetry/v3/logs_service.proto
ALS: https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/access_loggers/grpc/v3/als.proto
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, assert_never

from envoy.config.core.v3 import config_source_pb2, grpc_service_pb2, substitution_format_string_pb2
from envoy.extensions.access_loggers.file.v3 import file_pb2
from envoy.extensions.access_loggers.grpc.v3 import als_pb2
from envoy.extensions.access_loggers.open_telemetry.v3 import logs_service_pb2
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from envoy.type.tracing.v3 import custom_tag_pb2
from google.protobuf import struct_pb2
from opentelemetry.proto.common.v1 import common_pb2

from gatewayd.ir.access_log import AccessLog, LogService, OwnOutput, Sink
from gatewayd.ir.backend import Upstream
from gatewayd.xds import names
from gatewayd.xds.encoding import field, packed, serialised

LOG_NAME: Final = "gatewayd"
"""What the log is called in Envoy's log service, and the service that writes it in OTLP."""
_IN_A_NUTSHELL: Final = ("method", "host", "path", "status")
"""The fields of which a line of text is made for people who read records of OTLP, as far as they are chosen."""
_KNOWN_TO_US: Final = ("gateway", "route")
"""Fields that the log service has no place for: the route of a connection it does not know either."""


_GRPC_SERVICE: Final = 9
_LOG_NAME: Final = 10
"""Fields of OpenTelemetryAccessLogConfig that xds-protos lacks; what it has in their place Envoy is about to refuse."""


class Logger(NamedTuple):
    """What is logged: the name of Envoy's logger by the log service, and its configuration."""

    als: str
    message: Any


OF_REQUESTS: Final = Logger("envoy.access_loggers.http_grpc", als_pb2.HttpGrpcAccessLogConfig)
OF_CONNECTIONS: Final = Logger("envoy.access_loggers.tcp_grpc", als_pb2.TcpGrpcAccessLogConfig)


def sink_config(sink: Sink, log: AccessLog, of: Logger, values: Mapping[str, str]) -> tuple[str, Any]:
    """Return the name of the logger for a sink, and its configuration, packed; `values` are operators by field."""
    if isinstance(sink, OwnOutput):
        return _output(log.file, values)
    match sink.service:
        case LogService.OTLP:
            return "envoy.access_loggers.open_telemetry", _otlp(sink.upstream, values)
        case LogService.ALS:
            return of.als, packed(of.message(common_config=_als(sink.upstream, values)))
        case _:
            assert_never(sink.service)


def _output(file: str, values: Mapping[str, str]) -> tuple[str, Any]:
    line = struct_pb2.Struct(fields={name: struct_pb2.Value(string_value=each) for name, each in values.items()})
    form = substitution_format_string_pb2.SubstitutionFormatString(json_format=line)
    if file:
        return "envoy.access_loggers.file", packed(file_pb2.FileAccessLog(path=file, log_format=form))
    return "envoy.access_loggers.stdout", packed(stream_pb2.StdoutAccessLog(log_format=form))


def grpc_server(upstream: Upstream) -> Any:
    """Return how Envoy calls a server; its name and port are the authority that it sees."""
    authority = f"{upstream.name}.{upstream.namespace}:{upstream.port}"
    envoy = grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=names.cluster(upstream), authority=authority)
    return grpc_service_pb2.GrpcService(envoy_grpc=envoy)


def _otlp(upstream: Upstream, values: Mapping[str, str]) -> Any:
    text = " ".join(values[name] for name in _IN_A_NUTSHELL if name in values)
    config = logs_service_pb2.OpenTelemetryAccessLogConfig(
        resource_attributes=attributes({"service.name": LOG_NAME}),
        body=common_pb2.AnyValue(string_value=text) if text else None,
        attributes=attributes(values),
    )
    return packed(config, field(_GRPC_SERVICE, serialised(grpc_server(upstream))) + field(_LOG_NAME, LOG_NAME.encode()))


def attributes(values: Mapping[str, str]) -> Any:
    """Return a list of attributes."""
    return common_pb2.KeyValueList(
        values=[
            common_pb2.KeyValue(key=name, value=common_pb2.AnyValue(string_value=value))
            for name, value in values.items()
        ]
    )


def _als(upstream: Upstream, values: Mapping[str, str]) -> Any:
    told = {name: values[name] for name in _KNOWN_TO_US if name in values and "%" not in values[name]}
    return als_pb2.CommonGrpcAccessLogConfig(
        log_name=LOG_NAME,
        grpc_service=grpc_server(upstream),
        transport_api_version=config_source_pb2.V3,
        custom_tags=[
            custom_tag_pb2.CustomTag(tag=name, literal=custom_tag_pb2.CustomTag.Literal(value=value))
            for name, value in told.items()
        ],
    )
