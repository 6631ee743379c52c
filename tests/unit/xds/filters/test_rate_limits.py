"""Buckets as Envoy is told of them; tests/feature/test_policy_limits.py asks it."""

from collections.abc import Iterable
from dataclasses import replace

from gatewayd.ir.limits import RATE_LIMIT_KEYS
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.filters.rate_limits import EARLY_NAME, LATE_NAME, filter_config, route_metadata, union

PLAIN = RateLimit(requests=5, unit_s=60, burst=9, per_client=False, headers=(), claims=(), is_late=False)
EACH = replace(PLAIN, requests=1, unit_s=1, burst=1, per_client=True, headers=("x-user", "x-team"))
LATE = replace(PLAIN, claims=("sub",), is_late=True)


def limits(*given: RateLimit, policy: str = "shop/crowd") -> RateLimits:
    return RateLimits(policy=policy, limits=given)


def keys(descriptors: Iterable[object]) -> list[list[tuple[str, str]]]:
    return [[(part.key, part.value) for part in each.entries] for each in descriptors]  # type: ignore[attr-defined]


def slots(given: RateLimits) -> dict[str, dict[str, str]]:
    return {name: dict(told) for name, told in route_metadata(given).items()}


def test_what_nothing_is_asked_of_limits_nothing() -> None:
    config = filter_config((), EARLY_NAME)
    assert not config.HasField("token_bucket")
    assert not config.descriptors


def test_a_limit_has_its_rate_and_its_burst() -> None:
    (bucket,) = (each.token_bucket for each in filter_config([limits(PLAIN)], EARLY_NAME).descriptors)
    assert (bucket.max_tokens, bucket.tokens_per_fill.value, bucket.fill_interval.seconds) == (9, 5, 60)


def test_each_limit_has_a_key_of_its_own_which_requests_make_of_what_it_is_for() -> None:
    config = filter_config([limits(PLAIN, EACH)], EARLY_NAME)
    assert keys(config.descriptors) == [
        [("limit", "shop/crowd/0")],
        [("limit", "shop/crowd/1"), ("remote_address", ""), ("x-user", ""), ("x-team", "")],
    ]
    made = sorted([action.WhichOneof("action_specifier") for action in one.actions] for one in config.rate_limits)
    assert made == [["metadata"], ["metadata", "remote_address", "request_headers", "request_headers"]]
    assert config.max_dynamic_descriptors.value == RATE_LIMIT_KEYS


def test_what_no_limit_is_for_does_not_count() -> None:
    config = filter_config([limits(EACH)], EARLY_NAME)
    assert config.token_bucket.max_tokens == 2**32 - 1
    assert not config.always_consume_default_token_bucket.value
    assert config.filter_enabled.default_value.numerator == config.filter_enforced.default_value.numerator == 100


def test_each_limit_stands_before_or_after_authentication() -> None:
    given = limits(PLAIN, LATE)
    assert keys(filter_config([given], EARLY_NAME).descriptors) == [[("limit", "shop/crowd/0")]]
    assert keys(filter_config([given], LATE_NAME).descriptors) == [[("limit", "shop/crowd/1"), ("claim sub", "")]]
    assert set(route_metadata(given)) == {EARLY_NAME, LATE_NAME}
    assert set(route_metadata(limits(LATE))) == {LATE_NAME}


def test_a_route_names_its_limits_in_the_slots_that_make_their_keys() -> None:
    given = limits(PLAIN, EACH, PLAIN)
    told = slots(given)[EARLY_NAME]
    assert set(told.values()) == {"shop/crowd/0", "shop/crowd/1", "shop/crowd/2"}
    read = {one.actions[0].metadata.metadata_key.path[0].key for one in filter_config([given], EARLY_NAME).rate_limits}
    assert read == set(told)


def test_limits_that_count_by_the_same_things_share_a_slot_whatever_their_policies() -> None:
    two = [limits(EACH), limits(EACH, policy="other/crowd")]
    config = filter_config(two, EARLY_NAME)
    assert (len(config.rate_limits), len(config.descriptors)) == (1, 2)
    assert {next(iter(slots(each)[EARLY_NAME])) for each in two} == set(slots(two[0])[EARLY_NAME])


def test_the_order_of_routes_makes_no_other_configuration() -> None:
    several = [limits(replace(EACH, headers=(f"x-{at}",)), PLAIN, policy=f"shop/p{at}") for at in (4, 1, 3, 0, 2)]
    config = filter_config(several, EARLY_NAME)
    assert len(config.rate_limits) == 2 + 4
    assert config == filter_config(reversed(several), EARLY_NAME)
    assert config == union(filter_config(several[:2], EARLY_NAME), filter_config(several[2:], EARLY_NAME))


def test_of_two_limits_with_one_key_envoy_hears_of_one() -> None:
    both = [limits(PLAIN), limits(replace(PLAIN, requests=7))]
    config = filter_config(both, EARLY_NAME)
    assert len(config.descriptors) == 1
    assert config == filter_config(reversed(both), EARLY_NAME)


def test_a_union_limits_what_either_does_as_the_new_one_says() -> None:
    old = filter_config([limits(PLAIN, EACH)], EARLY_NAME)
    new = filter_config([limits(replace(PLAIN, requests=7)), limits(PLAIN, policy="other/crowd")], EARLY_NAME)
    both = union(old, new)
    assert sorted(keys(both.descriptors)) == sorted(keys([*new.descriptors, old.descriptors[1]]))
    assert all(each in list(both.descriptors) for each in new.descriptors)
    assert len(both.rate_limits) == 2
    assert union(filter_config([limits(PLAIN)], EARLY_NAME), new) == new
    nothing = filter_config((), EARLY_NAME)
    assert (union(nothing, new), union(new, nothing), union(nothing, nothing)) == (new, new, nothing)
