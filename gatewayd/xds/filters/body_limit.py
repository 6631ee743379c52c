"""BodyLimit -> Envoy's buffer filter, which takes a place in the chain where a route asks for it.

It cannot stand there by itself, since it always holds bodies back. And it lets one pass that comes as a whole, however
long it is: so what a request says of its length is looked at before, by the filter that injects faults.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/buffer/v3/buffer.proto
"""

from typing import Any

from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.buffer.v3 import buffer_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.type.v3 import percent_pb2, range_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.policy import BodyLimit
from gatewayd.xds.encoding import extension
from gatewayd.xds.filters.auth import always, composite

NAME = "size"
CONFIG = composite(NAME)
_FILTER = "envoy.filters.http.buffer"
_TOO_LARGE = 413
_MOST = 2**63 - 1


def per_route(limit: BodyLimit) -> Any:
    """Return the configuration of one route."""
    buffer = buffer_pb2.Buffer(max_request_bytes=wrappers_pb2.UInt32Value(value=limit.max_bytes))
    filters = [extension("envoy.filters.http.fault", _too_large(limit)), extension(_FILTER, buffer)]
    chain = composite_pb2.FilterChainConfiguration(typed_config=filters)
    return always(_FILTER, composite_pb2.ExecuteFilterAction(filter_chain=chain))


def _too_large(limit: BodyLimit) -> Any:
    longer = range_pb2.Int64Range(start=limit.max_bytes + 1, end=_MOST)
    return fault_pb2.HTTPFault(
        headers=[route_components_pb2.HeaderMatcher(name="content-length", range_match=longer)],
        abort=fault_pb2.FaultAbort(http_status=_TOO_LARGE, percentage=percent_pb2.FractionalPercent(numerator=100)),
    )
