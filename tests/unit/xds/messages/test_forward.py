from typing import Any

import pytest

from gatewayd.ir.filters import Cors, ExternalAuth, GRPCCheck, HTTPFilter, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import (
    CANNOT,
    Action,
    DirectResponse,
    Forward,
    FullPath,
    Mirror,
    PersistenceKind,
    PrefixPath,
    PrefixReplacement,
    Retry,
    StatefulSession,
    Timeouts,
)
from gatewayd.xds import names
from gatewayd.xds.filters import auth, session
from gatewayd.xds.messages.forward import SplitAction, answer, parted, shares
from tests.unit.xds.shorthand import NOWHERE, changes, forward, matching, rewritten, route, service, share, upstream

A, B = "shop/a/80/http1", "shop/b/80/http1"
ERROR = answer(matching(), CANNOT)


def found(action: Forward, *filters: HTTPFilter, prefix: str = "/old") -> tuple[SplitAction, ...]:
    return shares(route(action, match=matching(PrefixPath(value=prefix)), filters=filters), action)


def only(action: Forward, *filters: HTTPFilter) -> Any:
    (one,) = found(action, *filters)
    assert one.threshold is None
    return one.fields["route"]


def test_one_backend_is_a_cluster() -> None:
    made = only(forward("a"))
    assert made.cluster == A
    assert made.cluster_not_found_response_code == 0


def test_weights() -> None:
    made = only(forward(share("a", weight=9), share("b", weight=1), share("c", weight=0)))
    assert [(each.name, each.weight.value) for each in made.weighted_clusters.clusters] == [(A, 9), (B, 1)]


def test_an_invalid_share_is_a_500() -> None:
    made = only(forward("a", share(NOWHERE)))
    assert [each.name for each in made.weighted_clusters.clusters] == [A, names.NOWHERE]
    assert made.cluster_not_found_response_code == made.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("action", [forward(), forward(share("a", weight=0)), forward(share(NOWHERE), share(NOWHERE))])
def test_nowhere_to_go(action: Forward) -> None:
    (one,) = found(action)
    assert (one.threshold, one.fields) == (None, ERROR)


def test_rewrites_of_the_rule() -> None:
    made = only(forward("a", rewrite=rewritten(host="in.example", path=PrefixReplacement(value="/new"))))
    assert (made.prefix_rewrite, made.host_rewrite_literal, made.append_x_forwarded_host) == (
        "/new",
        "in.example",
        True,
    )


def test_a_backends_rewrite_goes_before_the_rules_part_by_part() -> None:
    own = rewritten(path=PrefixReplacement(value="/own"))
    made = only(forward(share("a", rewrite=own), rewrite=rewritten(host="rule", path=FullPath(value="/rule"))))
    assert (made.prefix_rewrite, made.host_rewrite_literal) == ("/own", "rule")


def test_backends_with_one_rewrite_in_common_stay_together() -> None:
    own = rewritten(path=PrefixReplacement(value="/own"))
    made = only(forward(share("a", rewrite=own), share("b", rewrite=own), share(NOWHERE)))
    assert made.prefix_rewrite == "/own"
    assert len(made.weighted_clusters.clusters) == 3


def test_backends_with_different_rewrites_are_routes_by_cumulative_fractions() -> None:
    split = found(
        forward(
            share("a", weight=1, rewrite=rewritten(path=PrefixReplacement(value="/a"))),
            share(NOWHERE, weight=1),
            share("b", weight=4),
            share("c", weight=0),
        )
    )
    assert [each.threshold for each in split] == [166_667, 333_333, None]
    first, second, third = (each.fields for each in split)
    assert (first["route"].cluster, first["route"].prefix_rewrite) == (A, "/a")
    assert second == ERROR
    assert (third["route"].cluster, third["route"].prefix_rewrite) == (B, "")


