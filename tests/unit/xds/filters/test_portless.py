import pytest
import re2
from envoy.config.core.v3 import base_pb2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.header_to_metadata.v3 import header_to_metadata_pb2

from gatewayd.xds.filters import auth
from gatewayd.xds.filters.portless import portless_fields


def test_the_host_is_cut_out_of_the_request_in_the_place_of_backends_filters() -> None:
    fields = portless_fields({"typed_per_filter_config": {"cors": 1}}, "https")
    assert fields["typed_per_filter_config"].keys() == {"cors", auth.SHARE_NAME}


@pytest.mark.parametrize(
    ("authority", "host"), [("a.example:8080", "a.example"), ("[::1]:443", "[::1]"), ("[::443]:80", "[::443]")]
)
def test_the_port_is_cut_off(authority: str, host: str) -> None:
    of = portless_fields({}, None)["typed_per_filter_config"][auth.SHARE_NAME]
    per_route = extension_matcher_pb2.ExtensionWithMatcherPerRoute.FromString(of.value)
    execute, config = composite_pb2.ExecuteFilterAction(), header_to_metadata_pb2.Config()
    assert per_route.xds_matcher.on_no_match.action.typed_config.Unpack(execute)
    assert execute.typed_config.typed_config.Unpack(config)
    (rule,) = config.request_rules
    rewrite = rule.on_header_present.regex_value_rewrite
    assert re2.sub(rewrite.pattern.regex, rewrite.substitution, authority) == host


def test_the_location_is_written_anew_before_what_the_rule_does() -> None:
    own = base_pb2.HeaderValueOption(header=base_pb2.HeaderValue(key="x"))
    location, last = portless_fields({"response_headers_to_add": [own]}, "https")["response_headers_to_add"]
    assert location.header.key == "location"
    assert location.header.value == "https://%DYNAMIC_METADATA(gatewayd:host)%%REQ(:PATH)%"
    # A preflight that the CORS filter answers gets none.
    assert location.append_action == base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS
    assert last is own


def test_the_scheme_of_the_request() -> None:
    location, *_ = portless_fields({}, None)["response_headers_to_add"]
    assert location.header.value.startswith("%REQ(X-FORWARDED-PROTO)%://")
