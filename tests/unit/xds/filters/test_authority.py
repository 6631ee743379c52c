from envoy.extensions.filters.http.fault.v3 import fault_pb2

from gatewayd.ir.edge import AUTHORITY
from gatewayd.xds.filters.authority import REFUSAL, authority_filter


def test_whatever_is_no_host_is_refused() -> None:
    fault = fault_pb2.HTTPFault()
    assert authority_filter().typed_config.Unpack(fault)

    (header,) = fault.headers
    assert (header.name, header.string_match.safe_regex.regex, header.invert_match) == (":authority", AUTHORITY, True)
    assert (fault.abort.http_status, fault.abort.percentage.numerator) == (400, 100)
    assert not fault.HasField("delay")
    # Clients choose no faults.
    assert not fault.abort.HasField("header_abort")


def test_the_words_are_those_of_other_refusals() -> None:
    (mapper,) = REFUSAL.mappers
    assert list(mapper.filter.response_flag_filter.flags) == ["FI"]
    assert mapper.body.inline_string == "Bad Request"
