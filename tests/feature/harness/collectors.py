"""A server that logs and traces are sent to: OTLP's services and Envoy's own log service, on one port.

https://opentelemetry.io/docs/specs/otlp/#otlpgrpc,
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/service/accesslog/v3/als.proto
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from envoy.service.accesslog.v3 import als_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from tests.feature.harness.grpcs import RestartingServer, served

DEADLINE = 10.0
_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"


@dataclass(frozen=True, slots=True)
class Record:
    """A log record or a span: its attributes, those of the resource, and the message itself."""

    attributes: dict[str, str]
    resource: dict[str, str]
    message: Any


class Collector(grpc.GenericRpcHandler):  # type: ignore[misc]
    """What has been sent: `records` of OTLP, `spans`, and `requests` and `connections` of Envoy's log service.

    `metadata` are the headers that came with spans.
    """

    def __init__(self) -> None:
        self.port = 0
        self.records: list[Record] = []
        self.spans: list[Record] = []
        self.requests: list[Any] = []
        self.connections: list[Any] = []
        self.metadata: list[tuple[str, str]] = []
        self._news = asyncio.Event()

    def service(self, handler_call_details: Any) -> Any:
        """Find what answers a method."""
        return {_LOGS: _unary(self._logs), _TRACES: _unary(self._traces), _ALS: _streamed(self._als)}.get(
            handler_call_details.method
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that has been sent."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def _logs(self, body: bytes, _context: Any) -> bytes:
        request = logs_service_pb2.ExportLogsServiceRequest.FromString(body)
        for resource_logs in request.resource_logs:
            resource = texts(resource_logs.resource.attributes)
            # What is called scope_logs by now, under the same number.
            for scope in resource_logs.instrumentation_library_logs:
                self.records += [Record(texts(each.attributes), resource, each) for each in scope.logs]
        self._news.set()
        return bytes(logs_service_pb2.ExportLogsServiceResponse().SerializeToString())

    async def _traces(self, body: bytes, context: Any) -> bytes:
        self.metadata += [(key, str(value)) for key, value in context.invocation_metadata()]
        request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
        for resource_spans in request.resource_spans:
            resource = texts(resource_spans.resource.attributes)
            for scope in resource_spans.instrumentation_library_spans:
                self.spans += [Record(texts(each.attributes), resource, each) for each in scope.spans]
        self._news.set()
        return bytes(trace_service_pb2.ExportTraceServiceResponse().SerializeToString())

    async def _als(self, messages: AsyncIterator[bytes], _context: Any) -> bytes:
        async for body in messages:
            message = als_pb2.StreamAccessLogsMessage.FromString(body)
            self.requests += message.http_logs.log_entry
            self.connections += message.tcp_logs.log_entry
            self._news.set()
        return bytes(als_pb2.StreamAccessLogsResponse().SerializeToString())


def texts(attributes: Iterable[Any]) -> dict[str, str]:
    """Return attributes as text."""
    return {each.key: str(getattr(each.value, each.value.WhichOneof("value") or "string_value")) for each in attributes}


def _unary(answer: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(answer)


def _streamed(answer: Any) -> Any:
    return grpc.stream_unary_rpc_method_handler(answer)


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Serve without TLS until the block ends."""
    collecting = Collector()
    server = RestartingServer(collecting)
    async with served(server):
        collecting.port = server.port
        yield collecting
