from dataclasses import replace

from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.ir.filters import Cors, ExternalAuth, GRPCCheck, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import (
    CANNOT,
    PREFLIGHT,
    DirectResponse,
    FullPath,
    PersistenceKind,
    Route,
    RouteReport,
    StatefulSession,
)
from gatewayd.ir.policy import RateLimits
from gatewayd.xds import names
from gatewayd.xds.encoding import serialised
from gatewayd.xds.filters import guard
from gatewayd.xds.filters.rate_limits import LATE_NAME, route_metadata
from gatewayd.xds.messages.route import (
    TABLE_TAIL,
    envoy_routes,
    fallback_entries,
    guards_tail,
    route_entries,
    shared_between_domains,
    table_head,
    virtual_host_entry,
    virtual_host_head,
)
from tests.unit.xds.filters.test_rate_limits import LATE
from tests.unit.xds.shorthand import changes, forward, matching, redirect, rewritten, route, share, upstream

DOMAIN = "shop.example"
CORS = Cors(origins=("*",), methods=(), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
ASKED = ExternalAuth(upstream=upstream("auth"), check=GRPCCheck(headers=()), body_bytes=0)
SESSION = StatefulSession(kind=PersistenceKind.COOKIE, name="s", path="/", ttl_s=None)


def only(of: Route) -> route_components_pb2.Route:
    (one,) = envoy_routes(of, DOMAIN)
    return one


def test_parts_make_the_message_that_would_have_been_made_at_once() -> None:
    routes = (route(forward("a"), name="one"), route(redirect(scheme="https"), name="two"))
    body = b"".join((virtual_host_head(DOMAIN), *(route_entries(each, DOMAIN) for each in routes)))
    entry = virtual_host_entry(body + fallback_entries(DirectResponse(status=421), (ASKED,)) + guards_tail((ASKED,)))
    whole = table_head("80") + entry + TABLE_TAIL
    parsed = route_pb2.RouteConfiguration.FromString(whole)
    assert serialised(parsed) == whole
    assert (parsed.name, parsed.ignore_port_in_host_matching) == ("80", True)
    assert parsed.HasField("validate_clusters")
    (host,) = parsed.virtual_hosts
    assert (host.name, list(host.domains)) == (DOMAIN, [DOMAIN])
    assert [each.name for each in host.routes[:2]] == [str(each.source) for each in routes]
    assert (host.routes[2].match.prefix, host.routes[2].direct_response.status) == ("/", 421)
    assert guard.NAMES[0] in host.typed_per_filter_config


def test_what_is_told_of_a_route() -> None:
    plain = route(forward("a"))
    told = only(replace(plain, report=RouteReport(sampled=250, counted=True)))
    assert told.stat_prefix == f"httproute/{plain.source.namespace}/{plain.source.name}"
    assert (told.tracing.random_sampling.numerator, told.tracing.client_sampling.numerator) == (250, 0)
    assert told.tracing.HasField("client_sampling")
    assert not only(plain).HasField("tracing")
    assert not only(plain).stat_prefix


def test_envoy_answers_404_by_itself() -> None:
    assert fallback_entries(DirectResponse(status=404), ()) == guards_tail(()) == b""


def test_what_cannot_be_done_is_told_to_grpc_clients_in_their_terms() -> None:
    host = route_components_pb2.VirtualHost.FromString(fallback_entries(CANNOT, ()))
    assert [(len(each.match.headers), each.direct_response.status) for each in host.routes] == [(1, 503), (0, 500)]
    calls, rest = envoy_routes(route(CANNOT), DOMAIN)
    assert (calls.direct_response.status, rest.direct_response.status) == (503, 500)
    assert calls.match.headers[0].name == "content-type"
    (alone,) = envoy_routes(route(CANNOT, match=matching(grpc=True)), DOMAIN)
    assert alone.direct_response.status == 503


def test_a_404_is_written_out_where_somebody_is_asked_first() -> None:
    host = route_components_pb2.VirtualHost.FromString(
        fallback_entries(DirectResponse(status=404), (ASKED,)) + guards_tail((ASKED,))
    )
    (rest,) = host.routes
    assert (rest.match.prefix, rest.direct_response.status) == ("/", 404)


def test_actions() -> None:
    assert only(route(forward("a"))).HasField("route")
    assert only(route(redirect(scheme="https"))).redirect.host_redirect == DOMAIN
    assert only(route(DirectResponse(status=403))).direct_response.status == 403


def test_a_rules_name_is_metadata() -> None:
    assert only(route(forward("a"), rule_name="cart")).metadata.filter_metadata["gatewayd"]["rule"] == "cart"
    assert not only(route(forward("a"))).HasField("metadata")


def test_the_limits_of_a_route_are_metadata_beside_the_name_of_its_rule() -> None:
    limits = RateLimits(policy="shop/crowd", limits=(LATE,))
    told = only(route(forward("a"), filters=(limits,), rule_name="cart")).metadata.filter_metadata
    assert set(told) == {"gatewayd", LATE_NAME}
    assert {LATE_NAME: told[LATE_NAME]} == route_metadata(limits)


def test_filters() -> None:
    put = changes(put=(("x", "1"),))
    made = only(
        route(
            forward("a", persistence=SESSION), filters=(RequestHeaders(changes=put), ResponseHeaders(changes=put), CORS)
        )
    )
    assert [each.header.key for each in made.request_headers_to_add] == ["x"]
    assert [each.header.key for each in made.response_headers_to_add] == ["x"]
    assert set(made.typed_per_filter_config) == {"cors", "session"}


def test_headers_of_answers_without_a_backend() -> None:
    answers = ResponseHeaders(changes=changes(put=(("x", "1"),)))
    for action in (redirect(scheme="https"), DirectResponse(status=403)):
        assert [each.header.key for each in only(route(action, filters=(answers,))).response_headers_to_add] == ["x"]


def test_shares_with_rewrites_are_routes_of_one_name() -> None:
    own = share("a", rewrite=rewritten(path=FullPath(value="/a")))
    first, second = envoy_routes(route(forward(own, "b")), DOMAIN)
    assert first.name == second.name
    assert first.match.runtime_fraction.default_value.numerator == 500_000
    assert not second.match.HasField("runtime_fraction")


def test_what_domains_share() -> None:
    assert shared_between_domains(route(forward("a")))
    assert shared_between_domains(route(redirect(host="a.example")))
    assert not shared_between_domains(route(redirect(scheme="https")))


def test_preflights_are_answered_by_the_cors_filter_or_with_nothing() -> None:
    cors = Cors(origins=("*",), methods=(), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
    answering, refusing = only(route(PREFLIGHT, filters=(cors,))), only(route(PREFLIGHT))
    # Envoy's filter answers only for routes that would send the request somewhere; here that is nowhere.
    assert answering.route.cluster == names.NOWHERE
    assert "cors" in answering.typed_per_filter_config
    assert refusing.direct_response.status == 200
