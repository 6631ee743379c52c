"""Processing -> Envoy's ext_proc filter, which takes a place in the chain where a route asks for it.

What the server answers may lead the request nowhere else, and may not say where a message ends. Envoy refuses a whole
body in the place of one with another length, so such a message says none, and goes on in chunks.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/ext_proc/v3/ext_proc.proto
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import grpc_service_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_proc.v3 import ext_proc_pb2, processing_mode_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import string_pb2
from envoy.type.v3 import http_status_pb2

from gatewayd.ir.processing import Processing, ShownBody
from gatewayd.xds import names
from gatewayd.xds.encoding import extension, milliseconds
from gatewayd.xds.filters import scope
from gatewayd.xds.filters.auth import MUTATION_RULES, always, composite, taking_place

NAME: Final = "extend"
CONFIG: Final = composite(NAME)

_FILTER: Final = "envoy.filters.http.ext_proc"
_LENGTHS: Final = "envoy.filters.http.header_mutation"
_NO_LENGTH: Final = mutation_rules_pb2.HeaderMutation(remove="content-length")
_Mode = processing_mode_pb2.ProcessingMode
_BODIES: Final[Mapping[ShownBody, Any]] = MappingProxyType(
    {ShownBody.NONE: _Mode.NONE, ShownBody.WHOLE: _Mode.BUFFERED, ShownBody.PIECES: _Mode.STREAMED}
)
_WITHHELD: Final = ext_proc_pb2.HeaderForwardingRules(
    disallowed_headers=string_pb2.ListStringMatcher(patterns=[string_pb2.StringMatcher(exact=scope.HEADER)])
)


def per_route(processing: Processing) -> Any:
    """Return the configuration of one route."""
    whole = [each is ShownBody.WHOLE for each in (processing.request, processing.response)]
    if not any(whole):
        return taking_place(_FILTER, _showing(processing))
    # Responses pass the list from its end.
    filters = [
        extension(_LENGTHS, _without_length(request=whole[0])),
        extension(_FILTER, _showing(processing)),
        extension(_LENGTHS, _without_length(response=whole[1])),
    ]
    chain = composite_pb2.FilterChainConfiguration(typed_config=filters)
    return always(_FILTER, composite_pb2.ExecuteFilterAction(filter_chain=chain))


def _without_length(*, request: bool = False, response: bool = False) -> Any:
    """Return a filter that lets messages of a side, or of none, not say how long they are."""
    return header_mutation_pb2.HeaderMutation(
        mutations=header_mutation_pb2.Mutations(
            request_mutations=[_NO_LENGTH] if request else [], response_mutations=[_NO_LENGTH] if response else []
        )
    )


def _showing(processing: Processing) -> Any:
    cluster = grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=names.cluster(processing.upstream))
    return ext_proc_pb2.ExternalProcessor(
        grpc_service=grpc_service_pb2.GrpcService(envoy_grpc=cluster),
        failure_mode_allow=processing.fails_open,
        processing_mode=_Mode(
            request_header_mode=_headers(processing.request),
            request_body_mode=_BODIES[processing.request or ShownBody.NONE],
            request_trailer_mode=_Mode.SKIP,
            response_header_mode=_headers(processing.response),
            response_body_mode=_BODIES[processing.response or ShownBody.NONE],
            response_trailer_mode=_Mode.SKIP,
        ),
        message_timeout=milliseconds(processing.timeout_ms),
        mutation_rules=MUTATION_RULES,
        forward_rules=_WITHHELD,
        route_cache_action=ext_proc_pb2.ExternalProcessor.RETAIN,
        status_on_error=http_status_pb2.HttpStatus(code=http_status_pb2.ServiceUnavailable),
    )


def _headers(shown: ShownBody | None) -> Any:
    return _Mode.SKIP if shown is None else _Mode.SEND
