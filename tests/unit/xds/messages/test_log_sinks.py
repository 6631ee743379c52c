from dataclasses import replace
from typing import Any

import pytest
from envoy.config.core.v3 import grpc_service_pb2
from envoy.extensions.access_loggers.grpc.v3 import als_pb2
from envoy.extensions.access_loggers.open_telemetry.v3 import logs_service_pb2

from gatewayd.ir.access_log import EVERYTHING, OWN_OUTPUT, AccessLog, Collector, Logged, LoggedHeader, LogService
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.xds.encoding import field, serialised
from gatewayd.xds.messages.access_log import of_connections, of_requests
from gatewayd.xds.messages.log_sinks import grpc_server

SERVER = Upstream(kind="Service", namespace="infra", name="collector", port=4317, protocol=Protocol.HTTP2)
OTLP = Collector(service=LogService.OTLP, upstream=SERVER)
ALS = Collector(service=LogService.ALS, upstream=SERVER)
LOG = AccessLog(gateway="shop/edge", file="", logged=EVERYTHING)
CONFIG = logs_service_pb2.OpenTelemetryAccessLogConfig


def sent(log: AccessLog) -> Any:
    (logger,) = of_requests(log)
    return logger


def attributes(of: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in of.values}


def test_each_sink_has_a_logger_with_the_same_choice() -> None:
    few = Logged(fields=("time",), least_status=500, least_milliseconds=0)
    loggers = of_requests(replace(LOG, logged=few, sinks=(OTLP, ALS, OWN_OUTPUT)))
    names = [each.name.rpartition(".")[2] for each in loggers]
    assert names == ["open_telemetry", "http_grpc", "stdout"]
    assert len({each.filter.SerializeToString() for each in loggers}) == 1


def test_fields_are_attributes() -> None:
    config = CONFIG.FromString(sent(replace(LOG, sinks=(OTLP,))).typed_config.value)
    of_record = attributes(config.attributes)
    assert (of_record["route"], of_record["gateway"]) == ("%ROUTE_NAME%", "shop/edge")
    assert config.body.string_value.endswith("%RESPONSE_CODE%")
    assert attributes(config.resource_attributes) == {"service.name": "gatewayd"}


def test_the_text_has_nothing_that_was_not_chosen() -> None:
    config = CONFIG.FromString(
        sent(
            replace(LOG, sinks=(OTLP,), logged=Logged(fields=("time",), least_status=0, least_milliseconds=0))
        ).typed_config.value
    )
    assert not config.HasField("body")


def test_the_server_stands_in_a_field_that_xds_protos_lacks() -> None:
    """When it has it, write it with the message."""
    assert "grpc_service" not in CONFIG.DESCRIPTOR.fields_by_name
    value = sent(replace(LOG, sinks=(OTLP,))).typed_config.value
    assert field(9, serialised(grpc_server(SERVER))) + field(10, b"gatewayd") in value


def test_whom_envoy_calls() -> None:
    service: Any = grpc_service_pb2.GrpcService.FromString(serialised(grpc_server(SERVER)))
    assert service.envoy_grpc.cluster_name == "infra/collector/4317/http2"
    assert service.envoy_grpc.authority == "collector.infra:4317"


def test_the_log_service_is_told_what_it_cannot_know() -> None:
    (logger,) = of_connections(replace(LOG, sinks=(ALS,)), "tcproute/shop/db")
    config = als_pb2.TcpGrpcAccessLogConfig.FromString(logger.typed_config.value)
    tags = {each.tag: each.literal.value for each in config.common_config.custom_tags}
    assert (logger.name, tags) == (
        "envoy.access_loggers.tcp_grpc",
        {"gateway": "shop/edge", "route": "tcproute/shop/db"},
    )


@pytest.mark.parametrize(("status", "count"), [(0, 0), (500, 1)])
def test_who_asks_for_headers_alone_gets_no_connections(status: int, count: int) -> None:
    header = LoggedHeader(name="x-debug", values=("1", "2"))
    logged = Logged(fields=("time",), least_status=status, least_milliseconds=0, headers=(header,))
    assert len(of_connections(replace(LOG, logged=logged), "")) == count


def test_a_header_with_one_of_some_values_or_with_any() -> None:
    several, any_value = LoggedHeader(name="a", values=("1", "2")), LoggedHeader(name="b", values=())
    logged = Logged(fields=("time",), least_status=0, least_milliseconds=0, headers=(several, any_value))
    first, second = sent(replace(LOG, logged=logged)).filter.or_filter.filters
    exact = [each.header_filter.header.string_match.exact for each in first.or_filter.filters]
    assert (exact, second.header_filter.header.present_match) == (["1", "2"], True)
