from envoy.extensions.filters.http.buffer.v3 import buffer_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2

from gatewayd.ir.policy import BodyLimit
from gatewayd.xds.filters.body_limit import per_route


def test_what_says_that_it_is_too_long_is_refused_before_the_rest_is_held_back() -> None:
    action = per_route(BodyLimit(max_bytes=10)).xds_matcher.on_no_match.action
    executed = composite_pb2.ExecuteFilterAction()
    assert action.typed_config.Unpack(executed)
    first, second = executed.filter_chain.typed_config
    fault, buffer = fault_pb2.HTTPFault(), buffer_pb2.Buffer()
    assert first.typed_config.Unpack(fault)
    assert second.typed_config.Unpack(buffer)
    (header,) = fault.headers
    assert (header.name, header.range_match.start, header.range_match.end) == ("content-length", 11, 2**63 - 1)
    assert (fault.abort.http_status, fault.abort.percentage.numerator) == (413, 100)
    assert buffer.max_request_bytes.value == 10
