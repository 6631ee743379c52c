"""Buckets as Envoy is told of them; tests/feature/test_policy_limits.py asks it."""

from gatewayd.ir.limits import RATE_LIMIT_KEYS
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.filters.rate_limits import CONFIG, per_route

PLAIN = RateLimit(requests=5, unit_s=60, burst=9, per_client=False, headers=())
EACH = RateLimit(requests=1, unit_s=1, burst=1, per_client=True, headers=("x-user", "x-team"))


def test_what_stands_in_the_chain_limits_nothing() -> None:
    assert not CONFIG.HasField("token_bucket")
    assert not CONFIG.descriptors


def test_a_limit_has_its_rate_and_its_burst() -> None:
    (bucket,) = (each.token_bucket for each in per_route(RateLimits(limits=(PLAIN,))).descriptors)
    assert (bucket.max_tokens, bucket.tokens_per_fill.value, bucket.fill_interval.seconds) == (9, 5, 60)


def test_each_limit_has_a_key_of_its_own_which_requests_make_of_what_it_is_for() -> None:
    made = per_route(RateLimits(limits=(PLAIN, EACH)))
    assert [[(part.key, part.value) for part in each.entries] for each in made.descriptors] == [
        [("limit", "0")],
        [("limit", "1"), ("remote_address", ""), ("x-user", ""), ("x-team", "")],
    ]
    plain, each = ([action.WhichOneof("action_specifier") for action in one.actions] for one in made.rate_limits)
    assert plain == ["generic_key"]
    assert each == ["generic_key", "remote_address", "request_headers", "request_headers"]
    assert made.max_dynamic_descriptors.value == RATE_LIMIT_KEYS


def test_what_no_limit_is_for_does_not_count() -> None:
    made = per_route(RateLimits(limits=(EACH,)))
    assert made.token_bucket.max_tokens == 2**32 - 1
    assert not made.always_consume_default_token_bucket.value
    assert made.filter_enabled.default_value.numerator == made.filter_enforced.default_value.numerator == 100
