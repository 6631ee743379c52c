from envoy.extensions.http.custom_response.local_response_policy.v3 import local_response_policy_pb2

from gatewayd.ir.policy import ErrorPage, ErrorPages
from gatewayd.xds.filters.error_pages import CONFIG, per_route


def test_what_stands_in_the_chain_has_no_page() -> None:
    assert CONFIG.ByteSize() == 0


def test_each_status_has_its_page_and_stays() -> None:
    pages = ErrorPages(
        pages=(
            ErrorPage(status=404, body="nothing", content_type="text/plain"),
            ErrorPage(status=503, body="{}", content_type="application/json"),
        )
    )
    cases = per_route(pages).custom_response_matcher.matcher_tree.exact_match_map.map
    assert sorted(cases) == ["404", "503"]
    answer = local_response_policy_pb2.LocalResponsePolicy()
    assert cases["503"].action.typed_config.Unpack(answer)
    assert answer.body.inline_string == "{}"
    assert not answer.HasField("status_code")
    (added,) = answer.response_headers_to_add
    assert (added.header.key, added.header.value) == ("content-type", "application/json")
    assert added.append_action == added.OVERWRITE_IF_EXISTS_OR_ADD
