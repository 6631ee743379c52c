from dataclasses import replace
from typing import Any

import pytest
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.header_to_metadata.v3 import header_to_metadata_pb2
from envoy.extensions.filters.http.ratelimit.v3 import rate_limit_pb2

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.global_limits import LimitUnit, SharedLimit, SharedLimits
from gatewayd.xds.filters.global_limits import CONFIG, NAME, per_route

SERVICE = Upstream(kind="Service", namespace="platform", name="limits", port=8081, protocol=Protocol.HTTP2)
LIMIT = SharedLimit(
    name="all",
    requests=5,
    unit=LimitUnit.HOUR,
    per_client=False,
    headers=(),
    claims=(),
    per_route=False,
    cost=1,
    cost_header="",
    is_shadow=False,
)


def limits(*given: SharedLimit, **more: Any) -> SharedLimits:
    plain = SharedLimits(
        domain="shop/fair",
        limits=given,
        route="HTTPRoute/shop/r",
        service=SERVICE,
        timeout_ms=50,
        fails_open=True,
        tells_clients=False,
    )
    return replace(plain, **more)


def filters(given: SharedLimits) -> list[Any]:
    execute = composite_pb2.ExecuteFilterAction()
    per_route(given).xds_matcher.on_no_match.action.typed_config.Unpack(execute)
    if not execute.HasField("filter_chain"):
        return [execute.typed_config.typed_config]
    return [each.typed_config for each in execute.filter_chain.typed_config]


def asking(given: SharedLimits) -> Any:
    found = rate_limit_pb2.RateLimit()
    assert filters(given)[-1].Unpack(found)
    return found


def keys(entry: Any) -> list[str]:
    named = [getattr(each, each.WhichOneof("action_specifier")) for each in entry.actions]
    return [getattr(each, "descriptor_key", "remote_address") for each in named]


def test_what_stands_in_the_chain_is_an_empty_place() -> None:
    assert CONFIG.extension_config.name == NAME


def test_who_is_asked_and_what_becomes_of_requests_without_an_answer() -> None:
    found = asking(limits(LIMIT))
    assert found.domain == "shop/fair"
    assert found.rate_limit_service.grpc_service.envoy_grpc.cluster_name == "platform/limits/8081/http2"
    assert (found.timeout.ToMilliseconds(), found.failure_mode_deny, found.status_on_error.code) == (50, False, 503)
    assert found.enable_x_ratelimit_headers == rate_limit_pb2.RateLimit.OFF
    told = asking(limits(LIMIT, fails_open=False, tells_clients=True))
    assert told.failure_mode_deny
    assert told.enable_x_ratelimit_headers == rate_limit_pb2.RateLimit.DRAFT_VERSION_03


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (LIMIT, ["limit"]),
        (
            replace(LIMIT, per_route=True, per_client=True, headers=("x-user",), claims=("sub",)),
            ["limit", "route", "remote_address", "header(x-user)", "claim(sub)"],
        ),
    ],
)
def test_what_is_asked(limit: SharedLimit, expected: list[str]) -> None:
    (entry,) = asking(limits(limit)).rate_limits
    assert keys(entry) == expected
    assert (entry.actions[0].generic_key.descriptor_value, entry.HasField("hits_addend")) == ("all", False)


def test_what_a_request_counts_when_it_comes_and_when_it_is_done() -> None:
    costly = replace(LIMIT, cost=0, cost_header="x-cost")
    other = replace(LIMIT, name="other", cost=3)
    noting, _ = filters(limits(costly, other))
    rules = header_to_metadata_pb2.Config()
    assert noting.Unpack(rules)
    assert [(each.header, each.on_header_present.key) for each in rules.response_rules] == [("x-cost", "0")]
    comes, done, third = asking(limits(costly, other)).rate_limits
    assert (comes.hits_addend.number.value, comes.apply_on_stream_done) == (0, False)
    assert (done.hits_addend.format, done.apply_on_stream_done) == ("%DYNAMIC_METADATA(quota:0)%", True)
    assert keys(comes) == keys(done)
    assert (third.hits_addend.number.value, third.apply_on_stream_done) == (3, False)
