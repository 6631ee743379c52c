"""The resources of filters that are discovered by themselves, and what is in them while routes change."""

import pytest
from envoy.config.core.v3 import extension_pb2

from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.filters.chain import CHAIN, OPTED_INTO, http_filters
from gatewayd.xds.filters.discovered import DISCOVERED, filter_body, joined_filters
from gatewayd.xds.resource import FILTER, Resource, Resources, resource

NAME = next(iter(DISCOVERED))


def asked(policy: str, requests: int = 1) -> RateLimits:
    limit = RateLimit(requests=requests, unit_s=1, burst=1, per_client=False, headers=(), claims=(), is_late=False)
    return RateLimits(policy=policy, limits=(limit,))


def resources(*given: RateLimits) -> Resources:
    return {NAME: resource(FILTER, NAME, filter_body(NAME, given))}


def limited(one: Resource) -> set[str]:
    config = DISCOVERED[NAME].message.FromString(
        extension_pb2.TypedExtensionConfig.FromString(one.body).typed_config.value
    )
    return {each.entries[0].value for each in config.descriptors}


@pytest.mark.parametrize("name", DISCOVERED)
def test_a_filter_stands_in_the_chain_turned_off_and_its_resource_is_of_the_type_that_is_asked_for(name: str) -> None:
    assert name in OPTED_INTO
    (place,) = [each for each in http_filters(opted_into=True) if each.name == name]
    assert place.disabled
    body = extension_pb2.TypedExtensionConfig.FromString(filter_body(name, ()))
    assert (body.name, body.typed_config.type_url) == (name, *place.config_discovery.type_urls)
    # A listener waits until it has the resource, so nothing stands in its place.
    assert not place.config_discovery.HasField("default_config")
    assert not place.config_discovery.apply_default_config_without_warming


def test_all_others_have_their_configuration_in_the_chain() -> None:
    made = {each.name for each in http_filters(opted_into=True) if each.HasField("config_discovery")}
    assert made == set(DISCOVERED)
    assert len({row.name for row in CHAIN}) == len(CHAIN)


def test_what_either_asks_is_in_both_together() -> None:
    old, new = resources(asked("a"), asked("b")), resources(asked("b", 2), asked("c"))
    both = joined_filters(old, new)
    assert limited(both[NAME]) == {"a/0", "b/0", "c/0"}
    assert both[NAME].version not in {old[NAME].version, new[NAME].version}
    assert joined_filters(old, new)[NAME] == both[NAME]


def test_where_the_old_one_adds_nothing_it_is_the_new_one_itself() -> None:
    old, new = resources(asked("a")), resources(asked("a", 2), asked("b"))
    assert joined_filters(old, new) is new
    assert joined_filters({}, new) is new
    assert joined_filters(old, {}) == {}
    strange = {"other": resource(FILTER, "other", b"what")}
    assert joined_filters(strange, {"other": resource(FILTER, "other", b"ever")})["other"].body == b"ever"
