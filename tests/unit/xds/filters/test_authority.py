from typing import Any

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
    assert [_mapped(each) for each in REFUSAL.mappers] == [("FI", 400, "Bad Request"), ("FI", 413, "Payload Too Large")]


def _mapped(mapper: Any) -> tuple[str, int, str]:
    flagged, compared = mapper.filter.and_filter.filters
    (flag,) = flagged.response_flag_filter.flags
    comparison = compared.status_code_filter.comparison
    assert comparison.op == comparison.EQ
    return flag, comparison.value.default_value, mapper.body.inline_string
