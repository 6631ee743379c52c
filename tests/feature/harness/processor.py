"""A server of Envoy's ext_proc protocol over gRPC, which notes what it sees and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as pb
from envoy.type.v3 import http_status_pb2

from tests.feature.harness.grpcs import RestartingServer, served

_SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"


class Processor(RestartingServer):
    """What it has seen, by the name of the message's part; `port` is where it listens.

    `sets` are headers that it sets in whatever it sees the headers of, `bodies` what takes the place of bodies,
    `answers` a status that requests get at once. `dies_at`: at which part its stream breaks; `hangs_at`: at which it
    says nothing.
    """

    def __init__(self) -> None:
        method = grpc.stream_stream_rpc_method_handler(
            self._process,
            request_deserializer=pb.ProcessingRequest.FromString,
            response_serializer=pb.ProcessingResponse.SerializeToString,
        )
        super().__init__(grpc.method_handlers_generic_handler(_SERVICE, {"Process": method}))
        self.seen: list[tuple[str, Any]] = []
        self.sets: dict[str, str] = {}
        self.bodies: dict[str, bytes] = {}
        self.answers = 0
        self.dies_at = ""
        self.hangs_at = ""

    def parts(self) -> list[str]:
        """Return the names of what it has seen."""
        return [part for part, _ in self.seen]

    def body(self, part: str) -> bytes:
        """Return all that it has seen of a body."""
        return b"".join(message.body for name, message in self.seen if name == part)

    async def _process(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            part = request.WhichOneof("request")
            self.seen.append((part, getattr(request, part)))
            if part == self.dies_at:
                await context.abort(grpc.StatusCode.INTERNAL, "as told")
            if part == self.hangs_at:
                await asyncio.Event().wait()
            yield self._answer(part)

    def _answer(self, part: str) -> Any:
        if self.answers:
            return pb.ProcessingResponse(
                immediate_response=pb.ImmediateResponse(
                    status=http_status_pb2.HttpStatus(code=self.answers), body=b"processed"
                )
            )
        common = pb.CommonResponse()
        if part.endswith("headers"):
            for name, value in self.sets.items():
                header = base_pb2.HeaderValue(key=name, raw_value=value.encode())
                overwrite = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
                common.header_mutation.set_headers.append(
                    base_pb2.HeaderValueOption(header=header, append_action=overwrite)
                )
            return pb.ProcessingResponse(**{part: pb.HeadersResponse(response=common)})
        if part in self.bodies:
            common.body_mutation.body = self.bodies[part]
        return pb.ProcessingResponse(**{part: pb.BodyResponse(response=common)})


@asynccontextmanager
async def processor() -> AsyncIterator[Processor]:
    """Serve until the block ends."""
    server = Processor()
    async with served(server):
        yield server