def test_setting_the_host_is_a_rewrite() -> None:
    rule = RequestHeaders(changes=changes(put=(("HOST", "rule"),)))
    own = RequestHeaders(changes=changes(put=(("Host", "own"),)))
    assert only(forward("a"), rule).host_rewrite_literal == "rule"
    assert only(forward(share("a", filters=(own,))), rule).host_rewrite_literal == "own"
    assert only(forward("a", rewrite=rewritten(host="rewrite")), rule).host_rewrite_literal == "rewrite"


def test_a_backends_headers_come_after_the_rules() -> None:
    rule = RequestHeaders(changes=changes(put=(("x", "rule"),), add=(("gone", "1"),)))
    answer = ResponseHeaders(changes=changes(add=(("y", "rule"),)))
    cors = Cors(origins=("*",), methods=(), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
    own = RequestHeaders(changes=changes(put=(("x", "own"),), remove=("gone",)))
    (one,) = found(forward(share("a", filters=(own,)), "b"), rule, cors, answer)
    first, second = one.fields["route"].weighted_clusters.clusters
    assert [(each.header.key, each.header.value) for each in first.request_headers_to_add] == [
        ("x", "rule"),
        ("x", "own"),
    ]
    assert list(first.request_headers_to_remove) == ["gone"]
    assert [each.header.value for each in second.request_headers_to_add] == ["rule", "1"]
    assert [each.header.key for each in second.response_headers_to_add] == ["y"]
    assert one.filters == (cors,)


def test_without_filters_of_backends_the_route_applies_the_rules() -> None:
    rule = RequestHeaders(changes=changes(put=(("x", "rule"),)))
    (one,) = found(forward("a", "b"), rule)
    assert one.filters == (rule,)
    assert not one.fields["route"].weighted_clusters.clusters[0].request_headers_to_add


def test_timeouts() -> None:
    assert only(forward("a")).HasField("timeout")
    assert only(forward("a")).timeout.ToMilliseconds() == 0
    assert not only(forward("a")).HasField("retry_policy")
    made = only(forward("a", timeouts=Timeouts(request_ms=1500, backend_request_ms=200)))
    assert made.timeout.ToMilliseconds() == 1500
    assert made.retry_policy.per_try_timeout.ToMilliseconds() == 200
    assert (made.retry_policy.retry_on, made.retry_policy.num_retries.value) == ("", 0)
    assert not made.HasField("idle_timeout")


def test_a_long_timeout_is_not_cut_short_by_silence() -> None:
    made = only(forward("a", timeouts=Timeouts(request_ms=0, backend_request_ms=3_600_000)))
    assert made.idle_timeout.seconds == 3600


def test_retries() -> None:
    made = only(forward("a", retry=Retry(codes=(500, 503), attempts=3, backoff_ms=100))).retry_policy
    assert made.retry_on == "connect-failure,refused-stream,reset-before-request,retriable-status-codes"
    assert list(made.retriable_status_codes) == [500, 503]
    assert made.num_retries.value == 3
    assert made.retry_back_off.base_interval.ToMilliseconds() == 100
    assert made.retry_host_predicate[0].name == "envoy.retry_host_predicates.previous_hosts"
    assert made.host_selection_retry_max_attempts == 5


@pytest.mark.parametrize(("codes", "again"), [((504,), True), ((503,), False)])
def test_a_try_that_timed_out_is_a_504(codes: tuple[int, ...], *, again: bool) -> None:
    timeouts = Timeouts(request_ms=0, backend_request_ms=100)
    made = only(forward("a", timeouts=timeouts, retry=Retry(codes=codes, attempts=1, backoff_ms=0))).retry_policy
    assert ("reset" in made.retry_on.split(",")) is again
    assert not made.HasField("retry_back_off")


def test_no_attempts_are_no_retries() -> None:
    retry = Retry(codes=(503,), attempts=0, backoff_ms=0)
    assert not only(forward("a", retry=retry)).HasField("retry_policy")


def test_mirrors() -> None:
    mirrors = (
        Mirror(backend=service("b"), parts_per_million=1_000_000),
        Mirror(backend=service("b"), parts_per_million=5),
        Mirror(backend=service("b"), parts_per_million=0),
        Mirror(backend=NOWHERE, parts_per_million=1_000_000),
    )
    whole, part = only(forward("a", mirrors=mirrors)).request_mirror_policies
    assert whole.cluster == part.cluster == B
    assert whole.disable_shadow_host_suffix_append
    assert not whole.HasField("runtime_fraction")
    assert part.runtime_fraction.default_value.numerator == 5


def test_a_backends_own_mirror_gets_its_share_alone() -> None:
    rules, own = (Mirror(backend=service(name), parts_per_million=1_000_000) for name in "bc")
    whole = only(forward(share("a", mirrors=(own,)), mirrors=(rules,)))
    assert [each.cluster for each in whole.request_mirror_policies] == [B, "shop/c/80/http1"]
    first, second = found(forward(share("a", mirrors=(own,)), "b", mirrors=(rules,)))
    assert [first.threshold, second.threshold] == [500_000, None]
    assert [len(each.fields["route"].request_mirror_policies) for each in (first, second)] == [2, 1]


def test_a_backend_asks_beside_its_rule() -> None:
    rule, own = (
        ExternalAuth(upstream=upstream(name), check=GRPCCheck(headers=()), body_bytes=0) for name in ("rule", "own")
    )
    (one,) = found(forward(share("a", filters=(own,)), "b"), rule)
    first, second = one.fields["route"].weighted_clusters.clusters
    assert (set(first.typed_per_filter_config), set(second.typed_per_filter_config)) == ({auth.SHARE_NAME}, set())
    assert one.filters == (rule,)


def test_a_backend_keeps_its_own_sessions_where_the_rule_keeps_none() -> None:
    own = StatefulSession(kind=PersistenceKind.COOKIE, name="own", path="/", ttl_s=None)
    mine = share("a", persistence=own)
    (alone,) = shares(route(forward(mine)), forward(mine))
    (weight,) = alone.fields["route"].weighted_clusters.clusters
    assert set(weight.typed_per_filter_config) == {session.NAME}
    ruled = forward(mine, persistence=own)
    (by_rule,) = shares(route(ruled), ruled)
    assert by_rule.fields["route"].cluster == "shop/a/80/http1"


def test_what_cannot_be_done_is_a_500_and_for_grpc_a_503() -> None:
    calls = matching(grpc=True)
    assert ERROR["direct_response"].status == 500
    assert answer(calls, CANNOT)["direct_response"].status == 503
    assert answer(calls, DirectResponse(status=421))["direct_response"].status == 421


def test_the_share_of_an_invalid_backend_is_a_503_for_grpc() -> None:
    action = forward("a", share(NOWHERE))
    (one,) = shares(route(action, match=matching(grpc=True)), action)
    assert one.fields["route"].cluster_not_found_response_code == 0


def test_a_split_share_of_an_invalid_backend_is_a_503_for_grpc() -> None:
    action = forward(share(NOWHERE), share("a", rewrite=rewritten(host="a")), share("b"))
    first, *_ = shares(route(action, match=matching(grpc=True)), action)
    assert first.fields == answer(matching(grpc=True), CANNOT)


@pytest.mark.parametrize(
    ("action", "parts"),
    [
        (forward("a"), 1),
        (forward("a", share(NOWHERE, weight=0)), 1),
        (DirectResponse(status=404), 1),
        (CANNOT, 2),
        (forward(), 2),
        (forward("a", share(NOWHERE)), 2),
    ],
)
def test_grpc_requests_are_taken_out_where_they_are_answered_in_another_way(action: Action, parts: int) -> None:
    rule = route(action)
    found = parted(rule)
    assert found[-1] is rule
    assert [each.match.grpc for each in found] == [True, False][2 - parts :]
    calls = route(action, match=matching(grpc=True))
    assert parted(calls) == (calls,)
