import re2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_authz.v3 import ext_authz_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.filters import ExternalAuth, GRPCCheck, HTTPCheck
from gatewayd.xds.filters import scope
from gatewayd.xds.filters.auth import auth_per_route, ext_authz
from tests.unit.xds.shorthand import upstream


def asking(check: GRPCCheck | HTTPCheck, body_bytes: int = 0) -> ExternalAuth:
    return ExternalAuth(upstream=upstream("auth"), check=check, body_bytes=body_bytes)


PLAIN = asking(HTTPCheck(path_prefix="/check", headers=(), response_headers=()))


def chained(config: extension_matcher_pb2.ExtensionWithMatcherPerRoute) -> tuple[list[str], list[str], object]:
    """Return what is taken away before a server is asked, by name and by beginning, and how it is asked."""
    action, forgetting = composite_pb2.ExecuteFilterAction(), header_mutation_pb2.HeaderMutation()
    asking = ext_authz_pb2.ExtAuthz()
    assert config.xds_matcher.on_no_match.action.typed_config.Unpack(action)
    first, second = action.filter_chain.typed_config
    assert first.typed_config.Unpack(forgetting)
    assert second.typed_config.Unpack(asking)
    gone = forgetting.mutations.request_mutations
    prefixes = [each.remove_on_match.key_matcher.prefix for each in gone if each.HasField("remove_on_match")]
    return [each.remove for each in gone if each.remove], prefixes, asking


def test_a_route_brings_the_whole_filter_and_it_always_applies() -> None:
    assert chained(auth_per_route(PLAIN)) == ([], ["x-envoy-auth-", "x-ext-authz-"], ext_authz(PLAIN))


def test_what_the_server_is_sent_is_not_taken_away() -> None:
    of = asking(GRPCCheck(headers=("X-Ext-Authz-Ticket",)))
    assert chained(auth_per_route(of))[:2] == ([], ["x-envoy-auth-"])


def test_what_the_server_says_is_taken_from_the_client_first() -> None:
    of = asking(HTTPCheck(path_prefix="", headers=("X-Seen",), response_headers=("X-User", "x-seen", "Authorization")))
    assert chained(auth_per_route(of))[0] == ["x-user"]


def test_by_http() -> None:
    made = ext_authz(PLAIN)
    assert made.http_service.server_uri.cluster == "shop/auth/80/http1"
    assert made.http_service.path_prefix == "/check"
    assert not made.HasField("allowed_headers")
    assert not made.HasField("with_request_body")
    (every,) = made.http_service.authorization_response.allowed_upstream_headers.patterns
    assert every.safe_regex.regex == ".*"


def test_headers_are_named_exactly_and_without_case() -> None:
    made = ext_authz(asking(HTTPCheck(path_prefix="", headers=("X-A",), response_headers=("X-B",))))
    (asked,) = made.allowed_headers.patterns
    (copied,) = made.http_service.authorization_response.allowed_upstream_headers.patterns
    assert [(each.exact, each.ignore_case) for each in (asked, copied)] == [("X-A", True), ("X-B", True)]


def test_by_grpc_with_the_body() -> None:
    made = ext_authz(asking(GRPCCheck(headers=()), body_bytes=7))
    assert made.grpc_service.envoy_grpc.cluster_name == "shop/auth/80/http1"
    assert made.with_request_body.max_request_bytes == 7
    assert not made.with_request_body.allow_partial_message


def test_it_fails_closed_and_its_answer_does_not_frame_the_request() -> None:
    made = ext_authz(PLAIN)
    assert not made.failure_mode_allow
    assert made.decoder_header_mutation_rules.disallow_system.value
    for name in ("host", "content-length", "transfer-encoding", scope.HEADER):
        assert re2.fullmatch(made.decoder_header_mutation_rules.disallow_expression.regex, name) is not None


def test_what_finds_the_routes_is_for_no_server() -> None:
    (kept,) = ext_authz(asking(GRPCCheck(headers=()))).disallowed_headers.patterns
    assert kept.exact == scope.HEADER


def test_a_server_asked_by_http_is_not_told_how_the_request_was_framed() -> None:
    kept, framing = ext_authz(PLAIN).disallowed_headers.patterns
    assert kept.exact == scope.HEADER
    for name in ("Transfer-Encoding", "connection", "upgrade", "te"):
        assert re2.fullmatch(framing.safe_regex.regex, name) is not None
    assert re2.fullmatch(framing.safe_regex.regex, "content-length") is None
